"""What the comparison of two organizations answers.

`none`: no request gets through in one state and not in the other, whatever the open readings: proved.  `found`: some
do, shown and replayed in both states.  `conditional`: only under a rival reading, without a soft axiom, or as far as
what the source did not tell allows.  `unknown`: not decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from perimeter_smt.errors import NoTruth
from perimeter_smt.organization.model import Unknown
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample
from perimeter_smt.request.case import Case

Status = Literal["none", "found", "conditional", "unknown"]
Mode = Literal["guardrails", "grants"]
INSIDE = "inside"
AVAILABILITY = "availability"


@dataclass(frozen=True)
class Denied:
    """The same request in the state that does not let it through.

    `exists`: it can be made there at all; `why` says what stops it, or what is missing; `case` is what was replayed.
    """

    exists: bool
    why: str
    statements: tuple[Blame, ...] = ()
    case: Case | None = None


@dataclass(frozen=True)
class Change:
    """One request that gets through in one state only, for others of its kind.

    `objective`: the one that it breaks; `inside`: none of them; `availability`: it is meant to get through. `callers`:
    the class of who calls. `because`: the statements that differ and decide, or what else does. `services`: those of
    which some call changes likewise.
    """

    objective: str
    callers: str
    request: Counterexample
    denied: Denied
    because: tuple[Blame, ...]
    services: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """All that gets through in one state and not in the other, as far as it was asked."""

    status: Status
    changes: tuple[Change, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    used: tuple[Blame, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Part:
    """The answer for one mode: what is open in the second state only, and what in the first only."""

    mode: Mode
    opens: Difference
    closes: Difference


@dataclass(frozen=True)
class Edit:
    """What is written differently: a statement or attachment, in words, with its place."""

    what: Literal["added", "removed"]
    where: str
    statement: Blame


@dataclass(frozen=True)
class Changes(NoTruth):
    """The comparison of two states of an organization."""

    before: str
    after: str
    reading: Literal["exact", "over"]
    parts: tuple[Part, ...]
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()
    unknowns: tuple[Unknown, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 nothing newly allowed, 1 something, 3 not decided."""
        statuses = {part.opens.status for part in self.parts}
        if "found" in statuses:
            return 1
        return 3 if statuses - {"none"} else 0
