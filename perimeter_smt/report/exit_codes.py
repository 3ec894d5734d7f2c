"""Exit codes of proofs: 1 for what is refuted, 3 for what is not decided, from a given class on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.questions.verdicts import Report
from perimeter_smt.report.entries import Entry, Result
from perimeter_smt.report.words import cell

# From bad to good; `--fail-on NAME` counts NAME and what stands before it.
_LADDER = ("hole", "limit", "unknown", "conditional", "blocked")
_RANKS = {"beyond": "limit", "vacuous": "unknown"}
_CODES = {"unlisted": 3, "hole": 1, "limit": 1, "unknown": 3, "conditional": 3, "blocked": 1}


def of_report(report: Report, fail_on: str = "conditional") -> int:
    """The exit code of a report; without other wishes that of `Report.exit_code`."""
    classes = [cell(verdict) for verdict in report.verdicts]
    blocked = ["blocked" for verdict in report.availability if verdict.status == "refuted"]
    return _code([*classes, *_demanded(report), *blocked], fail_on)


def of_entries(result: Result, new: Sequence[Entry], fail_on: str = "conditional") -> int:
    """The exit code where only these findings count."""
    objectives = {verdict["objective"] for verdict in result["verdicts"]} | set(result["demanded"])
    own = (entry.kind for entry in new if entry.rule in objectives or entry.kind == "blocked")
    return _code(own, fail_on)


def _demanded(report: Report) -> list[str]:
    """The classes of mitigations that must hold."""
    statuses = [str(mitigation.status) for mitigation in report.mitigations if mitigation.id in report.demanded]
    return ["hole" if status == "refuted" else status for status in statuses]


def _code(kinds: Iterable[str], fail_on: str) -> int:
    """Refuted goes before not decided."""
    # behind ways that were not listed anything may hide
    counted = ("unlisted", *_LADDER[: _LADDER.index(fail_on) + 1]) if fail_on in _LADDER else ()
    codes = {_CODES[name] for kind in kinds if (name := _RANKS.get(kind, kind)) in counted}
    return 1 if 1 in codes else max(codes, default=0)
