"""What the questions beside the matrix answer: one mitigation of the perimeter, a row for everything it looked at.

`refuted` rows hold a request that the evaluator replayed; `not-guardable` rows say what no policy can hold back;
`not-asked` rows say what the question would need to be asked. `listed`: a list, of which nothing is proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample
from perimeter_smt.solve.result import Limits

MitigationStatus = Literal["proved", "refuted", "conditional", "unknown", "not-asked", "not-guardable", "listed"]

# From bad to good: the status of a mitigation is that of its worst row. What was not asked or cannot be guarded stands
# in the report, and says nothing about the rest.
_ORDER: tuple[MitigationStatus, ...] = (
    *("refuted", "unknown", "conditional", "proved", "not-guardable", "listed", "not-asked"),
)


@dataclass(frozen=True)
class Granted:
    """Who answers for an exception or a vendor, where it was granted, its last day (ISO); empty where nobody said."""

    owner: str = ""
    ticket: str = ""
    expires: str = ""

    @property
    def shown(self) -> str:
        """The same in words."""
        parts = (("owner", self.owner), ("ticket", self.ticket), ("expires", self.expires))
        return ", ".join(f"{name} {value}" for name, value in parts if value)


@dataclass(frozen=True)
class Line:
    """One row: what it is about, its status, the statement to blame or to thank, and the request that shows it.

    `hops` are the requests of a path, one after the other, where one request does not tell the story. `granted`: of
    rows on an exception, who answers for it.
    """

    subject: str
    status: MitigationStatus
    text: str
    statement: Blame | None = None
    counterexample: Counterexample | None = None
    hops: tuple[Counterexample, ...] = ()
    granted: Granted | None = None


@dataclass(frozen=True)
class Mitigation:
    """The answer to one question: `id` such as `C1`, rows, what the proofs assume, what no policy can guard."""

    id: str
    title: str
    status: MitigationStatus
    lines: tuple[Line, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def not_guardable(self) -> int:
        """How many rows no policy can hold back: a proof says nothing of them."""
        return sum(line.status == "not-guardable" for line in self.lines)


@dataclass(frozen=True)
class Asking:
    """How mitigations are asked: `reading` as for the objectives, work limits, the day on which exceptions count.

    `demanded` are the ids that count for the exit code: they are asked however long it takes.
    """

    reading: Literal["over", "exact", "under"] = "over"
    limits: Limits = field(default_factory=Limits)
    today: date = date.min
    demanded: tuple[str, ...] = ()


def answered(
    name: str,
    title: str,
    lines: Sequence[Line],
    assumptions: Iterable[Assumption] = (),
    limits: tuple[str, ...] = (),
) -> Mitigation:
    """The answer with these rows: as bad as the worst, with each assumption of its proofs once, by name."""
    by_name: dict[str, Assumption] = {}
    for assumption in assumptions:
        by_name.setdefault(assumption.name, assumption)
    stated = tuple(by_name[key] for key in sorted(by_name))
    return Mitigation(name, title, worst(lines), tuple(lines), stated, limits)


def worst(lines: Iterable[Line]) -> MitigationStatus:
    """The status of a mitigation with these rows; `not-asked` without any."""
    return min((line.status for line in lines), key=_ORDER.index, default="not-asked")
