"""Answers of `aws sso-admin`, as they are: permission sets in parts, and the accounts to which they are assigned.

Identity Center API reference.  Three answers do not say which permission set they are about; its id (`ps-...`), or its
name as a folder or file, has to stand in the path.  What no answer tells is not known, but for the boundary: without it
a role may do more, and its answer is an error where there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from perimeter_smt.organization.readers.aws_cli.answer import Answer
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.organization.readers.draft.permission_sets import INLINE, PermissionSet, role_in
from perimeter_smt.policy.kinds import Kind

_ID = re.compile(r"(?<![0-9A-Za-z])ps-[0-9a-zA-Z]{16}(?![0-9A-Za-z])")
_MEMBERS = {
    "InlinePolicy": "get-inline-policy-for-permission-set",
    "AttachedManagedPolicies": "list-managed-policies-in-permission-set",
    "CustomerManagedPolicyReferences": "list-customer-managed-policy-references-in-permission-set",
}


@dataclass
class Parts:
    """What answers tell of one permission set."""

    at: Place
    name: str = ""
    told: dict[str, list[Answer]] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    listed: bool = False  # all of its accounts are told


def described(answer: Answer) -> None:
    """`describe-permission-set`."""
    found = answer.value["PermissionSet"]
    parts = _of(answer, found["PermissionSetArn"])
    parts.name, parts.at = found["Name"], answer.at


def listed(answer: Answer) -> None:
    """`list-permission-sets`, and those that are provisioned to an account."""
    for arn in answer.value["PermissionSets"]:
        _of(answer, arn)
    if answer.cut:
        answer.draft.unknown(
            "permission sets", "the answer has more pages", "grants", answer.at, account="*", holds="caller"
        )


def assigned(answer: Answer) -> None:
    """`list-account-assignments`."""
    for item in answer.value["AccountAssignments"]:
        _of(answer, item["PermissionSetArn"]).accounts.add(item["AccountId"])
    if answer.cut:
        answer.draft.unknown("assignments of permission sets", "the answer has more pages", "grants", answer.at,
                             account="*", holds="caller")  # fmt: skip


def part(answer: Answer) -> None:
    """Answers on one permission set that do not say which: kept until all names are known."""
    answer.draft.parts_of_sets.append(answer)


def finish(draft: Draft) -> None:
    """The roles that the permission sets make, once every answer was read."""
    sets = draft.permission_sets
    for answer in draft.parts_of_sets:
        parts = _named(sets, answer.name)
        if parts is None:
            reason = "neither the answer nor the name of its file tells of which: its id (`ps-...`) has to stand there"
            draft.unknown("part of a permission set", reason, "grants", answer.at, account="*", holds="caller")
            continue
        if "AccountIds" in answer.value:
            parts.accounts.update(answer.value["AccountIds"])
            parts.listed |= not answer.cut
        for member in (*_MEMBERS, "PermissionsBoundary"):
            if member in answer.value:
                parts.told.setdefault(member, []).append(answer)
    for own, parts in sets.items():
        _role(draft, own, parts)


def _role(draft: Draft, own: str, parts: Parts) -> None:
    if not parts.name:
        reason = "not described: expected `describe-permission-set`"
        accounts = sorted(parts.accounts) or ["*"]
        for account in accounts:
            draft.unknown(f"permission set `{own}`", reason, "grants", parts.at, account=account, holds="caller")
        return
    if not parts.accounts:
        if not parts.listed:
            reason = "its accounts are not told: expected `list-account-assignments`"
            draft.unknown(f"permission set `{parts.name}`", reason, "grants", parts.at, account="*", holds="caller")
        return
    made = PermissionSet(parts.name, parts.at, partition=draft.partition)
    for member, command in _MEMBERS.items():
        answers = parts.told.get(member, [])
        if not answers:
            made.own.append(NotKnown(f"`{member}` is not told: expected `{command}`"))
        for answer in answers:
            _give(draft, made, member, answer)
    for answer in parts.told.get("PermissionsBoundary", ()):
        found = answer.value["PermissionsBoundary"] or {}
        reference = found.get("CustomerManagedPolicyReference")
        made.boundary = found.get("ManagedPolicyArn") or (_reference(reference) if reference else None)
    for account in sorted(parts.accounts):
        if role_in(draft.principals, made.partition, account, made.name) is None:  # else its roles were read
            made.assign(draft, account, parts.at)


def _give(draft: Draft, made: PermissionSet, member: str, answer: Answer) -> None:
    found = answer.value[member]
    if answer.cut:
        made.own.append(NotKnown(f"`{member}`: the answer has more pages"))
    if member == "InlinePolicy":
        if found:
            made.own.append(draft.policy(found, Kind.IDENTITY, INLINE, answer.at.at(member)))
    elif member == "AttachedManagedPolicies":
        made.attached += [policy["Arn"] for policy in found]
    else:
        made.customer += [_reference(policy) for policy in found]


def _reference(found: dict[str, str]) -> tuple[str, str]:
    return found.get("Path") or "/", found["Name"]


def _of(answer: Answer, arn: str) -> Parts:
    sets: dict[str, Parts] = answer.draft.permission_sets
    return sets.setdefault(arn.rsplit("/", 1)[-1], Parts(answer.at))


def _named(sets: dict[str, Parts], name: str) -> Parts | None:
    """The permission set whose id, or whose name, stands in a path."""
    for own in reversed(_ID.findall(name)):
        if own in sets:
            return sets[own]
    steps = set(re.split(r"[/.]", name))
    found = [parts for parts in sets.values() if parts.name and parts.name in steps]
    return found[0] if len(found) == 1 else None
