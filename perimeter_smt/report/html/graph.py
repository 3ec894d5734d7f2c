"""Graphs as inline SVG: the tree of units with what is attached, and who may become whom.

`fast-sugiyama` (Sugiyama's layers, left to right) says where each node goes. What is too large to be read is not drawn;
the page has every graph as a list, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perimeter_smt.report.words import plural

_MOST = 80  # nodes that a person can still follow
_LETTERS = 30  # that fit a box
_WIDTH, _HEIGHT, _ROW, _COLUMN, _MARGIN = 230, 44, 58, 320, 6


@dataclass(frozen=True)
class Node:
    """A box: its place (upper left corner), two lines that fit, the whole text, and what it is (a class of style)."""

    x: int
    y: int
    first: str
    second: str
    whole: str
    kind: str


@dataclass(frozen=True)
class Edge:
    """A line from box to box as an SVG path; `narrowed`: under conditions."""

    path: str
    narrowed: bool


@dataclass(frozen=True)
class Graph:
    """A drawing; `width` and `height` in pixels."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class _Box:
    first: str
    second: str
    whole: str
    kind: str


def units(organization: Mapping[str, Any]) -> Graph | None:
    """The root, its units and their accounts (several under one policy as one box), None where they are too many."""
    boxes: list[_Box] = []
    links: dict[tuple[int, int], bool] = {}

    def add(unit: Mapping[str, Any]) -> int:
        number = len(boxes)
        boxes.append(_Box(unit["name"] or unit["id"], _attached(unit), _whole(unit["id"], unit), "unit"))
        plain = [account for account in unit["accounts"] if not account["scps"] and not account["rcps"]]
        if len(plain) > 1:
            links[number, len(boxes)] = False
            names = ", ".join(account["id"] for account in plain[:30])
            boxes.append(_Box(f"{len(plain)} accounts", "nothing of their own", names, "account"))
        for account in unit["accounts"]:
            if account not in plain or len(plain) == 1:
                links[number, len(boxes)] = False
                whole = _whole(account["id"], account)
                boxes.append(_Box(account["name"] or account["id"], _attached(account), whole, "account"))
        for inner in unit["units"]:
            links[number, add(inner)] = False
        return number

    add(organization["root"])
    return _draw(boxes, links)


def trust(organization: Mapping[str, Any]) -> Graph | None:
    """Who may become whom by trust policies; None where there is nobody, or too many."""
    boxes: dict[str, _Box] = {}
    links: dict[tuple[int, int], bool] = {}

    def number(name: str, box: _Box) -> int:
        if box.kind == "role":
            boxes[name] = box
        boxes.setdefault(name, box)
        return list(boxes).index(name)

    for entry in organization.get("trust", ())[: _MOST + 1]:
        roles, count = entry["roles"], entry["count"]
        named = ", ".join(roles) + ("" if count == len(roles) else f" and {count - len(roles)} more")
        name, account = _short(roles[0])
        more = f"and {count - 1} more of this trust" if count > 1 else account
        to = number(roles[0], _Box(name, more, named, "role"))
        for text in entry["trusted"][: _MOST + 1]:
            who = text.removesuffix(" under conditions")
            first, second = _short(who)
            links[number(who, _Box(first, second, who, "caller")), to] = who != text
    return _draw(list(boxes.values()), links)


def _attached(item: Mapping[str, Any]) -> str:
    kinds = {"SCP": item["scps"], "RCP": item["rcps"]}
    counted = [plural(len(found), kind) for kind, found in kinds.items() if found]
    return ", ".join(counted) or str(item["id"])


def _whole(name: str, item: Mapping[str, Any]) -> str:
    return "; ".join([name, *(f"SCP {n}" for n in item["scps"]), *(f"RCP {n}" for n in item["rcps"])])


def _short(arn: str) -> tuple[str, str]:
    """The name and the account of an ARN, or the text itself."""
    parts = arn.split(":", 5)
    return (parts[5], parts[4]) if len(parts) == 6 else (arn, "")


def _draw(boxes: Sequence[_Box], links: Mapping[tuple[int, int], bool]) -> Graph | None:
    drawn = [link for link in links if link[0] != link[1]]
    if not drawn or len(boxes) > _MOST:
        return None
    try:
        from fast_sugiyama import from_edges
    except ImportError:  # no build for this platform: the page has the list
        return None
    places: dict[int, tuple[int, int]] = {}
    top = 0
    # The library gives connected parts, and nodes in them, in no order of its own.
    for found in sorted(sorted(_real(part[0], len(boxes))) for part in from_edges(drawn, vertex_spacing=1)):
        depth, left = max(y for _, _, y in found), min(x for _, x, _ in found)
        for node, x, y in found:
            places[node] = (_MARGIN + round((depth - y) * _COLUMN), _MARGIN + top + round((x - left) * _ROW))
        top += round((max(x for _, x, _ in found) - left + 1) * _ROW)
    nodes = tuple(Node(*places[i], _cut(box.first), _cut(box.second), box.whole, box.kind)
                  for i, box in enumerate(boxes) if i in places)  # fmt: skip
    edges = tuple(Edge(_curve(places[a], places[b]), links[a, b]) for a, b in sorted(drawn))
    width = max(node.x for node in nodes) + _WIDTH + _MARGIN
    return Graph(width, max(node.y for node in nodes) + _HEIGHT + _MARGIN, nodes, edges)


def _real(positions: Any, count: int) -> Iterator[tuple[int, float, float]]:
    """Nodes that are boxes: the layout has more, where a line passes a layer."""
    for node, (x, y) in positions:
        if node < count:
            yield node, x, y


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS // 2 - 1] + "…" + text[-_LETTERS // 2 :]


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From the right side of a box to the left one of the next, or around where the line goes back."""
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    to_x, to_y = end[0], end[1] + _HEIGHT // 2
    bend = (to_x - x) // 2 if to_x > x else _COLUMN // 3
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
