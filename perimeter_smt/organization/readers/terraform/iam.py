"""IAM in Terraform: roles, users and groups; policies inline, managed and attached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.draft import Holder
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.identity import Here, not_known
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown
from perimeter_smt.policy.kinds import Kind

_KINDS = ("role", "user", "group")


def read(here: Here) -> None:
    """Everything of IAM in a plan."""
    for resource in here.plan.of("aws_iam_policy"):
        arn = here.arn(resource)
        if arn and not resource.data:
            found = policy_of(here, resource, "policy")
            here.draft.managed[arn] = here.draft.policy(found, Kind.IDENTITY, resource.text("name") or arn, resource.at)
    for kind in _KINDS:
        for resource in here.plan.of(f"aws_iam_{kind}"):
            if not resource.data:
                _holder(here, resource, kind)
    for kind in _KINDS:
        for resource in here.plan.of(f"aws_iam_{kind}_policy"):
            for holder in _of(here, resource, kind, kind):
                policy = policy_of(here, resource, "policy")
                holder.grown |= not resource.stays
                holder.own.append(here.draft.policy(policy, Kind.IDENTITY, resource.text("name") or "inline",
                                                    resource.at.at("policy")))  # fmt: skip
        for resource in here.plan.of(f"aws_iam_{kind}_policy_attachment"):
            for holder in _of(here, resource, kind, kind):
                _attach(here, holder, resource)
    for resource in here.plan.of("aws_iam_policy_attachment"):
        for kind in _KINDS:
            for holder in _of(here, resource, f"{kind}s", kind):
                _attach(here, holder, resource)
    _memberships(here)
    for resource in here.plan.of("aws_rolesanywhere_profile"):
        _profile(here, resource)


def _profile(here: Here, resource: Resource) -> None:
    """A profile of IAM Roles Anywhere; a role that the plan makes is known by what its list refers to, if by one."""
    roles = resource.get("role_arns")
    named = [arn for arn in roles if isinstance(arn, str)] if isinstance(roles, list) else []
    whole = isinstance(roles, list) and len(named) == len(roles) and not is_unknown(resource.unknown.get("role_arns"))
    if not whole:
        made = here.plan.referred(resource, "role_arns", "aws_iam_role")
        arn = here.arn(made) if made is not None and len(resource.references.get("role_arns", ())) <= 2 else None
        named, whole = ([arn], True) if arn else ([], False)
    managed = resource.get("managed_policy_arns")
    policy = policy_of(here, resource, "session_policy")
    if isinstance(managed, NotKnown) or is_unknown(resource.unknown.get("managed_policy_arns")):
        policy = NotKnown("its managed policies are known after apply")
    here.draft.profile(resource.text("name") or resource.address, named if whole else None, policy,
                       [a for a in managed or () if isinstance(a, str)] if isinstance(managed, list) else (),
                       resource.at, enabled=resource.values.get("enabled") is not False)  # fmt: skip


def _holder(here: Here, resource: Resource, kind: str) -> None:
    arn = here.arn(resource)
    if arn is None:
        here.draft.unknown(f"name of `{resource.address}`", "known after apply", "grants", resource.at,
                           account=here.account_of(resource))  # fmt: skip
        return
    boundary = resource.get("permissions_boundary")
    if isinstance(boundary, NotKnown):
        made = here.plan.referred(resource, "permissions_boundary", "aws_iam_policy")
        boundary = (here.arn(made) if made is not None else None) or boundary
    inline = [p for p in resource.values.get("inline_policy") or () if isinstance(p, dict) and p.get("policy")]
    attached = [*(resource.values.get("managed_policy_arns") or ()), *_made(here, resource, "managed_policy_arns")]
    holder = here.draft.principal(
        arn,
        resource.at,
        own=[(p.get("name") or "inline", p["policy"], resource.at.at("inline_policy")) for p in inline],
        attached=[a for a in attached if isinstance(a, str)],
        boundary=boundary if isinstance(boundary, NotKnown) else boundary or None,
        trust=policy_of(here, resource, "assume_role_policy") if kind == "role" else None,
        tags=tags(resource),
    )
    holder.whole = True
    if _lacks(resource, "managed_policy_arns") and not _made(here, resource, "managed_policy_arns"):
        holder.own.append(NotKnown(f"`managed_policy_arns` of `{resource.address}` are known after apply"))
    if _lacks(resource, "inline_policy"):
        holder.own.append(NotKnown(f"`inline_policy` of `{resource.address}` is known after apply"))
    if is_unknown(resource.unknown.get("tags")):
        here.draft.unknown(f"tags of `{resource.address}`", "known after apply", "facts", resource.at)
    if isinstance(boundary, str) and here.plan.unchanged(resource, "permissions_boundary"):
        holder.stays.add(boundary)
    if here.plan.unchanged(resource, "managed_policy_arns"):
        holder.stays.update(a for a in attached if isinstance(a, str))


def _lacks(resource: Resource, attribute: str) -> bool:
    """Whether some of a list is known after apply; what AWS fills in where nobody writes it does not count."""
    value = resource.values.get(attribute)
    if value is None:
        return is_unknown(resource.unknown.get(attribute)) and resource.writes(attribute)
    return None in value or is_unknown(resource.unknown.get(attribute))


def _made(here: Here, resource: Resource, attribute: str) -> list[str]:
    """The policy of the same plan that stands in a list, where it is the only one known after apply."""
    made = here.plan.referred(resource, attribute, "aws_iam_policy")
    value = resource.values.get(attribute) or (None,)
    arn = here.arn(made) if made is not None and list(value).count(None) == 1 else None
    return [arn] if arn else []


def tags(resource: Resource) -> dict[str, str]:
    """The tags, those of the provider included."""
    found = resource.values.get("tags_all") or resource.values.get("tags") or {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _of(here: Here, resource: Resource, attribute: str, kind: str) -> Iterator[Holder]:
    """The roles, users or groups that an attribute names. One that the plan does not hold is begun: an organization
    may hold the rest of it.
    """
    value: Any = resource.get(attribute)
    if isinstance(value, NotKnown) or value is None:
        found = here.plan.referred(resource, attribute, f"aws_iam_{kind}")
        arn = here.arn(found) if found else None
        if arn is None:
            if isinstance(value, NotKnown):
                here.draft.unknown(f"{kind} of `{resource.address}`", "known after apply", "grants", resource.at,
                                   account=here.account_of(resource), holds="caller")  # fmt: skip
            return
        yield here.draft.named_elsewhere(arn, resource.at)
        return
    account = here.account_of(resource)
    if isinstance(value, list) and None in value:
        reason = f"one of `{attribute}` is known after apply"
        here.draft.unknown(
            f"{kind} of `{resource.address}`", reason, "grants", resource.at, account=account, holds="caller"
        )
    for name in filter(None, [value] if isinstance(value, str) else value):
        beginning = f"arn:{here.partition}:iam::{account}:{kind}/"
        where = here.draft.groups if kind == "group" else here.draft.principals
        known = (a for a in where if a.startswith(beginning) and a.endswith(f"/{name}"))
        yield here.draft.named_elsewhere(next(known, f"{beginning}{name}"), resource.at)


def _attach(here: Here, holder: Holder, resource: Resource) -> None:
    arn = resource.get("policy_arn")
    holder.grown |= not resource.stays
    if isinstance(arn, str):
        if resource.stays and all(here.plan.unchanged(resource, name) for name in ("policy_arn", *_KINDS)):
            holder.stays.add(arn)
        if arn not in holder.attached:
            holder.attached.append(arn)
        return
    found = here.plan.referred(resource, "policy_arn", "aws_iam_policy")
    known = here.arn(found) if found else None
    if known is None:
        holder.own.append(not_known(resource.address))
    else:
        holder.attached.append(known)


def _memberships(here: Here) -> None:
    for resource in here.plan.of("aws_iam_user_group_membership"):
        for user in _of(here, resource, "user", "user"):
            user.groups += [group.arn for group in _of(here, resource, "groups", "group")]
    for resource in here.plan.of("aws_iam_group_membership"):
        for group in _of(here, resource, "group", "group"):
            for user in _of(here, resource, "users", "user"):
                user.groups.append(group.arn)
