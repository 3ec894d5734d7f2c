"""What one call is checked for: sub-requests, the two checks of an access point, who binds whom (semantics 3.3, 3.9).

A check is one request with the resource-type policy that belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from perimeter_smt.evaluate.view import Rivals, View, cut
from perimeter_smt.policy.document import Document
from perimeter_smt.request import actions, contradictions
from perimeter_smt.request.case import Case, access_point_arn
from perimeter_smt.request.keys import support_list
from perimeter_smt.request.request import Request

_ACCOUNT = re.compile(r"[0-9]{12}")
_ASSUME_ACTIONS = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_BESIDE_ASSUME = ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
_PUBLIC = ("document/", "parameter/", "automation-definition/")


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `own_view` is what the caller's own Allows are matched with: behind an access point its ARN (X-33).

    `owner`: the account that owns the resource, None if nothing tells. `rcp_known`: the slot `rcp` is the owner's.
    """

    case: Case
    view: View
    own_view: View
    resource_policy: Document | None
    resource_slot: str
    behind_point: bool = field(default=False, kw_only=True)  # the bucket's part of a call through an access point
    also: tuple[Document, ...] = field(default=(), kw_only=True)  # further policies of the resource slot
    owner: str | None
    rcp_known: bool = True

    @property
    def is_role_session_call(self) -> bool:
        """Whether the resource-type policy is a role's trust policy."""
        if self.view.action in _ASSUME_ACTIONS:
            return True
        return self.view.action in _BESIDE_ASSUME and _sixth(self.view).startswith("role/")

    @property
    def is_on_key(self) -> bool:
        """Whether the resource-type policy is a key policy. Aliases have none, nor have calls that take no key."""
        if self.view.service != "kms" or _sixth(self.view).startswith("alias/"):
            return False
        return self.view.resource != "*" or _takes_key(self.view.action)

    @property
    def is_unsigned_action(self) -> bool:
        """Whether anybody calls the action without a signature and without a policy that grants it (W-25, W-26)."""
        return self.view.action in _unsigned_actions()

    @property
    def same_account(self) -> bool:
        """Whether the caller's account owns the resource."""
        return self.owner is not None and self.view.caller.account == self.owner

    @property
    def owner_matters(self) -> bool:
        """Whether the account of the owner has a say: for callers of an account, if the call acts on something."""
        return self.view.caller.is_iam and self.view.resource != "*"

    @property
    def same_partition(self) -> bool:
        """Whether caller and resource lie in one partition, as far as both are known."""
        fields, partition = cut(self.view.resource), self.view.caller.partition
        return fields is None or partition is None or fields[1].lower() == partition.lower()

    def scp_applies(self, rivals: Rivals) -> bool:
        """SCPs bind users, role sessions, federated users and root users of member accounts (semantics 3.3).

        X-44: whether guardrails are asked about the bucket behind an access point, too (W-37).
        """
        caller = self.view.caller
        if self.case.scp is None or not caller.is_iam or (self.behind_point and "X-44" in rivals):
            return False
        if caller.principal.management_account or caller.is_service_linked:
            return False
        return not _unrestricted(self.view.action, is_root=caller.type == "root")

    def rcp_applies(self, rivals: Rivals) -> bool:
        """RCPs bind everybody on resources of member accounts, in listed services (semantics 3.3)."""
        if self.case.rcp is None or (self.behind_point and "X-44" in rivals):
            return False
        # Guardrails that see the point alone are those of the bucket's owner as well: its data is what is called.
        if not self.rcp_known and "X-44" not in rivals:
            return False
        if self.view.caller.is_service_linked:
            return False
        if self.view.action == "kms:retiregrant" or self.case.flags.kms_aws_managed_key:
            return False
        if self.view.action == "signin:createaccount":  # stands in endpoint policies only (W-26)
            return False
        if self.view.caller.type == "service" and self._assumes_service_linked_role:
            return False
        if self.view.service not in _rcp_services(known="X-19" in rivals):
            return False
        if self.view.resource == "*" or actions.asked_on_stars(self.view.action, self.view.resource):
            # an action without resource types: the caller's account stands in
            if "X-18" in rivals or self.view.caller.principal.management_account:
                return False
        return not self.case.flags.resource_account_is_management

    @property
    def _assumes_service_linked_role(self) -> bool:
        return self.is_role_session_call and _sixth(self.view).startswith("role/aws-service-role/")

    @property
    def endpoint_applies(self) -> bool:
        """Whether the call goes through an endpoint that has a policy; some services support none."""
        if self.case.endpoint is None or _listed("endpoint-policy-unsupported", self.view.action):
            return False
        return self.comes_by_endpoint

    @property
    def comes_by_endpoint(self) -> bool:
        """Whether the call goes through an endpoint."""
        flags = self.case.flags
        if flags.via_endpoint is not None:
            return flags.via_endpoint
        return not flags.vpce_in_same_vpc_not_used and "aws:sourcevpce" in self.view.context


def _sixth(view: View) -> str:
    fields = cut(view.resource)
    return fields[5] if fields else ""


@lru_cache(maxsize=1024)
def _takes_key(action: str) -> bool:
    info = actions.action_info(action)
    return info is not None and any(use.type == "key" for use in info.resource_types)


def _unrestricted(action: str, *, is_root: bool) -> bool:
    """Tasks that SCPs do not restrict; some of them the root user's (Organizations guide, SCPs)."""
    return _listed("scp-exempt-actions", action) or (is_root and _listed("scp-exempt-root-actions", action))


@lru_cache(maxsize=4096)
def _listed(table: str, action: str) -> bool:
    return any(fnmatchcase(action, pattern.lower()) for pattern in support_list(table))


@lru_cache(maxsize=1)
def _unsigned_actions() -> frozenset[str]:
    return frozenset(action.lower() for action in support_list("unsigned-actions"))


@lru_cache(maxsize=2)
def _rcp_services(*, known: bool) -> frozenset[str]:
    """The services that RCPs bind; `known`: only those of which the service reference says so (X-19)."""
    listed = support_list("rcp-services")
    return listed & actions.rcp_services() if known else listed


def checks(case: Case) -> Iterator[Check]:
    """Every check of a call, in order; the call succeeds if all do."""
    flags = case.flags
    has_boundary = case.boundary is not None if flags.principal_has_boundary is None else flags.principal_has_boundary
    point = access_point_arn(case)
    for request in _expanded(case):
        if point is not None and _through_points(request.action.lower()):
            yield from _access_point_checks(case, request, point, has_boundary)
            continue
        view = View(request, has_boundary=has_boundary, asked_on=flags.asked_on)
        yield Check(case, view, view, case.resource, "resource", _owner(request, view), also=case.resource_more)


def _through_points(action: str) -> bool:
    """S3 calls on data: those about the access point itself ask neither its bucket nor its VPC (S3 guide, AR15)."""
    return action.startswith("s3:") and "accesspoint" not in action and not action.endswith("tagresource")


def _expanded(case: Case) -> Iterator[Request]:
    flags, request = case.flags, case.request
    if not flags.sub_requests and not flags.sub_actions:
        yield request
        return
    for resource in flags.sub_requests or (request.resource,):
        fields = cut(resource)
        written = fields[4] if fields and _ACCOUNT.fullmatch(fields[4]) else request.resource_account
        account = request.resource_account if resource == request.resource else written
        for action in flags.sub_actions or (request.action,):
            update = {"resource": resource, "resource_account": account, "action": action}
            yield request.model_copy(update=update)


def _owner(request: Request, view: View) -> str | None:
    if request.resource_account:
        return request.resource_account
    if request.resource == "*":
        return view.caller.account
    if _is_public(request.resource):
        return "aws"
    return contradictions.owner_of(request.resource) or contradictions.owner_of_keys(request)


def _is_public(resource: str) -> bool:
    """Public documents, parameters and automations of Systems Manager: AWS owns them, no account stands in the ARN."""
    fields = cut(resource)
    return fields is not None and (fields[2], fields[4]) == ("ssm", "") and fields[5].startswith(_PUBLIC)


def _access_point_checks(case: Case, request: Request, point: str, has_boundary: bool) -> Iterator[Check]:
    """One check of the access point, one of the bucket or object behind it (semantics 3.7)."""
    fields = cut(point)
    account = fields[4] if fields else ""
    extra = {
        "s3:DataAccessPointArn": point,
        "s3:DataAccessPointAccount": account,
        "s3:AccessPointNetworkOrigin": "VPC" if case.access_point_origin == "vpc" else "Internet",
    }
    bucket = cut(request.resource)
    key = bucket[5].partition("/")[2] if bucket else ""
    first = request.model_copy(
        update={"resource": f"{point}/object/{key}" if key else point, "resource_account": account or None}
    )
    outer = View(first, has_boundary=has_boundary, extra=extra)
    inner = View(request, has_boundary=has_boundary, extra=extra)
    owner = _owner(request, inner)
    # An access point of another account is bound by that account's RCPs, which a case does not hold.
    yield Check(case, outer, outer, case.access_point, "access_point", account or None, rcp_known=account == owner)
    yield Check(case, inner, outer, case.resource, "resource", owner, also=case.resource_more, behind_point=True)
