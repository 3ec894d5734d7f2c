"""The case that replays a witness: its request with every policy of the workspace that has a say in it.

What the question leaves open (grants, under guardrails alone) becomes a policy that allows everything, so that
the case tells what happens as soon as somebody grants the call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from perimeter_smt.encode.world.accounts import endpoints_of
from perimeter_smt.encode.world.world import World
from perimeter_smt.organization.model import Account, Guardrails, OwnedPrincipal, OwnedResource
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.render import to_json
from perimeter_smt.request.case import Case, Flags, Levels
from perimeter_smt.request.request import Facts, Request

OPEN = "(open)"  # the file name of policies that stand for what the question leaves open
_TRUST_CALLS = ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "tagsession", "setsourceidentity")
_TRUST_CALLS_MORE = ("setcontext",)


def case_of(
    world: World,
    request: Request,
    facts: Facts,
    *,
    kms_grant: bool = False,
    unsigned_calls: bool = False,
    aws_managed_key: bool = False,
    assumed_root: bool = False,
    rcps_bind: bool = True,
) -> Case:
    """The case for a request of a workspace.

    `unsigned_calls`: the service is taken to accept them. `rcps_bind`: RCPs are asked (W-26). An assumed root session
    has its task policy, which lets the call through.
    """
    organization = world.workspace.organization
    accounts = {account.id: account for account, _ in organization.accounts()}
    caller = request.principal.account
    owner = request.resource_account
    retires = request.action.lower() == "kms:retiregrant"  # by a grant alone (3.7)
    principal, resource = (None, None) if world.free_grants else _listed(accounts, request)
    return Case(
        id=f"{request.action} {request.resource}",
        identity=_identity(world, accounts, caller, principal),
        resource=_resource(world, accounts, request, resource),
        boundary=principal.boundary if principal else None,
        session=(_open(Kind.SESSION),) if assumed_root or request.principal.type == "federated-user" else None,
        scp=_levels(world, facts.organizations.get(caller or ""), caller, Kind.SCP),
        rcp=_levels(world, facts.organizations.get(owner or ""), owner, Kind.RCP) if rcps_bind else None,
        endpoint=_endpoint(world, facts),
        access_point=None,
        request=request,
        flags=Flags(
            resource_account_is_management=owner == organization.management_account,
            via_endpoint=True if facts.path == "vpce" else None,
            principal_delegated_administrator=request.action.lower() == "sts:assumeroot",
            principal_assumed_root=assumed_root,
            unsigned_calls=unsigned_calls,
            kms_aws_managed_key=aws_managed_key,
            s3_restrict_public_buckets=resource is not None and resource.block_public_access,
            kms_grant=True if kms_grant or (world.free_grants and retires) else None,
        ),
    )


def case_to_json(case: Case) -> dict[str, Any]:
    """A case in the case format (design 6); `perimeter evaluate` replays it."""

    def one(document: Document | None) -> Any:
        return None if document is None else to_json(document)

    def levels(found: Levels | None) -> Any:
        return None if found is None else [[to_json(document) for document in level] for level in found]

    return {
        "id": case.id,
        "policies": {
            "identity": [to_json(document) for document in case.identity],
            "resource": one(case.resource),
            "boundary": one(case.boundary),
            "session": None if case.session is None else [to_json(document) for document in case.session],
            "scp": levels(case.scp),
            "rcp": levels(case.rcp),
            "vpce": one(case.endpoint),
        },
        "request": case.request.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        | {"context": {k: list(v) if isinstance(v, tuple) else v for k, v in case.request.context.items()}},
        "flags": case.flags.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
    }


def _listed(accounts: dict[str, Account], request: Request) -> tuple[OwnedPrincipal | None, OwnedResource | None]:
    """The caller and the resource, where the workspace lists them."""
    caller = request.principal
    arns = {arn for arn in (caller.role_arn, caller.user_arn, caller.arn) if arn}
    account = accounts.get(caller.account or "")
    principal = next((p for p in account.principals if p.arn in arns), None) if account else None
    owner = accounts.get(request.resource_account or "")
    found = [r for r in owner.resources if _is_at(r.arn, request.resource)] if owner else []
    return principal, next(iter(found), None)


def _is_at(arn: str, resource: str) -> bool:
    """The resource itself, or an object of the bucket."""
    return arn == resource or (arn.split(":", 5)[2] == "s3" and resource.startswith(f"{arn}/"))


def _identity(
    world: World, accounts: dict[str, Account], caller: str | None, principal: OwnedPrincipal | None
) -> tuple[Document, ...]:
    if principal is not None:
        return principal.policies
    account = accounts.get(caller or "")
    if not world.free_grants and account is not None and account.listed:
        return ()  # the root user or a service-linked role: nothing of theirs is listed
    return (_open(Kind.IDENTITY),)


def _resource(
    world: World, accounts: dict[str, Account], request: Request, resource: OwnedResource | None
) -> Document | None:
    service, _, name = request.action.lower().partition(":")
    trust = service == "sts" and name in (*_TRUST_CALLS, *_TRUST_CALLS_MORE)
    owner = accounts.get(request.resource_account or "")
    if not world.free_grants and owner is not None:
        if trust:
            role = next((p for p in owner.principals if p.arn == request.resource), None)
            if role is not None:
                return role.trust
        elif resource is not None:
            return resource.policy
        if owner.listed:
            return None
    return _open(Kind.TRUST if trust else Kind.KMS if service == "kms" else Kind.RESOURCE)


def _levels(world: World, member_of: str | None, account: str | None, kind: Kind) -> Levels | None:
    """The guardrails that bind an account; None for accounts outside the organization."""
    organization = world.workspace.organization
    if account is None or member_of != organization.id:
        return None
    try:
        levels = organization.levels(account)
    except KeyError:  # an account that the file does not list stands below the root alone
        levels = (organization.root.guardrails, Guardrails())
    if kind is Kind.SCP:
        return tuple((*((_open(Kind.SCP),) if at.full_access_scp else ()), *at.scps) for at in levels)
    return tuple((_open(Kind.RCP), *at.rcps) for at in levels)


def _endpoint(world: World, facts: Facts) -> Document | None:
    found = (e for e in endpoints_of(world.workspace.organization) if e.id == facts.endpoint)
    return next((endpoint.policy for endpoint in found if endpoint.policy), None)


@lru_cache(maxsize=16)
def _open(kind: Kind) -> Document:
    """A policy that allows everything to everybody."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "*"}
    if kind is not Kind.TRUST:
        statement["Resource"] = "*"
    if not kind.is_identity_type:
        statement["Principal"] = "*"
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(policy, kind, file=OPEN, name=f"open {kind.value}", strict=False)
