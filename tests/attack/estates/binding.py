"""What exists in an estate, and which policies have a say in a request (semantics 3, world W-3 to W-7)."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.model import Account, KeyGrant, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind as Policy
from perimeter_smt.request.actions import asked_on_stars
from perimeter_smt.request.case import Case, Flags, KmsGrant
from perimeter_smt.request.request import Facts, Request
from tests.attack.cases import everything, guardrails_of
from tests.attack.estates import lists
from tests.attack.estates.kinds import has_kind, within

# Calls that may make the resource that they name: it need not be there before.
_MAKES = ("Create", "Put", "Import", "Register", "Restore", "Copy", "Upload", "Publish", "Start", "Run", "Clone")
# A pull through cache makes the repository at the first pull, a template for pushes at the first push (ECR guide,
# repository creation templates); a table can be made with its policy; these name every resource of a type.
_MAKES_TOO = (
    "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage", "ecr:BatchImportUpstreamImage",
    "ecr:ReplicateImage", "ecr:DescribeRepositories", "dynamodb:PutResourcePolicy", "kinesis:AddTagsToStream",
)  # fmt: skip
_RESERVED = (":role/aws-service-role/", ":role/aws-reserved/")


def account_of(workspace: Workspace, number: str | None) -> Account | None:
    """The account of the workspace with this id."""
    return next((a for a, _ in workspace.organization.accounts() if a.id == number), None)


def _named(account: Account, arn: str | None) -> OwnedPrincipal | None:
    return next((p for p in account.principals if p.arn == arn), None)


def caller(workspace: Workspace, request: Request) -> OwnedPrincipal | None:
    """The listed user or role that a request comes from."""
    who = request.principal
    account = account_of(workspace, who.account)
    if account is None:
        return None
    arn = {"role-session": who.role_arn, "user": who.arn, "federated-user": who.user_arn}.get(who.type)
    return _named(account, arn)


def governing(workspace: Workspace, request: Request) -> OwnedResource | None:
    """The listed resource whose policy governs the call: itself, else what contains it."""
    account = account_of(workspace, request.resource_account)
    if account is None:
        return None
    role = _named(account, request.resource)
    if role is not None:
        return OwnedResource(arn=role.arn, account=account.id, policy=role.trust, tags=role.tags)
    near = [r for r in account.resources if within(r.arn, request.resource)]
    return max(near, key=lambda r: len(r.arn), default=None)


def absent(workspace: Workspace, request: Request, facts: Facts) -> list[str]:
    """Why the caller or the resource does not exist in the workspace; empty: it may."""
    out = []
    who = request.principal
    here = {a.id for a, _ in workspace.organization.accounts()} | {workspace.organization.management_account}
    for number in (facts.principal_account, facts.resource_account, facts.endpoint_account, facts.behalf):
        if facts.organizations.get(number or "") == workspace.organization.id and number not in here:
            out.append(f"organization.yaml names every account, and {number} is none of them")
    account = account_of(workspace, facts.principal_account)
    if account is not None and account.listed and facts.kind in ("user", "role", "feduser"):
        by_root = facts.kind == "feduser" and who.made_by_root
        reserved = any(part in (who.role_arn or "") for part in _RESERVED)
        if caller(workspace, request) is None and not by_root and not reserved:
            out.append(f"W-6: no such principal in the complete list of {account.id}")
    owner = account_of(workspace, facts.resource_account)
    root_or_guest = request.resource.endswith(":root") or ":federated-user/" in request.resource
    name = request.action.partition(":")[2]
    created = root_or_guest or name.startswith((*_MAKES, "Tag", "AddTags")) or request.action in _MAKES_TOO
    # What is put or published goes to a stream, group or topic that is there (API references, ResourceNotFound).
    created = created and not request.action.startswith(
        ("kinesis:PutRecord", "logs:PutLogEvents", "logs:StartQuery", "sns:Publish")
    )
    created = created or not has_kind(request.resource)
    # Each account has one catalog in each Region, whoever lists it (Glue guide, AWS Glue Data Catalog).
    created = created or (":glue:" in request.resource and request.resource.endswith(":catalog"))
    # A bucket is there before an object is put into it.
    # A list is set with the bucket, too: CreateBucket with a list asks s3:PutBucketAcl (API reference).
    created = created and not (request.resource.startswith("arn:aws:s3:::") and "/" in request.resource)
    # The `default` database is made for its catalog (Glue guide), which each Region has.
    created = created or (":glue:" in request.resource and request.resource.endswith(":database/default"))
    nothing = request.resource == "*" or asked_on_stars(request.action, request.resource)  # all of a type
    named = not nothing and not created
    if owner is not None and owner.listed and named and governing(workspace, request) is None:
        out.append(f"W-6: no such resource in the complete list of {owner.id}")
    return out


def tags_differ(workspace: Workspace, request: Request) -> list[str]:
    """Tags of listed resources and users that are not as listed (W-7)."""
    out = []
    shown = {k.lower(): v for k, v in request.context.items()}
    resource = governing(workspace, request)
    if resource is not None and (request.resource == resource.arn or resource.abac is False):
        tags = {} if resource.abac is False else resource.tags
        mine = {f"aws:resourcetag/{k.lower()}": v for k, v in tags.items()}
        out += [f"W-7: {k}" for k, v in shown.items() if k.startswith("aws:resourcetag/") and mine.get(k) != v]
    user = caller(workspace, request)
    if user is not None and user.type == "user" and request.principal.type == "user":
        mine = {f"aws:principaltag/{k.lower()}": v for k, v in user.tags.items()}
        out += [
            f"tags of users: {k}" for k, v in shown.items() if k.startswith("aws:principaltag/") and mine.get(k) != v
        ]
    return out


def _grant(grant: KeyGrant, owner: str) -> KmsGrant:
    return KmsGrant(
        grantee_principal=grant.grantee, retiring_principal=grant.retiring, issuing_account=owner,
        operations=grant.operations, constraints_met=not grant.constrained,
    )  # fmt: skip


def case_of(
    workspace: Workspace, request: Request, facts: Facts, *, assumed_root: bool = False, untold: bool = False
) -> Case:
    """The guardrails and the grants of the workspace that bind this request; what nobody listed grants everything.

    `untold`: access control lists that nobody told grant the call.
    """
    account = account_of(workspace, facts.principal_account)
    owner = account_of(workspace, facts.resource_account)
    user = caller(workspace, request)
    service = request.action.partition(":")[0].lower()
    kind = {"kms": Policy.KMS, "s3": Policy.BUCKET, "sts": Policy.TRUST}.get(service, Policy.RESOURCE)
    known = account is not None and (account.listed or user is not None)
    identity: tuple[Any, ...] = (everything(Policy.IDENTITY),)
    boundary = None
    if user is not None:
        identity, boundary = user.policies, user.boundary
    elif known and facts.kind != "root" and not request.principal.made_by_root:
        identity = ()
    found = governing(workspace, request)
    resource = found.policy if found else None if owner is not None and owner.listed else everything(kind)
    limited = facts.kind == "feduser" or assumed_root
    scp, rcp, endpoint = guardrails_of(workspace, facts)
    case = Case(
        id="estate",
        identity=identity,
        resource=resource,
        boundary=boundary,
        session=(everything(Policy.SESSION),) if limited else None,
        scp=scp,
        rcp=rcp,
        endpoint=endpoint,
        access_point=None,
        request=request,
        flags=Flags(
            resource_account_is_management=facts.resource_account == workspace.organization.management_account,
            via_endpoint=facts.path == "vpce",
            principal_assumed_root=assumed_root,
            principal_delegated_administrator=True,
            kms_grant=tuple(_grant(g, found.account) for g in found.grants or ()) or None if found else None,
            s3_restrict_public_buckets=bool(
                service == "s3"
                and found
                and (found.block_public_access or (owner is not None and owner.block_public_access))
            ),
            **(lists.flags(workspace, found, untold=untold) if service == "s3" else {}),
        ),
    )
    return lists.identified(case, facts)
