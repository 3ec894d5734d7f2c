"""Which listed policy decides a call: the policy of a resource, of what it lies in, or neither (W-3 to W-5).

The evaluator's own reading of the table `governing-policies`. Resources that differ in partition, Region or account
are different resources, whatever their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from perimeter_smt.evaluate.view import cut
from perimeter_smt.request.actions import resource_types
from perimeter_smt.request.keys import table_rows

_TOKEN = re.compile(r"\{([A-Za-z]+)([/:]?)\}|([*?])")
_OPEN = re.compile(r"\$\{[^}]*\}")
_RUNS = {"": "[^/:]+", "/": "[^:]+", ":": ".+"}


class Governs(StrEnum):
    """How far the policy of a listed resource decides a call.

    PERHAPS: AWS does not say, so that its Allow statements count and its Deny statements do not.
    """

    SURELY = "surely"
    PERHAPS = "perhaps"


def governs(listed: str, resource: str, *, owner: str, action: str) -> Governs | None:
    """Whether the policy of the resource `listed`, of account `owner`, decides a call on `resource`."""
    by_table = _by_table(listed, resource, owner, action)
    if by_table is not None or not _same_place(listed, resource, owner):
        return by_table
    have, asked = cut(listed), cut(resource)
    assert have is not None and asked is not None
    # Only in S3 the account field tells types apart: a bucket has none.
    same = have[2] == asked[2] and (have[2] != "s3" or bool(have[4]) == bool(asked[4]))
    unknown = same and not (_is_known(have[2], have[5]) and _is_known(asked[2], asked[5]))
    return Governs.PERHAPS if unknown else None


def may_lie_in(listed: str, resource: str, *, owner: str, action: str) -> bool:
    """Whether the resource of a call may be a part of a listed one, so that a complete list need not name it (W-6).

    Where the table is silent, the name of a part holds that of the whole after its type, between slashes or colons.
    """
    if governs(listed, resource, owner=owner, action=action) is None:
        return False
    if _by_table(listed, resource, owner, action) is not None:
        return True
    whole = listed.split(":", 5)[5].strip("/")
    text = re.sub(r"^[^/:]*[/:]", "", whole)
    return re.search(f"(^|[/:]){re.escape(text)}($|[/:])", resource.split(":", 5)[5]) is not None


def _same_place(listed: str, resource: str, owner: str) -> bool:
    """Partition and Region are the same, and the owner is the account of the listed resource."""
    have, asked = cut(listed), cut(resource)
    if have is None or asked is None:
        return False
    return (have[1], have[3]) == (asked[1], asked[3]) and asked[4] in ("", owner)


def _by_table(listed: str, resource: str, owner: str, action: str) -> Governs | None:
    """What the rows of the table say; a resource is governed by its own policy."""
    if listed == resource:
        return Governs.SURELY
    have, asked = cut(listed), cut(resource)
    if have is None or asked is None or not _same_place(listed, resource, owner):
        return None
    found = {_by_row(row, have, asked, action.partition(":")[0].lower()) for row in table_rows("governing-policies")}
    return next((relation for relation in Governs if relation in found), None)


def _by_row(row: Mapping[str, Any], have: tuple[str, ...], asked: tuple[str, ...], service: str) -> Governs | None:
    if row["service"] != have[2] or row.get("account", bool(have[4])) is not bool(have[4]):
        return None
    other = row.get("of")
    if other is None:
        if asked[2] != have[2] or bool(asked[4]) is not bool(have[4]):
            return None
    elif asked[2] == have[2] if other == "*" else asked[2] != other:
        return None
    if row.get("calls", service) != service:
        return None
    bound = _bound(row, have[5])
    if bound is None:
        return None
    for relation in Governs:
        patterns = row.get("governs" if relation is Governs.SURELY else "perhaps", ())
        if any(re.fullmatch(_regex(pattern, bound), asked[5], re.DOTALL) for pattern in patterns):
            return relation
    return None


def _bound(row: Mapping[str, Any], name: str) -> dict[str, str] | None:
    """What the names of the pattern `listed` stand for; None if it does not fit, or the row leaves the name out."""
    if "except" in row and re.fullmatch(_regex(row["except"], {}), name, re.DOTALL):
        return None
    fits = re.fullmatch(_regex(row["listed"], {}), name, re.DOTALL)
    return {**fits.groupdict(), "listed": name} if fits else None


@lru_cache(maxsize=4096)
def _is_known(service: str, name: str) -> bool:
    """Whether the table says something of a name of this service."""
    for row in table_rows("governing-policies"):
        patterns = [row["listed"]] if row["service"] == service else []
        if row.get("of", row["service"]) == service:
            patterns += [p.replace("{listed}", row["listed"]) for p in (*row["governs"], *row.get("perhaps", ()))]
        if any(re.fullmatch(_regex(pattern, {}), name, re.DOTALL) for pattern in patterns if pattern != "*"):
            return True
    return _has_known_type(service, name)


def _has_known_type(service: str, name: str) -> bool:
    """Whether the name fits formats of the service reference, and only those of types that the table knows."""
    fits = [t for t in _names_of_types(service) if re.fullmatch(_anything(t), name, re.DOTALL)]
    return bool(fits) and all(_OPEN.sub("x", each) in _known_examples(service) for each in fits)


def _anything(format_: str) -> str:
    return ".*".join(re.escape(piece) for piece in _OPEN.split(format_))


@lru_cache(maxsize=512)
def _names_of_types(service: str) -> tuple[str, ...]:
    cuts = (cut(each.arn) for each in resource_types(service))
    return tuple(fields[5] for fields in cuts if fields is not None and fields[2] == service)


@lru_cache(maxsize=512)
def _known_examples(service: str) -> frozenset[str]:
    """Names of a letter in each open part that a pattern of the table takes."""
    examples = {_OPEN.sub("x", each) for each in _names_of_types(service)}
    patterns = set()
    for row in table_rows("governing-policies"):
        if row["service"] == service:
            patterns.add(row["listed"])
        if row.get("of", row["service"]) == service:
            patterns |= {p.replace("{listed}", row["listed"]) for p in (*row["governs"], *row.get("perhaps", ()))}
    expressions = [_regex(pattern, {}) for pattern in patterns - {"*"}]
    return frozenset(e for e in examples if any(re.fullmatch(x, e, re.DOTALL) for x in expressions))


def _regex(pattern: str, bound: Mapping[str, str]) -> str:
    """A pattern of the table as a regular expression; names that are `bound` stand for their texts."""
    out, end, seen = [], 0, set()
    for token in _TOKEN.finditer(pattern):
        out.append(re.escape(pattern[end : token.start()]))
        end = token.end()
        name, run, wild = token.groups()
        if wild:
            out.append(".*" if wild == "*" else ".")
        elif name in bound:
            out.append(re.escape(bound[name]))
        elif name in seen:
            out.append(f"(?P={name})")
        else:
            seen.add(name)
            out.append(f"(?P<{name}>{_RUNS[run]})")
    return "".join((*out, re.escape(pattern[end:])))
