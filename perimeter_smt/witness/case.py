"""The case that replays a witness: its request with every policy of the workspace that has a say in it.

What the question leaves open (grants, under guardrails alone) becomes a policy that allows everything, so that
the case tells what happens as soon as somebody grants the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from perimeter_smt.encode.world.accounts import endpoints_of
from perimeter_smt.encode.world.world import OUTSIDERS
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import Account, Guardrails, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.render import to_json
from perimeter_smt.request.case import AclGrant, Case, Flags, Levels
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.witness.listed import (
    Behind,
    Decides,
    access_point_of,
    behind,
    bucket_of,
    calls_access_point,
    deciding,
    grants_of,
    session_policies,
)

OPEN = "(open)"  # the file name of policies that stand for what the question leaves open
_TRUST_CALLS = ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "tagsession", "setsourceidentity")
_TRUST_CALLS_MORE = ("setcontext",)
Entries = frozenset[bool | None]  # values of `acls` of buckets


class Held(Protocol):
    """What a case is filled from: the workspace, and whether grants are left open."""

    @property
    def workspace(self) -> Workspace:
        """Whose policies decide."""

    @property
    def free_grants(self) -> bool:
        """Whether whatever is granted counts."""


def case_of(
    world: Held,
    request: Request,
    facts: Facts,
    *,
    kms_grant: bool = False,
    acl_entry: Entries = frozenset(),
    unsigned_calls: bool = False,
    console_session: bool = False,
    aws_managed_key: bool = False,
    rcps_bind: bool = True,
    endpoint_binds: bool = True,
    bucket: str | None = None,
    by_keys: bool = False,
    asked_on: str | None = None,
    unlisted_operation: bool = False,
    stopped: bool = False,
) -> Case:
    """The case for a request of a workspace. `unsigned_calls`: the service is taken to accept them.

    `acl_entry`: on which buckets an access control list that nobody told grants the call, by `acls` (`entries_of`).

    `console_session`: a federated user calls in the console.

    `rcps_bind`: RCPs are asked; not where console authorization is not enabled (W-26).

    `endpoint_binds`: the policy of the endpoint is asked; not where the service is taken to support none (AN14).

    `bucket` lies behind the access point that is called, where grants are left open. `by_keys`: a call on a bucket goes
    through the access point that its keys tell, which is asked as well.

    `asked_on`: what AWS writes for the resource of a call on `*` (X-46).

    `unlisted_operation`: one that the table does not list goes through a Multi-Region Access Point.

    `stopped`: guardrails stop the call on the access point, whatever lies behind it.

    A call through a listed access point becomes the call on the bucket behind it; of several buckets that may lie
    there, one that lets the call through if there is one.
    """
    organization = world.workspace.organization
    accounts = {account.id: account for account, _ in organization.accounts()}
    caller = request.principal.account
    owner = request.resource_account
    retires = request.action.lower() == "kms:retiregrant"  # by a grant alone (3.7)
    principal = None if world.free_grants else _principal(accounts, request)
    decides = () if world.free_grants else deciding(accounts.get(owner or ""), request)
    itself = next((each.resource for each in decides if each.resource.arn == request.resource), None)
    resource, *more = _resources(world, accounts, request, decides)
    assumed_root = request.principal.type == "root" and _true(request, "aws:AssumedRoot")
    passed = session_policies(principal, request)
    # Sessions of AssumeRoot carry the policy of their task (W-30), which is left open.
    any_session = request.principal.type == "federated-user" or assumed_root
    open_session = (open_policy(Kind.SESSION),) if any_session else None
    case = Case(
        id=f"{request.action} {request.resource}",
        identity=_identity(world, accounts, caller, principal),
        resource=resource,
        resource_more=tuple(document for document in more if document),
        boundary=principal.boundary if principal else None,
        session=passed if passed is not None else open_session,
        scp=levels_of(world, facts.organizations.get(caller or ""), caller, Kind.SCP, facts.paths.get(caller or "")),
        rcp=levels_of(world, facts.organizations.get(owner or ""), owner, Kind.RCP, facts.paths.get(owner or ""))
        if rcps_bind
        else None,
        endpoint=_endpoint(world, facts) if endpoint_binds else None,
        access_point=None,
        request=request,
        flags=Flags(
            resource_account_is_management=owner == organization.management_account,
            via_endpoint=True if facts.path == "vpce" else None,
            principal_delegated_administrator=request.action.lower() == "sts:assumeroot"
            and _may_administer(world, caller),
            principal_assumed_root=assumed_root,
            unsigned_calls=unsigned_calls,
            console_session=console_session,
            asked_on=asked_on,
            unlisted_operation=unlisted_operation,
            kms_aws_managed_key=aws_managed_key,
            s3_restrict_public_buckets=any(_restricts_itself(accounts, each.resource) for each in decides),
            **({} if world.free_grants else _lists(accounts, request, acl_entry=acl_entry)),
            kms_grant=True if kms_grant or (world.free_grants and retires) else grants_of(itself),
        ),
    )
    case = _named(accounts, case)
    point = None if world.free_grants else access_point_of(accounts.get(owner or ""), request)
    if facts.behind is not None and (bucket_of(accounts, facts.behind) is None or world.free_grants):
        foreign = _through_foreign(facts, case, point)
        return case if stopped and decide(foreign).allowed else foreign
    if world.free_grants and bucket is not None and calls_access_point(request):
        return _through_any(bucket, case)
    if point is None:
        return _through_told(case) if by_keys else case
    return _through(world, accounts, point, case, acl_entry=acl_entry, routed=facts.behind, stopped=stopped)


def _may_administer(world: Held, caller: str | None) -> bool:
    """The caller's account is, or may be, the delegated administrator of IAM."""
    told = world.workspace.organization.all_delegated_administrators
    return world.free_grants or told is None or (caller, "iam.amazonaws.com") in told


def _through_any(bucket: str, case: Case) -> Case:
    """The call through an access point on some bucket of its owner: both are open, guardrails are asked about both."""
    fields = case.request.resource.split(":", 5)
    name, _, key = fields[5].partition("/object/")
    behind = f"arn:{fields[1]}:s3:::{bucket}" + (f"/{key}" if key else "")
    origin = {"VPC": "vpc", "Internet": "internet"}
    told = (v for k, v in case.request.context.items() if k.lower() == "s3:accesspointnetworkorigin")
    update = {
        "via_access_point": ":".join((*fields[:5], name)),
        "access_point_origin": next((origin.get(str(value), "unknown") for value in told), "unknown"),
    }
    return replace(
        case,
        resource=open_policy(Kind.RESOURCE),
        access_point=open_policy(Kind.ACCESS_POINT),
        request=case.request.model_copy(update={"resource": behind}),
        flags=case.flags.model_copy(update=update),
    )


def _through_told(case: Case) -> Case:
    """The call on a bucket through the access point of its keys, whose owner grants the call."""
    fields, told = case.request.resource.split(":", 5), {k.lower(): v for k, v in case.request.context.items()}
    point = told.get("s3:dataaccesspointarn")
    if len(fields) < 6 or fields[2] != "s3" or fields[4] or not isinstance(point, str):
        return case
    origin = "vpc" if told.get("s3:accesspointnetworkorigin") == "VPC" else "unknown"
    flags = case.flags.model_copy(update={"via_access_point": point, "access_point_origin": origin})
    return replace(case, access_point=open_policy(Kind.ACCESS_POINT), flags=flags)


def _through_foreign(facts: Facts, case: Case, point: OwnedResource | None) -> Case:
    """The call through an access point on a bucket of an account outside: whoever owns it grants the call."""
    fields = (facts.behind or "").split(":", 5)
    case = _through_any(fields[5].partition("/")[0], case)
    request = case.request.model_copy(update={"resource": facts.behind, "resource_account": facts.behind_account})
    flags = case.flags.model_copy(update={"s3_restrict_public_buckets": False})
    if point is None:
        return replace(case, rcp=None, request=request, flags=flags)
    told = {"access_point_vpc": point.vpc, "access_point_origin": point.origin or "unknown"}
    return replace(case, rcp=None, request=request, access_point=point.policy, flags=flags.model_copy(update=told))


def _through(
    world: Held, accounts: dict[str, Account], point: OwnedResource, case: Case, *, acl_entry: Entries,
    routed: str | None,
    stopped: bool,
) -> Case:  # fmt: skip
    """The call through an access point, on what lies behind it (semantics 3.7).

    The RCPs of the slot are those of the bucket's owner; a bucket of the workspace is in the organization.
    """
    organization = world.workspace.organization
    found: list[Case] = []
    named = point.bucket is not None or point.buckets is not None
    for each, owner in _owned(behind(accounts, point, case.request, routed), case.request.principal.account):
        bucket = each.bucket
        request = case.request.model_copy(update={"resource": each.resource, "resource_account": owner})
        # A bucket that the access point names and nobody listed may have any policy.
        listed = not named and accounts[point.account].listed
        restricts = _restricts(accounts, point) or (bucket is not None and _restricts(accounts, bucket))
        restricts = restricts and not (bucket is None and named)  # its policy may be one that is not public
        found.append(
            replace(
                case,
                resource=bucket.policy if bucket else None if listed else open_policy(Kind.RESOURCE),
                resource_more=(),
                access_point=point.policy,
                rcp=case.rcp if owner == point.account else _rcps(world, accounts, owner),
                request=request,
                flags=case.flags.model_copy(
                    update={
                        "via_access_point": point.arn,
                        "resource_account_is_management": owner == organization.management_account,
                        "access_point_vpc": point.vpc,
                        "access_point_origin": point.origin or "unknown",
                        "s3_restrict_public_buckets": restricts,
                        **_lists(accounts, request, acl_entry=acl_entry),
                    }
                ),
            )
        )
    granted = [c for c in found if decide(replace(c, scp=None, rcp=None, endpoint=None)).allowed]
    if stopped:  # of no bucket where RCPs of the point's owner stop it and the bucket is another's
        return next((each for each in granted if not decide(each).allowed), case)
    return next((each for each in granted if decide(each).allowed), (granted or found or [case])[0])


def _owned(found: Iterable[Behind], caller: str | None) -> Iterator[tuple[Behind, str]]:
    """What lies behind, with its owner; one that nobody told is that of the point, or somebody else than the caller."""
    for each in found:
        if each.bucket is not None:
            yield each, each.bucket.account
        else:
            yield each, each.owner or each.point.account
            if each.owner is None:
                yield each, next(account for account in OUTSIDERS if account != caller)


def _rcps(world: Held, accounts: dict[str, Account], owner: str) -> Levels | None:
    """The RCPs of the bucket's owner, where the organization has it."""
    return levels_of(world, world.workspace.organization.id, owner, Kind.RCP) if owner in accounts else None


def _named(accounts: dict[str, Account], case: Case) -> Case:
    """The case with the canonical id of the caller's account (W-14).

    An account whose id the workspace does not know may be the one that a bucket policy names by an id of nobody known.
    """
    account = accounts.get(case.request.principal.account or "")
    if account is not None and account.canonical_id:
        return _with_id(case, account.canonical_id)
    known = {account.canonical_id for account in accounts.values()}
    documents = [document for document in (case.resource, *case.resource_more) if document]
    named = (
        entry.value
        for document in documents
        for statement in document.statements
        if statement.principal
        for entry in statement.principal.entries
        if entry.type == "CanonicalUser" and entry.value not in known
    )
    if case.request.principal.account is None or decide(case).allowed:
        return case
    return next((found for value in named if decide(found := _with_id(case, value)).allowed), case)


def _with_id(case: Case, canonical_id: str) -> Case:
    principal = case.request.principal.model_copy(update={"canonical_id": canonical_id})
    return replace(case, request=case.request.model_copy(update={"principal": principal}))


def _restricts(accounts: dict[str, Account], resource: OwnedResource) -> bool:
    """Whether RestrictPublicBuckets is on: the most restrictive of bucket or access point, and account, counts."""
    kinds = resource.arn.split(":", 3)[2] == "s3"
    return kinds and (resource.block_public_access or accounts[resource.account].block_public_access)


def _restricts_itself(accounts: dict[str, Account], resource: OwnedResource) -> bool:
    """The same for calls on it; an access point that is not known to be one of the internet is not public (W-31)."""
    in_account = bool(resource.arn.split(":", 5)[4])
    return _restricts(accounts, resource) and (not in_account or resource.origin == "internet")


def entries_of(symbols: Mapping[str, bool]) -> Entries:
    """On which buckets lists that nobody told grant the call of a model (AE7.acl-entry, AE7.acl)."""
    if not symbols.get("acl.unlisted", False):
        return frozenset()
    return frozenset({True}) if symbols.get("acl.disabled", False) else frozenset({True, None})


def _lists(accounts: dict[str, Account], request: Request, *, acl_entry: Entries) -> dict[str, Any]:
    """What access control lists say of the call: the bucket's own as the workspace tells it."""
    bucket = bucket_of(accounts, request.resource)
    if bucket is None or bucket.acls is False:
        return {}
    entries = tuple(AclGrant(grantee=e.grantee, permission=e.permission) for e in bucket.acl or ()) or None
    return {
        "s3_bucket_acl": True if bucket.acls in acl_entry and bucket.acl is None else entries,
        "s3_object_acl": True if bucket.acls in acl_entry else None,
        "s3_ignore_public_acls": bucket.ignore_public_acls or accounts[bucket.account].ignore_public_acls,
    }


def _true(request: Request, key: str) -> bool:
    return any(name.lower() == key.lower() and value == "true" for name, value in request.context.items())


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
            "resource": [to_json(document) for document in (case.resource, *case.resource_more) if document]
            if case.resource_more
            else one(case.resource),
            "boundary": one(case.boundary),
            "session": None if case.session is None else [to_json(document) for document in case.session],
            "scp": levels(case.scp),
            "rcp": levels(case.rcp),
            "vpce": one(case.endpoint),
            **({"access_point": one(case.access_point)} if case.access_point else {}),
        },
        "request": case.request.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        | {"context": {k: list(v) if isinstance(v, tuple) else v for k, v in case.request.context.items()}},
        "flags": case.flags.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        **({"readings": sorted(case.readings)} if case.readings else {}),
    }


def _principal(accounts: dict[str, Account], request: Request) -> OwnedPrincipal | None:
    """The caller, where the workspace lists it."""
    caller = request.principal
    arns = {arn for arn in (caller.role_arn, caller.user_arn, caller.arn) if arn}
    account = accounts.get(caller.account or "")
    return next((p for p in account.principals if p.arn in arns), None) if account else None


def _identity(
    world: Held, accounts: dict[str, Account], caller: str | None, principal: OwnedPrincipal | None
) -> tuple[Document, ...]:
    if principal is not None:
        return principal.policies
    account = accounts.get(caller or "")
    if not world.free_grants and account is not None and account.listed:
        return ()  # the root user or a service-linked role: nothing of theirs is listed
    return (open_policy(Kind.IDENTITY),)


def _resources(
    world: Held, accounts: dict[str, Account], request: Request, decides: tuple[Decides, ...]
) -> tuple[Document | None, ...]:
    """The policies of the resource slot; one None where no policy grants the call."""
    service, _, name = request.action.lower().partition(":")
    trust = service == "sts" and name in (*_TRUST_CALLS, *_TRUST_CALLS_MORE)
    owner = accounts.get(request.resource_account or "")
    if not world.free_grants and owner is not None:
        if trust:
            role = next((p for p in owner.principals if p.arn == request.resource), None)
            if role is not None:
                return (role.trust,)
        elif any(each.surely for each in decides) or (decides and owner.listed):
            return tuple(each.policy for each in decides if each.policy) or (None,)
        if owner.listed:
            return (None,)
    return (open_policy(Kind.TRUST if trust else Kind.KMS if service == "kms" else Kind.RESOURCE),)


def levels_of(
    world: Held, member_of: str | None, account: str | None, kind: Kind, path: str | None = None
) -> Levels | None:
    """The guardrails that bind an account; None for accounts outside the organization.

    An account that the file does not list is bound by the units in its organization path, the root at least.
    """
    organization = world.workspace.organization
    if account is None or member_of != organization.id:
        return None
    try:
        levels = organization.levels(account)
    except KeyError:
        levels = (*organization.levels_on(path or ""), Guardrails())
    if kind is Kind.SCP:
        return tuple((*((open_policy(Kind.SCP),) if at.full_access_scp else ()), *at.scps) for at in levels)
    return tuple((open_policy(Kind.RCP), *at.rcps) for at in levels)


def _endpoint(world: Held, facts: Facts) -> Document | None:
    found = (e for e in endpoints_of(world.workspace.organization) if e.id == facts.endpoint)
    return next((endpoint.policy for endpoint in found if endpoint.policy), None)


@lru_cache(maxsize=16)
def open_policy(kind: Kind) -> Document:
    """A policy that allows everything to everybody."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "sts:*" if kind is Kind.TRUST else "*"}
    if kind is not Kind.TRUST:
        statement["Resource"] = "*"
    if not kind.is_identity_type:
        statement["Principal"] = "*"
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(policy, kind, file=OPEN, name=f"open {kind.value}", strict=False)
