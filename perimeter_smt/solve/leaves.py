"""The propositional variables of symbols and atoms, with the clauses that hold of them whatever the question is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perimeter_smt.logic.atoms import Glob, Is
from perimeter_smt.logic.formula import Formula
from perimeter_smt.solve.errors import SolveError
from perimeter_smt.solve.prefixes import Prefixes
from perimeter_smt.solve.sat import Sat


class Leaves:
    """What is known of symbols and atoms by themselves: prefixes of patterns, and that enumerations have one value."""

    def __init__(self, sat: Sat, enums: Mapping[str, Sequence[str]]) -> None:
        self._sat, self._enums = sat, enums
        self._prefixes = Prefixes(sat)
        self._known: dict[str, dict[str, int]] = {}  # enumeration, value, variable
        self.variable: dict[int, int] = {}  # by identity of the formula

    def add(self, formula: Formula, variable: int) -> None:
        """A new symbol or atom, and its variable."""
        self.variable[id(formula)] = variable
        if isinstance(formula.payload, Glob):
            self._prefixes.add(formula.payload, variable)
        if formula.op != "atom" or not isinstance(formula.payload, Is):
            return
        fact = formula.payload
        declared = self._enums.get(fact.var)
        if declared is None:
            raise SolveError(f"enumeration `{fact.var}` is not declared")
        if fact.value not in declared:
            self._sat.add((-variable,))
            return
        known = self._known.setdefault(fact.var, {})
        for other in known.values():
            self._sat.add((-variable, -other))
        known[fact.value] = variable
        if len(known) == len(declared):
            self._sat.add(list(known.values()))
