"""What the page shows, from the versioned result: plain data for the template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.questions.mitigations.model import Mitigation
from perimeter_smt.questions.verdicts import Blame, Counterexample, Verdict, presumes
from perimeter_smt.report import answer, mitigations, words
from perimeter_smt.report.entries import Entry, Result
from perimeter_smt.report.html import graph
from perimeter_smt.report.html.drawing import Step, steps
from perimeter_smt.report.html.marks import marked
from perimeter_smt.report.matrix import rows
from perimeter_smt.report.numbers import numbered
from perimeter_smt.report.read import report_of
from perimeter_smt.report.text import classes

_SLOTS = {"endpoint": "vpce", "endpoint-gateway": "vpce", "trust": "resource", "kms": "resource"}
_MANY = 40  # services named in full in one place


@dataclass(frozen=True)
class Statement:
    """A statement of a policy: its place, its text where the replayed case holds it, and what of it did not match."""

    place: str
    name: str
    kind: str
    effect: str
    lines: tuple[tuple[str, bool], ...] = ()  # of the text, each with whether it did not match
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One request with everything said of it."""

    id: str
    objective: str
    title: str
    kind: str
    services: tuple[str, ...]
    accounts: tuple[str, ...]
    caller: str
    action: str
    resource: str
    why: str
    steps: tuple[Step, ...]
    keys: tuple[str, ...]
    statements: tuple[Statement, ...]
    closest: Statement | None
    names: tuple[str, ...]  # readings and axioms that it rests on


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix."""

    kind: words.Cell
    word: str
    meaning: str


@dataclass(frozen=True)
class Row:
    """Services that agree on every objective."""

    services: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def label(self) -> str:
        """The first few names."""
        return words.named(self.services, 5)


@dataclass(frozen=True)
class Proof:
    """A verdict that is no finding: proved, or nothing to prove."""

    objective: str
    title: str
    status: str
    services: str
    reason: str
    assumptions: tuple[str, ...]
    presumes: tuple[str, ...]
    exceptions: tuple[str, ...]
    used: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """The whole page."""

    workspace: str
    answer: str
    closed: bool
    next_step: str
    objectives: tuple[tuple[str, str], ...]
    matrix: tuple[Row, ...]
    holes: tuple[Finding, ...]
    conditional: tuple[Finding, ...]
    blocked: tuple[Finding, ...]
    undecided: tuple[Proof, ...]
    proofs: tuple[Proof, ...]
    limits: tuple[dict[str, Any], ...]
    assumptions: tuple[dict[str, Any], ...]
    unknowns: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]
    organization: dict[str, Any] | None = None
    units: graph.Graph | None = None
    trust: graph.Graph | None = None
    more: tuple[dict[str, Any], ...] = field(default=())
    classes: str = ""  # of accounts and principals, where the organization is large enough to have them
    today: str = ""  # the day on which exceptions were judged


def view(result: Result) -> View:
    """The page of a result of `prove`."""
    report = report_of(result)
    raw = [*result["verdicts"], *result["availability"]]
    verdicts = [*report.verdicts, *report.availability]
    findings = list(_findings(verdicts, raw))
    objectives = tuple(dict.fromkeys((v.objective, v.title) for v in report.verdicts))
    names = [name for name, _ in objectives]
    holes = tuple(f for f in findings if f.kind == "hole")
    conditional = tuple(f for f in findings if f.kind == "conditional")
    blocked = tuple(f for f in findings if f.kind == "blocked")
    undecided = tuple(_proof(v) for v in verdicts if v.status in ("unknown", "vacuous"))
    return View(
        workspace=report.workspace,
        answer=answer.answer(report).removeprefix(f"{report.workspace}: "),
        closed=answer.style(report) == "bold green",
        next_step=answer.next_step(report, numbered(report)),
        objectives=objectives,
        matrix=tuple(_row(row.services, row.cells) for row in rows(report.verdicts, names)),
        holes=holes,
        conditional=conditional,
        blocked=blocked,
        undecided=undecided,
        proofs=tuple(_proof(v) for v in verdicts if v.status == "proved"),
        limits=tuple(_limits(report.verdicts)),
        assumptions=tuple(_assumptions(verdicts, report.mitigations)),
        unknowns=tuple(str(entry) for entry in _unknowns(result)),
        tables=tuple(sorted(result["tables"].items())),
        organization=result.get("organization"),
        units=graph.units(result["organization"]) if result.get("organization") else None,
        trust=graph.trust(result["organization"]) if result.get("organization") else None,
        more=tuple(_mitigation(found) for found in report.mitigations),
        classes=classes(report.kinds) if report.kinds else "",
        today=result.get("today", ""),
    )


def _mitigation(found: Mitigation) -> dict[str, Any]:
    """A mitigation: its badge and title say what of it is proved."""
    badge = {"HOLE": "hole", "proved": "proved"}.get(mitigations.word(found), "unknown")
    shown = found.status if found.status != "proved" else mitigations.word(found)
    return {"id": found.id, "title": mitigations.titled(found), "badge": badge, "word": shown, "lines": found.lines,
            "assumptions": tuple(a.name for a in found.assumptions if not a.presumed),
            "presumes": presumes(found.assumptions)}  # fmt: skip


def _row(services: tuple[str, ...], cells: Iterable[words.Cell]) -> Row:
    return Row(services, tuple(Cell(c, words.LOOKS[c].word, words.LOOKS[c].meaning) for c in cells))


def _findings(verdicts: Sequence[Verdict], raw: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    counted: dict[str, int] = {}
    for verdict, plain in zip(verdicts, raw, strict=True):
        for found, data in zip(verdict.counterexamples, plain["counterexamples"], strict=True):
            if found.kind == "beyond":
                continue
            kind = "conditional" if verdict.status == "conditional" else found.kind
            number = counted[kind] = counted.get(kind, 0) + 1
            yield _finding(f"{kind}-{number}", kind, verdict, found, data)


def _finding(name: str, kind: str, verdict: Verdict, found: Counterexample, data: Mapping[str, Any]) -> Finding:
    case = data.get("case") or {}
    through = tuple(_statement(blame, case) for blame in found.through)
    closest = _statement(found.closest.statement, case, found.closest.failed) if found.closest else None
    accounts = set(re.findall("(?<![0-9a-z])[0-9]{12}(?![0-9a-z])", json.dumps([data["request"], data["facts"]])))
    return Finding(
        id=name,
        objective=verdict.objective,
        title=verdict.title,
        kind=kind,
        services=verdict.services or (found.request.action.partition(":")[0],),
        accounts=tuple(sorted(accounts)),
        caller=words.caller(found),
        action=found.request.action,
        resource=found.request.resource,
        why=found.why,
        steps=steps(found),
        keys=tuple(words.keys(found)),
        statements=through,
        closest=closest,
        names=(*found.depends_on, *found.rests_on),
    )


def _statement(blame: Blame, case: Mapping[str, Any], failed: Sequence[str] = ()) -> Statement:
    place = blame.place
    return Statement(place, blame.sid or f"statement {blame.index + 1}", blame.kind, blame.effect,
                     marked(_statement_text(blame, case), failed), tuple(failed))  # fmt: skip


def _statement_text(blame: Blame, case: Mapping[str, Any]) -> str:
    """The statement as the replayed case holds it; empty unless exactly one fits."""
    found: set[str] = set()
    for document in _documents(case.get("policies", {}).get(_SLOTS.get(blame.kind, blame.kind))):
        statements = document.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        if blame.index < len(statements):
            statement = statements[blame.index]
            if statement.get("Effect") == blame.effect and (statement.get("Sid") or None) == (blame.sid or None):
                found.add(json.dumps(statement, indent=2))
    return found.pop() if len(found) == 1 else ""


def _documents(slot: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(slot, list):
        for entry in slot:
            yield from _documents(entry)
    elif isinstance(slot, Mapping):
        yield slot


def _proof(verdict: Verdict) -> Proof:
    return Proof(
        verdict.objective,
        verdict.title,
        verdict.status,
        words.named(verdict.services, _MANY),
        verdict.reason,
        tuple(a.name for a in verdict.assumptions if not a.presumed),
        presumes(verdict.assumptions),
        verdict.exceptions,
        tuple(f"{b.place} {b.sid or ''} ({b.kind}, {b.effect})" for b in verdict.used),
    )


def _limits(verdicts: Iterable[Verdict]) -> Iterator[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for verdict in verdicts:
        for limit in verdict.limits:
            if limit.accepted or limit.example:
                entry = found.setdefault(limit.reach, {"name": limit.reach, "text": limit.text, "accepted": True,
                                                       "objectives": [], "example": ""})  # fmt: skip
                entry["accepted"] &= limit.accepted
                if verdict.objective not in entry["objectives"]:
                    entry["objectives"].append(verdict.objective)
                if limit.example and not entry["example"]:
                    request = limit.example.request
                    entry["example"] = f"{words.caller(limit.example)} calls {request.action} on {request.resource}"
    yield from found.values()


def _assumptions(verdicts: Iterable[Verdict], beside: Iterable[Mitigation]) -> Iterator[dict[str, Any]]:
    """What proofs of objectives and of mitigations assume, each once with all that do."""
    found: dict[str, dict[str, Any]] = {}
    asked = [(verdict.objective, verdict.assumptions) for verdict in verdicts]
    for name, assumptions in [*asked, *((one.id, one.assumptions) for one in beside)]:
        for assumption in assumptions:
            entry = found.setdefault(assumption.name, {"name": assumption.name, "text": assumption.text,
                                                       "source": assumption.source, "objectives": [],
                                                       "presumed": assumption.presumed})  # fmt: skip
            if name not in entry["objectives"]:
                entry["objectives"].append(name)
    yield from found.values()


def _unknowns(result: Result) -> Iterator[str]:
    for unknown in result.get("unknowns", ()):
        yield " ".join(str(part) for part in unknown.values() if isinstance(part, str) and part)


def lint_view(result: Result, found: Sequence[Entry]) -> dict[str, Any]:
    """The page of a result of `lint`."""
    by_file: dict[str, list[Entry]] = {}
    for entry in found:
        by_file.setdefault(entry.file, []).append(entry)
    return {"policies": result["policies"], "count": len(found), "files": sorted(by_file.items())}
