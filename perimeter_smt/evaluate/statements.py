"""Statements and documents, compiled once and asked many times (semantics 3.1)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from perimeter_smt.evaluate.actions import action_test
from perimeter_smt.evaluate.arns import resource_test
from perimeter_smt.evaluate.conditions import CompiledCondition
from perimeter_smt.evaluate.consulted import Watched
from perimeter_smt.evaluate.principals import HitKind, principal_test, strongest
from perimeter_smt.evaluate.view import Rivals, View
from perimeter_smt.evaluate.words import (
    Failure,
    ListsIt,
    action_failure,
    condition_failure,
    principal_failure,
    resource_failure,
)
from perimeter_smt.policy.document import Document, Element, Location, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.request import Request


@dataclass(frozen=True, slots=True)
class StatementRef:
    """A statement of a policy in a slot: `identity`, `scp[0]` (the level), `resource`, ..."""

    slot: str
    policy: str
    index: int
    sid: str | None
    effect: str
    location: Location


class MatchResult(NamedTuple):
    """Whether a statement matches. `kind`: how it names the caller; `failed`: the first part that does not match."""

    matched: bool
    kind: HitKind | None = None
    failed: Failure | None = None

    def __bool__(self) -> bool:
        return self.matched


class CompiledStatement:
    """A statement with its four tests."""

    __slots__ = (
        "_consulted", "action", "conditions", "deny", "lists_action", "lists_resource", "location", "policy",
        "principal", "resource", "statement",
    )  # fmt: skip

    def __init__(self, statement: Statement, document: Document, rivals: Rivals) -> None:
        document_kind = document.kind
        # Each part with points of its own, which tell what the part looks at.
        of_all, of_action, of_resource, of_principal = (Watched(rivals) for _ in range(4))
        of_conditions = [Watched(rivals) for _ in statement.conditions]
        variables = document.has_variables and not (document_kind is Kind.RCP and "X-17" in of_all)
        self.statement, self.policy, self.location = statement, document.name, statement.location
        self.deny = statement.effect == "Deny"
        self.action = action_test(statement.action, of_action)
        self.resource = _resources(statement.resource, document_kind, variables, of_resource)
        self.lists_action: ListsIt = lambda one, view: action_test(one, rivals)(view)
        self.lists_resource: ListsIt = lambda one, view: _resources(one, document_kind, variables, rivals)(view)
        self.principal = principal_test(statement.principal, statement.effect, document.kind, of_principal)
        self.conditions = tuple(
            CompiledCondition(condition, has_variables=variables, rivals=points)
            for condition, points in zip(statement.conditions, of_conditions, strict=True)
        )
        self._consulted = tuple(
            points.consulted | of_all.consulted for points in (of_action, of_resource, of_principal, *of_conditions)
        )

    def hits(self, view: View) -> int:
        """The kinds of hit if the statement is selected, else none."""
        if not self.action(view) or not self.resource(view):
            return 0
        hits = self.principal(view)
        if hits:
            for condition in self.conditions:
                if not condition.holds(view):
                    return 0
        return hits

    def consulted(self, view: View) -> Iterator[set[str]]:
        """The open points that `hits` of this call looks at, by part."""
        tests = (self.action, self.resource, self.principal, *(condition.holds for condition in self.conditions))
        for points, test in zip(self._consulted, tests, strict=True):
            yield points
            if not test(view):
                return

    def failures(self, view: View) -> Iterator[Failure]:
        """Every part that does not match, in the order action, resource, principal, conditions."""
        if not self.action(view):
            yield action_failure(self.statement, view, self.lists_action)
        if not self.resource(view):
            yield resource_failure(self.statement, view, self.lists_resource)
        if not self.principal(view):
            yield principal_failure(self.statement, view)
        for condition in self.conditions:
            if not condition.holds(view):
                yield condition_failure(condition, view)

    def match(self, view: View) -> MatchResult:
        """The result with the first part that fails."""
        failed = next(self.failures(view), None)
        if failed is not None:
            return MatchResult(False, failed=failed)
        return MatchResult(True, kind=strongest(self.principal(view)))

    def reference(self, slot: str) -> StatementRef:
        """Where the statement stands."""
        statement = self.statement
        return StatementRef(slot, self.policy, statement.index, statement.sid, statement.effect, self.location)


class CompiledDocument:
    """A document ready to be asked. It keeps no reference to the document itself, whose life bounds the cache."""

    __slots__ = ("name", "statements")

    def __init__(self, document: Document, rivals: Rivals) -> None:
        self.name = document.name
        self.statements = tuple(CompiledStatement(statement, document, rivals) for statement in document.statements)


_CACHE: dict[int, tuple[weakref.ref[Document], dict[Rivals, CompiledDocument]]] = {}


def compiled(document: Document, rivals: Rivals) -> CompiledDocument:
    """The compiled form of a document under a reading, made once for as long as the document lives."""
    key = id(document)
    entry = _CACHE.get(key)
    if entry is None or entry[0]() is not document:
        entry = (weakref.ref(document, lambda _, key=key: _CACHE.pop(key, None)), {})  # type: ignore[misc]
        _CACHE[key] = entry
    found = entry[1].get(rivals)
    if found is None:
        own = frozenset(rivals)  # not those of somebody who watches what is looked at
        found = entry[1][own] = CompiledDocument(document, own)
    return found


def match_statement(
    document: Document,
    statement: Statement,
    request: Request,
    *,
    rivals: Rivals = frozenset(),
    has_boundary: bool = False,
    asked_on: str | None = None,
) -> MatchResult:
    """Whether one statement of `document` matches a request (semantics 1, 2).

    `has_boundary`: the caller has a permissions boundary, which matters to NotPrincipal. `asked_on`: what AWS writes
    for the resource of a call on `*` (X-46). The result is true if the
    statement matches; it carries the strongest kind of hit, or the first part that failed.
    """
    view = View(request, has_boundary=has_boundary, asked_on=asked_on)
    return compiled(document, rivals).statements[statement.index].match(view)


def _resources(element: Element | None, kind: Kind, variables: bool, rivals: Rivals) -> Callable[[View], bool]:
    """Resource and NotResource; without either the resource is the one that the policy is attached to (1.5.8)."""
    if element is None:
        return lambda _: True
    tests = tuple(resource_test(text, kind, has_variables=variables, rivals=rivals) for text in element.values)
    if not element.negated:
        return lambda view: any(test(view) for test in tests)
    unset_fails = "X-3" in rivals

    def outside(view: View) -> bool:
        found = [test(view) for test in tests]
        return not any(found) and not (unset_fails and None in found)

    return outside
