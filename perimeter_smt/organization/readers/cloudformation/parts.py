"""A policy of a template of which parts need what is not known: each statement by itself.

It allows at least what the policy will allow and denies at most what it will deny.  What is not known of an Allow
counts as anything, beside a Deny that is known; without one the whole policy is not known.  A Deny denies only what is
known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from perimeter_smt.organization.readers.cloudformation.functions import Gap, Resolver, Undecided, plain
from perimeter_smt.policy.json_positions import Node

_LISTS = ("Action", "Resource")
Named = Callable[[str, str], None]  # a statement, and what it needs


def in_part(resolver: Resolver, policy: Node, named: Named, undecided: dict[str, str]) -> Node:
    """The policy, with its lines; Gap where nothing of it can be said. Conditions are taken both ways."""
    if not isinstance(policy.value, dict) or "Statement" not in policy.value:
        raise Gap("a policy that functions make")
    whole = policy.value["Statement"]
    listed = whole.value if isinstance(whole.value, list) else [whole]
    kept: list[Node] = []
    wide: list[Node] = []
    for number, statement in enumerate(listed):
        kept += _statement(resolver, statement, f"statement {number + 1}", named, undecided, wide)
    if wide and not any(map(_denies, kept)):
        raise Gap("an Allow that is not known")
    members = {name: resolver.node(child) for name, child in policy.value.items() if name != "Statement"}
    if not kept:
        raise Gap("statements of which none is known")
    out = Node({name: child for name, child in members.items() if child is not None}, policy.line, policy.file,
               policy.parent, policy.step)  # fmt: skip
    statements = Node(kept, whole.line, whole.file, out, "Statement")
    out.value["Statement"] = statements  # type: ignore[index,call-overload]
    for index, statement in enumerate(kept):
        statement.parent, statement.step = statements, index
    return out


def _statement(
    resolver: Resolver, node: Node, name: str, named: Named, undecided: dict[str, str], wide: list[Node]
) -> Iterator[Node]:
    """One statement of a policy, or the list that a function makes; `wide`: Allows that count as more."""
    try:
        ways = resolver.both_ways(node, undecided)
    except Gap as gap:
        for found in _open(resolver, node, name, str(gap), named):
            wide += [] if _denies(found) else [found]
            yield found
        return
    there = [way for way in ways if way is not None]
    for way in there:  # each of them where several are possible, but of what is denied only what is denied either way
        for each in way.value if isinstance(way.value, list) else [way]:
            if len(ways) == 1 or not _denies(each):
                yield each
    if (
        len(ways) > 1
        and len(there) == len(ways)
        and _denies(there[0])
        and len({repr(plain(way)) for way in there}) == 1
    ):
        yield there[0]


def _denies(node: Node) -> bool:
    return isinstance(node.value, dict) and "Effect" in node.value and node.value["Effect"].value == "Deny"


def _open(resolver: Resolver, node: Node, name: str, needs: str, named: Named) -> Iterator[Node]:
    """A statement that needs something that is not known."""
    if not isinstance(node.value, dict) or "Effect" not in node.value:
        raise Gap(needs)
    effect = resolver.value(node.value["Effect"])
    out: dict[str, Node] = {}
    sure = True
    for key, child in node.value.items():
        try:
            found = resolver.node(child)
        except Undecided:
            raise
        except Gap:
            found = _denied(resolver, key, child) if effect == "Deny" else _allowed(key, child)
            sure = sure and found is not None
        if found is not None:
            out[key] = found
    named(name, f"needs {needs}; it {'denies at most what is known' if effect == 'Deny' else 'allows anything there'}")
    if effect == "Deny" and not sure:
        return
    made = Node(out, node.line, node.file, node.parent, node.step)
    for step, child in out.items():
        child.parent, child.step = made, step
    yield made


def _denied(resolver: Resolver, key: str, node: Node) -> Node | None:
    """The actions or resources of a Deny that are known; None where there are none, or fewer would deny more."""
    if key not in _LISTS or not isinstance(node.value, list):
        return None
    kept = []
    for item in node.value:
        try:
            found = resolver.node(item)
        except Undecided:
            raise
        except Gap:
            continue
        kept += [found] if found is not None else []
    return Node(kept, node.line, node.file, node.parent, node.step) if kept else None


def _allowed(key: str, node: Node) -> Node | None:
    """An element of an Allow that allows anything; None: an element that is left out. Gap where neither can be said."""
    if key in _LISTS:
        return Node("*", node.line, node.file, node.parent, node.step)
    if key == "Principal" and isinstance(node.value, dict) and list(node.value) == ["AWS"]:
        inner = Node("*", node.line, node.file, node, "AWS")
        return Node({"AWS": inner}, node.line, node.file, node.parent, node.step)
    if key in ("Condition", "Sid"):
        return None
    raise Gap(f"`{key}` of a statement")
