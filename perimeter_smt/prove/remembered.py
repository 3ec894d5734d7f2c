"""Statements whose formula depends on nothing but their text, encoded once however many documents are compared.

That is so where a statement has no condition and its resources no variable: then the keys have no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.encode.statement import Policies
from perimeter_smt.logic.formula import Formula, iff, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind

_MOST = 4096  # statements remembered
_Key = tuple[tuple[bool, tuple[str, ...]], tuple[bool, tuple[str, ...]] | None, Kind]
_KNOWN: dict[_Key, Formula] = {}


@dataclass
class RememberedPolicies(Policies):
    """As `Policies`, with a memory that all comparisons of the process share."""

    def selected(self, document: Document, statement: Statement) -> Formula:
        """The symbol for: action, resource and conditions of the statement match."""
        here = (id(document), statement.index)
        key = _key(document, statement)
        if key is None or here in self._selected:
            return super().selected(document, statement)
        body = _KNOWN.get(key)
        if body is None:
            found = super().selected(document, statement)
            if found.op == "sym" and self.assertions and self.assertions[-1].formula.args[0] is found:
                if len(_KNOWN) >= _MOST:
                    _KNOWN.clear()
                _KNOWN[key] = self.assertions[-1].formula.args[1]
            return found
        self._documents.append(document)
        name = self._name(document, statement)
        self._selected[here] = sym(name)
        self.assertions.append(Assertion(name, iff(sym(name), body)))
        self.statements[name] = (document, statement)
        return self._selected[here]


def _key(document: Document, statement: Statement) -> _Key | None:
    """What the formula of a statement depends on; None if on the keys too."""
    resource = statement.resource
    if statement.conditions or (resource and any("$" in text for text in resource.values)):
        return None
    where = (resource.negated, resource.values) if resource else None
    return ((statement.action.negated, statement.action.values), where, document.kind)
