"""Resources whose policies stand deeper in their properties: tables, their streams and replicas, REST APIs."""

from __future__ import annotations

from perimeter_smt.organization.readers.cloudformation import aside
from perimeter_smt.organization.readers.cloudformation.functions import Gap
from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.policy.json_positions import Node

_TABLE, _GLOBAL, _API = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::ApiGateway::RestApi"
TYPES = (_TABLE, _GLOBAL, _API)
_IN_BODY = "x-amazon-apigateway-policy"
_FILES = frozenset(["BodyS3Location", "DefinitionUri"])


def read(stack: Stack) -> None:
    """Tables, the streams of tables, replicas of tables, and REST APIs."""
    for item in stack.of(_TABLE):
        if arn := item.arn():
            _own(item, arn, _member(item, item.properties, "ResourcePolicy", "PolicyDocument"))
            _stream(item, arn, item.properties, "StreamSpecification")
    for item in stack.of(_GLOBAL):
        _replicas(item)
    for item in stack.of(_API):
        _api(item)


def defined_elsewhere(properties: dict[str, Node]) -> bool:
    """Whether a REST API is defined in a file; `x-amazon-apigateway-policy` there is its policy (API Gateway guide)."""
    bodies = [properties[name] for name in ("Body", "DefinitionBody") if name in properties]
    included = (found.value for body in bodies for found in body.walk())
    return bool(_FILES & properties.keys()) or any(
        isinstance(value, dict) and "Fn::Transform" in value for value in included
    )


def _replicas(item: Item) -> None:
    """A table of one replica in each of several Regions, whose policies are their own."""
    arn, nodes = item.arn(), item.items("Replicas")
    for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
        members = _members(item, node)
        region = members if isinstance(members, NotKnown) else item.plain(members.get("Region"))
        if arn is None or isinstance(members, NotKnown) or not isinstance(region, str):
            reason = region.reason if isinstance(region, NotKnown) else "its Region is not told"
            item.stack.draft.unknown(f"replica of `{item.logical}`", reason, "grants", item.at,
                                     account=item.stack.account)  # fmt: skip
            continue
        own = ":".join((*arn.split(":")[:3], region, *arn.split(":")[4:]))
        _own(item, own, _member(item, members, "ResourcePolicy", "PolicyDocument"))
        _stream(item, own, members, "ReplicaStreamSpecification")


def _stream(item: Item, table: str, members: dict[str, Node], name: str) -> None:
    policy = _member(item, members, name, "ResourcePolicy", "PolicyDocument")
    if policy is not None:
        _own(item, aside.stream(table), policy)


def _api(item: Item) -> None:
    """A REST API with a policy; one without is open to all by its methods, which are not read."""
    arn = item.arn()
    if arn is None:
        return
    if defined_elsewhere(item.properties):
        reason = "its definition stands in another file, which may hold a policy"
        item.stack.draft.unknown(f"policy of `{item.logical}`", reason, "grants", item.at, account=item.stack.account)
        return
    policy = _member(item, item.properties, "Policy") or _member(item, item.properties, "Body", _IN_BODY)
    if policy is not None:
        _own(item, arn, policy)


def _own(item: Item, arn: str, policy: object) -> None:
    known = item.stack.draft.resources.get(arn)
    policy = item.stack.torn(item, arn, whole=known is not None and known.whole) or policy
    thing = item.stack.draft.resource(arn, item.stack.account, item.at, policy=policy)
    thing.whole = item.doubt is None


def _member(item: Item, members: dict[str, Node], name: str, *below: str) -> object:
    """The policy under these names; None if there is none."""
    node = members.get(name)
    if node is None or not below:
        return item.policy(node)
    found = _members(item, node)
    return found if isinstance(found, NotKnown) else _member(item, found, *below)


def _members(item: Item, node: Node | NotKnown) -> dict[str, Node] | NotKnown:
    """The members of an object, also where a function makes it."""
    if isinstance(node, NotKnown):
        return node
    if not isinstance(node.value, dict) or not any(name.startswith(("Fn::", "Ref")) for name in node.value):
        return node.value if isinstance(node.value, dict) else {}
    try:
        found = item.stack.resolver.node(node)
    except Gap as gap:
        return NotKnown(f"needs {gap}")
    return found.value if found is not None and isinstance(found.value, dict) else {}
