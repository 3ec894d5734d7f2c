"""The requests of a report by number: most practical first, the same in the text and for `--case`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.questions.verdicts import Blame, Counterexample, Limit, Report, Verdict

_CALLERS = ("anon", "role", "user", "feduser", "fedsts", "root", "service")
_WIRES = ("public", "awsnet", "vpce", "invpc")
_LONG = 12  # characters of a folder that are worth a line of their own
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Numbered:
    """A request of a report: its number from 1, its verdict (and limit), where it stands in the JSON."""

    number: int
    verdict: Verdict
    found: Counterexample
    path: Path
    limit: Limit | None = None

    @property
    def kind(self) -> str:
        """`hole`, `limit`, `conditional` or `blocked`."""
        if self.limit is not None:
            return "limit"
        if self.found.kind == "blocked":
            return "blocked"
        return "conditional" if self.verdict.status == "conditional" else "hole"


def numbered(report: Report) -> list[Numbered]:
    """Holes, limits that nobody accepted, conditional requests, blocked requests."""
    rows = [
        Numbered(0, verdict, found, (part, at, "counterexamples", number))
        for part, verdicts in (("verdicts", report.verdicts), ("availability", report.availability))
        for at, verdict in enumerate(verdicts)
        for number, found in enumerate(verdict.counterexamples)
        if found.kind != "beyond"
    ]
    rows += _limits(report)
    order = ("hole", "limit", "conditional", "blocked")
    rows.sort(key=lambda row: (order.index(row.kind), practical(row.found) if row.kind == "hole" else ()))
    return [Numbered(n, row.verdict, row.found, row.path, row.limit) for n, row in enumerate(rows, 1)]


def practical(found: Counterexample) -> tuple[int, ...]:
    """Smaller for what an outsider does more easily: without reservations, without an identity, from anywhere."""
    facts = found.facts
    reserved = bool(found.depends_on or found.rests_on or found.chance)
    missed = len(found.closest.failed) if found.closest else 0
    return int(reserved), _rank(_CALLERS, facts.kind), _rank(_WIRES, facts.path), missed


def common_folder(rows: Sequence[Numbered]) -> str:
    """The folder, with a slash, that holds every statement which the rows name, if leaving it out spares much."""
    named = [blame for row in rows for blame in (*row.found.through, *_near(row.found)) if blame.file]
    folders = {posixpath.dirname(blame.file) for blame in named}
    if len(folders) < 2 or len({posixpath.isabs(folder) for folder in folders}) > 1:
        return ""
    common = posixpath.commonpath(folders)
    return f"{common}/" if len(common) >= _LONG else ""


def _near(found: Counterexample) -> list[Blame]:
    return [found.closest.statement] if found.closest else []


def case_of(report: Report, result: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The replayed case of a number; InputError if there is none."""
    rows = numbered(report)
    if not 1 <= number <= len(rows):
        range_ = f"expected 1 to {len(rows)}" if rows else "nothing was found that could be replayed"
        raise InputError(f"no request has the number `{number}`: {range_}", path="--case")
    value: Any = result
    for step in rows[number - 1].path:
        value = value[step]
    if value["case"] is None:
        raise InputError(f"request `{number}` was not replayed, so that it has no case", path="--case")
    return dict(value["case"])


def _limits(report: Report) -> list[Numbered]:
    out: dict[str, Numbered] = {}
    for at, verdict in enumerate(report.verdicts):
        for number, limit in enumerate(verdict.limits):
            if limit.example and not limit.accepted:
                path = ("verdicts", at, "limits", number, "example")
                out.setdefault(limit.reach, Numbered(0, verdict, limit.example, path, limit))
    return list(out.values())


def _rank(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
