"""`Fn::ForEach`: a fragment of a template once for each item of a collection.

CloudFormation template reference, Fn::ForEach: `${Identifier}` is the item, `&{Identifier}` its letters and digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from perimeter_smt.policy.json_positions import Node

LOOP = "Fn::ForEach::"
_MOST = 5_000  # resources that loops make together; CloudFormation takes 500 in a template
Members = dict[str, Node]


class MalformedError(ValueError):
    """A loop that is written otherwise than the reference says."""


def has_loops(members: Members) -> bool:
    """Whether any member is a loop."""
    return any(name.startswith(LOOP) for name in members)


def expand(members: Members, items: Callable[[Node], list[str]]) -> Members:
    """The members with every loop put in; `items` tells what a collection holds and raises what it raises."""
    out: Members = {}
    for name, node in members.items():
        for key, child in (_loop(node, items) if name.startswith(LOOP) else {name: node}).items():
            out[key] = child
            if len(out) > _MOST:
                raise MalformedError("more than 5,000 members")
    return out


def _loop(node: Node, items: Callable[[Node], list[str]]) -> Members:
    parts = node.value
    if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[2].value, dict):
        raise MalformedError("expected an identifier, a collection and a fragment")
    identifier, collection, fragment = str(parts[0].value), items(parts[1]), parts[2].value
    out: Members = {}
    for item in collection:
        filled = {_put(key, identifier, item): _filled(child, identifier, item) for key, child in fragment.items()}
        out.update(expand(filled, items) if has_loops(filled) else filled)  # an inner loop has one name for all items
    return out


def _put(text: str, identifier: str, item: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]", "", item)
    return text.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)


def _filled(node: Node, identifier: str, item: str) -> Node:
    """A copy of a node, at its lines, with the identifier put in everywhere."""
    value = node.value
    if isinstance(value, dict) and list(value) == ["Ref"] and value["Ref"].value == identifier:
        return Node(item, node.line, node.file, node.parent, node.step)
    out = Node(value, node.line, node.file, node.parent, node.step)
    if isinstance(value, dict):
        out.value = {_put(key, identifier, item): _filled(child, identifier, item) for key, child in value.items()}
        for step, child in out.value.items():
            child.parent, child.step = out, step
    elif isinstance(value, list):
        out.value = [_filled(child, identifier, item) for child in value]
        for number, child in enumerate(out.value):
            child.parent, child.step = out, number
    elif isinstance(value, str):
        out.value = _put(value, identifier, item)
    return out
