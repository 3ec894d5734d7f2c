"""A cache of models: those found before are tried on new questions before anything is searched.

Questions on one problem are often met by the same request: a model of the assertions stays one, so all that is left
is to evaluate the assumptions, which takes less than a search by orders of magnitude.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.circuit import Circuit
from perimeter_smt.solve.question import Question, default

_SIZE = 8


class ModelCache:
    """The last few models of the assertions of a problem."""

    def __init__(self, circuit: Circuit, problem: Problem) -> None:
        self._circuit, self._problem = circuit, problem
        self._entries: deque[_Entry] = deque(maxlen=_SIZE)

    def add(self, model: Model) -> None:
        """Keep a model that satisfies all assertions."""
        self._entries.appendleft(_Entry(model, self._circuit))

    def find(self, asked: Question, assumptions: Sequence[int]) -> Model | None:
        """The latest model that satisfies the nodes `assumptions` too, with a value for all that `asked` mentions."""
        for entry in self._entries:
            if entry.complete(asked, self._problem) and all(map(entry.true, assumptions)):
                return entry.model
        return None


class _Entry:
    """One model, and the truth of every node that was evaluated in it."""

    def __init__(self, model: Model, circuit: Circuit) -> None:
        self._symbols, self._texts, self._enums = dict(model.symbols), dict(model.texts), dict(model.enums)
        self._own = Model(self._symbols, self._texts, self._enums, model.members, model.rows)
        self._known: dict[int, bool] = {}
        self._circuit = circuit

    @property
    def model(self) -> Model:
        """A copy, so that what is added later does not change what was answered."""
        own = self._own
        return replace(own, symbols=dict(own.symbols), texts=dict(own.texts), enums=dict(own.enums))

    def complete(self, asked: Question, problem: Problem) -> bool:
        """Give a value to what the question mentions besides; False if there is no obvious one."""
        mentioned = asked.mentioned
        if not (
            mentioned.catalogues.keys() <= self._own.rows.keys() and mentioned.enums.keys() <= problem.enums.keys()
        ):
            return False
        if not mentioned.texts.keys() <= self._texts.keys():
            for variable in sorted(mentioned.texts.keys() - self._texts.keys()):
                self._texts[variable] = default(problem, variable)
        if not mentioned.enums.keys() <= self._enums.keys():
            for variable in sorted(mentioned.enums.keys() - self._enums.keys()):
                self._enums[variable] = problem.enums[variable][0]
        if not mentioned.symbols.keys() <= self._symbols.keys():
            for symbol in mentioned.symbols.keys() - self._symbols.keys():
                self._symbols[symbol] = False
        return True

    def true(self, node: int) -> bool:
        """The truth of a node."""
        return self._circuit.evaluate(node, self._known, self._leaf)

    def _leaf(self, number: int) -> bool:
        formula = self._circuit.leaves[number]
        assert formula is not None
        if formula.op == "sym":
            return self._symbols[formula.payload]
        return holds(formula.payload, self._own)
