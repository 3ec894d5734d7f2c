"""Names that policies by themselves tell: the resource, the service of an endpoint; and names that stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from perimeter_smt.organization.readers.aws_cli.resources import whole
from perimeter_smt.organization.readers.options import PREFIXES
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.unwrap import unwrapped
from perimeter_smt.request.actions import services

# Resources that may stand in, by service: what follows the account in the ARN. Their policies often name `*` or none.
_FORMS = {
    "kms": "key/{id}",
    "sqs": "{name}",
    "sns": "{name}",
    "ecr": "repository/{name}",
    "secretsmanager": "secret:{name}-AbCdEf",
    "lambda": "function:{name}",
    "events": "event-bus/{name}",
    "backup": "backup-vault:{name}",
}
_ROOT = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):root|([0-9]{12})")


def role(name: str) -> str:
    """A name that roles and policies may have, after that of a file."""
    return re.sub(r"[^\w+=,.@-]+", "-", name)[-64:]


def id_of(prefix: str, name: str) -> str:
    """An id as AWS makes them up, always the same for one name."""
    return f"{prefix}-0{uuid5(NAMESPACE_URL, name).hex[:16]}"


def resource_in(node: Node) -> str | None:
    """The one resource that all statements are about; None where they name several, patterns or none."""
    found = {whole(text) for text in _texts(node, "Resource")}
    if len(found) == 1 and (arn := found.pop()).count(":") >= 5 and "*" not in arn and "?" not in arn:
        return arn
    return None


def made_up(node: Node, kind: Kind, name: str) -> tuple[str, str] | None:
    """Service and last part of an ARN for a policy that names no resource; None where the actions tell no service."""
    if any(text != "*" for text in _texts(node, "Resource")):
        return None
    service = "kms" if kind is Kind.KMS else one_service(node)
    if service not in _FORMS:
        return None
    return service, _FORMS[service].format(id=uuid5(NAMESPACE_URL, name), name=role(name.rsplit("/", 1)[-1]))


def account_of_key(node: Node) -> str:
    """The account to which the policy of a key leaves everything, as that of AWS does; empty where it is none."""
    found: set[str] = set()
    for statement in _statements(node):
        actions = {item.value for item in _items(statement.get("Action"))}
        principal = statement.get("Principal")
        who = _items(principal.value.get("AWS")) if principal and isinstance(principal.value, dict) else []
        roots = [_ROOT.fullmatch(str(item.value)) for item in who]
        if "kms:*" in actions and "Condition" not in statement and all(roots):
            found.update(root[1] or root[2] for root in roots if root)
    return found.pop() if len(found) == 1 else ""


def endpoint_service(name: str, node: Node) -> str | None:
    """The service of an endpoint: told by the name of the file, else by its actions; None for all."""
    for word in re.split(r"[^a-z0-9.]+", name.rsplit("/", 1)[-1].lower()):
        found = PREFIXES.get(word.partition(".")[0], word.partition(".")[0])
        if found in services():
            return found
    return one_service(node)


def one_service(node: Node) -> str | None:
    """The service of all actions, where it is one."""
    found = {text.partition(":")[0].lower() for text in _texts(node, "Action")}
    return found.pop() if len(found) == 1 and "*" not in found else None


def _texts(node: Node, member: str) -> Iterator[str]:
    """The texts of a member in every statement."""
    for statement in _statements(node):
        yield from (str(item.value) for item in _items(statement.get(member)) if isinstance(item.value, str))


def _statements(node: Node) -> Iterator[dict[str, Node]]:
    top = unwrapped(node).value
    for statement in _items(top.get("Statement") if isinstance(top, dict) else None):
        if isinstance(statement.value, dict):
            yield statement.value


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.value if isinstance(node.value, list) else [node]
