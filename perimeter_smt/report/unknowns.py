"""What a source did not tell, as text."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.organization.model import IDLE, Unknown
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.words import plural

_LINES = 12
_COUNTED = {
    "grants": "counted as granting anything",
    "guardrails": "counted as stopping nothing, so that requests shown above may be stopped",
    "actions": "and not asked about: the verdicts above say nothing of them",
    "facts": "taken as the source suggests, so that nothing is proved without it",
    "idle": "taken as the source suggests; objectives and findings do not hang on it, other questions may",
}


def _counted(unknown: Unknown) -> str:
    """How it was counted; results in JSON tell an idle fact by its reason alone."""
    return "idle" if unknown.affects == "facts" and unknown.reason.endswith(IDLE) else unknown.affects


def write_unknowns(page: Page, unknowns: Sequence[Unknown]) -> None:
    """A section for each way in which unknowns were counted; a long list is cut, all of it is in the JSON."""
    for affects, counted in _COUNTED.items():
        found = [unknown for unknown in unknowns if _counted(unknown) == affects]
        if not found:
            continue
        page.blank()
        page.text(f"{plural(len(found), 'thing', 'things')} not known, {counted}:", style="bold yellow")
        for unknown in found[:_LINES]:
            place = f" ({unknown.place})" if unknown.place else ""
            page.text(f"{visible(unknown.name)}: {visible(unknown.reason)}{visible(place)}", indent=2, hang=2)
        if len(found) > _LINES:
            page.text(f"and {len(found) - _LINES} more (all of them with `--json`)", indent=2)
