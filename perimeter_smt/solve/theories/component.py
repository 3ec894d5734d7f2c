"""The decision on one component: literals over variables that are linked with each other.

Answers are remembered by the set of literals, and conflicts are cut down to minimal ones: no literal of a
conflict can be dropped without the rest becoming satisfiable (or undecided).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from perimeter_smt.solve.theories import equality, links, one_case, unary
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal, Realised, Undecided
from perimeter_smt.solve.theories.work import STATES, OutOfWorkError, Work

_PATIENCE = 20  # how many times the work of finding a conflict may go into cutting it down, beside ...
_SPARE = 400_000  # ... so much in any case


def split(literals: Iterable[Literal]) -> list[list[Literal]]:
    """The connected components of `literals`, each in the order of keys; components in order of first key."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    ordered = sorted(literals, key=lambda literal: literal.key)
    for literal in ordered:
        first = literal.variables[0]
        parent.setdefault(first, first)
        for other in literal.variables[1:]:
            parent.setdefault(other, other)
            left, right = find(first), find(other)
            if left != right:
                parent[right] = left
    out: dict[str, list[Literal]] = {}
    for literal in ordered:
        out.setdefault(find(literal.variables[0]), []).append(literal)
    return list(out.values())


class TheorySolver:
    """Decides conjunctions of theory literals component by component, with a memory. One per engine."""

    def __init__(self, hints: Mapping[str, tuple[str, ...]]) -> None:
        self._hints = hints
        self.work = Work()  # what is left to do for the check under way
        self._known: dict[frozenset[int], Answer] = {}

    def decide(self, literals: Sequence[Literal]) -> Answer:
        """Values for all variables of one component, or a minimal conflict."""
        key = frozenset([literal.key for literal in literals])
        found = self._known.get(key)
        if found is None:
            before = self.work.spent
            found = self._raw(literals)
            if isinstance(found, Conflict):
                found = self.minimal(found, _PATIENCE * (self.work.spent - before) + _SPARE)
            self._known[key] = found
        return found

    def decide_all(self, literals: Sequence[Literal]) -> Answer:
        """The same for literals of any number of components."""
        texts: dict[str, str] = {}
        undecided: Undecided | None = None
        for part in split(literals):
            answer = self.decide(part)
            if isinstance(answer, Conflict):
                return answer
            if isinstance(answer, Undecided):
                undecided = undecided or answer
            else:
                texts.update(answer.texts)
        return undecided or Realised(texts)

    def minimal(self, conflict: Conflict, patience: int = STATES) -> Conflict:
        """A subset of a conflict, itself one, from which nothing can be dropped.

        After `patience` steps of automata the search for smaller ones ends.
        """
        smallest = [conflict]
        if len(conflict.literals) > 1:
            try:
                with self.work.at_most(patience):
                    self._shrink(smallest)
            except OutOfWorkError:
                pass  # still a conflict
        return Conflict(tuple(sorted(smallest[-1].literals, key=lambda literal: literal.key)))

    def _shrink(self, found: list[Conflict]) -> None:
        """Append smaller and smaller subsets of a conflict that are conflicts themselves."""
        kept = sorted(found[-1].literals, key=lambda literal: literal.key)
        size = len(kept)
        while size > 1:  # drop many at a time, then one by one
            size = (size + 1) // 2
            before = list(kept)
            for at in range(0, len(before), size):
                dropped = {literal.key for literal in before[at : at + size]}
                rest = [literal for literal in kept if literal.key not in dropped]
                if len(rest) == len(kept):
                    continue
                answer = self._raw_all(rest)
                if isinstance(answer, Conflict):
                    kept = sorted(answer.literals, key=lambda other: other.key)
                    found.append(answer)
            size = min(size, len(kept))

    def _raw_all(self, literals: Sequence[Literal]) -> Answer:
        undecided: Undecided | None = None
        for part in split(literals):
            key = frozenset([literal.key for literal in part])
            answer = self._known.get(key)
            if answer is None:
                answer = self._raw(part)
                if not isinstance(answer, Conflict):
                    self._known[key] = answer
            if isinstance(answer, Conflict):
                return answer
            if isinstance(answer, Undecided):
                undecided = undecided or answer
        return undecided or Realised({})

    def _raw(self, literals: Sequence[Literal]) -> Answer:
        if all(literal.unary for literal in literals):
            variable = literals[0].variables[0]
            found = unary.find(literals, self._hints.get(variable, ()), (), self.work)
            return Realised({variable: found}) if isinstance(found, str) else found
        if not any(literal.kind == "match" for literal in literals):
            return equality.decide(literals, self._hints, self.work)
        plain, because = one_case.equated(literals)
        theory = links if any(literal.kind == "match" for literal in plain) else equality
        return one_case.explained(theory.decide(plain, self._hints, self.work), because)
