"""What a plan replaces and takes away: policies as they were, attachments, resource policies, whole resources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.contents import default_key_policy, is_key, published_policy
from perimeter_smt.organization.readers.draft.rewrite import Rewrite, nameless, shape_of
from perimeter_smt.organization.readers.terraform import shares
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.organizations import KINDS
from perimeter_smt.organization.readers.terraform.plan import Resource
from perimeter_smt.organization.readers.terraform.resources import POLICIES, arn_of
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

_INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_ATTACHED = {f"{name}_attachment": kind for name, kind in _INLINE.items()}
_MEMBERSHIPS = ("aws_iam_user_group_membership", "aws_iam_group_membership", "aws_iam_policy_attachment")
_ORGANIZATIONS = "aws_organizations_policy"


_SHOWN = {
    *POLICIES, *shares.TYPES, "aws_organizations_policy", "aws_organizations_policy_attachment",
    "aws_vpc_endpoint_policy", "aws_vpc_endpoint", "aws_s3_bucket_public_access_block",
    "aws_s3_account_public_access_block", "aws_organizations_account", "aws_lambda_permission",
}  # fmt: skip
_ABOUT = (
    ("policy_id", "target_id"), ("principal",), ("resource_arn",), ("policy_arn", "role", "user", "group"),
    ("image_id", "account_id", "group"), ("snapshot_id", "account_id"), ("bucket",), ("vpc_endpoint_id",), ("arn",),
    ("name",),
)  # fmt: skip


def read(here: Here) -> None:
    """Note everything that the plan changes or deletes; what it replaces is gone as it was, and comes as it will be."""
    for resource in here.plan.before:
        if resource.ended and (resource.type.startswith("aws_iam_") or resource.type in _SHOWN):
            does = "deletes" if resource.address not in here.plan.resources else "replaces"
            here.draft.taken.append((f"the plan {does} `{resource.address}`{_of_what(resource)}", resource.at))
        if resource.type in (_ORGANIZATIONS, "aws_iam_policy", *_INLINE):
            _policy(here, resource, gone=_moved(here, resource))
        elif resource.type in ("aws_iam_role", "aws_iam_user") and not resource.ended:
            _inside(here, resource)
        elif resource.type in _MEMBERSHIPS:
            reason = "the plan does not tell who loses what"
            here.draft.unknown(f"what `{resource.address}` changes", reason, "facts", resource.at)
        elif resource.type in shares.TYPES:
            shares.ended(here, resource)
        elif resource.type == "aws_organizations_organization":
            _organization(here, resource)
        elif resource.ended:
            _ended(here, resource)
        elif resource.type == "aws_s3_account_public_access_block":
            here.draft.unblocked.add(here.account_of(resource))


def _organization(here: Here, resource: Resource) -> None:
    """A type of policies that is disabled: AWS detaches all of them (Organizations API, DisablePolicyType)."""
    if resource.ended:
        reason = "without the organization its accounts stand alone, and no SCP or RCP binds them"
        here.draft.unknown(f"what `{resource.address}` ends", reason, "facts", resource.at)
        return
    later = here.plan.resources.get(resource.address)
    kept = later.get("enabled_policy_types") if later is not None else ()
    for name in resource.values.get("enabled_policy_types") or ():
        if name in KINDS and not isinstance(kept, NotKnown) and name not in (kept or ()):
            here.draft.disabled.add(KINDS[name].value)
            here.draft.taken.append((f"the plan disables `{name}`: all of its policies are detached", resource.at))


def _of_what(resource: Resource) -> str:
    """What a resource was about, for people: the first of its attributes that says so."""
    for names in _ABOUT:
        found = [resource.text(name) for name in names if resource.text(name)]
        if found:
            return f" ({', '.join(found)})"
    return ""


def _moved(here: Here, resource: Resource) -> bool:
    """Whether nobody who had a policy has it or another text of it in its place."""
    later = here.plan.resources.get(resource.address)
    own = _INLINE.get(resource.type, "")
    return later is None or bool(own and later.text(own) != resource.text(own))


def _ended(here: Here, resource: Resource) -> None:
    """A resource that is deleted, or replaced by another one."""
    if resource.type == "aws_organizations_policy_attachment":
        _detached(here, resource)
    elif resource.type in _ATTACHED:
        _taken(here, resource, _ATTACHED[resource.type], resource.text("policy_arn"))
    elif resource.type in POLICIES:
        name, types, _ = POLICIES[resource.type]
        if arn := arn_of(here, resource, types[0], resource.text(name)):
            here.draft.stripped.add(arn)
            thing = here.draft.resources.get(arn)
            if thing is not None and arn not in here.with_policy:  # the plan shows the text as it was
                thing.policy = default_key_policy(arn, thing.account) if is_key(arn) else None
    elif resource.type == "aws_vpc_endpoint_policy":
        here.draft.stripped.add(resource.text("vpc_endpoint_id"))
    elif resource.type == "aws_s3_bucket_public_access_block":
        here.draft.unblocked.add(f"arn:{here.partition}:s3:::{resource.text('bucket')}")
    elif resource.type == "aws_s3_account_public_access_block":
        here.draft.unblocked.add(here.account_of(resource))
    else:
        _whole(here, resource)


def _inside(here: Here, resource: Resource) -> None:
    """Inline and managed policies that a role or user resource held itself, and does not any more."""
    later = here.plan.resources.get(resource.address)
    arn = here.arn(resource)
    if later is None or arn is None:
        return
    fresh = {p.get("name"): p.get("policy") for p in later.values.get("inline_policy") or () if isinstance(p, dict)}
    for index, found in enumerate(resource.values.get("inline_policy") or ()):
        text = found.get("policy") if isinstance(found, dict) else None
        if not text or text in fresh.values():
            continue
        place, name = resource.at.at("inline_policy", index), found.get("name") or "inline"
        old = here.draft.policy(text, Kind.IDENTITY, name, place)
        if isinstance(old, Document):
            here.draft.rewrites.append(Rewrite(resource.address, place, Kind.IDENTITY, old, None,
                                               here.account_of(resource), nameless(arn)))  # fmt: skip
    kind = resource.type.rpartition("_")[2]
    kept = later.values.get("managed_policy_arns") or ()
    for name in resource.values.get("managed_policy_arns") or ():
        if name not in kept and isinstance(name, str):
            stand_in = replace(resource, values={**resource.values, kind: resource.text("name")})
            _taken(here, stand_in, kind, name)


def _whole(here: Here, resource: Resource) -> None:
    """Resources and principals by ARN, endpoints by id."""
    if arn := here.arn(resource):
        here.draft.removed.add(arn)
    if resource.type == "aws_vpc_endpoint":
        here.draft.removed.add(resource.text("id"))
    if resource.type == "aws_organizations_account":
        if resource.values.get("close_on_deletion") is not True:
            reason = "the account leaves the organization and is not closed: what it may do is no longer looked at"
            here.draft.unknown(f"what `{resource.address}` ends", reason, "facts", resource.at)
        here.draft.removed.add(resource.text("id"))


def _policy(here: Here, resource: Resource, *, gone: bool) -> None:
    """A policy by itself: its old text, and the new one where it has one."""
    attribute = "content" if resource.type == _ORGANIZATIONS else "policy"
    kind = KINDS.get(resource.text("type") or "SERVICE_CONTROL_POLICY") if attribute == "content" else Kind.IDENTITY
    old = _document(here, resource, attribute, kind) if kind else None
    if kind is None or old is None:
        return
    new: Document | NotKnown | None = None
    if not gone:
        later = here.plan.resources[resource.address]
        found = policy_of(here, later, attribute)
        new = (
            here.draft.policy(found, kind, resource.text("name") or "inline", later.at.at(attribute)) if found else None
        )
        if isinstance(new, Document) and shape_of(new) == shape_of(old):
            return
    own = _INLINE.get(resource.type, "")
    account = "" if attribute == "content" else here.account_of(resource)
    holder = (
        nameless(f"arn:{here.partition}:iam::{account}:{own}/{resource.text(own)}") if own in ("role", "user") else ""
    )
    here.draft.rewrites.append(Rewrite(resource.address, resource.at, kind, old, new, account, holder))


def _detached(here: Here, resource: Resource) -> None:
    """An SCP or RCP is no longer attached to a unit or account."""
    own, target = resource.text("policy_id"), resource.text("target_id")
    if resource.values.get("skip_destroy") is True and resource.address not in here.plan.resources:
        return  # Terraform forgets it, the policy stays attached (provider, aws_organizations_policy_attachment)
    if own == "p-FullAWSAccess":
        here.draft.closed.add(target)
        return
    known = next((r for r in (*here.plan.before, *here.plan.of(_ORGANIZATIONS))
                  if r.type == _ORGANIZATIONS and r.text("id") == own), None)  # fmt: skip
    if known is not None and known in here.plan.before and known.address not in here.plan.resources:
        return  # deleted everywhere
    kind = KINDS.get(known.text("type") or "SERVICE_CONTROL_POLICY") if known else None
    old = _document(here, known, "content", kind) if known and kind else None
    if kind is None or old is None:
        reason = f"the plan does not tell what `{own}` says, so that it still counts there"
        here.draft.unknown(f"what `{resource.address}` detached", reason, "facts", resource.at)
        return
    here.draft.rewrites.append(Rewrite(resource.address, resource.at, kind, old, None, target))


def _taken(here: Here, resource: Resource, kind: str, arn: str) -> None:
    """A managed policy is no longer attached to a user, role or group."""
    name = resource.text(kind)
    known = next((r for r in (*here.plan.before, *here.plan.of("aws_iam_policy"))
                  if r.type == "aws_iam_policy" and here.arn(r) == arn), None)  # fmt: skip
    old = _document(here, known, "policy", Kind.IDENTITY) if known else None
    old = published_policy(arn) if old is None else old
    account = here.account_of(resource)
    if old is None or kind == "group":
        reason = (
            "the plan does not tell who loses what" if kind == "group" else f"the plan does not tell what `{arn}` says"
        )
        here.draft.unknown(f"what `{resource.address}` detached", reason, "facts", resource.at)
        return
    holder = nameless(f"arn:{here.partition}:iam::{account}:{kind}/{name}")
    here.draft.rewrites.append(Rewrite(resource.address, resource.at, Kind.IDENTITY, old, None, account, holder))


def _document(here: Here, resource: Resource, attribute: str, kind: Kind) -> Document | None:
    value: Any = resource.values.get(attribute)
    if not value:
        return None
    found = here.draft.policy(value, kind, resource.text("name") or resource.address, resource.at.at(attribute))
    return found if isinstance(found, Document) else None
