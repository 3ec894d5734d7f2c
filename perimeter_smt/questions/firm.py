"""Requests that get through under every reading: a refutation that rests on an open point is a condition only.

As for the objectives (`questions/holes.py`): before a row is `conditional` because its request rests on how an open
point is read, a request is looked for that gets through under both readings. `--reading exact` asks for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from perimeter_smt.logic.formula import Formula
from perimeter_smt.questions.robust import Flipped
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.solve.result import Result

if TYPE_CHECKING:
    from perimeter_smt.questions.run import Run

Show = Callable[[Result, tuple[Formula, ...]], Counterexample]  # the request of a result, asked with these formulas


def rests(run: Run, found: Counterexample) -> tuple[str, ...]:
    """The open points that a request rests on, where that counts."""
    return () if run.reading == "exact" else found.rests_on


def firm(run: Run, asked: Sequence[Formula], first: Counterexample, show: Show) -> Counterexample:
    """A request that satisfies `asked` under the rival readings as well, if there is one; else the first.

    `asked`: the formulas of the question and, last, the mode; all but the mode are read both ways.
    """
    points: list[str] = []
    found = first
    *formulas, mode = asked
    flipped = Flipped(run.world)
    while new := [point for point in rests(run, found) if point not in points]:
        points += new
        both_ways = (*formulas, *(flipped.of(f, point) for point in points for f in formulas), mode)
        result = run.ask(*both_ways)
        if result.status != "sat":
            return first
        found = show(result, both_ways)
    return first if rests(run, found) else found
