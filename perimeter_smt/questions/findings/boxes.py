"""A policy as boxes: along each element, requests that the policy treats alike are a class, and sets are bits of them.

A statement is a product of sets, one for each dimension: the principal, the action, the resource, and every condition
key.  So is a finding.  Whether one lies in some others is counted on bits, without a question to the engine.  Classes
are read off requests that the engine finds; that none is missing is proved at the end, by the engine (projected.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from perimeter_smt.logic.formula import Formula, conj, disj, neg, walk
from perimeter_smt.logic.interpret import Model, holds

Box = tuple[int, ...]  # for each dimension the classes that are in, as bits
Dimension = tuple[str, str]  # the field, and the key of a condition


@dataclass(frozen=True)
class Part:
    """What a statement demands along one dimension."""

    dimension: Dimension
    formula: Formula


@dataclass(frozen=True)
class Rule:
    """A statement: all of its parts hold."""

    allow: bool
    parts: tuple[Part, ...]


def dimension_of(field: str, key: str) -> Dimension:
    """The dimension of an element; what is said of NotPrincipal is said of principals."""
    return ("principal" if field == "other" else field), key.lower()


class Truths:
    """The values of many formulas in a model, nodes that they share once."""

    def __init__(self, formulas: Iterable[Formula]) -> None:
        nodes: dict[int, Formula] = {}
        for formula in formulas:
            for node in walk(formula, nodes):
                nodes[id(node)] = node
        self._nodes = tuple(nodes.values())

    def of(self, model: Model) -> dict[int, bool]:
        """The value of every node, by its id."""
        value: dict[int, bool] = {}
        for node in self._nodes:
            match node.op:
                case "sym":
                    found = model.symbols.get(node.payload, False)
                case "atom":
                    found = holds(node.payload, model)
                case "not":
                    found = not value[id(node.args[0])]
                case "and":
                    found = all(value[id(arg)] for arg in node.args)
                case "or":
                    found = any(value[id(arg)] for arg in node.args)
                case "iff":
                    found = value[id(node.args[0])] == value[id(node.args[1])]
                case _:
                    found = node.op == "true"
            value[id(node)] = found
        return value


class Classes:
    """The classes met so far, by what holds of them."""

    def __init__(self, told: Sequence[tuple[Dimension, Formula]]) -> None:
        """`told` are the formulas that tell classes apart, each along its dimension."""
        self.dimensions = tuple(dict.fromkeys(dimension for dimension, _ in told))
        self.place = {dimension: at for at, dimension in enumerate(self.dimensions)}
        self._told = told
        self._truths = Truths(formula for _, formula in told)
        self._members: list[list[int]] = [[] for _ in self.dimensions]  # formulas of each dimension, by number
        for number, (dimension, _) in enumerate(told):
            self._members[self.place[dimension]].append(number)
        self._known: list[dict[tuple[bool, ...], int]] = [{} for _ in self.dimensions]
        self._clauses: list[list[Formula]] = [[] for _ in self.dimensions]  # that a request is not of a class
        self.where = [0] * len(told)  # of each formula, the classes that it holds for

    @property
    def full(self) -> Box:
        """Every request."""
        return tuple((1 << len(known)) - 1 for known in self._known)

    def add(self, model: Model) -> tuple[tuple[int, ...], bool]:
        """The class of a request along each dimension, and whether one of them is new."""
        value = self._truths.of(model)
        new = False
        found = []
        for at, members in enumerate(self._members):
            signs = tuple(value[id(self._told[number][1])] for number in members)
            known = self._known[at]
            if signs not in known:
                new = True
                here = 1 << len(known)
                known[signs] = len(known)
                for number, sign in zip(members, signs, strict=True):
                    self.where[number] |= here if sign else 0
            found.append(known[signs])
        return tuple(found), new

    def unknown(self, at: int) -> Formula:
        """What holds of a request of none of the classes known along a dimension."""
        known, formulas = self._known[at], [self._told[n][1] for n in self._members[at]]
        self._clauses[at] += [
            disj(neg(f) if sign else f for f, sign in zip(formulas, signs, strict=True))
            for signs in list(known)[len(self._clauses[at]) :]
        ]
        return conj(self._clauses[at])

    def said(self, at: int, number: int) -> list[tuple[int, bool]]:
        """The formulas of a dimension with their values in one of its classes."""
        signs = next(s for s, n in self._known[at].items() if n == number)
        return list(zip(self._members[at], signs, strict=True))


def meet(one: Box, other: Box) -> Box | None:
    """What lies in both boxes."""
    found = []
    for a, b in zip(one, other, strict=True):
        both = a & b
        if not both:  # most pairs are apart along one of the first dimensions
            return None
        found.append(both)
    return tuple(found)


def uncovered(box: Box, boxes: Iterable[Box]) -> Box | None:
    """A part of the box that lies in none of the others; None if they cover it."""
    near: list[tuple[int, int, Box]] = []
    for number, other in enumerate(boxes):
        outside = 0
        for a, b in zip(box, other, strict=True):
            if not a & b:
                break
            if a & ~b:
                outside += 1
        else:
            if not outside:
                return None
            near.append((outside, number, other))
    if not near:
        return box
    near.sort()  # what leaves least over is cut off first
    _, _, other = near[0]
    rest = [one for _, _, one in near[1:]]
    left = list(box)
    for at, (a, b) in enumerate(zip(box, other, strict=True)):
        if a & ~b:
            left[at] = a & ~b
            found = uncovered(tuple(left), rest)
            if found is not None:
                return found
            left[at] = a & b
    return None
