"""What verdicts are worth when the source did not tell everything.

Guarantee: nothing is `proved` that leans on an unknown fact; availability is not `proved` where an unknown guardrail
may block; a request that an unknown guardrail may stop says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.organization.model import Unknown
from perimeter_smt.questions.verdicts import Report, Verdict

_SHOWN = 3


def qualified(report: Report, unknowns: Sequence[Unknown]) -> Report:
    """The report with its unknowns, and what follows from them. What is granted counts in mode grants only."""
    bearing = tuple(u for u in unknowns if u.affects != "grants" or report.mode == "grants")
    facts = [u for u in bearing if u.affects == "facts"]
    guardrails = [u for u in bearing if u.affects == "guardrails"]
    return replace(
        report,
        verdicts=tuple(_verdict(verdict, facts, guardrails) for verdict in report.verdicts),
        availability=tuple(_availability(verdict, [*facts, *guardrails]) for verdict in report.availability),
        unknowns=bearing,
    )


def _verdict(verdict: Verdict, facts: Sequence[Unknown], guardrails: Sequence[Unknown]) -> Verdict:
    if verdict.status == "proved" and facts:
        return replace(verdict, status="conditional", reason=f"not known: {named(facts)}")
    if verdict.status in ("refuted", "conditional") and guardrails:
        also = f"may be stopped by what is not known: {named(guardrails)}"
        return replace(verdict, reason="; ".join(filter(None, (verdict.reason, also))))
    return verdict


def _availability(verdict: Verdict, unknowns: Sequence[Unknown]) -> Verdict:
    if verdict.status == "proved" and unknowns:
        return replace(verdict, status="conditional", reason=f"may be blocked by what is not known: {named(unknowns)}")
    return verdict


def named(unknowns: Sequence[Unknown]) -> str:
    """The first names, and how many more there are."""
    names = list(dict.fromkeys(u.name for u in unknowns))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
