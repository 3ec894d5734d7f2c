"""Formulas to clauses (Tseitin, one direction per polarity), each node once for the life of an engine.

Guarantee: assuming the literal that `literal(formula)` returns makes every model of the clauses, read on
symbols and atoms alone, a model of the formula; and every model of the formula extends to one of the clauses.
"""

from __future__ import annotations

from collections.abc import Callable

from perimeter_smt.logic.formula import Formula
from perimeter_smt.solve.sat import Sat


class Clauses:
    """The clause form of the formulas met so far.

    `leaf` is called once for each new symbol or atom, before it is first used.
    """

    def __init__(self, sat: Sat, leaf: Callable[[Formula, int], None]) -> None:
        self._sat, self._leaf = sat, leaf
        self._variables: dict[int, int] = {}
        self._done: set[tuple[int, bool]] = set()
        self._kept: list[Formula] = []  # identities stay valid while the formulas live
        self._true = 0

    def literal(self, root: Formula) -> int:
        """The literal to assume, or assert, for `root` to hold."""
        stack = [(root, True)]
        while stack:
            node, polarity = stack.pop()
            while node.op == "not":
                node, polarity = node.args[0], not polarity
            if (id(node), polarity) in self._done:
                continue
            self._done.add((id(node), polarity))
            if node.op in ("and", "or", "iff"):
                stack.extend(self._define(node, polarity))
            else:
                self._name(node)
        return self._name(root)

    def _define(self, node: Formula, polarity: bool) -> list[tuple[Formula, bool]]:
        """Clauses for `node -> definition` (or its converse, if not `polarity`); the parts still to define."""
        add, name = self._sat.add, self._name
        own = name(node)
        if node.op == "iff":
            left, right = (name(arg) for arg in node.args)
            if polarity:
                add((-own, -left, right))
                add((-own, left, -right))
            else:
                add((own, left, right))
                add((own, -left, -right))
            return [(arg, way) for arg in node.args for way in (True, False)]
        sign = 1 if polarity else -1
        if (node.op == "and") != polarity:  # one clause: some part holds, or some part fails
            add([-sign * own, *(sign * name(arg) for arg in node.args)])
            return [(arg, polarity) for arg in node.args]
        parts: list[tuple[Formula, bool]] = []
        for arg in node.args:
            inner, way = arg, polarity
            while inner.op == "not":
                inner, way = inner.args[0], not way
            if inner.op in ("and", "or") and (inner.op == "or") == way and id(inner) not in self._variables:
                turn = 1 if way else -1  # a clause below a conjunction needs no variable of its own
                add([-sign * own, *(turn * name(part) for part in inner.args)])
                parts.extend((part, way) for part in inner.args)
                self._kept.append(inner)
            else:
                add((-sign * own, sign * name(arg)))
                parts.append((arg, polarity))
        return parts

    def _name(self, node: Formula) -> int:
        """The literal of a node, without its definition."""
        sign = 1
        while node.op == "not":
            node, sign = node.args[0], -sign
        found = self._variables.get(id(node))
        if found is not None:
            return sign * found
        if node.op in ("true", "false"):
            if not self._true:
                self._true = self._sat.fresh()
                self._sat.add((self._true,))
            return sign * (self._true if node.op == "true" else -self._true)
        variable = self._sat.fresh()
        self._variables[id(node)] = variable
        self._kept.append(node)
        if node.op in ("sym", "atom"):
            self._leaf(node, variable)
        return sign * variable
