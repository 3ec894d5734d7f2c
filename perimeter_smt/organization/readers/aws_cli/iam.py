"""`aws iam`: get-account-authorization-details, and the answers that tell the same piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import Answer, tags_of
from perimeter_smt.organization.readers.draft import NotKnown, Place, told

# What IAM always writes of a user, role or group, by its member for inline policies: of users that one is left out.
_ALWAYS = {
    "UserPolicyList": ("AttachedManagedPolicies", "GroupList"),
    "RolePolicyList": ("AttachedManagedPolicies", "RolePolicyList"),
    "GroupPolicyList": ("AttachedManagedPolicies", "GroupPolicyList"),
}


def authorization_details(answer: Answer) -> None:
    """`get-account-authorization-details`: users, groups, roles and managed policies of one account."""
    for list_name, path_name in (("UserDetailList", "UserPolicyList"), ("RoleDetailList", "RolePolicyList"),
                                 ("GroupDetailList", "GroupPolicyList")):  # fmt: skip
        for index, item in enumerate(answer.value.get(list_name) or ()):
            holder(answer, item, path_name, answer.at.at(list_name, index))
    for index, item in enumerate(answer.value.get("Policies") or ()):
        managed_policy(answer, item, answer.at.at("Policies", index))
    if answer.cut:
        accounts = {account for name in ("UserDetailList", "RoleDetailList", "GroupDetailList")
                    for item in answer.value.get(name) or () if (account := owner(item.get("Arn", "")))}  # fmt: skip
        for account in accounts or {answer.account or "*"}:
            answer.draft.unknown(f"users and roles of `{account}`", "the answer has more pages", "grants", answer.at,
                                 account=account)  # fmt: skip


def holder(answer: Answer, item: dict[str, Any], inline: str, at: Place) -> None:
    """A user, role or group with its inline policies."""
    arn = item.get("Arn")
    if not isinstance(arn, str):
        return
    boundary = item.get("PermissionsBoundary") or {}
    trust = item.get("AssumeRolePolicyDocument")
    group = f"{arn.rsplit(':', 1)[0]}:group/"
    left_out = [name for name in _ALWAYS[inline] if name not in item]
    if left_out:
        reason = NotKnown(f"the answer has no `{left_out[0]}`")
        answer.draft.principal(arn, at, own=[("policies", reason, at)], trust=trust)
        return
    if "Tags" not in item and not {"CreateDate", "RoleId", "UserId"} & item.keys() and inline != "GroupPolicyList":
        answer.draft.untagged.setdefault(arn, at)
    told.principal(
        answer.draft,
        arn,
        at,
        own=_inline(item.get(inline), at.at(inline)),
        attached=[str(a["PolicyArn"]) for a in many(item.get("AttachedManagedPolicies"))],
        groups=[f"{group}{g}" for g in item.get("GroupList") or ()],
        boundary=boundary.get("PermissionsBoundaryArn"),
        trust=trust,
        tags=tags_of(item.get("Tags")),
    )


def _inline(found: Any, at: Place) -> Iterator[tuple[str, object, Place]]:
    for index, policy in enumerate(many(found)):
        yield policy.get("PolicyName", "inline"), policy.get("PolicyDocument"), at.at(index, "PolicyDocument")


def managed_policy(answer: Answer, item: dict[str, Any], at: Place) -> None:
    """A managed policy with its versions: the default one counts."""
    arn = item.get("Arn")
    if not isinstance(arn, str):
        return
    told.managed_policy(
        answer.draft,
        arn,
        item.get("PolicyName") or arn.rsplit("/", 1)[-1],
        (
            (
                str(version.get("VersionId") or ""),
                version.get("Document"),
                bool(version.get("IsDefaultVersion"))
                or ("DefaultVersionId" in item and version.get("VersionId", "") == item["DefaultVersionId"]),
                at.at("PolicyVersionList", number, "Document"),
            )
            for number, version in enumerate(item.get("PolicyVersionList") or ())
        ),
    )


def listed(answer: Answer) -> None:
    """`list-roles`, `get-role`, `list-users`, `get-user`: who is there; what they may do, other answers tell."""
    for kind in ("Role", "User"):
        for item in (*many(answer.value.get(f"{kind}s")), *many(answer.value.get(kind))):
            arn = item.get("Arn") if isinstance(item, dict) else None
            if isinstance(arn, str) and arn not in answer.draft.principals:
                reason = NotKnown("listed without its policies: expected `get-account-authorization-details`")
                answer.draft.principal(arn, answer.at, own=[("policies", reason, answer.at)])
    if answer.cut:
        answer.draft.unknown("users and roles", "the answer has more pages", "grants", answer.at,
                             account=answer.account or "*")  # fmt: skip


def profiles(answer: Answer) -> None:
    """`rolesanywhere list-profiles`, `get-profile`."""
    for index, item in enumerate((*many(answer.value.get("profiles")), *many(answer.value.get("profile")))):
        answer.draft.profile(
            str(item.get("name") or item.get("profileId") or index),
            item.get("roleArns") or (),
            item.get("sessionPolicy"),
            item.get("managedPolicyArns") or (),
            answer.at.at("profiles", index),
            enabled=item.get("enabled") is not False,
        )


def pod_association(answer: Answer) -> None:
    """`eks describe-pod-identity-association`."""
    found = answer.value["association"]
    policy = NotKnown(str(found["NotKnown"])) if "NotKnown" in found else found.get("policy")
    name = str(found.get("associationId") or found.get("associationArn") or "")
    answer.draft.association(name, str(found.get("roleArn") or ""), policy, str(found.get("targetRoleArn") or ""),
                             answer.at.at("association"))  # fmt: skip


def pod_associations(answer: Answer) -> None:
    """`eks list-pod-identity-associations`: neither roles nor session policies stand there, other answers tell them."""


def many(found: Any) -> list[Any]:
    """A list; one alone where examples of the documentation write it so."""
    return [found] if isinstance(found, dict) else list(found or ())


def inline_policy(answer: Answer) -> None:
    """`get-role-policy`, `get-user-policy`: the account must stand in the folder or file name."""
    for kind in ("Role", "User", "Group"):
        name = answer.value.get(f"{kind}Name")
        if isinstance(name, str) and answer.account:
            beginning = f"arn:{answer.partition}:iam::{answer.account}:{kind.lower()}/"
            where = (*answer.draft.principals, *answer.draft.groups)
            known = next((a for a in where if a.startswith(beginning) and a.endswith(f"/{name}")), f"{beginning}{name}")
            policy = (answer.value["PolicyName"], answer.value["PolicyDocument"], answer.at.at("PolicyDocument"))
            alone = known not in where
            holder = answer.draft.principal(known, answer.at, own=[policy])
            if alone:
                holder.own.append(NotKnown("no answer tells its other policies"))


def owner(arn: str) -> str:
    """The account field of an ARN."""
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 else ""
