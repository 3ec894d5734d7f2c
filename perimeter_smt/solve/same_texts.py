"""Variables that are equal are the same whole texts: clauses for all texts that both are compared with.

"These are equal, one is A, the other B" refutes one pair of texts at a time, which takes the square of their number.
What follows from it once, for each text: equal, and one is A, so the other is A.  All clauses are valid.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.atoms import Equal, Glob
from perimeter_smt.solve.sat import Sat
from perimeter_smt.solve.theories.literals import Literal, language

_FEW = 16  # so few texts have so few pairs that those in question are learned sooner


class SameTexts:
    """The whole texts that variables are compared with, and the equalities they were carried over for."""

    def __init__(self, sat: Sat) -> None:
        self._sat = sat
        self._texts: dict[str, dict[str, int]] = {}  # variable, text, propositional variable
        self._done: set[tuple[int, str]] = set()

    def add(self, fact: Glob, variable: int) -> None:
        """A pattern, and its propositional variable."""
        text = language(fact.pattern).exact
        if text is not None:
            self._texts.setdefault(fact.var, {})[text] = variable

    def carry_over(self, conflict: Sequence[Literal], equality: int) -> None:
        """Say it of all texts, where a conflict is of that kind; `equality` is the propositional variable of it."""
        left, right = (self._texts.get(name, {}) for name in conflict_of(conflict) or ("", ""))
        shared = [text for text in left if text in right]
        for text in shared if len(shared) > _FEW else ():
            if (equality, text) not in self._done:
                self._done.add((equality, text))
                own, other = left[text], right[text]
                self._sat.add((-equality, -own, other))
                self._sat.add((-equality, own, -other))


def conflict_of(literals: Sequence[Literal]) -> tuple[str, str] | None:
    """The variables, if a conflict says that two are equal and each is a text."""
    if len(literals) != 3 or not all(literal.positive for literal in literals):
        return None
    equal = [literal.atom for literal in literals if isinstance(literal.atom, Equal)]
    texts = [x.atom for x in literals if isinstance(x.atom, Glob) and language(x.atom.pattern).exact is not None]
    if len(equal) != 1 or {text.var for text in texts} != {equal[0].left, equal[0].right}:
        return None
    return equal[0].left, equal[0].right
