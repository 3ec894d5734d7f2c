"""One template where it is deployed: its resources, one by one, with what is not known named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.organization.readers.cloudformation.functions import Gap, Resolver, plain
from perimeter_smt.organization.readers.cloudformation.parts import in_part
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.organization.readers.draft.draft import Affects
from perimeter_smt.policy.json_positions import Node


@dataclass(frozen=True)
class Stack:
    """A template with its resolver."""

    draft: Draft
    resolver: Resolver
    account: str
    region: str
    file: str
    template: Node
    doubted: set[str] = field(default_factory=set)
    doubt: str | None = None  # why it is not known whether the stack is there

    def twice(self, item: Item, arn: str, *, told: bool) -> bool:
        """Whether something is told of this ARN already, by resources of which only one may be there."""
        if item.doubt is None and arn not in self.doubted:
            return False
        self.doubted.add(arn)
        return told

    def torn(self, item: Item, arn: str, *, whole: bool) -> NotKnown | None:
        """Why it is not known what this ARN is: another resource of the source, in this template or another, is it too.

        None where the two are written alike, and for the first one. `whole`: something that is there is told of it.
        """
        known, found = self.draft.written.get(arn), item.plain(item.node)
        if known is None or not whole:
            self.draft.written[arn] = (str(item.at), found)
            return None
        place, before = known
        if before == found and not isinstance(found, NotKnown):
            return None
        return NotKnown(f"`{item.logical}` and {place} both make it, and differ")

    def of(self, *types: str) -> Iterator[Item]:
        """The resources of these types that are there, or may be."""
        for logical, node in self.resolver.resources.items():
            if not isinstance(node.value, dict) or "Type" not in node.value or node.value["Type"].value not in types:
                continue
            doubt = self.doubt
            if (condition := node.value.get("Condition")) is not None:
                try:
                    if not self.resolver.holds(str(condition.value)):
                        continue
                except Gap as gap:
                    doubt = str(gap)
                    place = Place(self.file, ("Resources", logical), node.line)
                    self.draft.unknown(
                        f"whether `{logical}` is there", f"needs {gap}; taken both ways", "grants", place
                    )
            yield Item(self, logical, node, doubt)


@dataclass(frozen=True)
class Item:
    """A resource. `doubt`: why it is not known whether it is there.

    Where it is not there nothing is: reading it as there takes in both possibilities, but for what it denies to others.
    """

    stack: Stack
    logical: str
    node: Node
    doubt: str | None

    @property
    def at(self) -> Place:
        """Its place."""
        return Place(self.stack.file, ("Resources", self.logical), self.node.line)

    @property
    def properties(self) -> dict[str, Node]:
        """Its properties as they are written."""
        found = self.node.value.get("Properties") if isinstance(self.node.value, dict) else None
        return found.value if found is not None and isinstance(found.value, dict) else {}

    def arn(self) -> str | None:
        """Its ARN; where its name is not known, its account is named as one that may hold anything."""
        try:
            return self.stack.resolver.names.arn(self.logical, self.stack.resolver)
        except Gap as gap:
            self.stack.draft.unknown(f"name of `{self.logical}`", f"needs {gap}", "grants", self.at,
                                     account=self.stack.account)  # fmt: skip
            return None

    def get(self, name: str) -> Any:
        """A property as plain objects; None if it is not written, NotKnown if it needs what is not known."""
        return self.plain(self.properties.get(name))

    def plain(self, node: Node | None) -> Any:
        """A node as plain objects, likewise."""
        try:
            return self.stack.resolver.value(node)
        except Gap as gap:
            return NotKnown(f"needs {gap}")

    def policy(self, node: Node | None, *, of_others: bool = False) -> object:
        """A policy, with its lines; None if none is written. `of_others`: what has it is there without it as well.

        Where a condition is not known, everything that it allows either way, and what it denies both ways.
        """
        if node is None:
            return None
        undecided: dict[str, str] = {}
        assert isinstance(self.node.value, dict)
        kind = _affects(str(self.node.value["Type"].value))
        left: list[tuple[str, str]] = []
        try:
            ways = self.stack.resolver.both_ways(node, undecided)
        except Gap as whole:
            undecided.clear()
            try:
                ways = [in_part(self.stack.resolver, node, lambda *found: left.append(found), undecided)]
            except Gap:
                return NotKnown(f"needs {whole}")
        for name, reason in left:
            self.stack.draft.unknown(f"{name} of `{self.logical}`", reason, kind, self.at)
        for name, reason in undecided.items():
            what = f"condition `{name}` of `{self.logical}`"
            self.stack.draft.unknown(what, f"needs {reason}; taken both ways", kind, self.at)
        if len(ways) > 1 and None in ways:
            return NotKnown(f"needs condition `{next(iter(undecided))}`")
        try:
            found = either([way for way in ways if way is not None], absent=of_others and self.doubt is not None)
        except Gap as gap:
            return NotKnown(str(gap))
        if found is None:
            return None
        return found if isinstance(found.value, dict) else plain(found)

    def items(self, name: str) -> list[Node] | NotKnown:
        """A property that is a list, each item as it is written; NotKnown if the list itself is not known."""
        node = self.properties.get(name)
        if node is None:
            return []
        if isinstance(node.value, list):
            return node.value
        try:
            found = self.stack.resolver.node(node)
        except Gap as gap:
            return NotKnown(f"needs {gap}")
        if found is None:
            return []
        return found.value if isinstance(found.value, list) else [found]


def either(ways: list[Node], *, absent: bool = False) -> Node | None:
    """One policy that allows what any of these does and denies what all of them do; `absent`: there may be none."""
    if not ways or (len(ways) == 1 and not absent):
        return next(iter(ways), None)
    first = ways[0]
    if not all(isinstance(way.value, dict) and "Statement" in way.value for way in ways):
        raise Gap("a policy of another form, which may be there or not")
    of_ways = [_statements(way) for way in ways]
    denied = [] if absent else [s for s in of_ways[0] if _denies(s) and all(_holds(s, way) for way in of_ways)]
    kept = list(denied)
    for statement in (s for way in of_ways for s in way if not _denies(s)):
        if not _holds(statement, kept):
            kept.append(statement)
    if not kept:
        return None
    assert isinstance(first.value, dict)
    out = Node({**first.value}, first.line, first.file, first.parent, first.step)
    whole = first.value["Statement"]
    listed = Node(kept, whole.line, whole.file, out, "Statement")
    out.value["Statement"] = listed  # type: ignore[index,call-overload]
    for number, statement in enumerate(kept):
        statement.parent, statement.step = listed, number
    return out


def _affects(kind: str) -> Affects:
    return "guardrails" if kind in ("AWS::Organizations::Policy", "AWS::EC2::VPCEndpoint") else "grants"


def _statements(policy: Node) -> list[Node]:
    assert isinstance(policy.value, dict)
    found = policy.value["Statement"]
    return found.value if isinstance(found.value, list) else [found]


def _denies(statement: Node) -> bool:
    return isinstance(statement.value, dict) and plain(statement).get("Effect") == "Deny"


def _holds(statement: Node, among: list[Node]) -> bool:
    return any(plain(statement) == plain(other) for other in among)
