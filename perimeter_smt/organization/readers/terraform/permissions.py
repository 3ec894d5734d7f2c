"""Statements of resource policies that stand as resources of their own, and grants of KMS keys."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.model import KeyGrant
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.contents import default_key_policy
from perimeter_smt.organization.readers.terraform.identity import KEYS, Here
from perimeter_smt.organization.readers.terraform.plan import Resource
from perimeter_smt.policy.lambda_permissions import permission_statement

_LAMBDA, _EVENTS, _GRANT = "aws_lambda_permission", "aws_cloudwatch_event_permission", "aws_kms_grant"
_URL = "aws_lambda_function_url"
TYPES = (_LAMBDA, _EVENTS, _URL, _GRANT)
_PERMISSION = (
    "principal", "action", "source_arn", "source_account", "principal_org_id", "function_url_auth_type",
    "event_source_token", "invoked_via_function_url",
)  # fmt: skip


def read(here: Here) -> None:
    """`aws_lambda_permission`, `aws_cloudwatch_event_permission` and `aws_kms_grant`."""
    found: dict[str, list[dict[str, Any]]] = {}
    broken: dict[str, NotKnown] = {}
    for resource in here.plan.of(_LAMBDA, _EVENTS, _URL):
        if resource.data:
            continue
        arn = _arn(here, resource)
        if arn is None:
            here.draft.unknown(f"resource of `{resource.address}`", "known after apply", "grants", resource.at,
                               account=here.account_of(resource))  # fmt: skip
            continue
        names = {_EVENTS: ("principal", "action", "condition"), _URL: ("authorization_type",)}
        unknown = [
            n
            for n in names.get(resource.type, _PERMISSION)
            if resource.writes(n) and isinstance(resource.get(n), NotKnown)
        ]
        if resource.type == _EVENTS and not _whole_condition(resource):
            unknown.append("condition")
        if unknown:
            broken[arn] = NotKnown(f"`{unknown[0]}` of `{resource.address}` is known after apply")
        else:
            found.setdefault(arn, []).extend(_statements(resource, arn))
    for arn in [arn for arn, statements in found.items() if not statements]:
        del found[arn]
    for arn in dict.fromkeys((*found, *broken)):
        policy: object = broken.get(arn) or {"Version": "2012-10-17", "Statement": found[arn]}
        thing = here.draft.resource(arn, arn.split(":")[4], here.at)
        thing.added = here.draft.policy(policy, thing.kind, arn.split(":", 5)[5], here.at)
    for resource in here.plan.of(_GRANT):
        _grant(here, resource)
    for resource in here.plan.before:
        if resource.type in (_LAMBDA, _EVENTS, _URL):
            _ended(here, resource)


def _arn(here: Here, resource: Resource) -> str | None:
    """The function, alias or version that a permission is for, or the event bus."""
    if resource.type == _EVENTS:
        bus = here.plan.referred(resource, "event_bus_name", "aws_cloudwatch_event_bus")
        name = resource.text("event_bus_name") or ("" if resource.writes("event_bus_name") and bus else "default")
        name = (
            "" if isinstance(resource.get("event_bus_name"), NotKnown) and resource.writes("event_bus_name") else name
        )
        stand_in = Resource("", "aws_cloudwatch_event_bus", {"name": name.rsplit("event-bus/", 1)[-1]}, resource.at,
                            provider=resource.provider)  # fmt: skip
        return here.arn(bus or stand_in)
    function = here.plan.referred(resource, "function_name", "aws_lambda_function")
    told = resource.text("function_name")
    if told.count(":") >= 6:
        arn: str | None = ":".join(told.split(":")[:7])
    else:
        stand_in = Resource("", "aws_lambda_function", {"function_name": told}, resource.at, provider=resource.provider)
        arn = here.arn(function or stand_in)
    qualifier = resource.text("qualifier") or (told.split(":")[7] if told.count(":") == 7 else "")
    return f"{arn}:{qualifier}" if arn and qualifier else arn


def _whole_condition(resource: Resource) -> bool:
    """Whether the condition of a permission for an event bus, if it has one, is known with all of its members."""
    found = resource.values.get("condition") or ()
    return all(isinstance(each, dict) and all(map(each.get, ("type", "key", "value"))) for each in found)


def _statements(resource: Resource, arn: str) -> list[dict[str, Any]]:
    """What a permission adds to a policy, or a URL.

    With a URL that asks for no authentication the provider lets everybody call it, unless that stands there already
    (page of `aws_lambda_function_url`; Lambda guide, control access to function URLs).
    """
    if resource.type != _URL:
        return [_statement(resource, arn)]
    if resource.text("authorization_type") != "NONE":
        return []
    return [
        permission_statement(arn, "*", "lambda:InvokeFunctionUrl", url_auth="NONE"),
        permission_statement(arn, "*", "lambda:InvokeFunction", through_url=True),
    ]


def _statement(resource: Resource, arn: str) -> dict[str, Any]:
    if resource.type == _LAMBDA:
        return permission_statement(
            arn,
            resource.text("principal"),
            resource.text("action"),
            source_arn=resource.text("source_arn"),
            source_account=resource.text("source_account"),
            organization=resource.text("principal_org_id"),
            url_auth=resource.text("function_url_auth_type"),
            token=resource.text("event_source_token"),
            through_url=resource.values.get("invoked_via_function_url") is True,
        )
    principal = resource.text("principal")
    who: Any = "*" if principal == "*" else {"AWS": principal}
    out: dict[str, Any] = {"Effect": "Allow", "Principal": who, "Resource": arn,
                           "Action": resource.text("action") or "events:PutEvents"}  # fmt: skip
    condition = resource.values.get("condition") or ()
    for each in condition if isinstance(condition, list) else ():
        out["Condition"] = {each["type"]: {each["key"]: each["value"]}}
    return out


def _ended(here: Here, resource: Resource) -> None:
    """A statement that a policy no longer has, known by what it says."""
    arn = _arn(here, resource)
    if arn is not None and (gone := _statements(resource, arn)):
        policy = {"Version": "2012-10-17", "Statement": gone}
        thing = here.draft.resource(arn, arn.split(":")[4], here.at)
        thing.lost.append(here.draft.policy(policy, thing.kind, arn.split(":", 5)[5], resource.at))


def _grant(here: Here, resource: Resource) -> None:
    """A grant of a key. One of which something is not known may let anybody in."""
    made = here.plan.referred(resource, "key_id", *KEYS)
    told = resource.text("key_id")
    stand_in = Resource("", "aws_kms_key", {"key_id": told}, resource.at, provider=resource.provider)
    arn = (
        here.arn(made) if made is not None else told if told.startswith("arn:") else here.arn(stand_in) if told else ""
    )
    grantee, operations = resource.text("grantee_principal"), resource.values.get("operations")
    if made is None and grantee == "":
        role = here.plan.referred(resource, "grantee_principal", "aws_iam_role")
        grantee = (here.arn(role) if role is not None else "") or ""
    if not arn or not grantee or not isinstance(operations, list) or None in operations:
        reason = "its key, grantee or operations are known after apply"
        here.draft.unknown(
            f"grant `{resource.address}`", reason, "grants", resource.at, account=here.account_of(resource)
        )
        return
    thing = here.draft.resource(arn, arn.split(":")[4], resource.at)
    if made is not None and thing.policy is None:
        thing.policy = default_key_policy(arn, thing.account)
    if made is not None and made.fresh and thing.grants is None:
        thing.grants = ()  # a key that the plan makes has no others
    grant = KeyGrant(grantee=grantee, retiring=resource.text("retiring_principal") or None,
                     operations=tuple(operations), constrained=bool(resource.values.get("constraints")))  # fmt: skip
    thing.granted.append(grant)
