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
_Known = tuple[tuple[Formula, ...], frozenset[str]]  # with the services of which calls on `*` may match
_KNOWN: dict[tuple[_Key, bool], _Known] = {}


@dataclass
class RememberedPolicies(Policies):
    """As `Policies`, with a memory that all comparisons of the process share."""

    def element_formulas(self, document: Document, statement: Statement) -> tuple[Formula, ...]:
        """Action, resource and each condition of the statement."""
        key = _key(document, statement)
        if key is None:
            return super().element_formulas(document, statement)
        asked = self.keys.stars  # whether X-46 is asked makes another formula
        known = _KNOWN.get((key, asked is not None))
        if known is None:
            if len(_KNOWN) >= _MOST:
                _KNOWN.clear()
            self.keys.stars = None if asked is None else set()
            parts = super().element_formulas(document, statement)
            known = _KNOWN[key, asked is not None] = parts, frozenset(self.keys.stars or ())
            self.keys.stars = asked
        if asked is not None:
            asked |= known[1]
        return known[0]


def _key(document: Document, statement: Statement) -> _Key | None:
    """What the formula of a statement depends on; None if on the keys too."""
    resource = statement.resource
    if statement.conditions or (resource and any("$" in text for text in resource.values)):
        return None
    where = (resource.negated, resource.values) if resource else None
    return ((statement.action.negated, statement.action.values), where, document.kind)
