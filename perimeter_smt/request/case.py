"""The case format: policies by slot, one request, facts outside the policies (semantics 3, design 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from perimeter_smt.errors import InputError
from perimeter_smt.policy.api_resources import of_api
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import Node, Number, from_object, quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_node
from perimeter_smt.request import contradictions
from perimeter_smt.request.multi_region import is_multi_region
from perimeter_smt.request.request import Request

Levels = tuple[tuple[Document, ...], ...]

SLOTS = ("identity", "resource", "boundary", "session", "scp", "rcp", "vpce", "access_point")
# What collections of cases say about a case: read over, without effect on the decision.
NOTES = (
    *("kind", "title", "expected", "reason", "confidence", "why"),
    *("peers_differ", "open_point", "over_approximation", "soft_axiom"),
)

_ROLE_SESSION_ACTION = re.compile(r"sts:(?:assumerole.*|tagsession|setsourceidentity|setcontext)", re.IGNORECASE)
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.*", re.DOTALL)
_ROLE_ARN = re.compile(r"arn:[^:]*:iam::[^:]*:role/.*", re.DOTALL)
_IAM_CALLERS = ("user", "role-session", "federated-user", "root")
_Model = TypeVar("_Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class KmsGrant(_Frozen):
    """A grant on the key of the request (semantics 3.7). Principals are ARNs, account ids or service names.

    `operations`: names such as `Decrypt`; None covers the operation of the request. `constraints_met`: whether the
    encryption context of the call satisfies the constraints of the grant.
    """

    grantee_principal: str | None = None
    retiring_principal: str | None = None
    issuing_account: str | None = None
    operations: tuple[str, ...] | None = None
    constraints_met: bool = True


# Groups that make a list public: IgnorePublicAcls takes their grants away.
PUBLIC_GROUPS = ("AllUsers", "AuthenticatedUsers")
# A group, the canonical id of an account or of an origin access identity (longer), or an account.
_GRANTEE = re.compile("AllUsers|AuthenticatedUsers|LogDelivery|[0-9a-f]{64}|[0-9a-f]{96}|[0-9]{12}")


def _acl_grantee(value: str) -> str:
    if not _GRANTEE.fullmatch(value):
        raise PydanticCustomError("acl_grantee", "no grantee")
    return value


def _acl_list(value: object) -> object:
    if value is not None and not isinstance(value, bool | tuple):
        raise PydanticCustomError("acl_type", "no list of grants")
    return value


class AclGrant(_Frozen):
    """A grant of an access control list of S3 (S3 guide, access control list overview)."""

    grantee: Annotated[str, AfterValidator(_acl_grantee)]
    permission: Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]


Acl = Annotated[tuple[AclGrant, ...] | bool | None, BeforeValidator(_acl_list)]


class Flags(_Frozen):
    """Facts that neither the policies nor the request hold."""

    # The caller has a permissions boundary; None: if the slot `boundary` holds one.
    principal_has_boundary: bool | None = None
    # A session policy was passed; None: if the slot `session` holds one. Federated users without one may do nothing.
    session_policy_passed: bool | None = None
    # SCPs of the owner's account. They bind nobody but the owner's principals, so that they change nothing here.
    resource_account_scp: Any = None
    # The owner is the management account, whose resources no RCP binds.
    resource_account_is_management: bool = False
    # The grants on the key, one or a list; true: some grant covers the caller and the operation.
    kms_grant: KmsGrant | tuple[KmsGrant, ...] | bool | None = None
    # The key is managed by AWS: no RCP binds it.
    kms_aws_managed_key: bool = False
    # The caller's VPC has an endpoint, but the call goes another way.
    vpce_in_same_vpc_not_used: bool = False
    # On gateway endpoints an account in Principal means its root user alone.
    vpce_type: Literal["gateway", "interface"] | None = None
    # The call goes through the endpoint of the slot `vpce`; None: if the context has `aws:SourceVpce`.
    via_endpoint: bool | None = None
    # ARN of the access point that the call goes through.
    via_access_point: str | None = None
    # The access point has VPC origin and admits calls from this VPC alone.
    access_point_vpc: str | None = None
    # Where the access point admits calls from; None: `vpc` with `access_point_vpc`, else `internet`. Its policy
    # counts as public only if the origin is known to be the internet.
    access_point_origin: Literal["vpc", "internet", "unknown"] | None = None
    # The operation goes through a Multi-Region Access Point although the table of such operations does not list it.
    unlisted_operation: bool = False
    # RestrictPublicBuckets is in effect for the bucket.
    s3_restrict_public_buckets: bool = False
    # The access control lists of the bucket and of the called object; true: some grant of the list covers caller and
    # call. None: lists are disabled (bucket owner enforced), or nothing is granted.
    s3_bucket_acl: Acl = None
    s3_object_acl: Acl = None
    # IgnorePublicAcls is in effect: grants to AllUsers and AuthenticatedUsers count as absent.
    s3_ignore_public_acls: bool = False
    # One API call is several requests: on these resources, for these actions (semantics 3.9).
    sub_requests: tuple[str, ...] = ()
    sub_actions: tuple[str, ...] = ()
    # What AWS writes for the resource of a call on `*`, where X-46 is read the other way.
    asked_on: str | None = None
    # The service accepts unsigned calls although the table of such services does not list it.
    unsigned_calls: bool = False
    # A federated user in the console, where the limits of its credentials on IAM and STS do not hold.
    console_session: bool = False
    # The root session was made by AssumeRoot; the slot `session` holds its task policy.
    principal_assumed_root: bool = False
    # The caller belongs to the account that may call AssumeRoot besides the management account.
    principal_delegated_administrator: bool = False
    # The user's credentials come from GetSessionToken.
    principal_session_token: bool = False


@dataclass(frozen=True)
class Case:
    """A request with every policy that may have a say in it. None: no policy of that type applies.

    `scp` and `rcp` are levels, root first: those of the caller's account and of the owner's account.
    """

    id: str
    identity: tuple[Document, ...]
    resource: Document | None
    boundary: Document | None
    session: tuple[Document, ...] | None
    scp: Levels | None
    rcp: Levels | None
    endpoint: Document | None
    access_point: Document | None
    request: Request
    flags: Flags = field(default_factory=Flags)
    resource_more: tuple[Document, ...] = ()  # further policies that decide with `resource` (W-4)
    readings: frozenset[str] = frozenset()  # open points that the case reads the other way (semantics 7)

    @property
    def access_point_origin(self) -> str:
        """The network origin of the access point: `vpc`, `internet` or `unknown`; of a Multi-Region one the second."""
        if is_multi_region(access_point_arn(self) or ""):
            return "internet"
        return self.flags.access_point_origin or ("vpc" if self.flags.access_point_vpc else "internet")


def read_case(value: object, *, file: str, default_id: str) -> Case:
    """Read a case from decoded JSON. InputError with file and JSON path where it is not one.

    Policies are read as evaluation needs them: what AWS refuses to save today is accepted if it has a meaning.
    """
    top = from_object(value, file=file)
    if isinstance(top.value, dict) and "Statement" in top.value:
        raise top.error("a policy, expected a case: an object with `policies` and `request`")
    members = _members(top, ("id", "policies", "request", "flags", "readings", *NOTES), "a case")
    for name in ("policies", "request"):
        if name not in members:
            raise top.error(f"element {quoted(name)} is missing")
    request = _request(members["request"])
    flags = _model(members["flags"], Flags) if _given(members.get("flags")) else Flags()
    if flags.asked_on is not None and (request.resource != "*" or not _ARN.fullmatch(flags.asked_on)):
        raise members["flags"].error("`asked_on` is the ARN that AWS writes for the resource of a call on `*`")
    slots = _members(members["policies"], SLOTS, "`policies`")
    resources = _resources(slots.get("resource"), _resource_kind(request), request.resource)
    case = Case(
        id=_id(members.get("id"), default_id),
        identity=_documents(slots.get("identity"), Kind.IDENTITY, "identity") or (),
        resource=resources[0] if resources else None,
        resource_more=resources[1:],
        boundary=_document(slots.get("boundary"), Kind.BOUNDARY, "boundary"),
        session=_documents(slots.get("session"), Kind.SESSION, "session"),
        scp=_levels(slots.get("scp"), Kind.SCP, "scp"),
        rcp=_levels(slots.get("rcp"), Kind.RCP, "rcp"),
        endpoint=_document(slots.get("vpce"), _endpoint_kind(flags), "vpce"),
        access_point=_document(slots.get("access_point"), Kind.ACCESS_POINT, "access_point"),
        request=request,
        flags=flags,
        readings=_readings(members.get("readings")),
    )
    if case.access_point is not None and access_point_arn(case) is None:
        raise slots["access_point"].error(
            "an access point policy without the ARN of the access point, expected the flag `via_access_point`"
        )
    if is_multi_region(access_point_arn(case) or "") and (
        flags.access_point_vpc or case.flags.access_point_origin == "vpc"
    ):
        raise members["flags"].error("a Multi-Region Access Point has no VPC: its policy says which it admits")
    return case


def access_point_arn(case: Case) -> str | None:
    """The access point that the call goes through: by flag, or by context key where there is a policy for it."""
    if case.flags.via_access_point is not None or case.access_point is None:
        return case.flags.via_access_point
    for key, value in case.request.context.items():
        if key.lower() == "s3:dataaccesspointarn" and isinstance(value, str):
            return value
    return None


def _given(node: Node | None) -> bool:
    return node is not None and node.value is not None


def _members(node: Node, expected: tuple[str, ...], what: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise node.error(f"found {node.kind}, expected {what}, an object")
    for name, member in node.value.items():
        if name not in expected:
            raise member.error(f"unknown element {quoted(name)} in {what}")
    return node.value


def _id(node: Node | None, default: str) -> str:
    if node is None or node.value is None:
        return default
    if not isinstance(node.value, str):
        raise node.error(f"found {node.kind}, expected a string or a number")
    return str(node.value)


def _readings(node: Node | None) -> frozenset[str]:
    if node is None or node.value is None:
        return frozenset()
    if not isinstance(node.value, list):
        raise node.error(f"found {node.kind}, expected a list of open points such as `X-1`")
    for item in node.value:
        if not isinstance(item.value, str):
            raise item.error(f"found {item.kind}, expected an open point such as `X-1`")
    return frozenset(str(item.value) for item in node.value)


def _document(node: Node | None, kind: Kind, name: str) -> Document | None:
    if node is None or node.value is None:
        return None
    return parse_node(node, kind, name=name, strict=False)


def _resources(node: Node | None, kind: Kind, arn: str) -> tuple[Document, ...]:
    """The policy of the resource; a list where the policies of several resources decide."""
    found = _documents(node, kind, "resource") or ()
    return tuple(document for each in found if (document := of_api(each, arn)) is not None)


def _documents(node: Node | None, kind: Kind, name: str) -> tuple[Document, ...] | None:
    """A list of documents, or one alone."""
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, list):
        return (parse_node(node, kind, name=name, strict=False),)
    found = enumerate(node.value)
    return tuple(parse_node(item, kind, name=f"{name}[{index}]", strict=False) for index, item in found)


def _levels(node: Node | None, kind: Kind, name: str) -> Levels | None:
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, list):
        raise node.error(f"found {node.kind}, expected a list of levels, root first")
    out: list[tuple[Document, ...]] = []
    for index, level in enumerate(node.value):
        if not isinstance(level.value, list):
            raise level.error(f"found {level.kind}, expected a level, a list of policies")
        out.append(_documents(level, kind, f"{name}[{index}]") or ())
    return tuple(out)


def _resource_kind(request: Request) -> Kind:
    if _ROLE_SESSION_ACTION.fullmatch(request.action) and _ROLE_ARN.fullmatch(request.resource):
        return Kind.TRUST
    return Kind.KMS if request.action.lower().startswith("kms:") else Kind.RESOURCE


def _endpoint_kind(flags: Flags) -> Kind:
    return Kind.ENDPOINT_GATEWAY if flags.vpce_type == "gateway" else Kind.ENDPOINT


def _request(node: Node) -> Request:
    if isinstance(node.value, dict) and _given(context := node.value.get("context")):
        _check_context(context)  # type: ignore[arg-type]
    request = _model(node, Request)
    principal = request.principal
    if principal.type in _IAM_CALLERS and not principal.account and not principal.arn:
        raise node.error(f"a principal of type {quoted(principal.type)} needs `account` or `arn`")
    if principal.type == "service" and not principal.arn:
        raise node.error("a principal of type `service` needs `arn`, the name of the service")
    if ":" not in request.action:
        raise node.error(f"action {quoted(request.action)} is not `service:name`")
    if "*" in request.action or "?" in request.action:
        raise node.error(f"action {quoted(request.action)} has a wildcard, expected one that is called")
    contradictions.check(node, request)
    return request


def _check_context(context: Node) -> None:
    """Values are texts or lists of texts; booleans and numbers are turned into their text, as in policies."""
    if not isinstance(context.value, dict):
        raise context.error(f"found {context.kind}, expected an object of context keys")
    for node in context.value.values():
        for item in node.value if isinstance(node.value, list) else (node,):
            if isinstance(item.value, bool):
                item.value = "true" if item.value else "false"
            elif not isinstance(item.value, str):
                raise item.error(f"found {item.kind}, expected a string")


def _plain(node: Node) -> object:
    """The value below a node, as decoded JSON; numbers in the context as their text."""
    if isinstance(node.value, dict):
        return {name: _plain(member) for name, member in node.value.items()}
    if isinstance(node.value, list):
        return tuple(_plain(item) for item in node.value)
    if isinstance(node.value, Number):
        return str(node.value) if _in_context(node) else float(node.value)
    return node.value


def _in_context(node: Node | None) -> bool:
    while node is not None:
        if node.step == "context":
            return True
        node = node.parent
    return False


def _model(node: Node, model: type[_Model]) -> _Model:
    if not isinstance(node.value, dict):
        raise node.error(f"found {node.kind}, expected an object")
    try:
        return model.model_validate(_plain(node))
    except ValidationError as error:
        raise _input_error(node, error.errors()[0]) from None


def _input_error(node: Node, detail: Mapping[str, Any]) -> InputError:
    """The first complaint of a model, at its place and in one line."""
    kind, steps = detail["type"], list(detail["loc"])
    missing = str(steps.pop()) if kind == "missing" else ""
    for step in steps:
        value = node.value
        if isinstance(value, dict):
            node = value.get(step, node)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            node = value[step]
    if missing:
        return node.error(f"element {quoted(missing)} is missing")
    if kind == "extra_forbidden":
        return node.error(f"unknown element {quoted(str(node.step))}")
    wrong_value = kind in ("literal_error", "bool_parsing", "acl_grantee") and type(node.value) is str
    shown = quoted(str(node.value)) if wrong_value else node.kind
    expected = _EXPECTED.get(kind)
    if kind == "literal_error":
        expected = detail["ctx"]["expected"].replace("'", "`")
    return node.error(f"found {shown}, expected {expected or 'another value'}")


_EXPECTED = {
    "string_type": "a string",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "tuple_type": "a list",
    "acl_type": "a list of grants, `true` or null",
    "acl_grantee": "`AllUsers`, `AuthenticatedUsers`, `LogDelivery`, a canonical user id or an account id",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
