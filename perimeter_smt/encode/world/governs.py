"""Which calls the policy of a listed resource decides: the table `governing-policies` as formulas (W-3, W-4).

Partition, Region, account, type and name together identify a resource.  A policy also decides calls on what lies in
its resource: surely, or perhaps.  A Deny counts where it surely does, an Allow wherever it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from perimeter_smt.logic.atoms import ANY, NOT_COLON, ONE, STAR, CharSet, Member, Run, Template, Text
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, both, conj, disj, either, glob, is_text, neg
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_rows

_TOKEN = re.compile(r"\{(\w+)([/:]?)\}|(\*)|(\?)")
_CLASSES = {"": "[^/:]+", "/": "[^:]+", ":": ".+"}
_RUNS = {"": Run(CharSet("/:", negated=True), 1), "/": Run(NOT_COLON, 1), ":": Run(ANY, 1)}
_TYPE = re.compile(r"([^/:]*)([/:]?)(.*)", re.DOTALL)
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
HAS_ACCOUNT = atom(Member("call", "arn has account"))


class Arn(NamedTuple):
    """The fields of a listed ARN."""

    partition: str
    service: str
    region: str
    account: str
    name: str


@dataclass(frozen=True)
class Reach:
    """The calls that a policy surely decides, and those that it may decide; `inside`: on what may lie in its resource.

    A policy may decide calls beside its resource, as those of an account do on every log group: they are not in it.
    """

    surely: Formula
    perhaps: Formula
    inside: Formula


def split_arn(arn: str) -> Arn:
    """The fields of an ARN after `arn:`; the service in lower case."""
    _, partition, service, region, account, name = (arn.split(":", 5) + [""] * 6)[:6]
    return Arn(partition, service.lower(), region, account, name)


def reach(resource: OwnedResource) -> Reach:
    """The calls that the policy of `resource` surely decides, and those that it may decide."""
    arn = split_arn(resource.arn)
    rows = _rows_of_name(arn)
    own = arn_of_service(arn.service)
    names = [is_text("resource.name", arn.name)]
    sure = both(own, _field(arn), disj([*names, *_patterns(rows, "governs", arn.service)]))
    told = [sure, *_elsewhere(rows)]
    untold = both(own, neg(_known_names(arn.service)) if rows or _is_known(arn) else TRUE)
    perhaps = both(own, _field(arn), disj(_patterns(rows, "perhaps", arn.service)))
    inner = both(own, _field(arn), disj(_patterns(_without_own_type(rows), "perhaps", arn.service)))
    here = _here(arn, resource.account)
    within = both(untold, _names_it(arn.name))
    return Reach(both(here, sure), both(here, disj([*told, untold, perhaps])), both(here, disj([*told, within, inner])))


def parts(resource: OwnedResource) -> Iterator[tuple[str, Formula]]:
    """What is named like the resource and may have policies of its own, such as the versions of a function.

    The pattern of its ARNs, and the calls on it that the policy of the resource may decide, but does not surely.
    """
    arn, surely = split_arn(resource.arn), reach(resource).surely
    for row, bound in _rows_of_name(arn):
        for pattern in row.get("perhaps", ()):
            if pattern.startswith("{listed}") and row.get("of", arn.service) == arn.service:
                named = both(arn_of_service(arn.service), _field(arn), glob("resource.name", _template(pattern, bound)))
                here = conj([_here(arn, resource.account), named, neg(surely)])
                yield resource.arn + pattern.removeprefix("{listed}"), here


def itself(resource: OwnedResource) -> Formula:
    """The resource of the call is this one, or for a bucket or access point an object in it: what carries its tags."""
    arn = split_arn(resource.arn)
    name = is_text("resource.name", arn.name)
    inside = f"{arn.name}/" if is_bucket(arn) else f"{arn.name}/object/" if is_access_point(arn) else ""
    if inside:
        name = either(name, glob("resource.name", (Text(inside), STAR)))
    elif arn.service == "logs" and arn.name.startswith("log-group:"):  # as calls on it are written (W-5)
        name = disj([name, *(is_text("resource.name", f"{arn.name}:{end}") for end in ("*", "log-stream:"))])
    return both(_here(arn, resource.account), arn_of_service(arn.service), _field(arn), name)


def is_bucket(arn: Arn) -> bool:
    """A general purpose bucket of S3."""
    return arn.service == "s3" and not arn.account and "/" not in arn.name


def is_access_point(arn: Arn) -> bool:
    """An access point of S3."""
    return arn.service == "s3" and bool(arn.account) and arn.name.startswith("accesspoint/")


def arn_of_service(service: str) -> Formula:
    """The service field of the resource's ARN."""
    return atom(Member("call", f"arn service ~ {service}"))


def _here(arn: Arn, owner: str) -> Formula:
    return both(
        is_text("resource.account", owner),
        is_text("aws.partition", arn.partition),
        is_text("resource.region", arn.region),
    )


def _field(arn: Arn) -> Formula:
    """In S3 the account field tells a bucket from what is named like one."""
    if arn.service != "s3":
        return TRUE
    return HAS_ACCOUNT if arn.account else neg(HAS_ACCOUNT)


Bound = tuple[Mapping[str, Any], dict[str, str]]  # a row and what its `listed` binds


def _rows_of_name(arn: Arn) -> list[Bound]:
    """The rows that a listed name fits, with what they bind."""
    out: list[Bound] = []
    for row in table_rows("governing-policies"):
        if row["service"] != arn.service or row.get("account", bool(arn.account)) != bool(arn.account):
            continue
        found = _regex(row["listed"]).fullmatch(arn.name)
        if found and not ("except" in row and _regex(row["except"]).fullmatch(arn.name)):
            out.append((row, {**found.groupdict(), "listed": arn.name}))
    return out


def _without_own_type(rows: Iterable[Bound]) -> list[Bound]:
    """The rows without patterns for everything that is named like the listed resource."""
    out: list[Bound] = []
    for row, bound in rows:
        kept = [p for p in row.get("perhaps", ()) if "{" in p or not _regex(p).fullmatch(bound["listed"])]
        out.append(({**row, "perhaps": kept}, bound))
    return out


def _patterns(rows: Iterable[Bound], column: str, service: str) -> Iterator[Formula]:
    for row, bound in rows:
        if row.get("of", service) == service and "calls" not in row:
            for pattern in row.get(column, ()):
                yield glob("resource.name", _template(pattern, bound))


def _elsewhere(rows: Iterable[Bound]) -> Iterator[Formula]:
    """What a policy decides on ARNs of other services."""
    for row, bound in rows:
        if "of" not in row:
            continue
        service = neg(arn_of_service(row["service"])) if row["of"] == "*" else arn_of_service(row["of"])
        calls = atom(Member("call", f"service={row['calls']}")) if "calls" in row else TRUE
        typed = neg(atom(Member("call", "resource is star")))
        for pattern in (*row["governs"], *row.get("perhaps", ())):
            yield both(service, calls, typed, glob("resource.name", _template(pattern, bound)))


@lru_cache(maxsize=1024)
def _known_names(service: str) -> Formula:
    """The names of types that the table knows; all, if the service reference has no other types.

    The open parts of a format of the reference stand for any text, also for one that no pattern of the table takes: a
    name is of a known type if it fits formats of known types alone.
    """
    patterns = tuple(dict.fromkeys(_known_patterns(service)))
    if not patterns:
        return FALSE
    found = [_regex(pattern) for pattern in patterns]
    formats = (t.arn.split(":", 5) for t in actions.resource_types(service) if t.arn.count(":") >= 5)
    names = [fields[5] for fields in formats if fields[2] == service]
    known = [n for n in names if any(r.fullmatch(_PLACEHOLDER.sub("x", n)) for r in found)]
    if len(known) == len(names):
        return TRUE
    others = disj(glob("resource.name", _open(name)) for name in names if name not in known)
    typed = both(disj(glob("resource.name", _open(name)) for name in known), neg(others))
    return either(disj(glob("resource.name", _template(pattern, {})) for pattern in patterns), typed)


def _is_known(arn: Arn) -> bool:
    """The table says something of names like this one: in another resource, where no row is about the name itself."""
    patterns = [_regex(pattern) for pattern in _known_patterns(arn.service) if pattern != "*"]
    if any(found.fullmatch(arn.name) for found in patterns):
        return True
    formats = [t.arn.split(":", 5) for t in actions.resource_types(arn.service) if t.arn.count(":") >= 5]
    names = [fields[5] for fields in formats if fields[2] == arn.service]
    fits = [n for n in names if re.fullmatch(".*".join(map(re.escape, _PLACEHOLDER.split(n))), arn.name, re.DOTALL)]
    return bool(fits) and all(any(found.fullmatch(_PLACEHOLDER.sub("x", n)) for found in patterns) for n in fits)


def _names_it(name: str) -> Formula:
    """The resource's name holds the listed one after its type: what lies in a resource of which the table is silent.

    ARNs of what lies in something tell that (`agent-alias/AGENT/ALIAS` in `agent/AGENT`); a resource of another name is
    one of its own, and not there where lists are complete (W-6).
    """
    kind, sign, own = _TYPE.fullmatch(name.strip("/")).groups()  # type: ignore[union-attr]
    text = own if sign else kind
    if not text:
        return TRUE
    ways: list[Template] = [] if sign else [(Text(text),), *((Text(text + after), STAR) for after in "/:")]
    for before in "/:":
        ways += [(STAR, Text(before + text)), *((STAR, Text(before + text + after), STAR) for after in "/:")]
    return disj(glob("resource.name", way) for way in ways)


def _open(name: str) -> Template:
    """The name of a format of the service reference, anything in its open parts."""
    first, *rest = (Text(piece) for piece in _PLACEHOLDER.split(name))
    return (first, *(part for piece in rest for part in (STAR, piece)))


def _known_patterns(service: str) -> Iterator[str]:
    for row in table_rows("governing-policies"):
        if row["service"] == service:
            yield row["listed"]
        if row.get("of", row["service"]) == service and "calls" not in row:
            for pattern in (*row["governs"], *row.get("perhaps", ())):
                yield pattern.replace("{listed}", row["listed"])


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern of the table on a concrete name; the first of two groups of one name counts."""
    out, position, seen = [], 0, set[str]()
    for token in _TOKEN.finditer(pattern):
        out.append(re.escape(pattern[position : token.start()]))
        position = token.end()
        if token[1]:
            group = f"?P<{token[1]}>" if token[1] not in seen else "?:"
            seen.add(token[1])
            out.append(f"({group}{_CLASSES[token[2]]})")
        else:
            out.append(".*" if token[3] else ".")
    return re.compile("".join([*out, re.escape(pattern[position:])]), re.DOTALL)


def _template(pattern: str, bound: Mapping[str, str]) -> Template:
    """A pattern of the table as a pattern on names: what is bound is text, the rest is open."""
    out: list[Text | Run] = []
    position = 0
    for token in _TOKEN.finditer(pattern):
        out.append(Text(pattern[position : token.start()]))
        position = token.end()
        if token[1]:
            out.append(Text(bound[token[1]]) if token[1] in bound else _RUNS[token[2]])
        else:
            out.append(STAR if token[3] else ONE)
    return (*out, Text(pattern[position:]))
