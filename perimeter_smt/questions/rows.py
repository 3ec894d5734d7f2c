"""Verdicts in the making: groups of services that agree are folded into rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from perimeter_smt.logic.formula import Formula
from perimeter_smt.questions.run import Group, Run
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample, Status
from perimeter_smt.solve.result import Result


@dataclass
class Row:
    """Verdicts that agree: same status, same kind of counterexample, same reason."""

    status: Status
    groups: list[Group]
    counterexamples: tuple[Counterexample, ...] = ()
    exhausted: bool | None = None
    reason: str = ""
    proof: tuple[tuple[Assumption, ...], tuple[Blame, ...]] = field(default=((), ()))
    kind: Formula | None = None  # of a hole
    first: Result | None = None  # of the first counterexample of a hole


def fold(rows: dict[object, Row], key: object, row: Row) -> None:
    """Add a row, or its groups to the row that is there under the same key."""
    found = rows.setdefault(key, row)
    if found is not row:
        found.groups += row.groups


def undecided(
    run: Run, left: list[Group], rows: dict[object, Row], result: Result, *assumptions: Formula
) -> list[Group]:
    """Groups that could not be decided together are asked one by one; those that are `unsat` are left."""
    decided = []
    for group in left:
        own = run.ask(*assumptions, group.here)
        if own.status == "unsat":
            decided.append(group)
        else:
            reason = own.reason or result.reason or "not decided"
            fold(rows, ("unknown", reason), Row("unknown", [group], reason=reason))
    return decided
