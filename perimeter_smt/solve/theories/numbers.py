"""Numbers and instants: bounds by constants and the order of variables, over the rationals that texts denote.

Texts denote decimal fractions, which are dense; so a system of `<`, `<=`, `=` and `!=` has a solution exactly
if no cycle of `<=` holds a `<`, no two sides of a `!=` are forced together, and no variable is forced to a
rational that has no decimal text.  Guarantee: exact for literals of one view.

A negated comparison holds when the text denotes nothing.  A variable that no positive literal speaks about is
therefore given a text that denotes nothing, unless only the values are left to choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from perimeter_smt.logic.atoms import Compare, Order, Parses
from perimeter_smt.solve.theories.literals import Conflict, Literal, instant, named, number

Node = str | Fraction  # a variable or a constant
_FLIP = {"<": ">=", "<=": ">", "=": "!=", ">": "<=", ">=": "<"}


@dataclass
class _System:
    """`upper[a]` holds the edges a <= b (or a < b) with the literal behind each; nodes are names or constants."""

    edges: dict[Node, list[tuple[Node, bool, Literal | None]]] = field(default_factory=dict)
    unequal: list[tuple[Node, Node, Literal]] = field(default_factory=list)

    def add(self, left: Node, relation: str, right: Node, source: Literal | None) -> None:
        for node in (left, right):
            self.edges.setdefault(node, [])
        if relation == "!=":
            assert source is not None
            self.unequal.append((left, right, source))
            return
        if relation in (">", ">="):
            left, right, relation = right, left, "<" if relation == ">" else "<="
        self.edges[left].append((right, relation == "<", source))
        if relation == "=":
            self.edges[right].append((left, False, source))


def solve(literals: Sequence[Literal], names: Mapping[str, str]) -> dict[str, Fraction] | Conflict:
    """Values of the variables that must denote one, or a conflict.

    `literals` are of one view; `names` maps each variable to the one that stands for it (equal texts).
    Variables left out of the answer need a text that denotes nothing.
    """
    must: dict[str, Literal] = {}
    for literal in literals:
        if literal.positive:
            for variable in literal.variables:
                must.setdefault(names.get(variable, variable), literal)
    system = _System()
    for name in must:
        system.edges.setdefault(name, [])
    for literal in literals:
        sides = [names.get(variable, variable) for variable in literal.variables]
        if not all(side in must for side in sides):
            continue
        fact = literal.atom
        if isinstance(fact, Parses):
            if not literal.positive:
                return Conflict((must[sides[0]], literal))
        elif isinstance(fact, Compare):
            system.add(sides[0], fact.relation if literal.positive else _FLIP[fact.relation], fact.bound, literal)
        elif isinstance(fact, Order):
            system.add(sides[0], fact.relation if literal.positive else _FLIP[fact.relation], sides[1], literal)
    constants = sorted(node for node in system.edges if isinstance(node, Fraction))
    for low, high in pairwise(constants):
        system.add(low, "<", high, None)
    return _solve(system, must)


def _solve(system: _System, must: Mapping[str, Literal]) -> dict[str, Fraction] | Conflict:
    group, order = _components(system)

    def blame(path: Sequence[Literal], node: Node) -> Conflict:
        # The variables of a cycle must denote values at all: name a literal that says so for each.
        inside = [must[n] for n, g in group.items() if isinstance(n, str) and g == group[node] and n in must]
        return named(list(dict.fromkeys([*path, *inside])))

    for node, edges in system.edges.items():
        for target, strict, source in edges:
            if strict and group[node] == group[target]:
                back = _path(system, target, node, group)
                return blame([*back, *([source] if source else [])], node)
    for left, right, source in system.unequal:
        if group[left] == group[right]:
            path = [*_path(system, left, right, group), *_path(system, right, left, group)]
            return blame([*path, source], left)
    for node in system.edges:
        if isinstance(node, Fraction) and not decimal(node):
            variable = next((n for n, g in group.items() if g == group[node] and isinstance(n, str)), None)
            if variable is not None:
                path = [*_path(system, variable, node, group), *_path(system, node, variable, group)]
                return blame(path, node)
    return _assign(system, group, order, must)


def _path(system: _System, start: Node, goal: Node, group: Mapping[Node, int]) -> list[Literal]:
    """The literals behind a shortest chain of edges inside one strongly connected component."""
    came: dict[Node, tuple[Node, Literal | None]] = {}
    queue: list[Node] = [start]
    for node in queue:
        if node == goal and node != start:
            break
        for target, _, source in system.edges[node]:
            if group[target] == group[start] and target != start and target not in came:
                came[target] = (node, source)
                queue.append(target)
    out: list[Literal] = []
    node = goal
    while node != start:
        node, source = came[node]
        if source is not None:
            out.append(source)
    return out


def _components(system: _System) -> tuple[dict[Node, int], list[list[Node]]]:
    """Strongly connected components (Tarjan, iterative): number of each node, and lists in reverse order of <=."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    group: dict[Node, int] = {}
    stack: list[Node] = []
    out: list[list[Node]] = []
    for root in system.edges:
        if root in index:
            continue
        work: list[tuple[Node, int]] = [(root, 0)]
        while work:
            node, position = work.pop()
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            edges = system.edges[node]
            descend = False
            for place in range(position, len(edges)):
                target = edges[place][0]
                if target not in index:
                    work.extend([(node, place), (target, 0)])
                    descend = True
                    break
                if target not in group:
                    low[node] = min(low[node], low[target])
            if descend:
                continue
            if low[node] == index[node]:
                members: list[Node] = []
                while True:
                    member = stack.pop()
                    group[member] = len(out)
                    members.append(member)
                    if member == node:
                        break
                out.append(members)
    return group, out


def decimal(value: Fraction) -> bool:
    """Whether some text in plain digits denotes `value`."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _assign(
    system: _System,
    group: Mapping[Node, int],
    order: list[list[Node]],
    must: Mapping[str, Literal],
) -> dict[str, Fraction]:
    """Distinct values for the components, ascending along the edges, whole numbers where there is room."""
    ceiling: dict[int, Fraction] = {}
    for position, members in enumerate(order):  # greatest first: what a component must stay below
        bounds = [node for node in members if isinstance(node, Fraction)]
        above = [ceiling[group[t]] for node in members for t, _, _ in system.edges[node] if group[t] in ceiling]
        own = bounds or above
        if own:
            ceiling[position] = min(own)
    value: dict[int, Fraction] = {}
    used: set[Fraction] = {node for node in system.edges if isinstance(node, Fraction)}
    floor: dict[int, Fraction] = {}
    for position in range(len(order) - 1, -1, -1):  # least first
        members = order[position]
        bounds = [node for node in members if isinstance(node, Fraction)]
        chosen = bounds[0] if bounds else between(floor.get(position), ceiling.get(position), used)
        value[position] = chosen
        used.add(chosen)
        for node in members:
            for target, _, _ in system.edges[node]:
                other = group[target]
                if other != position:
                    floor[other] = max(floor.get(other, chosen), chosen)
    return {name: value[group[name]] for name in must}


def between(low: Fraction | None, high: Fraction | None, used: set[Fraction]) -> Fraction:
    """A decimal strictly between the bounds and not in `used`, whole and close to the lower bound if possible."""
    if low is None and high is None:
        step, base = Fraction(1), Fraction(0)
    elif low is None:
        assert high is not None
        base, step = Fraction(-(-high.numerator // high.denominator)) - 1, Fraction(-1)
    else:
        base, step = Fraction(low.numerator // low.denominator) + 1, Fraction(1)
    scale = Fraction(1)
    while True:
        for count in range(len(used) + 2):
            found = base + step * scale * count
            if (high is None or found < high) and (low is None or found > low) and found not in used:
                return found
        # No whole number is free: go down in powers of ten from the lower bound.
        assert low is not None
        assert high is not None
        scale /= 10
        while scale > high - low:
            scale /= 10
        base = Fraction((low / scale).numerator // (low / scale).denominator) * scale + scale


def spellings(value: Fraction, view: str) -> list[str]:
    """Texts that denote a decimal `value`, the most readable first."""
    whole = value.denominator == 1
    plain = str(value.numerator) if whole else _expand(value)
    if view == "number":
        texts = [plain, f"{plain}.0" if whole else f"{plain}0", f"+{plain}", f"0{plain}"]
        return [text for text in texts if number(text) == value]
    out = []
    seconds = value.numerator // value.denominator
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        fraction = "" if whole else _expand(value - seconds)[1:]
        out.append(f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{fraction}Z")
        out.append(f"{moment.year:04}-{moment:%m-%d}")
        out.append(f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{fraction}+00:00")
    except OverflowError:
        pass
    out.extend([plain, f"{plain}.0" if whole else f"{plain}0"])
    return [text for text in out if instant(text) == value]


def _expand(value: Fraction) -> str:
    """A decimal fraction in plain digits."""
    digits, scale = value, 0
    while digits.denominator != 1:
        digits, scale = digits * 10, scale + 1
    text = str(abs(digits.numerator)).rjust(scale + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{text[:-scale]}.{text[-scale:]}" if scale else f"{sign}{text}"


def respell(text: str, view: str, avoid: Sequence[str]) -> str:
    """A text that denotes the same value as `text` and is none of `avoid`."""
    value = number(text) if view == "number" else instant(text)
    assert value is not None
    options = spellings(value, view)
    base = next(option for option in reversed(options) if "." in option and "T" not in option)
    taken = set(avoid)
    for option in options:
        if option not in taken:
            return option
    while base in taken:
        base += "0"
    return base
