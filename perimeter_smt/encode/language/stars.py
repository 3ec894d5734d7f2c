"""Calls on `*` under the rival of X-46: asked on an ARN of the service with a star or nothing where names stand.

Which ARNs, the formats of the service tell: `table/*`, `user/`, `stack/*/*`, `*`, or no name at all. The account is
the caller's, the Region that of the call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from perimeter_smt.logic.atoms import ANY, NOT_COLON, Member, Ref, Run, Template, Text
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    either,
    glob,
    iff,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.interpret import regex
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.request import actions

POINT = "X-46"
NAME, REGION_GIVEN, ACCOUNT_GIVEN = "star.name", "star.region-given", "star.account-given"
OTHERS = "*"  # among services: those that no pattern names
_IS_STAR = atom(Member("call", "resource is star"))
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_OPTIONAL = {
    "resource.region": (REGION_GIVEN, "request.region"),
    "resource.account": (ACCOUNT_GIVEN, "resource.account"),
}


class Written(NamedTuple):
    """What AWS may write for all of a type, and whether the ARN tells Region and account."""

    name: str
    region: bool
    account: bool


@lru_cache(maxsize=1024)
def written_by(service: str) -> tuple[Written, ...]:
    """What AWS may write for calls of a service."""
    formats = [kind.arn.split(":", 5) for kind in actions.resource_types(service) if kind.arn.count(":") >= 5]
    out: dict[Written, None] = {}
    for _, _, _, region, account, name in formats:
        shape = bool(region), bool(account)
        begin = _PLACEHOLDER.split(name, maxsplit=1)[0]
        for text in ("*", "", begin, f"{begin}*", _PLACEHOLDER.sub("*", name), _PLACEHOLDER.sub("", name)):
            out[Written(text, *shape)] = None
    return tuple(out) or (Written("*", True, True), Written("", True, True))


@lru_cache(maxsize=4096)
def may_match(service: Template, region: Template, account: Template, name: Template) -> tuple[str, ...]:
    """The services of which a pattern may match what AWS writes; `OTHERS` for any, where no type stands in it."""
    if len(service) == 1 and isinstance(service[0], Text):
        own = service[0].text.lower()
        return (own,) if _may_match(own, region, account, name) else ()
    if any(_test(name).fullmatch(text) for text in ("", "*")):
        return (OTHERS,)
    found = _test(service)
    known = (each for each in actions.services() if found.fullmatch(each))
    return tuple(each for each in known if _may_match(each, region, account, name))


def _may_match(service: str, region: Template, account: Template, name: Template) -> bool:
    regions, accounts, names = map(_test, (region, account, name))
    return any(
        (each.region or regions.fullmatch(""))
        and (each.account or accounts.fullmatch(""))
        and names.fullmatch(each.name)
        for each in written_by(service)
    )


def _test(piece: Template) -> re.Pattern[str]:
    return regex(tuple(Run(ANY) if isinstance(part, Ref) else part for part in piece))


def leaf(name: str, piece: Template) -> Formula:
    """One field of what AWS writes against a piece of a pattern."""
    if piece in ((Run(NOT_COLON),), (Run(ANY),)):
        return TRUE
    if name == "resource.arn-service":
        if any(isinstance(part, Ref) for part in piece):
            return sym("open variable in a service field")
        text = "".join(map(_written, piece))
        return atom(Member("call", f"action ~ {text}:*" if "*" in text or "?" in text else f"service={text}"))
    if name == "resource.name":
        return glob(NAME, piece)
    if name not in _OPTIONAL:
        return glob(name, piece)
    given, var = _OPTIONAL[name]
    empty = TRUE if _test(piece).fullmatch("") else FALSE
    return either(both(sym(given), glob(var, piece)), both(neg(sym(given)), empty))


def _written(part: Text | Run | Ref) -> str:
    if isinstance(part, Run):
        return "*" if part.high is None else "?" * part.low
    return part.text.lower() if isinstance(part, Text) else ""


def here(matched: Formula) -> Formula:
    """A call on `*` under the rival, what AWS writes for it matched so."""
    return both(_IS_STAR, sym(POINT), matched)


def facts(services: Iterable[str]) -> list[Assertion]:
    """What AWS writes for calls of these services, which patterns name, and of others."""
    named = sorted({*services})
    if not named:
        return []
    known = [service for service in named if service != OTHERS]
    told = [implies(_of(service), disj(map(_is, written_by(service)))) for service in known]
    other = neg(disj(map(_of, known)))
    told.append(implies(other, disj(is_text(NAME, text) for text in ("", "*"))))
    return [Assertion("calls on stars are asked as formats of ARNs tell", implies(here(TRUE), conj(told)))]


def _of(service: str) -> Formula:
    return atom(Member("call", f"service={service}"))


def _is(written: Written) -> Formula:
    shape = (iff(sym(REGION_GIVEN), boolean(written.region)), iff(sym(ACCOUNT_GIVEN), boolean(written.account)))
    return both(is_text(NAME, written.name), *shape)
