"""Statements that SAM writes into policies of functions: for events, and for URLs that anybody may call.

SAM specification; SAM guide, generated CloudFormation resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers.cloudformation import aside
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown, Place
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.lambda_permissions import permission_statement

FUNCTION, MACHINE = "AWS::Serverless::Function", "AWS::Serverless::StateMachine"
# Events that poll, or that call with a role of their own: no statement in the policy of the function.
_POLLING = ("SQS", "Kinesis", "DynamoDB", "MSK", "MQ", "DocumentDB", "SelfManagedKafka", "ScheduleV2")
# Events with the service that calls, and from what in the own account.
_CALLING = {
    "Api": ("apigateway.amazonaws.com", "execute-api", "*"),
    "HttpApi": ("apigateway.amazonaws.com", "execute-api", "*"),
    "Schedule": ("events.amazonaws.com", "events", "rule/*"),
    "CloudWatchEvent": ("events.amazonaws.com", "events", "rule/*"),
    "EventBridgeRule": ("events.amazonaws.com", "events", "rule/*"),
    "CloudWatchLogs": ("logs.amazonaws.com", "logs", "log-group:*"),
    "Cognito": ("cognito-idp.amazonaws.com", "cognito-idp", "userpool/*"),
}
_ACCOUNT = {"S3": "s3.amazonaws.com", "IoTRule": "iot.amazonaws.com"}


def function_arn(stack: Stack, name: str) -> str:
    """The ARN of a function, alias or version by how a template names it."""
    return aside.function(stack.resolver.names, name)


def property_of(item: Item, name: str) -> Node | None:
    """A property as it is written, by the function or for all of them under `Globals`."""
    if name in item.properties:
        return item.properties[name]
    found: Any = item.stack.template
    for step in ("Globals", "Function" if is_a(item, FUNCTION) else "StateMachine", name):
        found = found.value.get(step) if found is not None and isinstance(found.value, dict) else None
    return found if isinstance(found, Node) else None


def is_a(item: Item, kind: str) -> bool:
    """Whether a resource is of a type."""
    assert isinstance(item.node.value, dict)
    return bool(item.node.value["Type"].value == kind)


def statements(stack: Stack) -> Iterator[tuple[str, object, Place]]:
    """Statements that SAM writes into policies of functions: for URLs without authentication, and for events."""
    for item in stack.of(FUNCTION):
        arn = item.arn()
        if arn is None:
            continue
        alias = item.plain(property_of(item, "AutoPublishAlias"))
        if alias is not None:
            arn = f"{arn}:{alias}" if isinstance(alias, str) else arn
        url = item.plain(property_of(item, "FunctionUrlConfig"))
        if isinstance(url, NotKnown):
            yield arn, url, item.at
        elif isinstance(url, dict) and str(url.get("AuthType")).upper() == "NONE":
            yield arn, permission_statement(arn, "*", "lambda:InvokeFunctionUrl", url_auth="NONE"), item.at
            yield arn, permission_statement(arn, "*", "lambda:InvokeFunction", through_url=True), item.at
        events = item.plain(property_of(item, "Events"))
        if isinstance(events, NotKnown):
            yield arn, events, item.at
        for name, event in (events if isinstance(events, dict) else {}).items():
            yield from ((arn, found, item.at) for found in _of_event(item, arn, name, event))


def _of_event(item: Item, arn: str, name: str, event: Any) -> Iterator[object]:
    kind = str(event.get("Type")) if isinstance(event, dict) else ""
    properties = event.get("Properties") or {} if isinstance(event, dict) else {}
    stack = item.stack
    place = f"{stack.region}:{stack.account}"
    if kind in _POLLING:
        return
    if kind in _CALLING:
        service, prefix, what = _CALLING[kind]
        source = f"arn:{stack.resolver.names.partition}:{prefix}:{place}:{what}"
        yield permission_statement(arn, service, "lambda:InvokeFunction", source_arn=source)
    elif kind in _ACCOUNT:
        yield permission_statement(arn, _ACCOUNT[kind], "lambda:InvokeFunction", source_account=stack.account)
    elif kind == "SNS" and isinstance(properties.get("Topic"), str):
        yield permission_statement(arn, "sns.amazonaws.com", "lambda:InvokeFunction", source_arn=properties["Topic"])
    elif kind == "AlexaSkill":
        token = str(properties.get("SkillId") or "")
        yield permission_statement(arn, "alexa-appkit.amazon.com", "lambda:InvokeFunction", token=token)
    else:
        yield NotKnown(f"event `{name}` of type `{kind}`, for which SAM writes a statement that is not known")
