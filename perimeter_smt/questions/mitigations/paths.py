"""A small directed graph: its edges carry values, its paths are the shortest ones.

Loading networkx takes longer than all that C2 asks of the graph of a usual organization, a tenth of a second of every
run, as in `organization/graph.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Generic, TypeVar

V = TypeVar("V")
Keep = Callable[[V], bool]


class Graph(Generic[V]):
    """Nodes are names; one edge at most leads from a node to another."""

    def __init__(self) -> None:
        self._out: dict[str, dict[str, V]] = {}
        self._in: dict[str, dict[str, V]] = {}
        self._before: dict[str, set[str]] = {}  # what was asked for `ancestors` since the last edge was new

    def __contains__(self, node: str) -> bool:
        return node in self._out

    def get(self, source: str, goal: str) -> V | None:
        """What the edge carries, if there is one."""
        return self._out.get(source, {}).get(goal)

    def put(self, source: str, goal: str, value: V) -> None:
        """Add an edge, or change what it carries."""
        for node in (source, goal):
            self._out.setdefault(node, {})
            self._in.setdefault(node, {})
        if goal not in self._out[source]:
            self._before.clear()
        self._out[source][goal] = self._in[goal][source] = value

    @property
    def size(self) -> int:
        """How many edges there are."""
        return sum(map(len, self._out.values()))

    def successors(self, node: str) -> list[str]:
        """The nodes to which an edge leads from this one."""
        return list(self._out.get(node, ()))

    def ancestors(self, goal: str) -> set[str]:
        """Every other node from which the goal is reached."""
        if goal not in self._before:
            found = {goal}
            todo = [goal]
            while todo:
                new = [node for node in self._in.get(todo.pop(), ()) if node not in found]
                found.update(new)
                todo += new
            self._before[goal] = found - {goal}
        return self._before[goal]

    def shortest(self, source: str, goal: str, keep: Keep[V] = lambda _: True) -> list[V] | None:
        """What the edges of a shortest path carry, over edges that `keep` accepts; None if no path is there.

        Searched from both ends, level by level, from the end whose last level is smaller.
        """
        if source not in self or goal not in self:
            return None
        back: dict[str, str | None] = {source: None}
        onward: dict[str, str | None] = {goal: None}
        near, far = [source], [goal]
        met = source if source == goal else None
        while met is None and near and far:
            if len(near) <= len(far):
                near, met = _level(near, self._out, keep, back, onward)
            else:
                far, met = _level(far, self._in, keep, onward, back)
        if met is None:
            return None
        nodes = [*reversed(list(_follow(met, back))), *list(_follow(met, onward))[1:]]
        return [self._out[one][other] for one, other in pairwise(nodes)]


def _level(
    nodes: Iterable[str],
    edges: dict[str, dict[str, V]],
    keep: Keep[V],
    seen: dict[str, str | None],
    other: dict[str, str | None],
) -> tuple[list[str], str | None]:
    """The next level of a search, and the node in which it meets the `other` search, if it does."""
    out = []
    for node in nodes:
        for neighbour, value in edges[node].items():
            if not keep(value):
                continue
            if neighbour not in seen:
                seen[neighbour] = node
                out.append(neighbour)
            if neighbour in other:
                return out, neighbour
    return out, None


def _follow(node: str | None, before: dict[str, str | None]) -> Iterable[str]:
    while node is not None:
        yield node
        node = before[node]
