"""Permission sets as `perimeter collect` writes them: each with the accounts that it is provisioned to.

Where the roles of an account were read, they are there already: `AWSReservedSSO_NAME_...`.
"""

from __future__ import annotations

from perimeter_smt.organization.readers.aws_cli.answer import Answer, tags_of
from perimeter_smt.organization.readers.draft.permission_sets import INLINE, PermissionSet, role_in
from perimeter_smt.policy.kinds import Kind


def permission_set(answer: Answer) -> None:
    """One permission set, with the accounts that it is provisioned to."""
    found, at = answer.value, answer.at
    name = found["PermissionSet"]["Name"]
    accounts = [a for a in found.get("AccountIds") or ()
                if role_in(answer.draft.principals, answer.partition, a, name) is None]  # fmt: skip
    if not accounts:
        return
    inline, boundary = found.get("InlinePolicy"), found.get("PermissionsBoundary") or {}
    reference = boundary.get("CustomerManagedPolicyReference")
    made = PermissionSet(
        name,
        at,
        own=[answer.draft.policy(inline, Kind.IDENTITY, INLINE, at.at("InlinePolicy"))] if inline else [],
        attached=[policy["Arn"] for policy in found.get("AttachedManagedPolicies") or ()],
        customer=[_named(policy) for policy in found.get("CustomerManagedPolicyReferences") or ()],
        boundary=boundary.get("ManagedPolicyArn") or (_named(reference) if reference else None),
        tags=tags_of(found.get("Tags")),
        partition=answer.partition,
    )
    for account in accounts:
        made.assign(answer.draft, account, at)


def _named(reference: dict[str, str]) -> tuple[str, str]:
    return reference.get("Path") or "/", reference["Name"]
