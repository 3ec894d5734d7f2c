"""Permission sets of IAM Identity Center as items, in the spelling of their resource type, and their assignments.

AWS Config does not record them by itself; recorders of types of one's own do.  Where the roles of an account are there,
they are what the sets made.
"""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import tags_of
from perimeter_smt.organization.readers.config.item import Item
from perimeter_smt.organization.readers.draft import Draft, NotKnown
from perimeter_smt.organization.readers.draft.permission_sets import INLINE, PermissionSet, role_in
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.partitions import partition_of_region

SET, ASSIGNMENT = "AWS::SSO::PermissionSet", "AWS::SSO::Assignment"
TYPES = (SET, ASSIGNMENT)


def read(draft: Draft, items: list[Item]) -> list[Item]:
    """The roles that assignments make, where the roles of the account were not read; what is left is no part of it."""
    sets: dict[str, PermissionSet] = {}
    for item in items:
        if item.type == SET:
            found = _capital(item.configuration)
            sets[str(found.get("PermissionSetArn") or item.arn)] = _set(draft, item, found)
    for item in items:
        if item.type == ASSIGNMENT:
            _assign(draft, item, sets)
    return [item for item in items if item.type not in TYPES]


def _assign(draft: Draft, item: Item, sets: dict[str, PermissionSet]) -> None:
    found = _capital(item.configuration)
    account, arn = str(found.get("TargetId") or ""), str(found.get("PermissionSetArn") or "")
    made = sets.get(arn)
    if not account.isdigit() or item.torn:
        reason = item.torn or "the item does not tell its account"
        draft.unknown(f"what `{item.name}` makes", reason, "grants", item.at, account="*", holds="caller")
    elif made is None:
        draft.account(account, item.at)
        reason = f"its permission set `{arn}` has no item: the role that it makes may do anything"
        draft.unknown(f"what `{item.name}` makes", reason, "grants", item.at, account=account, holds="caller")
    elif role_in(draft.principals, made.partition, account, made.name) is None:
        draft.account(account, item.at)
        made.assign(draft, account, item.at)


def _set(draft: Draft, item: Item, found: dict[str, Any]) -> PermissionSet:
    made = PermissionSet(str(found.get("Name") or item.id), item.at, tags=item.tags or {}, region=item.region,
                         partition=partition_of_region(item.region) or "aws")  # fmt: skip
    missing = item.torn or ("" if found.get("Name") else "the item does not tell the permission set")
    if missing:
        made.own.append(NotKnown(missing))
        return made
    made.tags |= tags_of(found.get("Tags"))
    if found.get("InlinePolicy"):
        made.own.append(draft.policy(found["InlinePolicy"], Kind.IDENTITY, INLINE, item.at.at("configuration", INLINE)))
    made.attached += [str(arn) for arn in found.get("ManagedPolicies") or ()]
    made.customer += [_named(each) for each in found.get("CustomerManagedPolicyReferences") or ()]
    boundary = _capital(found.get("PermissionsBoundary") or {})
    reference = boundary.get("CustomerManagedPolicyReference")
    made.boundary = boundary.get("ManagedPolicyArn") or (_named(reference) if reference else None)
    return made


def _named(reference: dict[str, str]) -> tuple[str, str]:
    found = _capital(reference)
    return found.get("Path") or "/", found["Name"]


def _capital(found: dict[str, Any]) -> dict[str, Any]:
    """Members with a capital first letter, as the resource type has them."""
    return {name[:1].upper() + name[1:]: value for name, value in found.items()}
