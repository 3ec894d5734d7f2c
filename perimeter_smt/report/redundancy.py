"""Statements that could go, and packed guardrails, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from perimeter_smt.questions.redundancy.pack import Packed
from perimeter_smt.questions.redundancy.redundant import Judged
from perimeter_smt.report.json import FORMAT, blame_json
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import plural

_WORDS = {
    "unreachable": "no request matches it",
    "idle": "denies nothing that anything here allows",
    "unknown": "not decided",
}


def redundant_json(found: Sequence[Judged]) -> dict[str, Any]:
    """As `schemas/redundant.json` describes it."""
    return {
        "format": FORMAT,
        "statements": [
            {"statement": blame_json(one.statement), "status": one.status, "by": [blame_json(b) for b in one.by],
             "removable": one.removable, "place": one.place, "reason": one.reason}
            for one in found
        ],
    }  # fmt: skip


def render(found: Sequence[Judged], *, width: int | None = None, color: bool = False) -> str:
    """The answer, then every statement that could go with what covers it."""
    page = Page(width, color=color)
    wrong = [one for one in found if one.status != "needed"]
    spare = [one for one in wrong if one.redundant]
    together = sum(one.removable for one in spare)
    if not wrong:
        page.text(f"all {plural(len(found), 'statement')} needed: each decides some request alone", style="bold green")
        return str(page)
    words = f"{len(spare)} of {plural(len(found), 'statement')} could go"
    if together < len(spare):
        words += f", {together} of them together"
    page.text(words, style="bold yellow")
    for one in wrong:
        page.blank()
        kind = f"{one.statement.kind}, {one.statement.effect}"
        keeps = "" if one.removable or not one.redundant else " (keep it if what covers it goes)"
        page.text(f"{one.statement} ({kind}){keeps}", hang=2, style="bold")
        if one.by:
            page.item(one.status, [f"by {b}" for b in one.by], indent=2)
        else:
            page.text(_WORDS[one.status] + (f": {one.reason}" if one.reason else ""), indent=2)
    return str(page)


def packed_json(found: Packed) -> dict[str, Any]:
    """As `schemas/pack.json` describes it."""
    return {
        "format": FORMAT,
        "documents": list(found.documents),
        "characters": list(found.characters),
        "before": list(found.before),
        "dropped": [blame_json(b) for b in found.dropped],
        "merged": found.merged,
        "fits": found.fits,
        "proved": found.proved,
        "reason": found.reason,
    }


def render_packed(found: Packed, *, width: int | None = None, color: bool = False) -> str:
    """Before and after, and whether both decide alike."""
    page = Page(width, color=color)
    before, after = sum(found.before), sum(found.characters)
    sizes = (
        f"{plural(len(found.before), 'policy', 'policies')} of {before} characters become "
        f"{plural(len(found.characters), 'policy', 'policies')} of {after}"
    )
    if not found.proved:
        page.text(f"not packed: {found.reason}", style="bold yellow")
        return str(page)
    fits = "they fit" if found.fits else "they DO NOT FIT"
    page.text(f"{sizes}: {fits}", style="bold green" if found.fits else "bold red")
    page.text("proved: every request is decided as before, under every open reading", indent=2)
    for number, length in enumerate(found.characters, 1):
        page.text(f"policy {number}: {length} characters", indent=2)
    if found.merged:
        page.text(f"{plural(found.merged, 'statement')} merged into others", indent=2)
    page.item("dropped", [str(b) for b in found.dropped], indent=2)
    return str(page)


def document_text(document: dict[str, Any]) -> str:
    """A policy as people keep it, in the order of its elements."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
