"""A workspace's problem with only such calls as its formulas tell apart, and actions that they treat alike together.

Of all services there are tens of thousands of calls. What a decision says of most of them is the same, so that one
row stands for many (distinct_calls.py); and actions that lie in the same sets of the decision are one class.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.questions.distinct_calls import DistinctCalls, Gathered, reduced, universe_with

_TOLD = ("action ~ ", "action=")  # how sets of actions begin that statements or the decision name


class Reduced:
    """Formulas about calls of some services, rewritten; `problem` is made of those that were met until then."""

    def __init__(self, world: World) -> None:
        self._world, self._universe = world, universe_with(world.calls)
        self._gathered = Gathered()
        self._classes: dict[tuple[str, ...], str] = {}
        self.of = self._gathered.of

    def called(self, actions: tuple[str, ...]) -> Formula:
        """A call of one of these actions, as one set of the catalogue."""
        if actions not in self._classes:
            self._classes[actions] = f"actions of class {len(self._classes)}"
            self._gathered.sets[self._classes[actions]] = tuple(f"action={name.lower()}" for name in actions)
        return atom(Member(CALL, self._classes[actions]))

    def alike(self, classes: Sequence[tuple[str, ...]], facts: Sequence[Hashable]) -> list[tuple[int, ...]]:
        """Lists of actions that the same statements name and of which the same facts hold, by their places."""
        for assertion in self._world.assertions:
            self.of(assertion.formula)
        names = (n for n in self._gathered.names if n.startswith(_TOLD) or self._lists_patterns(n))
        sets = [self._rows(name) for name in names]
        out: dict[Hashable, list[int]] = {}
        for place, own in enumerate(classes):
            rows = self._universe.members(f"action={own[0].lower()}")
            out.setdefault((facts[place], *(bool(rows & bits) for bits in sets)), []).append(place)
        return [tuple(places) for places in out.values()]

    def _lists_patterns(self, name: str) -> bool:
        return all(one.startswith(_TOLD) for one in self._gathered.sets.get(name, ("",)))

    def problem(self, asked: Iterable[Formula]) -> tuple[Problem, list[Formula]]:
        """The problem for these formulas, and the formulas as it holds them; the world speaks of its rows from now."""
        world = self._world
        found = [self.of(formula) for formula in asked]
        assertions = tuple(Assertion(a.name, self.of(a.formula)) for a in world.assertions)
        calls = reduced(self._universe, self._gathered)
        world.calls = calls
        return replace(self._posed(calls), assertions=assertions), found

    def _posed(self, calls: DistinctCalls) -> Problem:
        world = self._world
        enums = {"caller": world.script.enums["sort Caller"], "wire": world.script.enums["sort Wire"]}
        return Problem((), enums, {CALL: calls.catalogue(calls.known)}, world.hints())

    def _rows(self, name: str) -> int:
        return self._universe.union(self._gathered.sets.get(name, (name,)))
