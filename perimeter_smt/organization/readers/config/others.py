"""Items of types that are not read: what of them may hold a policy is named, the rest is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from perimeter_smt.organization.readers import access_types
from perimeter_smt.organization.readers.access_types import AccessType
from perimeter_smt.organization.readers.config.item import Item, members, policy_text
from perimeter_smt.organization.readers.config.items import TYPES
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.request.keys import table_rows

_WORDS = (
    "policy", "policytext", "policydocument", "resourcepolicy", "accesspolicy", "accesspolicies", "keypolicy",
    "filesystempolicy", "repositorypolicytext", "permissionspolicydocument", "managementpolicy", "destinationpolicy",
    "registrypolicytext", "authpolicy", "modelpackagegrouppolicy", "namespaceresourcepolicy", "s3accesspolicy",
    "deliverydestinationpolicy", "resourcepolicydocument", "inlinepolicy", "assumerolepolicydocument",
)  # fmt: skip


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
    giving, harmless = access_types.named("cloudformation"), access_types.harmless("cloudformation")
    for item in items:
        row = giving.get(item.type)
        if item.type not in harmless and (found := _policy_in(item)):
            reason = f"`{item.type}` is no type whose `{found}` is read"
            draft.unknown(f"policy of `{item.name}`", reason, "grants", item.at, account=item.account or "*")
        elif row is not None and row.affects == "grants" and _lets_in(item, row):  # stacks: what they make is recorded
            reason = f"`{item.type}` {row.does}, which is not read"
            draft.unknown(f"what `{item.name}` gives", reason, "grants", item.at, account=item.account or "*",
                          holds=row.holds)  # fmt: skip
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


def _lets_in(item: Item, row: AccessType) -> bool:
    """Whether an item of a type that may let somebody in does, whatever spelling its members have."""
    wanted = frozenset(name.lower() for name in row.members)
    found = [value for place in (item.configuration, item.more) for name, value in members(place)
             if name.lower() in wanted]  # fmt: skip
    return not wanted or row.given(found)


def _policy_in(item: Item) -> str:
    """The member that holds a policy document, or is called one and holds something; empty where there is none."""
    for place in (item.configuration, item.more):
        for name, value in members(place):
            if policy_text(value) or (name.lower() in _WORDS and isinstance(value, (str, dict)) and value):
                return name
    return ""
