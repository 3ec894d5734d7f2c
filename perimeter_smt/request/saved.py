"""The policies of a case held to what AWS accepts on save, as `prove` holds its own."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.policy.json_positions import Node, from_object
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_node
from perimeter_smt.request.case import Case
from perimeter_smt.request.variables import refuse_unset

_KINDS = {
    "identity": Kind.IDENTITY,
    "boundary": Kind.BOUNDARY,
    "session": Kind.SESSION,
    "scp": Kind.SCP,
    "rcp": Kind.RCP,
    "access_point": Kind.ACCESS_POINT,
}


def refuse_unsaved(value: object, case: Case, *, file: str) -> None:
    """InputError at the first policy that AWS would not save; `value` is what the case was read from."""
    top = from_object(value, file=file)
    policies = top.value["policies"].value if isinstance(top.value, dict) else None
    kinds = dict(_KINDS)
    if case.resource is not None:
        kinds["resource"] = case.resource.kind
    if case.endpoint is not None:
        kinds["vpce"] = case.endpoint.kind
    for slot, node in policies.items() if isinstance(policies, dict) else ():
        for policy in _documents(node):
            refuse_unset(parse_node(policy, kinds[slot], name=slot))


def _documents(node: Node) -> Iterator[Node]:
    if isinstance(node.value, list):
        for item in node.value:
            yield from _documents(item)
    elif node.value is not None:
        yield node
