"""What lint rules know about the statements that counterexamples name: how to mend them.

Advice is no proof: that a mended policy holds is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.lint import Finding, Severity, lint, rules
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers.inferred import documents_of
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.verdicts import Advice, Blame, Counterexample, Verdict

_Place = tuple[str, str, int]


def advice(verdicts: Iterable[Verdict], statements: Iterable[tuple[Document, Statement]]) -> tuple[Advice, ...]:
    """The advice on each statement that came closest to stopping a request, or that blocks an intended one."""
    places = {(d.kind.value, d.name, s.index): (d, s) for d, s in statements}
    out: dict[tuple[_Place, str], Advice] = {}
    for verdict in verdicts:
        for found in verdict.counterexamples:
            for one in _on(found, places):
                key = (_place(one.statement), one.rule)
                if key not in out or one.sure > out[key].sure:
                    out[key] = one
    return tuple(sorted(out.values(), key=lambda one: (*_place(one.statement), not one.sure, one.rule)))


def guardrails(workspace: Workspace) -> Iterator[tuple[Document, Statement]]:
    """The statements of all documents of a workspace that may be named as having to stop a request."""
    for document in documents_of(workspace.organization):
        if document.kind in (Kind.SCP, Kind.RCP) or document.kind.is_endpoint:
            yield from ((document, statement) for statement in document.statements)


def _on(found: Counterexample, places: dict[_Place, tuple[Document, Statement]]) -> Iterator[Advice]:
    if found.kind == "blocked":
        blamed, failed = [b for b in found.through if b.effect == "Deny"], ""
    elif found.closest:
        blamed, failed = [found.closest.statement], " ".join(found.closest.failed).lower()
    else:
        return
    for blame in blamed:
        if _place(blame) not in places:
            continue
        document, statement = places[_place(blame)]
        for finding in lint(document):
            if _about(finding, statement):
                yield _advice(blame, finding, sure=bool(failed) and _key(finding) in failed)


def _about(finding: Finding, statement: Statement) -> bool:
    """A rule that speaks of the statement or a condition of it, or names it beside another one."""
    rule = next(rule for rule in rules() if rule.id == finding.rule)
    if rule.severity is Severity.NOTE:
        return False
    path = statement.location.path
    inside = finding.location.path == path or finding.location.path.startswith(f"{path}.Condition")
    return inside or bool(statement.sid and f"`{statement.sid}`" in finding.message)


def _advice(blame: Blame, finding: Finding, *, sure: bool) -> Advice:
    """The last sentence of a rule's text says what to write."""
    text = next(rule.text for rule in rules() if rule.id == finding.rule)
    fix = text.rstrip(".").rsplit(". ", 1)[-1]
    return Advice(blame, finding.rule, finding.message, fix, finding.location.line, sure)


def _key(finding: Finding) -> str:
    """The condition key that a finding is about: the last part of the path, or the first name in its message."""
    named = [part for part in finding.message.split("`")[1::2] if ":" in part]
    return f"`{named[0].lower()}`" if named else finding.location.path


def _place(blame: Blame) -> _Place:
    return blame.kind, blame.document, blame.index
