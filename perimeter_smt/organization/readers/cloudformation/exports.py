"""Exports of the stacks of one folder: what `Fn::ImportValue` of another stack there gives.

CloudFormation guide, outputs: names of exports are unique in an account and Region, and only stacks there import them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from perimeter_smt.organization.readers.cloudformation.functions import Gap, Resolver
from perimeter_smt.policy.json_positions import Node

_Place = tuple[str, str, str]  # account, Region, name


class Exports:
    """The exports of several stacks, by name in their account and Region."""

    def __init__(self, resolvers: Iterable[tuple[Resolver, Node]]) -> None:
        self._stacks = list(resolvers)
        self._found: dict[_Place, list[tuple[Resolver, Node]]] | None = None
        self._busy: set[_Place] = set()
        for resolver, _ in self._stacks:
            resolver.exports = self

    def value(self, importer: Resolver, name: str) -> Any:
        """What a stack imports by this name; Gap where no stack of the folder exports it, or two differ."""
        place = (importer.names.account, importer.names.region, name)
        if place in self._busy:
            raise Gap(f"import `{name}`, which needs itself")
        self._busy.add(place)
        try:
            values = [resolver.value(node) for resolver, node in self._all().get(place, ())]
        finally:
            self._busy.discard(place)
        if not values:
            raise Gap(f"import `{name}`")
        if any(value != values[0] for value in values):
            raise Gap(f"import `{name}`, which two stacks export")
        return values[0]

    def _all(self) -> dict[_Place, list[tuple[Resolver, Node]]]:
        if self._found is None:
            found: dict[_Place, list[tuple[Resolver, Node]]] = {}
            self._found = found
            for resolver, template in self._stacks:
                for name, node in _exported(resolver, template):
                    place = (resolver.names.account, resolver.names.region, name)
                    found.setdefault(place, []).append((resolver, node))
        return self._found


def _exported(resolver: Resolver, template: Node) -> Iterator[tuple[str, Node]]:
    """Names and values of the exports of a template; one whose name or condition is not known is passed over."""
    for output in _members(_members(template).get("Outputs")).values():
        members = _members(output)
        name = _members(members.get("Export")).get("Name")
        try:
            there = "Condition" not in members or resolver.holds(str(members["Condition"].value))
            text = resolver.text(name)
        except Gap:
            continue
        if there and text and "Value" in members:
            yield text, members["Value"]


def _members(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}
