"""What lint rules know about the statements that counterexamples name: how to mend them.

Advice is no proof: that a mended policy holds is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.lint import Finding, Severity, lint, rules
from perimeter_smt.lint.rule import Rule
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers.inferred import documents_of
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.verdicts import Advice, Blame, Counterexample, Verdict

_Place = tuple[str, str, int]


def advice(verdicts: Iterable[Verdict], statements: Iterable[tuple[Document, Statement]]) -> tuple[Advice, ...]:
    """The advice on each statement that came closest to stopping a request, or that blocks an intended one."""
    places = {(s.location.file, d.name, s.index): (d, s) for d, s in statements}
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
    denies = [b for b in found.through if b.effect == "Deny"] if found.kind == "blocked" else []
    if denies:
        blamed, failed = denies, ""
    elif found.closest:
        blamed, failed = [found.closest.statement], " ".join(found.closest.failed).lower()
    else:
        return
    for blame in blamed:
        if _place(blame) not in places:
            continue
        document, statement = places[_place(blame)]
        for finding in lint(document):
            if _about(finding, statement) and not (failed and _opens(finding, statement)):
                mends = _mends(finding, statement)
                yield _advice(blame, finding, mends, sure=bool(failed) and mends in failed)


def _about(finding: Finding, statement: Statement) -> bool:
    """A rule that speaks of the statement or a condition of it, or names it beside another one."""
    if _rule(finding).severity is Severity.NOTE:
        return False
    path = statement.location.path
    inside = finding.location.path == path or finding.location.path.startswith(f"{path}.Condition")
    return inside or bool(statement.sid and f"`{statement.sid}`" in finding.message)


def _opens(finding: Finding, statement: Statement) -> bool:
    """Whether what the rule says to write lets more through: no advice where a request got through already."""
    rule = _rule(finding)
    tests = [c for c in statement.conditions if finding.location.path.startswith(c.location.path)]
    positive = any(not condition.operator.base.negated for condition in tests)
    return statement.effect == "Deny" and (rule.loosens or (rule.narrows and positive))


def _advice(blame: Blame, finding: Finding, mends: str, *, sure: bool) -> Advice:
    """The last sentence of a rule's text says what to write."""
    fix = _rule(finding).text.rstrip(".").rsplit(". ", 1)[-1]
    return Advice(blame, finding.rule, finding.message, fix, finding.location.line, sure, mends)


def _mends(finding: Finding, statement: Statement) -> str:
    """What a failed part says that the rule speaks of: a condition key, and that it is absent, where that is the point.

    It is the key of the condition where the finding stands, or the first one that its message names.

    The quote before the key is left out: an operator may stand there.
    """
    path = finding.location.path
    inside = [condition.name for condition in statement.conditions if path.startswith(condition.location.path)]
    inside.sort(key=len, reverse=True)  # of `aws:SourceVpc` and `aws:SourceVpce` the one that is meant
    named = [part.lower() for part in finding.message.split("`")[1::2] if ":" in part]
    key = next(iter((*inside, *named)), path)
    return f"{key}` is absent" if _rule(finding).of_absence else f"{key}`"


def _rule(finding: Finding) -> Rule:
    return next(rule for rule in rules() if rule.id == finding.rule)


def _place(blame: Blame) -> _Place:
    """What tells a statement from all others, whatever slot it was looked at in.

    That of a gateway endpoint is not the kind of the document.
    """
    return blame.file, blame.document, blame.index
