"""Permission sets of IAM Identity Center in templates, as the roles that their assignments make."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.cloudformation.iam import tags_of
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.permission_sets import INLINE, PermissionSet
from perimeter_smt.policy.kinds import Kind

_SET, _ASSIGNMENT = "AWS::SSO::PermissionSet", "AWS::SSO::Assignment"
TYPES = (_SET, _ASSIGNMENT)


def read(stack: Stack) -> None:
    """Permission sets, and the accounts to which the template assigns them."""
    sets = {item.arn(): _set(item) for item in stack.of(_SET)}
    for item in stack.of(_ASSIGNMENT):
        arn, account = item.get("PermissionSetArn"), item.get("TargetId")
        if not isinstance(account, str):
            reason = account.reason if isinstance(account, NotKnown) else "its account is not told"
            stack.draft.unknown(f"what `{item.logical}` makes", f"{reason}: the role there is not read", "facts",
                                item.at)  # fmt: skip
        elif isinstance(arn, NotKnown) or arn not in sets:
            reason = "the template does not hold its permission set: the role that it makes may do anything"
            stack.draft.unknown(
                f"what `{item.logical}` makes", reason, "grants", item.at, account=account, holds="caller"
            )
        else:
            sets[arn].assign(stack.draft, account, item.at)


def _set(item: Item) -> PermissionSet:
    name = item.get("Name")
    made = PermissionSet(name if isinstance(name, str) else item.logical, item.at, tags=tags_of(item),
                         region=item.stack.region, partition=item.stack.resolver.names.partition)  # fmt: skip
    node = item.properties.get("InlinePolicy")
    inline = item.plain(node) if isinstance(item.plain(node), str) else item.policy(node)
    if inline:
        made.own.append(item.stack.draft.policy(inline, Kind.IDENTITY, INLINE, item.at))
    managed, references = item.get("ManagedPolicies"), item.get("CustomerManagedPolicyReferences")
    for found in (managed, references):
        if isinstance(found, NotKnown):
            made.own.append(found)
    made.attached += [str(arn) for arn in managed] if isinstance(managed, list) else []
    made.customer += [_named(each) for each in references] if isinstance(references, list) else []
    boundary: Any = item.get("PermissionsBoundary")
    if isinstance(boundary, NotKnown):
        made.boundary = boundary
    elif isinstance(boundary, dict):
        reference = boundary.get("CustomerManagedPolicyReference")
        made.boundary = boundary.get("ManagedPolicyArn") or (_named(reference) if reference else None)
    return made


def _named(reference: dict[str, str]) -> tuple[str, str]:
    return reference.get("Path") or "/", reference["Name"]
