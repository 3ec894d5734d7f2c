"""Statements of resource policies that stand as resources of their own, and those that SAM writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers.cloudformation.sam import connectors, events
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown, Place
from perimeter_smt.policy.lambda_permissions import permission_statement

_LAMBDA, _EVENTS = "AWS::Lambda::Permission", "AWS::Events::EventBusPolicy"
TYPES = (_LAMBDA, _EVENTS)
_CONDITIONS = {
    "SourceArn": "source_arn", "SourceAccount": "source_account", "PrincipalOrgID": "organization",
    "FunctionUrlAuthType": "url_auth", "EventSourceToken": "token",
}  # fmt: skip
Found = tuple[str, object, Place]  # ARN of the resource; a statement, policy, or why it is not known; place


def read(stack: Stack) -> None:
    """Permissions of functions, policies of event buses: each adds to the policy of its resource."""
    found: dict[str, list[Any]] = {}
    broken: dict[str, NotKnown] = {}
    places: dict[str, Place] = {}
    for arn, statement, at in _statements(stack):
        places.setdefault(arn, at)
        if isinstance(statement, NotKnown):
            broken[arn] = statement
        else:
            found.setdefault(arn, []).append(statement)
    for arn, at in places.items():
        policy: object = broken.get(arn) or {"Version": "2012-10-17", "Statement": found[arn]}
        thing = stack.draft.resource(arn, arn.split(":")[4], at)
        thing.added = stack.draft.policy(policy, thing.kind, arn.split(":", 5)[5], at)


def _statements(stack: Stack) -> Iterator[Found]:
    for item in stack.of(_LAMBDA):
        yield from _permission(item)
    for item in stack.of(_EVENTS):
        yield from _bus(item)
    yield from events.statements(stack)
    yield from connectors.statements(stack)


def _permission(item: Item) -> Iterator[Found]:
    """`AWS::Lambda::Permission`: a statement of the policy of a function, alias or version."""
    stack, function = item.stack, item.get("FunctionName")
    if not isinstance(function, str):
        reason = function.reason if isinstance(function, NotKnown) else "not told"
        stack.draft.unknown(f"function of `{item.logical}`", reason, "grants", item.at, account=stack.account)
        return
    arn = events.function_arn(stack, function)
    values = {name: item.get(name) for name in ("Principal", "Action", *_CONDITIONS)}
    unknown = next((value for value in values.values() if isinstance(value, NotKnown)), None)
    if unknown is not None:
        yield arn, unknown, item.at
        return
    through = str(item.get("InvokedViaFunctionUrl")).lower() == "true"
    more: dict[str, Any] = {argument: str(values[name]) for name, argument in _CONDITIONS.items() if values[name]}
    yield arn, permission_statement(arn, str(values["Principal"]), values["Action"], through_url=through,
                                    **more), item.at  # fmt: skip


def _bus(item: Item) -> Iterator[Found]:
    """`AWS::Events::EventBusPolicy`: a whole statement, or the parts of one."""
    names, stack = item.stack.resolver.names, item.stack
    name = item.get("EventBusName") or "default"
    if not isinstance(name, str):
        stack.draft.unknown(f"event bus of `{item.logical}`", name.reason, "grants", item.at, account=stack.account)
        return
    arn = f"arn:{names.partition}:events:{stack.region}:{stack.account}:event-bus/{name.rsplit('event-bus/', 1)[-1]}"
    if "Statement" in item.properties:
        statement = item.get("Statement")
        yield arn, statement, item.at
        return
    principal, action, condition = (item.get(name) for name in ("Principal", "Action", "Condition"))
    unknown = next((v for v in (principal, action, condition) if isinstance(v, NotKnown)), None)
    out: dict[str, Any] = {"Effect": "Allow", "Principal": "*" if principal == "*" else {"AWS": principal},
                           "Action": action or "events:PutEvents", "Resource": arn}  # fmt: skip
    if isinstance(condition, dict) and condition:
        out["Condition"] = {str(condition.get("Type")): {str(condition.get("Key")): condition.get("Value")}}
    yield arn, unknown or out, item.at
