"""Reports and comparisons as JSON: versioned, sorted, the same bytes for the same answer.

The shapes are described by `schemas/*.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.silence import silent_tables
from perimeter_smt.questions.mitigations.model import Mitigation
from perimeter_smt.questions.verdicts import (
    Assumption,
    Blame,
    Comparison,
    Counterexample,
    Limit,
    Report,
    Standing,
    Verdict,
    presumes,
)
from perimeter_smt.report.outline import outline
from perimeter_smt.witness.case import case_to_json

if TYPE_CHECKING:
    from perimeter_smt.questions.changes.since import Changed

FORMAT = 1
SCHEMAS = (
    "prove", "compare", "evaluate", "explain", "lint", "inventory", "axioms", "why", "check", "replay",
    "explanation", "redundant", "pack", "findings", "callers", "measure", "changes", "changed",
)  # fmt: skip
# Files that people write, for editors.
INPUT_SCHEMAS = ("perimeter-yaml", "organization-yaml")


def dumps(value: Any, *, pretty: bool = False) -> str:
    """JSON text with sorted keys, in ASCII, without a newline at the end."""
    if pretty:
        return json.dumps(value, sort_keys=True, indent=2)
    return json.dumps(value, sort_keys=True)


def schema(name: str) -> str:
    """The text of a published JSON Schema; InputError for an unknown name."""
    known = (*SCHEMAS, *INPUT_SCHEMAS)
    if name not in known:
        raise InputError(f"unknown schema `{name}`{did_you_mean(name, known)}: expected one of {', '.join(known)}")
    return files("perimeter_smt.report").joinpath("schemas", f"{name}.json").read_text("utf-8")


def report_json(report: Report, organization: Organization | None = None) -> dict[str, Any]:
    """A report as `schemas/prove.json` describes it, with the outline of its organization where that is at hand."""
    return {
        "organization": outline(organization) if organization is not None else None,
        "format": FORMAT,
        "workspace": report.workspace,
        "mode": report.mode,
        "reading": report.reading,
        "verdicts": [verdict_json(verdict) for verdict in report.verdicts],
        "availability": [verdict_json(verdict) for verdict in report.availability],
        "tables": dict(report.tables),
        "unknowns": [unknown.model_dump(mode="json") for unknown in report.unknowns],
        "advice": [asdict(advice) for advice in report.advice],
        "mitigations": [mitigation_json(mitigation) for mitigation in report.mitigations],
        "demanded": list(report.demanded),
        "today": report.today,
        "expired": list(report.expired),
        "kinds": asdict(report.kinds) if report.kinds else None,
        "collected": report.collected.model_dump() if report.collected else None,
    }


def changed_json(since: str, found: Iterable[Changed]) -> dict[str, Any]:
    """Files compared with themselves in a commit, as `schemas/changed.json` describes it."""
    files = [
        {"file": one.file, "comparison": comparison_json(one.comparison) if one.comparison is not None else None}
        for one in found
    ]
    return {"format": FORMAT, "since": since, "files": files}


def comparison_json(found: Comparison) -> dict[str, Any]:
    """A comparison as `schemas/compare.json` describes it."""
    return {
        "format": FORMAT,
        "relation": found.relation,
        "standings": [
            {"place": each.stands, "words": each.words, "relation": each.relation, **_sides(each)}
            for each in found.standings
        ],
        "reason": found.reason,
        "may_allow": list(found.may_allow),
        "may_deny": list(found.may_deny),
        "today": found.today,
        **_sides(found),
    }


def _sides(found: Comparison | Standing) -> dict[str, Any]:
    sides = {"newly_allowed": found.newly_allowed, "newly_denied": found.newly_denied}
    return {
        **{name: request_json(side) if side else None for name, side in sides.items()},
        "statements": {name: [blame_json(b) for b in side.through] if side else [] for name, side in sides.items()},
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """One verdict."""
    return {
        "objective": verdict.objective,
        "title": verdict.title,
        "services": list(verdict.services),
        "status": verdict.status,
        "reason": verdict.reason,
        "counterexamples": [counterexample_json(found) for found in verdict.counterexamples],
        "limits": [_limit(limit) for limit in verdict.limits],
        "assumptions": [assumption_json(assumption) for assumption in verdict.assumptions],
        "presumes": list(presumes(verdict.assumptions)),
        "used": [blame_json(blame) for blame in verdict.used],
        "exceptions": list(verdict.exceptions),
        "exhausted": verdict.exhausted,
    }


def assumption_json(one: Assumption) -> dict[str, str]:
    """Something a proof used."""
    return {"name": one.name, "text": one.text, "source": one.source}


def mitigation_json(mitigation: Mitigation) -> dict[str, Any]:
    """The answer to a question beside the objectives."""
    return {
        "id": mitigation.id,
        "title": mitigation.title,
        "status": mitigation.status,
        "not_guardable": mitigation.not_guardable,
        "lines": [
            {
                "subject": line.subject,
                "status": line.status,
                "text": line.text,
                "statement": blame_json(line.statement) if line.statement else None,
                "counterexample": counterexample_json(line.counterexample) if line.counterexample else None,
                "hops": [counterexample_json(hop) for hop in line.hops],
                "granted": asdict(line.granted) if line.granted else None,
            }
            for line in mitigation.lines
        ],
        "assumptions": [assumption_json(assumption) for assumption in mitigation.assumptions],
        "presumes": list(presumes(mitigation.assumptions)),
        "limits": list(mitigation.limits),
        "as_far_as": list(silent_tables().get(mitigation.id, ())),
    }


def counterexample_json(found: Counterexample) -> dict[str, Any]:
    """One counterexample; `case` replays with `perimeter evaluate`, null where there is none."""
    closest = found.closest
    return {
        "kind": found.kind,
        "why": found.why,
        "request": request_json(found),
        "facts": found.facts.to_json(),
        "through": [blame_json(blame) for blame in found.through],
        "closest": {"statement": blame_json(closest.statement), "failed": list(closest.failed)} if closest else None,
        "reach": found.reach,
        "depends_on": list(found.depends_on),
        "rests_on": list(found.rests_on),
        "chance": found.chance,
        "keys_that_matter": list(found.keys),
        "case": case_to_json(found.case) if found.case else None,
    }


def request_json(found: Counterexample) -> dict[str, Any]:
    """The request in the case format."""
    return found.request.model_dump(mode="json", exclude_none=True)


def blame_json(blame: Blame) -> dict[str, Any]:
    """A statement with its place; `line` is 0 where the document was not read from text."""
    return asdict(blame)


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "reach": limit.reach,
        "text": limit.text,
        "accepted": limit.accepted,
        "example": counterexample_json(limit.example) if limit.example else None,
    }
