"""What fixed prefixes say about patterns on one variable, as clauses for the Boolean search.

The prefixes of all patterns form a tree.  Each node is a propositional variable, "the text starts with this":
a node implies its parent, siblings exclude each other, a pattern implies the node of its prefix, and for
`text*` and for whole texts the two are equivalent.  So disjointness and inclusion of such patterns take a
linear number of clauses and no call of a theory.  All clauses are valid, whatever the formulas are.
"""

from __future__ import annotations

from perimeter_smt.logic.atoms import Glob
from perimeter_smt.solve.sat import Sat
from perimeter_smt.solve.theories.literals import language

_END = "\x00"  # closes a whole text, so that it excludes all longer ones


class _Node:
    __slots__ = ("edges", "variable")

    def __init__(self, variable: int) -> None:
        self.variable = variable  # 0 at the root, which always holds
        self.edges: dict[str, tuple[str, _Node]] = {}  # by first character: the rest of the way, and where it leads


class PrefixTree:
    """The trees of all variables; grows with the patterns met."""

    def __init__(self, sat: Sat) -> None:
        self._sat = sat
        self._trees: dict[tuple[str, bool], _Node] = {}

    def add(self, fact: Glob, atom: int) -> None:
        """Relate a pattern, whose propositional variable is `atom`, to the ones before it."""
        form = language(fact.pattern)
        whole = form.shape == "whole"
        text = form.prefix + _END if whole else form.prefix
        if not text:
            return
        root = self._trees.setdefault((fact.var, form.fold), _Node(0))
        node = self._insert(root, text)
        self._sat.add((-atom, node))
        if whole or (form.shape == "ends" and not form.suffix):
            self._sat.add((atom, -node))

    def _insert(self, node: _Node, text: str) -> int:
        """The variable of the node for `text`, made if need be."""
        at = 0
        while at < len(text):
            edge = node.edges.get(text[at])
            if edge is None:
                return self._child(node, text[at:]).variable
            label, child = edge
            shared = 0
            while shared < len(label) and text[at + shared : at + shared + 1] == label[shared]:
                shared += 1
            if shared < len(label):
                middle = self._child(node, label[:shared])
                middle.edges[label[shared]] = (label[shared:], child)
                self._sat.add((-child.variable, middle.variable))
                child = middle
            node = child
            at += shared
        return node.variable

    def _child(self, parent: _Node, label: str) -> _Node:
        """A new node below `parent`, in the place of whatever starts with the same character."""
        node = _Node(self._sat.fresh())
        if parent.variable:
            self._sat.add((-node.variable, parent.variable))
        for first, (_, sibling) in parent.edges.items():
            if first != label[0]:
                self._sat.add((-node.variable, -sibling.variable))
        parent.edges[label[0]] = (label, node)
        return node
