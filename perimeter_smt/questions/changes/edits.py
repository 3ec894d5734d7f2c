"""What is written differently in two states of an organization: statements by the place where they are attached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.model import Organization, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.changes.answer import Edit
from perimeter_smt.questions.explain import blame


def edits(before: Workspace, after: Workspace) -> tuple[Edit, ...]:
    """Statements that are attached in one state and not in the other, removed ones first."""
    old, new = (list(_attached(w.organization)) for w in (before, after))
    out = []
    for what, these, others in (("removed", old, new), ("added", new, old)):
        count = Counter((where, shape) for where, shape, _, _ in others)
        for where, shape, document, index in these:
            if count[where, shape]:
                count[where, shape] -= 1
            else:
                out.append(Edit(what, where, blame(document, document.statements[index])))  # type: ignore[arg-type]
    return tuple(out)


def _attached(organization: Organization) -> Iterator[tuple[str, object, Document, int]]:
    for where, document in _documents(organization.root):
        for number, statement in enumerate(document.statements):
            yield where, (document.kind, statement_shape(statement)), document, number


def _documents(unit: Unit) -> Iterator[tuple[str, Document]]:
    for document in (*unit.guardrails.scps, *unit.guardrails.rcps):
        yield unit.id, document
    for account in unit.accounts:
        for document in (*account.guardrails.scps, *account.guardrails.rcps):
            yield f"account {account.id}", document
        for p in account.principals:
            for document in (*p.policies, *p.limits(), *((p.trust,) if p.trust else ())):
                yield p.arn, document
        for r in account.resources:
            if r.policy:
                yield r.arn, r.policy
        for e in account.endpoints:
            if e.policy:
                yield e.id, e.policy
    for child in unit.units:
        yield from _documents(child)
