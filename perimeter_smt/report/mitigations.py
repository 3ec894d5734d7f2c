"""The mitigations beside the matrix: a word for each, then their rows, and exceptions that have expired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.questions import explain
from perimeter_smt.questions.mitigations.model import Line, Mitigation, MitigationStatus
from perimeter_smt.questions.verdicts import Counterexample, Report
from perimeter_smt.report import sections
from perimeter_smt.report.finding import write_finding
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import caller, keys, plural

# The words of the matrix where the status is one of its own.
WORDS: dict[MitigationStatus, str] = {
    "refuted": "HOLE",
    "unknown": "not decided",
    "conditional": "cond.",
    "proved": "proved",
    "not-guardable": "not guardable",
    "listed": "listed",
    "not-asked": "not asked",
}
_STYLES: dict[MitigationStatus, str] = {
    "refuted": "bold red",
    "unknown": "bold yellow",
    "conditional": "yellow",
    "proved": "green",
    "not-guardable": "yellow",
    "listed": "dim",
    "not-asked": "dim",
}
_IN_PART = "in part"  # proved, but for rows that no policy can hold back
_COLUMN = 15
_MANY = 12  # rows of one status


def summary(found: Sequence[Mitigation]) -> list[str]:
    """What the first line of the report says of them."""
    refuted = [mitigation.id for mitigation in found if mitigation.status == "refuted"]
    return [f"{plural(len(refuted), 'mitigation')} refuted ({', '.join(refuted)})"] if refuted else []


def word(found: Mitigation) -> str:
    """The word for a mitigation; no proof is said to be whole where rows are left that no policy guards."""
    return _IN_PART if found.status == "proved" and found.not_guardable else WORDS[found.status]


def titled(found: Mitigation) -> str:
    """Its title, and what of it the word does not speak of."""
    rows = plural(found.not_guardable, "row")
    if found.status == "listed":
        return f"{found.title}: {rows}, nothing proved" if found.not_guardable else f"{found.title}: none here"
    if found.status == "proved" and found.not_guardable:
        held = sum(line.status == "proved" for line in found.lines)
        return f"{found.title}: {plural(held, 'row')} proved, {found.not_guardable} that IAM cannot guard"
    return found.title


def _style(found: Mitigation) -> str:
    return "yellow" if word(found) == _IN_PART else _STYLES[found.status]


def overview(page: Page, found: Sequence[Mitigation], demanded: Sequence[str]) -> None:
    """A line for each: how it stands, and whether it counts."""
    if not found:
        return
    page.blank()
    counting = f"counting for the exit code: {', '.join(demanded)}" if demanded else "shown; none is demanded by name"
    page.text(f"mitigations ({counting})", style="dim")
    for mitigation in found:
        label = word(mitigation)
        shown = page.styled(label, _style(mitigation)) + " " * (_COLUMN - len(label))
        page.raw(f"{shown}{mitigation.id}  {titled(mitigation)}")


def details(page: Page, found: Sequence[Mitigation]) -> None:
    """The rows of each, worst first, with requests, what the proofs assume and what nothing guards."""
    for mitigation in found:
        page.blank()
        text = f"{mitigation.id} {word(mitigation)}: {titled(mitigation)}"
        page.text(text, hang=2, style=_style(mitigation))
        for status, name in WORDS.items():
            lines = _folded([line for line in mitigation.lines if line.status == status])
            for line in lines[:_MANY]:
                _line(page, line)
            if len(lines) > _MANY:
                page.text(f"and {len(lines) - _MANY} more rows ({name}), all of them with `--json`", indent=2)
        sections.write_assumed(page, mitigation.assumptions)
        page.item("unguarded", list(mitigation.limits), indent=2)


def expired(page: Page, report: Report) -> None:
    """Exceptions that did not count any more, and the day of which the report speaks."""
    if report.expired:
        page.blank()
        page.text(f"expired on {report.today}, so that they did not count", style="bold yellow")
        for text in report.expired:
            page.text(text, indent=2, hang=2)
    elif report.today:
        page.blank()
        page.text(f"exceptions as they count on {report.today}", style="dim")


def _folded(lines: Sequence[Line]) -> list[Line]:
    """Rows that say the same by the same statement, as one row; each keeps its place in `--json`."""
    out: dict[object, Line] = {}
    for number, line in enumerate(lines):
        alone = line.counterexample is not None or line.hops
        key = number if alone else (line.text, line.statement, line.granted)
        before = out.get(key)
        out[key] = replace(line, subject=f"{before.subject}; {line.subject}") if before else line
    return list(out.values())


def _line(page: Page, line: Line) -> None:
    page.text(f"{WORDS[line.status]}: {line.subject}: {line.text}", indent=2, hang=2)
    page.item("granted", line.granted.shown if line.granted else "", indent=4)
    page.item("by", str(line.statement) if line.statement else "", indent=4)
    if line.hops:
        for number, hop in enumerate(line.hops, 1):
            page.item(f"hop {number}", [_hop(hop), *_carried(hop)], indent=4)
    elif line.counterexample is not None and line.status in ("refuted", "conditional"):
        write_finding(page, line.counterexample, indent=4)
    elif line.counterexample is not None:
        page.item("request", [_hop(line.counterexample), *_carried(line.counterexample)], indent=4)


def _hop(found: Counterexample) -> str:
    return f"{caller(found)} ({explain.who(found.facts)}) calls {found.request.action} on {found.request.resource}"


def _carried(found: Counterexample) -> list[str]:
    sent = [text for text in keys(found) if not text.endswith("(absent)")]
    return [f"with {', '.join(sent)}"] if sent else []
