"""The same formula about other variables: names of symbols and text variables put in place of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perimeter_smt.logic.atoms import Atom, Equal, Is, Match, Member, Order, Ref
from perimeter_smt.logic.formula import Formula, atom, equal, rebuilt, sym, walk


class Renaming:
    """Renames what `names` holds; formulas without any of it stay the same object."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        self._known: dict[int, Formula] = {}
        self._kept: list[Formula] = []  # keeps the identities in use

    def __call__(self, formula: Formula) -> Formula:
        """The renamed formula."""
        if not self.names:
            return formula
        for node in walk(formula, self._known):
            if id(node) not in self._known:
                self._known[id(node)] = self._node(node)
                self._kept.append(node)
        return self._known[id(formula)]

    def _node(self, node: Formula) -> Formula:
        args = [self._known[id(arg)] for arg in node.args]
        match node.op:
            case "sym":
                return sym(self.names[node.payload]) if node.payload in self.names else node
            case "atom":
                return self._atom(node)
        return rebuilt(node, args)

    def _atom(self, node: Formula) -> Formula:
        fact: Atom = node.payload
        match fact:
            case Is() | Member():
                return node
            case Equal(left=left, right=right):
                return equal(self._name(left), self._name(right))
            case Order(left=left, right=right):
                return atom(replace(fact, left=self._name(left), right=self._name(right)))
            case Match(var=var, template=template):
                parts = tuple(replace(p, var=self._name(p.var)) if isinstance(p, Ref) else p for p in template)
                return atom(Match(self._name(var), parts))
        return atom(replace(fact, var=self._name(fact.var)))

    def _name(self, name: str) -> str:
        return self.names.get(name, name)
