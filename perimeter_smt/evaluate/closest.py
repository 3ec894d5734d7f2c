"""The Deny statement that came nearest to stopping a call, and the Allow that came nearest to letting it pass."""

from __future__ import annotations

from typing import NamedTuple

from perimeter_smt.evaluate.checks import checks
from perimeter_smt.evaluate.explain import slots
from perimeter_smt.evaluate.statements import CompiledStatement, StatementRef, compiled
from perimeter_smt.evaluate.view import Rivals
from perimeter_smt.evaluate.words import Failure
from perimeter_smt.request.case import Case

_OWN = ("identity", "boundary", "session")


class NearStatement(NamedTuple):
    """A statement that did not match the call, every part of it that failed, and the keys that it looks at.

    A policy that does not bind the request, as SCPs do not bind the management account, has a failed part `slot`.
    """

    statement: StatementRef
    failed: tuple[Failure, ...]
    keys: tuple[str, ...] = ()


def closest_denial(case: Case, *, rivals: Rivals = frozenset(), about: tuple[str, ...] = ()) -> NearStatement | None:
    """The Deny of a guardrail or resource policy with the fewest failed parts, None if there is no such Deny.

    Action, resource, principal and every condition count as one part each. Statements with a condition on a key that
    starts with one of `about` (lower case), and those that exempt the call by a Not element, go before all others;
    ties go to those that exempt it rather than speak of something else, then to the statement most of whose
    conditions are about these keys, then to the one with most conditions.
    """
    best: tuple[tuple[bool, int, int, float, int], NearStatement] | None = None
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            if slot in _OWN:
                continue
            for document in documents:
                for statement in compiled(document, rivals).statements:
                    failed = tuple(statement.failures(check.view)) if statement.deny else ()
                    if statement.deny and not applies:
                        text = f"policies of slot `{slot}` do not bind this request"
                        failed = (*failed, Failure("slot", text, statement.location))
                    names = [condition.condition.name for condition in statement.conditions]
                    near = sum(name.startswith(about) for name in names) / len(names) if names and about else 0
                    exempt = sum(_exempts(statement, failure) for failure in failed)
                    elsewhere = sum(failure.part != "condition" for failure in failed) - exempt
                    rank = (bool(about) and not near and not exempt, len(failed), elsewhere, -near, -len(names))
                    if failed and (best is None or rank < best[0]):
                        keys = tuple(dict.fromkeys(condition.condition.key for condition in statement.conditions))
                        best = rank, NearStatement(statement.reference(slot), failed, keys)
    return best[1] if best else None


def nearest_allow(case: Case, *, rivals: Rivals = frozenset()) -> NearStatement | None:
    """The Allow with the fewest failed parts of the first guardrail that binds the call and does not allow it."""
    for check in checks(case):
        for slot, documents, applies in slots(check, rivals):
            if not applies or not slot.startswith(("scp", "rcp", "vpce")):
                continue
            allows = [s for document in documents for s in compiled(document, rivals).statements if not s.deny]
            failures = [tuple(statement.failures(check.view)) for statement in allows]
            if not failures or not all(failures):
                continue
            number = min(range(len(allows)), key=lambda at: len(failures[at]))
            nearest = allows[number]
            keys = tuple(dict.fromkeys(condition.condition.key for condition in nearest.conditions))
            return NearStatement(nearest.reference(slot), failures[number], keys)
    return None


def _exempts(compiled: CompiledStatement, failure: Failure) -> bool:
    """Whether the part that failed is a NotAction, NotResource or NotPrincipal that lists the call."""
    statement = compiled.statement
    elements = {"action": statement.action, "resource": statement.resource, "principal": statement.principal}
    element = elements.get(failure.part)
    return element is not None and element.negated
