"""Statements whose formula depends on nothing but their text, encoded once however many documents are compared.

That is so where a statement has no condition and its resources no variable: then the keys have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.logic.formula import Formula
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind

_MOST = 4096  # statements remembered
_Key = tuple[tuple[bool, tuple[str, ...]], tuple[bool, tuple[str, ...]] | None, Kind]
_KNOWN: dict[_Key, tuple[Formula, ...]] = {}


@dataclass
class RememberedPolicies(Policies):
    """As `Policies`, with a memory that all comparisons of the process share."""

    def element_formulas(self, document: Document, statement: Statement) -> tuple[Formula, ...]:
        """Action, resource and each condition of the statement."""
        key = _key(document, statement)
        if key is None:
            return super().element_formulas(document, statement)
        parts = _KNOWN.get(key)
        if parts is None:
            if len(_KNOWN) >= _MOST:
                _KNOWN.clear()
            parts = _KNOWN[key] = super().element_formulas(document, statement)
        return parts


def _key(document: Document, statement: Statement) -> _Key | None:
    """What the formula of a statement depends on; None if on the keys too."""
    resource = statement.resource
    if statement.conditions or (resource and any("$" in text for text in resource.values)):
        return None
    where = (resource.negated, resource.values) if resource else None
    return ((statement.action.negated, statement.action.values), where, document.kind)
