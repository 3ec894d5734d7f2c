"""Findings that are known: a file of their keys, what of a result is new.

What is known is never called proved: only the exit code and the lists leave it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.report.entries import Entry, Result, is_lint, status_entry

FORMAT = 1
_MAX_CHARACTERS = 12_500_000
_UNLISTED = {
    "refuted": "not all ways were listed, a new one may hide behind a known one: ask with a higher `--limit`",
    "conditional": "conditions are accepted by name in perimeter.yaml, a baseline does not accept them",
}


def read_baseline(path: Path) -> frozenset[str]:
    """The keys of a baseline file; InputError if it is none."""
    try:
        value = json.loads(read_text(path, _MAX_CHARACTERS, "a baseline"))
    except (ValueError, RecursionError):
        raise InputError("not JSON, expected a baseline", file=str(path)) from None
    known = value.get("known") if isinstance(value, dict) and value.get("format") == FORMAT else None
    if not isinstance(known, dict):
        raise InputError("no baseline: `--update-baseline` writes one", file=str(path))
    return frozenset(known)


def baseline_text(found: Iterable[Entry]) -> str:
    """The text of a baseline that holds these findings, sorted, one key per line."""
    known = {key: f"{entry.file}: {entry.message}"[:200] for entry in found for key in entry.keys}
    return json.dumps({"format": FORMAT, "known": known}, sort_keys=True, indent=1) + "\n"


def new_entries(found: Sequence[Entry], known: frozenset[str]) -> list[Entry]:
    """The findings of which a key is not known."""
    return [entry for entry in found if not known.issuperset(entry.keys)]


def without_known(result: Result, new: Sequence[Entry]) -> Result:
    """A result of `lint` with the new places only."""
    left = {(entry.rule, entry.file, entry.line, entry.message) for entry in new}
    findings = []
    for finding in result["findings"]:
        places = [
            place
            for place in finding["places"]
            if (finding["id"], finding["file"], place["line"], place["message"]) in left
        ]
        if places:
            findings.append({**finding, **places[0], "count": len(places), "places": places})
    return {**result, "findings": findings}


def unlisted(result: Result) -> list[Entry]:
    """An entry per verdict for which not all ways through were listed: a new one may hide behind a known one."""
    if is_lint(result):
        return []
    return [
        status_entry(result, verdict, "unlisted", _UNLISTED[verdict["status"]])
        for verdict in result["verdicts"]
        if verdict["status"] in _UNLISTED and verdict["exhausted"] is not True
    ]
