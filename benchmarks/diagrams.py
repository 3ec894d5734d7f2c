"""Findings checked by decision diagrams: the library `dd`, where it is installed, instead of counting and the engine.

Access and findings of one policy are products over the classes that the search knows. As a diagram access takes a
hundredth of the time of the search; what it cannot know is which classes there are and which points are requests at
all: both are the engine's answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.harness import clock
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.findings.boxes import Box
from perimeter_smt.questions.findings.projected import Projected
from perimeter_smt.questions.findings.setting import of_document


def checked(document: Document, account: str) -> tuple[float, float, bool]:
    """Seconds of the search, seconds of the diagrams, and whether they say: exactly the access, each set needed."""
    start = clock()
    asked, _ = of_document(document, account=account)
    search = asked.search
    assert isinstance(search, Projected)
    cubes = search.cover().cubes
    searched, start = clock() - start, clock()
    allows, denies, never = search.boxes()
    diagrams = _Diagrams(search.classes.full)
    room = diagrams.union([search.classes.full]) & ~diagrams.union(never)
    access = diagrams.union(allows) & ~diagrams.union(denies) & room
    found = [diagrams.union([search.box(cube)]) & room for cube in cubes]
    whole = diagrams.false
    for one in found:
        whole |= one
    exact = whole == access
    for number, one in enumerate(found):
        others = diagrams.false
        for place, other in enumerate(found):
            if place != number:
                others |= other
        exact = exact and (one & ~others) != diagrams.false
    return searched, clock() - start, exact


class _Diagrams:
    """Boxes over the classes of each dimension as diagrams over their numbers in binary."""

    def __init__(self, full: Box) -> None:
        from dd.autoref import BDD

        self._bdd = BDD()
        self.false: Any = self._bdd.false
        self._full = full
        self._names = [[f"x{at}_{n}" for n in range(max(1, side.bit_length().bit_length()))]
                       for at, side in enumerate(full)]  # fmt: skip
        self._bdd.declare(*(name for names in self._names for name in names))
        self._sides: dict[tuple[int, int], Any] = {}

    def union(self, boxes: Iterable[Box]) -> Any:
        """All that lies in one of the boxes."""
        out = self.false
        for box in boxes:
            one = self._bdd.true
            for at, side in enumerate(box):
                one &= self._side(at, side)
            out |= one
        return out

    def _side(self, at: int, side: int) -> Any:
        if (at, side) not in self._sides:
            out = self.false
            for number in range(self._full[at].bit_length()):
                if side >> number & 1:
                    out |= self._value(at, number)
            self._sides[at, side] = out
        return self._sides[at, side]

    def _value(self, at: int, number: int) -> Any:
        out = self._bdd.true
        for place, name in enumerate(self._names[at]):
            variable = self._bdd.var(name)
            out &= variable if number >> place & 1 else ~variable
        return out
