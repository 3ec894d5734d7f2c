"""Permission sets of IAM Identity Center in plans, as the roles that their assignments make."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.permission_sets import INLINE, PermissionSet
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.iam import tags
from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import AFTER_APPLY, Resource
from perimeter_smt.policy.kinds import Kind

_SET, _ARN = "aws_ssoadmin_permission_set", "permission_set_arn"
_INLINE = "aws_ssoadmin_permission_set_inline_policy"
_MANAGED, _CUSTOMER = "aws_ssoadmin_managed_policy_attachment", "aws_ssoadmin_customer_managed_policy_attachment"
_BOUNDARY = "aws_ssoadmin_permissions_boundary_attachment"
_ASSIGNMENT = "aws_ssoadmin_account_assignment"
TYPES = (_SET, _INLINE, _MANAGED, _CUSTOMER, _BOUNDARY, _ASSIGNMENT)
_REFERENCE = "customer_managed_policy_reference"


def read(here: Here) -> None:
    """Permission sets, what is given to them, and the accounts to which they are assigned."""
    sets = {resource.address: _set(here, resource) for resource in here.plan.of(_SET)}
    for kind in (_INLINE, _MANAGED, _CUSTOMER, _BOUNDARY):
        for resource in here.plan.of(kind):
            found = _of(here, resource)
            if found is not None:
                _give(here, sets[found.address], resource)
            elif resource.changes:
                reason = "the plan does not hold its permission set: what its roles may do besides is not told"
                here.draft.unknown(
                    f"what `{resource.address}` changes", reason, "grants", resource.at, account="*", holds="caller"
                )
    for resource in here.plan.of(_ASSIGNMENT):
        _assign(here, sets, resource)
    for resource in here.plan.before:
        if resource.type in TYPES and resource.ended and resource.address not in here.plan.resources:
            reason = "what the roles of the permission set have without it is not read: they are taken to keep it"
            here.draft.unknown(f"what `{resource.address}` takes away", reason, "facts", resource.at)


def _set(here: Here, resource: Resource) -> PermissionSet:
    made = PermissionSet(resource.text("name"), resource.at, tags=tags(resource), region=here.region_of(resource),
                         partition=here.partition)  # fmt: skip
    if resource.data:  # its policies are read elsewhere
        made.own.append(NotKnown(f"the plan only names the permission set (`{resource.address}`)"))
    return made


def _of(here: Here, resource: Resource) -> Resource | None:
    """The permission set that a resource is about."""
    value = resource.get(_ARN)
    if isinstance(value, str):
        return next((found for found in here.plan.of(_SET) if found.text("arn") == value), None)
    return here.plan.referred(resource, _ARN, _SET)


def _give(here: Here, found: PermissionSet, resource: Resource) -> None:
    if resource.type == _INLINE:
        policy = policy_of(here, resource, "inline_policy")
        if policy is not None:
            found.own.append(here.draft.policy(policy, Kind.IDENTITY, INLINE, resource.at.at("inline_policy")))
    elif resource.type == _MANAGED:
        arn = resource.get("managed_policy_arn")
        if isinstance(arn, str):
            found.attached.append(arn)
            if resource.stays:
                found.stays.add(arn)
        else:
            found.own.append(NotKnown(f"{AFTER_APPLY} (`{resource.address}`)"))
    elif resource.type == _CUSTOMER:
        named = _customer(here, resource, resource.get(_REFERENCE))
        found.customer.append(named) if isinstance(named, tuple) else found.own.append(named)
    else:
        found.boundary = _boundary(here, resource)


def _boundary(here: Here, resource: Resource) -> str | tuple[str, str] | NotKnown:
    block = _block(resource.get("permissions_boundary"))
    if block.get("managed_policy_arn"):
        return str(block["managed_policy_arn"])
    if block.get(_REFERENCE):
        return _customer(here, resource, block[_REFERENCE])
    return NotKnown(f"{AFTER_APPLY} (`{resource.address}`)")


def _customer(here: Here, resource: Resource, value: Any) -> tuple[str, str] | NotKnown:
    """Path and name of a customer managed policy; of the same plan where the name is known after apply."""
    block = _block(value)
    name, path = block.get("name"), block.get("path") or "/"
    if not isinstance(name, str):
        made = here.plan.referred(resource, _REFERENCE, "aws_iam_policy")
        name, path = (made.text("name"), made.text("path") or "/") if made is not None else ("", "/")
    return (str(path), name) if name else NotKnown(f"{AFTER_APPLY} (`{resource.address}`)")


def _block(value: Any) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}


def _assign(here: Here, sets: dict[str, PermissionSet], resource: Resource) -> None:
    found, account = _of(here, resource), resource.get("target_id")
    if not isinstance(account, str):
        if resource.changes:
            reason = f"the account of `{resource.address}` is {AFTER_APPLY}: the role there is not read"
            here.draft.unknown(f"what `{resource.address}` changes", reason, "facts", resource.at)
        return
    name = sets[found.address].name if found is not None else ""
    if found is None or not name:
        if resource.changes:
            reason = "the plan does not tell which permission set: the role that it makes may do anything"
            here.draft.unknown(
                f"what `{resource.address}` makes", reason, "grants", resource.at, account=account, holds="caller"
            )
        return
    sets[found.address].assign(here.draft, account, resource.at)
