"""A comparison of two organizations as `schemas/changes.json` describes it."""

from __future__ import annotations

from typing import Any

from perimeter_smt.questions.changes.answer import Change, Changes, Difference, Edit
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.report.json import FORMAT, assumption_json, blame_json, counterexample_json
from perimeter_smt.witness.case import case_to_json


def changes_json(found: Changes) -> dict[str, Any]:
    """The whole comparison."""
    return {
        "format": FORMAT,
        "before": found.before,
        "after": found.after,
        "reading": found.reading,
        "parts": [
            {"mode": part.mode, "opens": _difference(part.opens), "closes": _difference(part.closes)}
            for part in found.parts
        ],
        "edits": [_edit(edit) for edit in found.edits],
        "notes": list(found.notes),
        "unknowns": [unknown.model_dump(mode="json") for unknown in found.unknowns],
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "status": found.status,
        "reason": found.reason,
        "changes": [_change(change) for change in found.changes],
        "assumptions": [assumption_json(assumption) for assumption in found.assumptions],
        "presumes": list(presumes(found.assumptions)),
        "used": [blame_json(blame) for blame in found.used],
    }


def _change(change: Change) -> dict[str, Any]:
    denied = change.denied
    return {
        "objective": change.objective,
        "callers": change.callers,
        "request": counterexample_json(change.request),
        "denied": {
            "exists": denied.exists,
            "why": denied.why,
            "statements": [blame_json(blame) for blame in denied.statements],
            "case": case_to_json(denied.case) if denied.case else None,
        },
        "because": [blame_json(blame) for blame in change.because],
        "services": list(change.services),
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"what": edit.what, "where": edit.where, "statement": blame_json(edit.statement)}
