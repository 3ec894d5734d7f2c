"""A sampled request of a workspace as a case for the concrete evaluator, with everything granted (semantics 5.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.model import Guardrails
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import Case, Flags, Levels
from perimeter_smt.request.request import Facts
from tests.attack.cast import RCP_SERVICES
from tests.attack.through_points import on_bucket, point_of, some_bucket
from tests.attack.worlds import Sample

ENFORCED = {"O1": "rcp", "O2": "endpoint", "O3": "scp", "O4": "endpoint", "O5": "scp", "O6": "rcp"}
_TRUST = (
    "assumerole",
    "assumerolewithsaml",
    "assumerolewithwebidentity",
    "tagsession",
    "setsourceidentity",
    "setcontext",
)


@lru_cache(maxsize=16)
def everything(kind: Kind) -> Document:
    """A policy that allows everything to everybody."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "*"}
    if kind is not Kind.TRUST:
        statement["Resource"] = "*"
    if not kind.is_identity_type:
        statement["Principal"] = "*"
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(policy, kind, file="everything", name="everything", strict=False)


def case_of(workspace: Workspace, drawn: Sample) -> Case:
    """The guardrails of the workspace that bind this request, and grants of everything.

    A call through an access point is asked about a bucket of its owner as well (X-44 as chosen, AR15.owner).
    """
    request, facts = drawn.request, drawn.facts
    organization = workspace.organization
    service, _, name = request.action.lower().partition(":")
    kind = Kind.TRUST if service == "sts" and name in _TRUST else Kind.KMS if service == "kms" else Kind.RESOURCE
    limited = facts.kind == "feduser" or drawn.assumed_root
    scp, rcp, endpoint = guardrails_of(workspace, facts)
    retires = request.action.lower() == "kms:retiregrant"
    case = Case(
        id="attack",
        identity=(everything(Kind.IDENTITY),),
        resource=everything(kind),
        boundary=None,
        session=(everything(Kind.SESSION),) if limited else None,
        scp=scp,
        rcp=rcp,
        endpoint=endpoint,
        access_point=None,
        request=request,
        flags=Flags(
            resource_account_is_management=facts.resource_account == organization.management_account,
            via_endpoint=facts.path == "vpce",
            principal_assumed_root=drawn.assumed_root,
            principal_delegated_administrator=True,
            kms_grant=True if retires else None,
            kms_aws_managed_key=drawn.aws_managed_key,
        ),
    )
    owner = request.resource_account
    if owner is None or point_of(request.action, request.resource) is None:
        return case
    bucket = some_bucket(owner, request.resource)
    policy, own = everything(kind), everything(Kind.ACCESS_POINT)
    return on_bucket(case, bucket, owner, rcp=rcp, policy=policy, point_policy=own)


def guardrails_of(workspace: Workspace, facts: Facts) -> tuple[Levels | None, Levels | None, Document | None]:
    """The SCPs, the RCPs and the endpoint policy that bind a request."""
    caller, owner = facts.principal_account, facts.resource_account
    return (
        _levels(workspace, caller, facts.organizations.get(caller or ""), Kind.SCP),
        _levels(workspace, owner, facts.organizations.get(owner or ""), Kind.RCP),
        _endpoint(workspace, facts.endpoint) if facts.path == "vpce" else None,
    )


def _levels(workspace: Workspace, account: str | None, member_of: str | None, kind: Kind) -> Levels | None:
    organization = workspace.organization
    if account is None or member_of != organization.id:
        return None
    try:
        found = organization.levels(account)
    except KeyError:  # a member that the workspace does not list stands below the root
        found = (organization.root.guardrails, Guardrails())
    if kind is Kind.RCP:
        return tuple((everything(Kind.RCP), *at.rcps) for at in found)
    return tuple((*((everything(Kind.SCP),) if at.full_access_scp else ()), *at.scps) for at in found)


def _endpoint(workspace: Workspace, name: str | None) -> Document | None:
    for account, _ in workspace.organization.accounts():
        for endpoint in account.endpoints:
            if endpoint.id == name:
                return endpoint.policy
    return None


def limits(workspace: Workspace, objective: str, drawn: Sample) -> set[str]:
    """The classes of 5.5 that the request is in: what no guardrail of this type can hold back."""
    request, facts = drawn.request, drawn.facts
    enforced, head = ENFORCED[objective], workspace.organization.management_account
    action = request.action.lower()
    found = set()
    if enforced == "scp" and facts.principal_account == head:
        found.add("management-account")
    if enforced == "rcp" and facts.resource_account == head:
        found.add("management-account")
    if enforced != "endpoint" and facts.service_linked:
        found.add("service-linked-roles")
    if enforced == "rcp":
        assumed = action.startswith("sts:") and ":role/aws-service-role/" in request.resource
        if assumed and facts.kind == "service":
            found.add("service-linked-roles")
        if action == "kms:retiregrant":
            found.add("kms-retire-grant")
        if action.partition(":")[0] not in RCP_SERVICES:
            found.add("services-outside-rcp")
    return found


def broken(workspace: Workspace, drawn: Sample) -> list[str]:
    """The objectives that the request would break if it got through."""
    return [name for name in ENFORCED if breaks(name, workspace, drawn.request, drawn.facts)]
