"""The end of a report: exceptions once, what the answer rests on by name and count, and commands that go on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perimeter_smt.organization.presumed import presumed
from perimeter_smt.organization.silence import silent_tables
from perimeter_smt.questions.objectives import LIMIT_TEXTS
from perimeter_smt.questions.verdicts import Assumption, Report
from perimeter_smt.questions.verdicts import presumes as names_of
from perimeter_smt.report.numbers import Numbered, common_folder
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import plural, shortened

_EXCEPTIONS = 6
_NAMES = 6


def exceptions(page: Page, report: Report) -> None:
    """What perimeter.yaml leaves outside the claim, each once with its objectives."""
    uses: dict[str, list[str]] = {}
    for verdict in report.verdicts:
        for text in verdict.exceptions:
            uses.setdefault(text, []).append(verdict.objective)
    shown = [f"{shortened(text)} ({' '.join(dict.fromkeys(names))})" for text, names in uses.items()]
    more = [f"and {len(shown) - _EXCEPTIONS} more (`--details`)"] if len(shown) > _EXCEPTIONS else []
    page.item("except", [*shown[:_EXCEPTIONS], *more])


def rests_on(page: Page, report: Report) -> None:
    """What proofs assume, by kind, with the names that `perimeter why` explains."""
    limits = list(dict.fromkeys(lim.reach for v in report.verdicts for lim in v.limits if lim.accepted))
    kinds: dict[str, list[str]] = {"accepted limit": limits}
    axioms: set[str] = set()
    objectives = (one for verdict in report.verdicts for one in verdict.assumptions)
    mitigations = (one for mitigation in report.mitigations for one in mitigation.assumptions)
    for one in (*objectives, *mitigations):
        if one.name == "environment":
            axioms.update(one.text.removeprefix("axioms ").split(", "))
        elif not one.presumed and (kind := _kind(one)) is not None and one.name not in kinds.setdefault(kind, []):
            kinds[kind].append(one.name)
    facts = len(kinds.pop("stated fact", ()))
    texts = [f"{plural(len(names), kind)}: {_names(names)}" for kind, names in kinds.items() if names]
    counted = [plural(len(axioms), "documented axiom") if axioms else "", plural(facts, "stated fact") if facts else ""]
    if axioms or facts:
        texts.append(", ".join(filter(None, counted)))
    if texts:
        texts[-1] += "  (`perimeter why NAME` explains any)"
    page.item("rests on", texts)


def presumes(page: Page, report: Report) -> None:
    """The presumed axioms that proofs lean on, each with the objectives and mitigations that do."""
    uses: dict[str, list[str]] = {}
    asked = [(verdict.objective, verdict.assumptions) for verdict in report.verdicts]
    asked += [(mitigation.id, mitigation.assumptions) for mitigation in report.mitigations]
    for objective, assumptions in asked:
        for name in names_of(assumptions):
            uses.setdefault(name, []).append(objective)
    texts = [f"{name} ({' '.join(dict.fromkeys(who))}): {presumed()[name]}" for name, who in uses.items()]
    if texts:
        texts.append("AWS does not state these without exception: `doubts` in perimeter.yaml does without them")
    page.item("presumes", texts)


def as_far_as(page: Page, report: Report) -> None:
    """The tables that proofs of mitigations go as far as: AWS publishes no such list."""
    proved = [found.id for found in report.mitigations if any(line.status == "proved" for line in found.lines)]
    known = {name: silent_tables()[name] for name in proved if name in silent_tables()}
    tables = ", ".join(table for name in known for table in known[name])
    page.item(
        "as far as", [f"tables know, of which AWS publishes no list: {tables} ({' '.join(known)})"] if known else ""
    )


def files(page: Page, rows: Sequence[Numbered]) -> None:
    """The folder that the places above leave out."""
    page.item("files", f"below {folder}" if (folder := common_folder(rows)) else "")


def commands(page: Page, rows: Sequence[Numbered], command: str) -> None:
    """Command lines that run as they stand: the first request decided again, and all details."""
    if not command:
        return
    if rows:
        page.command("replay", f"{command} --case {rows[0].number} | perimeter evaluate --explain -")
    page.command("details", f"{command} --details")


def _kind(one: Assumption) -> str | None:
    if one.name in LIMIT_TEXTS or one.name == "organization":
        return None
    if re.fullmatch(r"X-[0-9]+", one.name):
        return "settled reading"
    return "soft axiom" if "soft axiom" in one.text else "stated fact"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
