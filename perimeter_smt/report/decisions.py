"""Decisions of the concrete evaluator as JSON lines, and explained statement by statement as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import Decision, Explained, StatementRef
from perimeter_smt.report.page import Page
from perimeter_smt.request.case import Case


def decision_json(name: str, decision: Decision) -> dict[str, Any]:
    """One line as `schemas/evaluate.json` describes it."""
    return {
        "id": name,
        "decision": "allow" if decision.allowed else "deny",
        "reason": decision.reason,
        "detail": decision.detail,
        "assumptions": list(decision.assumptions),
        "statements": [_statement(statement) for statement in decision.statements],
    }


def error_json(name: str, error: InputError) -> dict[str, Any]:
    """The line of a case that cannot be decided, in either schema."""
    return {"id": name, "error": {"message": error.message, "path": error.path, "line": error.line}}


def explained_json(name: str, decision: Decision, found: Iterable[Explained]) -> dict[str, Any]:
    """One line as `schemas/explain.json` describes it."""
    return {
        **decision_json(name, decision),
        "explained": [
            {
                **_statement(each.statement),
                "action": each.action,
                "resource": each.resource,
                "applies": each.applies,
                "matched": each.matched,
                "failed": {"part": each.failed.part, "text": each.failed.text, "path": each.failed.location.path}
                if each.failed
                else None,
            }
            for each in found
        ],
    }


def render(
    case: Case, decision: Decision, found: Sequence[Explained], *, width: int | None = None, color: bool = False
) -> str:
    """The decision, and every statement with the first part of it that did not match."""
    page = Page(width, color=color)
    word, style = ("allow", "bold green") if decision.allowed else ("deny", "bold red")
    detail = f": {decision.detail}" if decision.detail else ""
    page.text(f"{case.id}: {word} ({decision.reason}){detail}", style=style)
    caller = case.request.principal
    page.item("caller", caller.arn or caller.provider or caller.type, indent=2)
    page.item("assumed", list(decision.assumptions), indent=2)
    asked = ""
    for each in found or ():
        if asked != (asked := f"{each.action} on {each.resource}"):
            page.item("request", asked, indent=2)
        page.item(each.statement.slot, _listing(each), indent=2, style=_style(each))
    if not found:
        page.item("request", f"{case.request.action} on {case.request.resource}", indent=2)
        page.text("no policy has a statement", indent=2)
    return str(page)


def _listing(each: Explained) -> list[str]:
    statement = each.statement
    name = statement.sid or f"statement {statement.index + 1}"
    place = f"{statement.effect} {name} ({statement.location.path})"
    if each.matched:
        return [f"{place} matches" + ("" if each.applies else ", but does not bind this request")]
    return [f"{place} does not match", each.failed.text if each.failed else ""]


def _style(each: Explained) -> str:
    if not each.matched or not each.applies:
        return "dim"
    return "green" if each.statement.effect == "Allow" else "red"


def _statement(statement: StatementRef) -> dict[str, Any]:
    return {
        "slot": statement.slot,
        "policy": statement.policy,
        "index": statement.index,
        "sid": statement.sid,
        "effect": statement.effect,
        "path": statement.location.path,
    }
