"""What SAM publishes for its templates: policy templates, and what connectors give.

The texts are those of the library `aws-sam-translator` (Apache-2.0), which AWS deploys with: they are read, as data,
from where it is installed.  SAM guide, policy template list; SAM connector reference.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.policy.json_positions import Node

_TEMPLATES = ("policy_templates_data", "policy_templates.json")
_PROFILES = ("model", "connector_profiles", "profiles.json")
MISSING = "stands in a library that is not installed: expected `pip install 'perimeter-smt[sam]'`"
_CHOICE = "Fn::If"


@cache
def _data(*path: str) -> Any:
    """A file of the library; None where it is not installed."""
    try:
        return orjson.loads(files("samtranslator").joinpath(*path).read_bytes())
    except (ModuleNotFoundError, FileNotFoundError):
        return None


def policy_templates() -> dict[str, Any] | None:
    """The policy templates by name; None where the library is not installed."""
    found = _data(*_TEMPLATES)
    return None if found is None else found["Templates"]


def connections() -> dict[str, Any] | None:
    """What connectors make, by the types of their source and destination; None where the library is not installed."""
    found: dict[str, Any] | None = _data(*_PROFILES)
    return found


def policy_of(node: Node) -> Node | NotKnown:
    """A policy of a function or state machine as it is written, with policy templates in place of their names."""
    if not isinstance(node.value, dict) or len(node.value) != 1:
        return node
    ((name, child),) = node.value.items()
    if name == _CHOICE and isinstance(child.value, list) and len(child.value) == 3:
        ways = [policy_of(way) for way in child.value[1:]]
        unknown = next((way for way in ways if isinstance(way, NotKnown)), None)
        return unknown or as_node({name: [child.value[0], *ways]}, node)
    if name in ("Statement", "Ref") or name.startswith("Fn::"):
        return node
    return _template(name, child, node)


def _template(name: str, given: Node, at: Node) -> Node | NotKnown:
    known = policy_templates()
    if known is None:
        return NotKnown(f"the text of policy template `{name}` of SAM {MISSING}")
    found = known.get(name)
    if found is None:
        return NotKnown(f"`{name}` is no policy template of SAM that is known")
    arguments = given.value if isinstance(given.value, dict) else {}
    for parameter in found.get("Parameters") or ():
        if parameter not in arguments:
            return NotKnown(f"policy template `{name}` of SAM is written without its `{parameter}`")
    return as_node(_put(found["Definition"], arguments), at)


def _put(value: Any, arguments: dict[str, Node]) -> Any:
    """A definition with what a template says in place of the parameters."""
    if isinstance(value, list):
        return [_put(item, arguments) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Ref"] and value["Ref"] in arguments:
        return arguments[value["Ref"]]
    return {key: _put(item, arguments) for key, item in value.items()}


def as_node(value: Any, at: Node) -> Node:
    """Plain objects, in which nodes of a template may stand, as nodes at a line of the template."""
    if isinstance(value, Node):
        return value
    out = Node(value, at.line, at.file, at.parent, at.step)
    if isinstance(value, dict):
        out.value = {key: as_node(item, at) for key, item in value.items()}
    elif isinstance(value, list):
        out.value = [as_node(item, at) for item in value]
    return out
