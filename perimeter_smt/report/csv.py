"""Results as CSV: a row per objective and service with its status, or per place of a lint finding."""

from __future__ import annotations

import csv as _csv
import io
from collections.abc import Iterable, Iterator, Sequence

from perimeter_smt.report.entries import Entry, Result, is_lint
from perimeter_smt.report.page import visible

LINT = ("rule", "severity", "title", "file", "line", "message", "fingerprint")
PROVE = (
    "workspace", "mode", "reading", "objective", "title", "service", "status", "findings", "reason", "file", "line",
    "message", "fingerprint",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")


def csv(result: Result, found: Sequence[Entry]) -> str:
    """The table as text, with a row of names."""
    stream = io.StringIO()
    writer = _csv.writer(stream, lineterminator="\n")
    lint = is_lint(result)
    writer.writerow(LINT if lint else PROVE)
    writer.writerows(_cells(row) for row in (_lint(found) if lint else _prove(result, found)))
    return stream.getvalue()


def _lint(found: Sequence[Entry]) -> Iterator[tuple[object, ...]]:
    for entry in found:
        yield entry.rule, entry.level, entry.title, entry.file, entry.line, entry.message, entry.fingerprint


def _prove(result: Result, found: Sequence[Entry]) -> Iterator[tuple[object, ...]]:
    run = (result["workspace"], result["mode"], result["reading"])
    for verdict in (*result["verdicts"], *result["availability"]):
        own = [e for e in found if e.rule == verdict["objective"] and e.services == tuple(verdict["services"])]
        first = own[0] if own else None
        tail = (first.file, first.line, first.message, first.fingerprint) if first else ("", "", "", "")
        for service in verdict["services"] or [""]:
            yield (
                *run, verdict["objective"], verdict["title"], service, verdict["status"], len(own), verdict["reason"],
                *tail,
            )  # fmt: skip
    for one in result["mitigations"]:
        for line in one["lines"]:
            about = f": {line['subject']}: {line['text']}"
            own = [e for e in found if e.rule == one["id"] and about in e.message]
            tail = (own[0].file, own[0].line, own[0].message, own[0].fingerprint) if own else ("", "", "", "")
            yield (
                *run, one["id"], one["title"], line["subject"], line["status"], len(own), line["text"], *tail,
            )  # fmt: skip


def _cells(row: Iterable[object]) -> list[str]:
    """Cells on one line; a spreadsheet must not take a name for a formula."""
    texts = [visible(str(cell)) for cell in row]
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]
