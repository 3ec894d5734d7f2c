"""One template where it is deployed: its resources, one by one, with what is not known named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from perimeter_smt.organization.readers.cloudformation.functions import Gap, Resolver, plain
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.policy.json_positions import Node


@dataclass(frozen=True)
class Stack:
    """A template with its resolver."""

    draft: Draft
    resolver: Resolver
    account: str
    region: str
    file: str

    def of(self, *types: str) -> Iterator[Item]:
        """The resources of these types that are there, or may be."""
        for logical, node in self.resolver.resources.items():
            if not isinstance(node.value, dict) or "Type" not in node.value or node.value["Type"].value not in types:
                continue
            doubt = None
            if (condition := node.value.get("Condition")) is not None:
                try:
                    if not self.resolver.holds(str(condition.value)):
                        continue
                except Gap as gap:
                    doubt = NotKnown(f"condition `{condition.value}` needs {gap}")
            yield Item(self, logical, node, doubt)


@dataclass(frozen=True)
class Item:
    """A resource. `doubt`: whether it is there is not known, so that none of its policies is."""

    stack: Stack
    logical: str
    node: Node
    doubt: NotKnown | None

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

    def policy(self, node: Node | None) -> object:
        """A policy, with its lines; None if none is written."""
        if node is None:
            return None
        if self.doubt is not None:
            return self.doubt
        try:
            found = self.stack.resolver.node(node)
        except Gap as gap:
            return NotKnown(f"needs {gap}")
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
