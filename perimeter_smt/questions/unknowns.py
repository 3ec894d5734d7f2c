"""What verdicts are worth when the source did not tell everything.

Guarantee: nothing is `proved` that leans on an unknown fact; availability is not `proved` where an unknown guardrail
may block; a request that an unknown guardrail may stop says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.organization.model import Unknown, named
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations.model import Line, Mitigation, worst
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import Report, Verdict


def qualified(report: Report, unknowns: Sequence[Unknown]) -> Report:
    """The report with its unknowns, and what follows from them. What is granted counts in mode grants only."""
    asked = {service for verdict in report.verdicts for service in verdict.services}
    grants = report.mode == "grants"
    bearing = tuple(
        u for u in unknowns if (grants and u.service in asked if u.service else grants or u.affects != "grants")
    )
    facts = [u for u in bearing if u.affects == "facts"]
    guardrails = [u for u in bearing if u.affects == "guardrails"]
    return replace(
        report,
        verdicts=tuple(_verdict(verdict, facts, guardrails) for verdict in report.verdicts),
        availability=tuple(_availability(verdict, [*facts, *guardrails]) for verdict in report.availability),
        unknowns=bearing,
    )


def _verdict(verdict: Verdict, facts: Sequence[Unknown], guardrails: Sequence[Unknown]) -> Verdict:
    own = verdict.objective not in OBJECTIVES  # an assertion may look at anything
    facts = [u for u in facts if (own or not u.idle) and _bears(u, verdict, own=own)]
    if verdict.status == "proved" and facts:
        return replace(verdict, status="conditional", reason=f"not known: {named(facts)}")
    if verdict.status in ("refuted", "conditional") and guardrails:
        also = f"may be stopped by what is not known: {named(guardrails)}"
        return replace(verdict, reason="; ".join(filter(None, (verdict.reason, also))))
    return verdict


def _bears(unknown: Unknown, verdict: Verdict, *, own: bool) -> bool:
    """Whether the verdict hangs on the fact: one on a service, if it is about who reaches what is mine by its calls."""
    return not unknown.service or (unknown.service in verdict.services and (own or verdict.objective in ("O1", "O6")))


def _availability(verdict: Verdict, unknowns: Sequence[Unknown]) -> Verdict:
    unknowns = [u for u in unknowns if not u.idle and not u.service]
    if verdict.status == "proved" and unknowns:
        return replace(verdict, status="conditional", reason=f"may be blocked by what is not known: {named(unknowns)}")
    return verdict


def doubted(found: Sequence[Mitigation], workspace: Workspace) -> tuple[Mitigation, ...]:
    """Mitigations look at grants, whatever the mode is: no row is proved that leans on an unknown fact.

    L1 goes through the identity policies of those who are listed: whoever was left out has a row of its own. C1 has
    such rows itself (credentials.py); C2 proves nothing in accounts that are not listed in full.
    """
    facts = [u for u in workspace.unknowns if u.affects == "facts" and not u.service]
    guardrails = [u for u in workspace.unknowns if u.affects == "guardrails"]

    def one(line: Line) -> Line:
        if line.status == "proved" and facts:
            return replace(line, status="conditional", text=f"{line.text}; not known: {named(facts)}")
        if line.status in ("refuted", "conditional") and guardrails:
            return replace(line, text=f"{line.text}; may be stopped by what is not known: {named(guardrails)}")
        return line

    untold = [u for u in workspace.unknowns if u.affects == "grants" and u.account and u.holds != "resource"]
    also = tuple(Line(u.name, "unknown", f"not known: {u.reason}") for u in untold)
    if not facts and not guardrails and not also:
        return tuple(found)
    rows = [(m, (*map(one, m.lines), *(also if m.id == "L1" else ()))) for m in found]
    return tuple(replace(mitigation, lines=lines, status=worst(lines)) for mitigation, lines in rows)
