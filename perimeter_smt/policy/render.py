"""Policy documents back to JSON objects, as they were read (semantics 1.1)."""

from __future__ import annotations

from typing import Any

from perimeter_smt.policy.document import Condition, Document, Element, PrincipalElement, Statement


def to_json(document: Document) -> dict[str, Any]:
    """The document as a JSON object that reads back to the same statements; condition values are texts."""
    out: dict[str, Any] = {"Version": document.version}
    if document.id is not None:
        out["Id"] = document.id
    out["Statement"] = [_statement(statement) for statement in document.statements]
    return out


def _statement(statement: Statement) -> dict[str, Any]:
    out: dict[str, Any] = {} if statement.sid is None else {"Sid": statement.sid}
    out["Effect"] = statement.effect
    if statement.principal is not None:
        out["NotPrincipal" if statement.principal.negated else "Principal"] = _principal(statement.principal)
    out |= _element("Action", statement.action)
    if statement.resource is not None:
        out |= _element("Resource", statement.resource)
    if statement.conditions:
        out["Condition"] = _conditions(statement.conditions)
    return out


def _element(name: str, element: Element) -> dict[str, Any]:
    return {f"Not{name}" if element.negated else name: _one_or_many(element.values)}


def _principal(element: PrincipalElement) -> Any:
    if [entry.type for entry in element.entries] == ["*"]:
        return "*"
    out: dict[str, list[str]] = {}
    for entry in element.entries:
        out.setdefault("AWS" if entry.type == "*" else entry.type, []).append(entry.value)
    return {name: _one_or_many(tuple(values)) for name, values in out.items()}


def _conditions(conditions: tuple[Condition, ...]) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for condition in conditions:
        block = out.setdefault(str(condition.operator), {})
        block[condition.key] = _one_or_many(condition.values)
    return out


def _one_or_many(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)
