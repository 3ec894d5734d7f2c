"""Whether a file met in a folder is meant as a policy, whatever else lies there."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import Node, read_json
from perimeter_smt.policy.unwrap import unwrapped


def json_of(text: str) -> object:
    """The decoded text, None where it is no JSON; the parser of policies tells what is wrong."""
    try:
        return _plain(unwrapped(read_json(text, file="")))
    except (InputError, RecursionError):
        return None


def _plain(node: Node) -> object:
    """The value of a node without places; an answer of the command line is the policy inside."""
    if isinstance(node.value, dict):
        return {name: _plain(one) for name, one in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(one) for one in node.value]
    return node.value


def is_statement(value: Mapping[str, object]) -> bool:
    """Whether it is a statement by itself, which is no policy yet."""
    return value.get("Effect") in ("Allow", "Deny") and not {"Action", "NotAction"}.isdisjoint(value)


def resembles_policy(text: str, value: object) -> bool:
    """Whether a file met in a folder is meant as a policy: then what is wrong with it is an error."""
    if isinstance(value, Mapping):
        names = [str(name) for name in value]
        versioned = str(value.get("Version")) in ("2012-10-17", "2008-10-17")
        return versioned or is_statement(value) or bool(get_close_matches("Statement", names, 1, 0.8))
    return value is None and '"Statement"' in text
