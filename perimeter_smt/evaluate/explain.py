"""Every statement that was looked at, with what it said (for people)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from perimeter_smt.evaluate.checks import Check, checks
from perimeter_smt.evaluate.decide import session_policies
from perimeter_smt.evaluate.principals import HitKind
from perimeter_smt.evaluate.statements import CompiledStatement, StatementRef, compiled
from perimeter_smt.evaluate.view import Rivals
from perimeter_smt.evaluate.words import Failure
from perimeter_smt.policy.document import Document
from perimeter_smt.request.case import Case


class Explained(NamedTuple):
    """One statement against one request.

    `applies`: whether policies of this slot bind the request at all. `failed`: the first part that does not match.
    """

    statement: StatementRef
    action: str
    resource: str
    applies: bool
    matched: bool
    kind: HitKind | None
    failed: Failure | None


def explain(case: Case, *, rivals: Rivals = frozenset()) -> list[Explained]:
    """Every statement of every policy, slot by slot, once for each sub-request."""
    out: list[Explained] = []
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            for statement in _statements(documents, rivals):
                result = statement.match(check.view)
                reference, request = statement.reference(slot), check.view.request
                out.append(
                    Explained(
                        reference,
                        request.action,
                        request.resource,
                        applies,
                        result.matched,
                        result.kind,
                        result.failed,
                    )
                )
    return out


def slots(check: Check, rivals: Rivals) -> Iterator[tuple[str, tuple[Document, ...], bool]]:
    """The slots of a check: name, documents, and whether they bind the request."""
    case = check.case
    yield "identity", case.identity, True
    yield "boundary", (case.boundary,) if case.boundary else (), True
    yield "session", session_policies(case), True
    yield check.resource_slot, (*((check.resource_policy,) if check.resource_policy else ()), *check.also), True
    for index, level in enumerate(case.scp or ()):
        yield f"scp[{index}]", level, check.scp_applies(rivals)
    for index, level in enumerate(case.rcp or ()):
        yield f"rcp[{index}]", level, check.rcp_applies(rivals)
    yield "vpce", (case.endpoint,) if case.endpoint else (), check.endpoint_applies


def _statements(documents: tuple[Document, ...], rivals: Rivals) -> Iterator[CompiledStatement]:
    for document in documents:
        yield from compiled(document, rivals).statements
