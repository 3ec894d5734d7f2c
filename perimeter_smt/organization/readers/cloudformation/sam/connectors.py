"""Connectors of SAM: the policies that they make between two resources (SAM guide, AWS::Serverless::Connector).

The table of what each pair of types gets is AWS's own (`published.py`).  One that cannot be said whole is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from perimeter_smt.organization.readers.cloudformation.functions import Gap, plain
from perimeter_smt.organization.readers.cloudformation.sam.events import property_of
from perimeter_smt.organization.readers.cloudformation.sam.published import MISSING, as_node, connections
from perimeter_smt.organization.readers.cloudformation.sam.roles import role_of
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import Place
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.lambda_permissions import permission_statement

TYPE = "AWS::Serverless::Connector"
# Types of SAM and what they become (SAM guide, generated CloudFormation resources).
_BECOMES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
_MADE_ROLES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_IAM, _PERMISSION = "AWS_IAM_ROLE_MANAGED_POLICY", "AWS_LAMBDA_PERMISSION"
_SOURCES = {"SourceArn": "source_arn", "SourceAccount": "source_account"}
_OF_RESOURCES = ("AWS_SQS_QUEUE_POLICY", "AWS_SNS_TOPIC_POLICY")


class _Unsaid(Exception):  # noqa: N818
    """Why a connector is not read."""


@dataclass(frozen=True)
class _End:
    """One end of a connector: a resource of the template, or what the connector says of one elsewhere."""

    item: Item | None
    type: str
    given: dict[str, Node]

    def outputs(self, table: dict[str, Any]) -> dict[str, Any]:
        """What stands for its ARN, id, name and the rest, as the table and the connector say."""
        found: dict[str, Any] = {}
        if self.item is not None:
            row = table["CfnResourceProperties"].get(_BECOMES.get(self.type, self.type)) or {}
            found = _named(row.get("Outputs") or {}, self.item.logical)
        return {**found, **{key: child for key, child in self.given.items() if key not in ("Id", "Type")}}


@dataclass(frozen=True)
class _Connection:
    """A connector between two ends."""

    item: Item
    name: str
    source: _End
    destination: _End
    permissions: tuple[str, ...]

    @property
    def at(self) -> Place:
        return self.item.at

    def row(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """What it makes: form, properties, and the whole table."""
        table = connections()
        if table is None:
            raise _Unsaid(f"what connectors make {MISSING}")
        ends = [_BECOMES.get(end.type, end.type) for end in (self.source, self.destination)]
        row = table["Permissions"].get(ends[0], {}).get(ends[1])
        if row is None:
            raise _Unsaid(f"no connector is known from `{ends[0]}` to `{ends[1]}`")
        return row["Type"], row["Properties"], table

    def made(self) -> Iterator[Any]:
        """The parts of the table for its permissions, with both ends put in."""
        _, properties, table = self.row()
        replaced: dict[str, Any] = {}
        for name, end in (("Source", self.source), ("Destination", self.destination)):
            found = end.outputs(table)
            replaced |= {f"{name}.{key}": value for key, value in {"ResourceId": found.get("Id"), **found}.items()}
        for permission in self.permissions:
            if permission not in properties["AccessCategories"]:
                raise _Unsaid(f"it gives no `{permission}` there")
            yield _filled(properties["AccessCategories"][permission], replaced)

    def receiver(self) -> _End:
        """The end whose role or policy it adds to."""
        return self.source if self.row()[1]["SourcePolicy"] else self.destination


def statements(stack: Stack) -> Iterator[tuple[str, object, Place]]:
    """Statements that connectors add to policies of functions, queues and topics."""
    for connection in _connections(stack):
        try:
            form, _, table = connection.row()
            if form == _IAM:
                continue
            arn = _value(connection, connection.receiver().outputs(table).get("Arn"))
            for found in connection.made():
                yield from ((arn, statement, connection.at) for statement in _statements(connection, form, found, arn))
        except (_Unsaid, Gap) as error:
            _unread(stack, connection.item, connection.name, str(error))


def roles(stack: Stack) -> None:
    """Policies that connectors attach to the role of one of their ends."""
    for connection in _connections(stack, quiet=True):
        try:
            if connection.row()[0] != _IAM:
                continue
            arn = _role(connection)
            statements = [each for found in connection.made() for each in found["Statement"]]
            policy = connection.item.policy(as_node({"Version": "2012-10-17", "Statement": statements},
                                                    connection.item.node))  # fmt: skip
        except _Unsaid:
            continue  # named by `statements`
        except Gap as error:
            _unread(stack, connection.item, connection.name, str(error))
            continue
        holder = stack.draft.named_elsewhere(arn, connection.at)
        holder.grown = True
        if policy is not None:
            holder.own.append(stack.draft.policy(policy, Kind.IDENTITY, connection.name, connection.at))


def _statements(connection: _Connection, form: str, found: Any, arn: str) -> Iterator[object]:
    if form == _PERMISSION:
        values = {key: _value(connection, value) for key, value in found.items()}
        more: dict[str, Any] = {own: str(values[name]) for name, own in _SOURCES.items() if values.get(name)}
        yield permission_statement(arn, values["Principal"], values["Action"], **more)
    elif form in _OF_RESOURCES:
        for statement in found["Statement"]:
            yield _value(connection, statement)
    else:
        raise _Unsaid(f"it makes a `{form}`, which is not known")


def _role(connection: _Connection) -> str:
    """The ARN of the role to which a connector attaches its policy."""
    end = connection.receiver()
    if "RoleName" in end.given:
        name = _value(connection, end.given["RoleName"])
        names = connection.item.stack.resolver.names
        return f"arn:{names.partition}:iam::{connection.item.stack.account}:role/{name}"
    if end.item is None:
        raise Gap("the name of its role")
    written = _written_role(connection, end)
    if written is None and end.type in _MADE_ROLES:
        return role_of(connection.item.stack, end.item.logical)
    found = _value(connection, written)
    if not isinstance(found, str) or ":role/" not in found:
        raise Gap(f"the role of `{end.item.logical}`")
    return found


def _written_role(connection: _Connection, end: _End) -> Node | None:
    """The role that a resource is given: in a property, or for the target of a rule."""
    assert end.item is not None
    if end.type != "AWS::Events::Rule":
        names = ("Role", "RoleArn", "ServiceRoleArn")
        return next((node for name in names if (node := property_of(end.item, name)) is not None), None)
    other = connection.destination.item
    targets = end.item.items("Targets")
    for target in targets if isinstance(targets, list) else ():
        members = target.value if isinstance(target.value, dict) else {}
        if other is not None and "Arn" in members and other.logical in str(plain(members["Arn"])):
            return members.get("RoleArn")
    return None


def _connections(stack: Stack, *, quiet: bool = False) -> Iterator[_Connection]:
    """The connectors of a template: resources of their own, and those inside of a resource."""
    for item in stack.of(TYPE):
        yield from _of(item, item.logical, None, item.properties, {}, quiet=quiet)
    for logical, node in stack.resolver.resources.items():
        inside = node.value.get("Connectors") if isinstance(node.value, dict) else None
        if inside is None:
            continue
        item = next(found for found in stack.of(_type(node)) if found.logical == logical)
        members = inside.value if isinstance(inside.value, dict) else {}
        if not members or any(name.startswith("Fn::") for name in members):
            if not quiet:
                _unread(stack, item, f"{logical}.Connectors", "a loop or function makes them")
            continue
        for name, child in members.items():
            parts = child.value if isinstance(child.value, dict) else {}
            reference = _members(parts.get("SourceReference"))
            yield from _of(item, f"{logical}.{name}", item, _members(parts.get("Properties")), reference, quiet=quiet)


def _of(
    item: Item, name: str, source: Item | None, members: dict[str, Node], more: dict[str, Node], *, quiet: bool
) -> Iterator[_Connection]:
    permissions = item.plain(members.get("Permissions"))
    ends = members.get("Destination")
    try:
        if not isinstance(permissions, list) or ends is None:
            raise _Unsaid("it has no `Permissions` or `Destination` that are known")
        begin = _End(source, _type(source.node), more) if source else _end(item.stack, members.get("Source"))
        for each in ends.value if isinstance(ends.value, list) else [ends]:
            yield _Connection(item, name, begin, _end(item.stack, each), tuple(map(str, permissions)))
    except _Unsaid as error:
        if not quiet:
            _unread(item.stack, item, name, str(error))


def _end(stack: Stack, node: Node | None) -> _End:
    members = _members(node)
    if "Id" in members:
        logical = str(members["Id"].value)
        found = stack.resolver.resources.get(logical)
        item = next((i for i in stack.of(_type(found)) if i.logical == logical), None) if found else None
        if item is None:
            raise _Unsaid(f"the template has no `{logical}`")
        return _End(item, _type(item.node), members)
    if "Type" not in members:
        raise _Unsaid("one of its ends has neither `Id` nor `Type`")
    return _End(None, str(members["Type"].value), members)


def _unread(stack: Stack, item: Item, name: str, reason: str) -> None:
    stack.draft.unknown(f"what connector `{name}` makes", f"{reason}: it is not read", "facts", item.at)


def _value(connection: _Connection, value: Any) -> Any:
    """Plain objects with everything put in; Gap where something is not known."""
    if value is None:
        raise Gap("an ARN that the connector does not tell")
    return connection.item.stack.resolver.value(as_node(value, connection.item.node))


def _named(value: Any, logical: str) -> Any:
    """A part of the table of resources, with the name of one in it."""
    if isinstance(value, dict):
        return {key: _named(item, logical) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, logical) for item in value]
    return logical if value == "%{logicalId}" else value


def _filled(value: Any, replaced: dict[str, Any]) -> Any:
    """A part of the table with `%{Source.Arn}` and the like put in: alone, or in a text with `Fn::Sub`."""
    if isinstance(value, dict):
        return {key: _filled(item, replaced) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, replaced) for item in value]
    if not isinstance(value, str):
        return value
    own: dict[str, Any] = {}
    for name, found in replaced.items():
        token = f"%{{{name}}}"
        if token in value and found is not None:
            if value == token:
                return found
            short = name.replace(".", "")
            value, own[short] = value.replace(token, f"${{{short}}}"), found
    if "%{" in value:
        raise Gap(f"`{value}`, which the connector does not tell")
    return {"Fn::Sub": [value, own] if own else value} if "${" in value else value


def _members(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _type(node: Node) -> str:
    found = node.value.get("Type") if isinstance(node.value, dict) else None
    return str(found.value) if found is not None else ""
