"""Actions as sets of the catalogue (semantics 1.4)."""

from __future__ import annotations

from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, both, disj, neg, sym
from perimeter_smt.policy.document import Element


def encode_action(element: Element) -> Formula:
    """The called action is one of the element's (or, for NotAction, none of them)."""
    found = disj(action_matches(text) for text in element.values)
    return neg(found) if element.negated else found


def action_matches(text: str) -> Formula:
    """The action matches one pattern; a wildcard in the service half expands only in `*:*` (X-25)."""
    if not text.strip():
        return FALSE
    service, _, name = text.lower().partition(":")
    if not text.strip("*") or (service and name and not (service + name).strip("*")):
        return TRUE
    if not name:
        return FALSE
    found = atom(Member("call", f"action ~ {service}:{name}"))
    return both(sym("X-25"), found) if "*" in service or "?" in service else found
