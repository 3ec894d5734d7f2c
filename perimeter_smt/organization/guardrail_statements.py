"""What a guardrail statement is about, for what is read from it."""

from __future__ import annotations

from perimeter_smt.policy.document import Condition, Document, Statement

NETWORK = ("aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:vpceorgid", "aws:vpceaccount", "aws:vpceorgpaths")
_KINDS_OF_CALLS = ("aws:principalisawsservice", "aws:viaawsservice", "aws:sourceaccount", "aws:sourceorgid",
                   "aws:sourcearn", "aws:principalorgid", "aws:securetransport")  # fmt: skip


def place_of(document: Document, statement: Statement) -> str:
    """Where a statement stands, in words."""
    where = str(statement.location) if statement.location.line else statement.location.file
    return f"{document.name}, {statement.sid or f'statement {statement.index + 1}'} ({where})"


def narrows(condition: Condition) -> bool:
    """Whether the condition keeps a Deny from most requests: it asks for something that is no opt-in by tag."""
    if condition.operator.base.negated or condition.name.startswith("aws:principaltag/"):
        return False
    base = condition.operator.base.name
    return not (base in ("Bool", "Null") and condition.name in (*_KINDS_OF_CALLS, *NETWORK))
