"""Items of types that are not read: what of them may hold a policy is named, the rest is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from perimeter_smt.organization.readers.config.item import Item
from perimeter_smt.organization.readers.config.items import TYPES
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.request.keys import table_rows

_WORDS = ("policy", "policytext", "policydocument", "resourcepolicy", "accesspolicy", "accesspolicies", "keypolicy",
          "filesystempolicy", "repositorypolicytext", "permissionspolicydocument", "managementpolicy")  # fmt: skip
_DEPTH = 6


IDS = ("ResourceIdentifiers", "resourceIdentifiers")  # of list-discovered-resources, and of aggregators


@dataclass(frozen=True, slots=True)
class Named:
    """A resource that is named without its configuration, and why."""

    type: str
    id: str
    account: str
    reason: str
    at: Place


def read_others(draft: Draft, items: Iterable[Item]) -> None:
    """Note items of types without a reader."""
    silent: dict[tuple[str, str], list[Place]] = {}
    for item in items:
        found = _policy_in(item)
        if found:
            name = item.arn or f"{item.type} {item.id}"
            reason = f"`{item.type}` is no type whose `{found}` is read"
            draft.unknown(f"policy of `{name}`", reason, "grants", item.at, account=item.account or "*")
        elif item.type in _carriers():
            silent.setdefault((item.type, item.account), []).append(item.at)
        else:
            draft.others[item.type] += 1
    for (kind, account), places in silent.items():
        _silent(draft, kind, account, places, "of a type that may have a policy, which is not told")


def _silent(draft: Draft, kind: str, account: str, places: list[Place], reason: str) -> None:
    items_of = "1 item" if len(places) == 1 else f"{len(places)} items"
    draft.unknown(f"policies of `{kind}` of account `{account}`", f"{items_of} {reason}", "grants", places[0],
                  account=account or "*")  # fmt: skip


def named(value: dict[str, Any], at: Place, account: str, reason: str) -> Named:
    """A resource that an answer names, in any spelling of Config's answers."""
    found = {key[:1].lower() + key[1:]: inner for key, inner in value.items()}
    return Named(
        type=str(found.get("resourceType") or ""),
        id=str(found.get("resourceId") or found.get("resourceName") or ""),
        account=str(found.get("sourceAccountId") or found.get("awsAccountId") or account),
        reason=reason,
        at=at,
    )


def name_silent(draft: Draft, names: Iterable[Named], read: Iterable[Item]) -> None:
    """Note resources that are only named: their policies are not known. Those with an item are known."""
    known = {(item.type, item.id) for item in read}
    silent: dict[tuple[str, str, str], list[Place]] = {}
    for each in names:
        if (each.type, each.id) in known:
            continue
        if each.account.isdigit():
            draft.account(each.account, each.at)
        if each.type == "AWS::EC2::VPCEndpoint":
            draft.endpoints_cut = True
        if each.type in _carriers() or each.type in TYPES:
            silent.setdefault((each.type, each.account, each.reason), []).append(each.at)
        else:
            draft.others[each.type] += 1
    for (kind, account, reason), places in silent.items():
        _silent(draft, kind, account, places, reason)


@lru_cache(maxsize=1)
def _carriers() -> frozenset[str]:
    return frozenset(str(row["type"]) for row in table_rows("config-types-with-policies"))


def _policy_in(item: Item) -> str:
    """The member that holds a policy document, or is called one and holds something; empty where there is none."""
    for place in (item.configuration, item.more):
        for name, value in _members(place, _DEPTH):
            if _is_policy(value) or (name.lower() in _WORDS and isinstance(value, (str, dict)) and value):
                return name
    return ""


def _members(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name), inner
            if depth:
                yield from _members(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _members(inner, depth - 1)


def _is_policy(value: Any) -> bool:
    if isinstance(value, str) and '"Statement"' in value:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return False
    return isinstance(value, dict) and isinstance(value.get("Statement"), (list, dict))
