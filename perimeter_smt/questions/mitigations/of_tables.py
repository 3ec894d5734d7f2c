"""The rows of a table as obligations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from perimeter_smt.encode.world import configured
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.asked import Agrees, Obligation, own_requests
from perimeter_smt.questions.mitigations.model import MitigationStatus
from perimeter_smt.request.keys import table_rows

Row = Mapping[str, Any]
Words = Callable[[Row], tuple[MitigationStatus, str]]


def claimed_rows(workspace: Workspace, mitigation: str) -> list[Row]:
    """The rows of a question's table with a call that its scope claims."""
    rows = table_rows(worlds.TABLES[mitigation])
    return [row for row in rows if any(worlds.claimed(workspace, mitigation, a) for a in configured.calls_of(row))]


def obligations(
    encoded: worlds.Encoded,
    workspace: Workspace,
    mitigation: str,
    name: str,
    words: Words,
    agrees: Callable[[Row], Agrees],
) -> list[Obligation]:
    """An obligation for each claimed row. `name`: of the premise; `words`: status and text of a row that is open."""
    world, rows = encoded.world, claimed_rows(workspace, mitigation)
    breach = worlds.breach(world, name, mitigation)
    told = [(configured.calls_of(row), worlds.told(workspace, world, mitigation, row)) for row in rows]
    out = []
    for row, own in zip(rows, own_requests(told), strict=True):
        keys = configured.keys_of([row])
        status, text = words(row)
        out.append(
            Obligation(
                f"{row['service']}: {row['what']}",
                breach,
                tuple(worlds.row_checks(world.calls, row, action) for action in configured.calls_of(row)),
                configured.calls_of(row),
                agrees(row),
                world.calls.members(configured.row_set(mitigation, row)),
                own,
                status,
                text,
                keys,
                plain=not keys and row.get("guard") != "role",
            )
        )
    return out
