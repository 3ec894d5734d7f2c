"""Principals and resources of a draft: managed policies, groups and boundaries put in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Literal

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.default_policies import in_force
from perimeter_smt.organization.model import (
    KeyGrant,
    ManagedPolicy,
    OwnedPrincipal,
    OwnedResource,
    PolicyVersion,
    Session,
)
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.draft import pods
from perimeter_smt.organization.readers.draft.draft import Draft, Holder, Policy, Thing
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.organization.readers.draft.profiles import sessions_of
from perimeter_smt.organization.readers.draft.shares import shared, spread
from perimeter_smt.organization.sharing import with_sharing
from perimeter_smt.policy.api_resources import of_api
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.multi_region import is_multi_region
from perimeter_smt.request.partitions import partition_of_region

_NO_TEXT = NotKnown("text not told")


def principals_of(draft: Draft) -> dict[str, list[OwnedPrincipal]]:
    """Users and roles by account. One of which something is not known is left out and named."""
    out: dict[str, list[OwnedPrincipal]] = {}
    boundaries: dict[int, Document] = {}
    for holder in draft.principals.values():
        try:
            account, kind = values.principal_parts(values.principal_arn(holder.arn))
        except ValueError as error:
            draft.unknown(f"principal `{holder.arn}`", str(error), "grants", holder.at, account="*")
            continue
        service_linked = ":role/aws-service-role/" in holder.arn
        policies, missing = _policies(draft, holder)
        limit = holder.boundary
        boundary: Policy | None = named_policy(draft, limit) if isinstance(limit, str) else limit
        if isinstance(boundary, NotKnown) and not service_linked:
            # Without its boundary a principal may do more: it is taken to have none.
            draft.unknown(f"boundary of `{holder.arn}`", boundary.reason, "grants", holder.at, holds="caller",
                          subject=holder.arn)  # fmt: skip
            boundary = None
        if isinstance(boundary, Document):
            boundary = boundaries.setdefault(id(boundary), boundary.model_copy(update={"kind": Kind.BOUNDARY}))
        found = OwnedPrincipal(
            arn=holder.arn,
            type="role" if kind == "role" else "user",
            account=account,
            policies=tuple({id(document): document for document in policies}.values()),
            boundary=None if service_linked or not isinstance(boundary, Document) else boundary,
            trust=holder.trust if kind == "role" and isinstance(holder.trust, Document) else None,
            tags=holder.tags,
            service_linked=service_linked,
            sessions_listed=holder.sessions_listed,
        )
        untrusted = kind == "role" and found.trust is None
        if not missing and not untrusted:
            more = _sessions(draft, holder) if kind == "role" and not service_linked else holder.sessions
            out.setdefault(account, []).append(found.model_copy(update={"sessions": more}))
            continue
        known = found.model_copy(update={"policies": (anything(),)}) if missing else found
        for name, why in missing:
            draft.unknown(f"{name} of `{holder.arn}`", why.reason, "grants", holder.at, account=account,
                          holds="" if untrusted else "caller", subject=holder.arn, known=known)  # fmt: skip
        if isinstance(holder.trust, NotKnown) or not missing:
            reason = holder.trust.reason if isinstance(holder.trust, NotKnown) else "not told"
            draft.unknown(f"trust policy of `{holder.arn}`", reason, "grants", holder.at, account=account,
                          holds="trust", subject=holder.arn, known=known)  # fmt: skip
    return out


@cache
def anything() -> Document:
    """What stands for policies that are not known where they count as granting everything."""
    statement = {"Sid": "NotKnown", "Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(policy, Kind.IDENTITY, file="(not known)", name="policies that are not known")


def _sessions(draft: Draft, holder: Holder) -> tuple[Session, ...]:
    """What the sessions of a role carry: as told, by a profile of Roles Anywhere, or by an association of a pod."""
    return sessions_of(draft, holder) or pods.sessions_of(draft, holder)


def _policies(draft: Draft, holder: Holder) -> tuple[list[Document], list[tuple[str, NotKnown]]]:
    """Everything attached, by its groups too, and what of it is not known."""
    out: list[Document] = []
    missing: list[tuple[str, NotKnown]] = []
    holders = [holder]
    for name in holder.groups:
        group = draft.groups.get(name)
        if group is None:
            missing.append((f"group `{name}`", NotKnown("not in the source")))
        elif group.begun:
            missing.append((f"group `{name}`", NotKnown("what it has besides is not in the source")))
        else:
            holders.append(group)
    for each in holders:
        for policy in each.own:
            missing.append(("policy", policy)) if isinstance(policy, NotKnown) else out.append(policy)
        for arn in each.attached:
            found = named_policy(draft, arn)
            missing.append((f"policy `{arn}`", found)) if isinstance(found, NotKnown) else out.append(found)
    return out, missing


def managed_of(draft: Draft) -> dict[str, list[ManagedPolicy]]:
    """The managed policies of customers by account, and who has them: through groups and as boundaries, too."""
    having: dict[str, dict[str, None]] = {}
    for holder in draft.principals.values():
        groups = (draft.groups[name] for name in holder.groups if name in draft.groups)
        names = [arn for each in (holder, *groups) for arn in each.attached]
        for arn in (*names, *((holder.boundary,) if isinstance(holder.boundary, str) else ())):
            having.setdefault(arn, {})[holder.arn] = None
    out: dict[str, list[ManagedPolicy]] = {}
    for arn in dict.fromkeys((*draft.versions, *draft.managed, *having)):
        fields = arn.split(":", 5)
        if len(fields) < 6 or not fields[4].isdigit():  # AWS's own, of which nobody chooses the version
            continue
        told = draft.versions.get(arn, [])
        known = tuple(PolicyVersion(id=v.id, document=v.policy, default=v.default)
                      for v in told if isinstance(v.policy, Document))  # fmt: skip
        found = ManagedPolicy(arn=arn, versions=known, versions_listed=bool(told) and len(known) == len(told),
                              attached_to=tuple(having.get(arn, ())))  # fmt: skip
        out.setdefault(fields[4], []).append(found)
    return out


def named_policy(draft: Draft, arn: str) -> Policy:
    """The default version of a managed policy by ARN, or why it is not known."""
    found = draft.managed.get(arn)
    if found is not None:
        return found
    if (known := published_policy(arn)) is not None:
        return known
    return _NO_TEXT if ":iam::aws:" in arn else NotKnown("not in the source")


# AWS's managed policies that sources often leave out (AWS managed policy reference, default version, 2026-11-27).
_PUBLISHED: dict[str, list[str]] = {
    "AdministratorAccess": ["*"],
    "service-role/AWSLambdaBasicExecutionRole": [
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"
    ],
    "service-role/AWSLambdaVPCAccessExecutionRole": [
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
    ],
    "service-role/AWSLambdaKinesisExecutionRole": [
        "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
        "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard", "logs:CreateLogGroup",
        "logs:CreateLogStream", "logs:PutLogEvents",
    ],
}  # fmt: skip


def published_policy(arn: str) -> Document | None:
    """One of AWS's managed policies whose text is known here."""
    head, _, name = arn.partition(":policy/")
    return _published(name) if head.endswith(":iam::aws") and name in _PUBLISHED else None


@cache
def _published(name: str) -> Document:
    statement = {"Effect": "Allow", "Action": _PUBLISHED[name], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    short = name.rpartition("/")[2]
    return parse_object(policy, Kind.IDENTITY, file=short, name=short)


def default_key_policy(arn: str, account: str) -> Document:
    """The policy that AWS gives a key for which nobody wrote one: it leaves everything to IAM policies of the account.

    KMS developer guide, default key policy (a key that is made programmatically).
    """
    root = f"arn:{arn.split(':', 2)[1]}:iam::{account}:root"
    statement = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*",
                 "Resource": "*"}  # fmt: skip
    policy = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}
    return parse_object(policy, Kind.KMS, file="default key policy", name="default key policy")


def arn_of_url(url: str, partition: str) -> str:
    """The ARN of a queue by its URL, in today's and the older forms (SQS guide, queue and message identifiers)."""
    host, account, name = [*url.removeprefix("https://").split("/"), "", ""][:3]
    regions = [part for part in host.split(".") if partition_of_region(part) is not None]
    older = "us-east-1" if host.startswith("queue.") else host.split(".")[1] if "." in host else ""
    return f"arn:{partition}:sqs:{regions[0] if regions else older}:{account}:{name}"


def is_key(arn: str) -> bool:
    """Whether an ARN is that of a KMS key."""
    fields = arn.split(":", 5)
    return len(fields) == 6 and fields[2] == "kms" and fields[5].startswith("key/")


def _wrong(thing: Thing, option: str) -> str:
    """Why it cannot be told which resource this is; empty where it can. `option` tells accounts that nothing tells."""
    if not thing.account:
        return f"its account is not told: say `{option}`, or put it into a folder named after its account"
    try:
        values.account_id(thing.account)
        values.resource_arn(thing.arn)
    except ValueError as error:
        return str(error)
    return ""


def _origin(thing: Thing) -> Literal["vpc", "internet"] | None:
    """Where an access point can be reached from; a Multi-Region one has no VPC."""
    if thing.origin == "internet" or is_multi_region(thing.arn):
        return "internet"
    return "vpc" if thing.origin == "vpc" else None


def with_statements(policy: Policy | None, more: Policy | None) -> Policy | None:
    """A policy with the statements of another one that it does not have."""
    if more is None or isinstance(policy, NotKnown):
        return policy
    if policy is None or isinstance(more, NotKnown):
        return more
    shapes = {statement_shape(s) for s in policy.statements}
    fresh = tuple(s for s in more.statements if statement_shape(s) not in shapes)
    return with_sharing(policy, more.model_copy(update={"statements": fresh}))


def without_statements(policy: Document | None, gone: Sequence[Policy]) -> Document | None:
    """A policy without what others say; None where nothing is left. Of statements that say the same, one for each."""
    if policy is None or not gone:
        return policy
    left = Counter(statement_shape(s) for document in gone if isinstance(document, Document)
                   for s in document.statements)  # fmt: skip
    kept: list[Statement] = []
    for statement in policy.statements:
        shape = statement_shape(statement)
        if left[shape]:
            left[shape] -= 1
        else:
            kept.append(statement)
    return policy.model_copy(update={"statements": tuple(kept)}) if kept else None


def grants_of(thing: Thing) -> tuple[KeyGrant, ...] | None:
    """The grants of a key after a change; None where nobody said which there were."""
    if thing.grants is None:
        return None
    kept = (grant for grant in thing.grants if grant not in thing.ungranted)
    return tuple(dict.fromkeys((*kept, *thing.granted)))


def resources_of(draft: Draft) -> dict[str, list[OwnedResource]]:
    """Resources by account. One whose policy is not known is left out and named."""
    out: dict[str, list[OwnedResource]] = {}
    spread(draft)
    for thing in draft.resources.values():
        wrong = _wrong(thing, draft.account_option)
        if wrong:
            draft.unknown(f"resource `{thing.arn}`", wrong, "grants", thing.at, account="*", holds="resource")
            continue
        policy = shared(thing, with_statements(thing.policy, thing.added))
        if isinstance(policy, NotKnown):
            draft.unknown(f"policy of `{thing.arn}`", policy.reason, "grants", thing.at, account=thing.account,
                          holds="resource", subject=thing.arn)  # fmt: skip
            continue
        if thing.arn.split(":", 5)[2] == "iam" and thing.arn.split(":", 5)[5].startswith(("role/", "user/")):
            continue
        grants = None if thing.arn in draft.grants_cut else grants_of(thing)
        name = f"grants of `{thing.arn}`"
        if thing.granted and grants is None and all(each != name for each, _, _ in draft.unknowns):
            reason = "it is not told which others the key has, so that those which are told do not show"
            draft.unknown(name, reason, "facts", thing.at)
        out.setdefault(thing.account, []).append(
            OwnedResource(
                arn=thing.arn,
                account=thing.account,
                policy=in_force(thing.arn, of_api(policy, thing.arn, thing.account)),
                tags={**draft.tags.get(thing.arn, {}), **thing.tags},
                block_public_access=bool(thing.block_public_access),
                abac=thing.abac,
                acls=thing.acls,
                acl=thing.acl if thing.acls is not False else None,
                ignore_public_acls=bool(thing.ignore_public_acls),
                origin=_origin(thing),
                vpc=thing.vpc,
                bucket=thing.bucket,
                buckets=thing.buckets,
                grants=grants,
            )
        )
    return out
