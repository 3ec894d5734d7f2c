"""How large a policy may be: the dated table `encodings/keys/policy-sizes.json`.

Quotas that hold for every policy of a kind are checked where it is read. AWS Organizations counts the characters of
SCPs and RCPs, and its console takes white space between elements away before it saves; IAM counts no white space.
A policy is refused here only if it is too large even so. What else AWS does not save, as it depends on what the policy
is attached to, the readers of plans and templates and the rules of `perimeter lint` say: AWS's own managed policies are
larger than those of customers may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from perimeter_smt.policy.json_positions import Node, Number
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.resources import encodings

# Where AWS's own are larger, or where the number depends on the holder, a policy by itself is not refused.
_NOT_BY_ITSELF = (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION)


class Quota(NamedTuple):
    """The most characters of one policy, those without asking AWS for more, and the page that says so.

    `spaces`: whether white space inside texts counts.
    """

    characters: int
    default: int
    spaces: bool
    source: str


@lru_cache(maxsize=1)
def quotas() -> Mapping[str, Quota]:
    """The quotas by kind of policy, or by what is said of it in the table, such as `inline of role`."""
    return {
        row["kind"]: Quota(
            row["most"], row.get("default", row["most"]), row["counts"] != "no white space", row["source"]
        )
        for row in _rows()
    }


def _rows() -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = json.loads(
        encodings().joinpath("keys", "policy-sizes.json").read_text(encoding="utf-8")
    )["rows"]
    return rows


def check(node: Node, kind: Kind) -> None:
    """InputError if AWS would not save a policy of this kind for its size, whatever it is attached to."""
    quota = quotas().get(kind)
    if quota is None or kind in _NOT_BY_ITSELF:
        return
    found = characters(node, spaces=quota.spaces)
    if found > quota.characters:
        raise node.error(
            f"the policy has {found} characters without white space, a policy of kind {kind} holds at most "
            f"{quota.characters}"
        )


def characters(node: Node, *, spaces: bool = True) -> int:
    """The characters of the shortest JSON text of a document: no white space between its elements.

    Without `spaces`, white space inside texts does not count either.
    """
    value = node.value
    if isinstance(value, dict):
        inside = sum(_text(key, spaces) + 1 + characters(member, spaces=spaces) for key, member in value.items())
        return 2 + inside + max(0, len(value) - 1)
    if isinstance(value, list):
        return 2 + sum(characters(member, spaces=spaces) for member in value) + max(0, len(value) - 1)
    if isinstance(value, Number):
        return len(value)
    if isinstance(value, str):
        return _text(value, spaces)
    return len(json.dumps(value))


def _text(text: str, spaces: bool) -> int:
    plain = text if spaces else "".join(text.split())
    return len(json.dumps(plain, ensure_ascii=False))
