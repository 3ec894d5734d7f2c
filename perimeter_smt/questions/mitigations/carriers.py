"""E2: no service is told to carry data out later (table `carriers`; docs/mitigations.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perimeter_smt.encode.world import configured
from perimeter_smt.evaluate.configured import hands_over
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.asked import SCP_LIMITS, Agrees, Asked, excepted
from perimeter_smt.questions.mitigations.model import Asking, Mitigation, MitigationStatus, worst
from perimeter_smt.questions.mitigations.of_tables import claimed_rows, obligations

ID, TITLE = "E2", "no service is told to carry data out"
LIMITS = (*SCP_LIMITS, "services that the table `carriers` does not know may be told to carry data, too")
Row = Mapping[str, Any]
_OPEN: dict[str, tuple[MitigationStatus, str]] = {
    "key": ("refuted", "a call that names a foreign target gets through"),
    "deny": ("refuted", "no condition key tells the target; AWS advises to deny the call to all but some"),
    "none": ("not-guardable", "no condition key tells the target: only denying the call to everybody would hold it"),
    "role": ("refuted", "the role that carries the data reaches a foreign resource"),
}


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """A row for every entry of the table that the scope of E2 claims."""
    if not claimed_rows(workspace, ID):
        return Mitigation(ID, TITLE, "not-asked")
    encoded = worlds.tables(workspace, asking)

    def agrees(row: Row) -> Agrees:
        return lambda request, facts, departs: hands_over(workspace, request, facts, row, told="AC2" not in departs)

    question = Asked(encoded, "AC2")
    lines = question.lines(obligations(encoded, workspace, ID, ID, _words, agrees))
    return Mitigation(ID, TITLE, worst(lines), tuple(lines), question.stated, (*LIMITS, *excepted(workspace, ID)))


def _words(row: Row) -> tuple[MitigationStatus, str]:
    status, text = _OPEN[row["guard"]]
    told = configured.spelled_keys([row])
    by_key = f"; {', '.join(told)} would hold it" if told else ""
    return status, f"{text}{by_key}" + (f" ({row['note']})" if "note" in row else "")
