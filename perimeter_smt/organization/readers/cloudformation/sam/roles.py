"""Roles that SAM makes: of functions and state machines that are given none, and of schedules that call them.

SAM specification; SAM guide, generated CloudFormation resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.readers.cloudformation.sam.events import FUNCTION, MACHINE, is_a, property_of
from perimeter_smt.organization.readers.cloudformation.sam.published import policy_of
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.draft import Holder
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.kinds import Kind

# Events that are polled with the role of the function, and the managed policy that SAM attaches for them.
_POLLED = {
    "SQS": "AWSLambdaSQSQueueExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
}
_BROKERS = ("MQ", "DocumentDB", "SelfManagedKafka")  # SAM writes statements for them
_SENDING = {"SQS": "sqs:SendMessage", "SNS": "sns:Publish", "Lambda": "lambda:InvokeFunction",
            "EventBridge": "events:PutEvents"}  # fmt: skip
_SCHEDULES = ("ScheduleV2",)
_OWN_ROLE = ("Schedule", "CloudWatchEvent", "EventBridgeRule", "Api", "ScheduleV2")  # of state machines


def roles(stack: Stack) -> None:
    """Functions and state machines get a role of their own unless they are given one, and some of their events too."""
    for item in stack.of(FUNCTION, MACHINE):
        if property_of(item, "Role") is None:
            _role(item, machine=is_a(item, MACHINE))
        _events(item, machine=is_a(item, MACHINE))


def role_of(stack: Stack, logical: str) -> str:
    """The ARN of the role that SAM makes for a resource, under a made-up ending of its name."""
    names = stack.resolver.names
    return f"arn:{names.partition}:iam::{stack.account}:role/{names.made_up('AWS::IAM::Role', f'{logical}Role')}"


def trusted(service: str) -> dict[str, Any]:
    """The trust policy of a role for a service."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _role(item: Item, *, machine: bool) -> None:
    stack, draft = item.stack, item.stack.draft
    trust: object = trusted("states.amazonaws.com" if machine else "lambda.amazonaws.com")
    if (written := property_of(item, "AssumeRolePolicyDocument")) is not None:
        trust = item.policy(written) or NotKnown("denies at most")
    boundary = item.plain(property_of(item, "PermissionsBoundary"))
    holder = draft.principal(role_of(stack, item.logical), item.at, trust=trust, boundary=boundary)
    for found in _besides(item, machine=machine):
        _give(item, holder, found)
    for node in _policies(item):
        found = node if isinstance(node, NotKnown) else policy_of(node)
        _give(item, holder, found if isinstance(found, NotKnown) else item.policy(found))


def _policies(item: Item) -> list[Node] | list[NotKnown]:
    """The policies as they are written: a list of them, or one alone."""
    node = property_of(item, "Policies")
    if node is not None and isinstance(node.value, dict) and not next(iter(node.value), "").startswith("Fn::"):
        return [node]
    found = item.items("Policies")
    return [found] if isinstance(found, NotKnown) else found


def _give(item: Item, holder: Holder, found: object) -> None:
    """A policy that is known or not, or a managed policy by ARN or by the name of one of AWS's."""
    if isinstance(found, str):
        partition = item.stack.resolver.names.partition
        holder.attached.append(found if found.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{found}")
    elif isinstance(found, NotKnown):
        holder.own.append(found)
    elif found is not None:
        holder.own.append(item.stack.draft.policy(found, Kind.IDENTITY, item.logical, item.at))


def _besides(item: Item, *, machine: bool) -> Iterator[object]:
    """Policies that SAM gives the role for other properties of the function, as it writes them."""
    if machine:
        return
    durable = property_of(item, "DurableConfig") is not None
    yield f"service-role/AWSLambdaBasic{'Durable' if durable else ''}ExecutionRole{'Policy' if durable else ''}"
    if property_of(item, "VpcConfig") is not None:
        yield "service-role/AWSLambdaVPCAccessExecutionRole"
    if item.plain(property_of(item, "Tracing")) not in (None, "Disabled"):
        yield "AWSXRayDaemonWriteAccess"
    yield from _sent(item, item.plain(property_of(item, "DeadLetterQueue")), "dead letter queue", "TargetArn")
    invoked = item.plain(property_of(item, "EventInvokeConfig"))
    destinations = invoked.get("DestinationConfig") if isinstance(invoked, dict) else invoked
    for name, found in (destinations or {}).items() if not isinstance(destinations, NotKnown) else ():
        yield from _sent(item, found, f"destination `{name}`", "Destination")
    if isinstance(destinations, NotKnown):
        yield NotKnown(f"`EventInvokeConfig` {destinations.reason}")
    events = item.plain(property_of(item, "Events"))
    for name, event in (events if isinstance(events, dict) else {}).items():
        kind = str(event.get("Type")) if isinstance(event, dict) else ""
        if kind == "SNS" and (event.get("Properties") or {}).get("SqsSubscription"):
            kind = "SQS"  # SAM makes a queue between the two
        if kind in _POLLED:
            yield f"service-role/{_POLLED[kind]}"
            on_failure = ((event.get("Properties") or {}).get("DestinationConfig") or {}).get("OnFailure")
            yield from _sent(item, on_failure, f"destination of `{name}`", "Destination")
        elif kind in _BROKERS:
            yield NotKnown(f"event `{name}` of type `{kind}`, for which SAM writes statements that are not known")


def _sent(item: Item, found: Any, what: str, name: str) -> Iterator[object]:
    """What a function needs to send what is left over, or its results, somewhere."""
    if found is None:
        return
    target = found.get(name) if isinstance(found, dict) else None
    kind = found.get("Type") if isinstance(found, dict) else None
    if isinstance(target, str) and kind == "S3":
        statement: Any = [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{target}/*"},
                          {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": target}]  # fmt: skip
    elif isinstance(target, str) and kind in _SENDING:
        statement = {"Effect": "Allow", "Action": _SENDING[kind], "Resource": target}
    else:
        reason = found.reason if isinstance(found, NotKnown) else "its target is not told"
        yield NotKnown(f"{what} of `{item.logical}`: {reason}")
        return
    yield {"Version": "2012-10-17", "Statement": statement}


def _events(item: Item, *, machine: bool) -> None:
    """Roles by which EventBridge, schedules and APIs call a function or start a state machine."""
    events = item.plain(property_of(item, "Events"))
    if isinstance(events, NotKnown):
        if machine:
            reason = f"{events.reason}: SAM makes roles for them"
            item.stack.draft.unknown(f"events of `{item.logical}`", reason, "grants", item.at,
                                     account=item.stack.account)  # fmt: skip
        return
    for name, event in (events or {}).items() if isinstance(events, dict) else ():
        kind = str(event.get("Type")) if isinstance(event, dict) else ""
        properties = (event.get("Properties") or {}) if isinstance(event, dict) else {}
        if kind not in (_OWN_ROLE if machine else _SCHEDULES) or "RoleArn" in properties or "Role" in properties:
            continue
        _caller(item, name, kind, properties, machine=machine)


def _caller(item: Item, name: str, kind: str, properties: dict[str, Any], *, machine: bool) -> None:
    stack, draft, names = item.stack, item.stack.draft, item.stack.resolver.names
    service = {"ScheduleV2": "scheduler", "Api": "apigateway"}.get(kind, "events")
    target = item.arn() if not machine else (
        f"arn:{names.partition}:states:{stack.region}:{stack.account}:stateMachine:{_machine_name(item)}"
    )  # fmt: skip
    action = "states:StartExecution" if machine else "lambda:InvokeFunction"
    if target is None:
        return
    statement = {"Effect": "Allow", "Action": action, "Resource": target}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    arn, trust = role_of(stack, f"{item.logical}{name}"), trusted(f"{service}.amazonaws.com")
    holder = draft.principal(arn, item.at, trust=trust, own=[(name, document, item.at)])
    if "DeadLetterConfig" in properties and kind == "ScheduleV2":
        queue = (properties["DeadLetterConfig"] or {}).get("Arn")
        sent = {"Type": "SQS", "TargetArn": queue} if queue else {}
        for found in _sent(item, sent, f"dead letter queue of `{name}`", "TargetArn"):
            _give(item, holder, found)


def _machine_name(item: Item) -> str:
    found = item.get("Name")
    return found if isinstance(found, str) else f"{item.logical}-1a2b3c4d5e6f"
