"""The last resort for linked variables: a solver with a string theory of its own, on one component."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.solve.result import Limits
from perimeter_smt.solve.theories.literals import Answer, Literal, Undecided


def decide(literals: Sequence[Literal], limits: Limits) -> Answer:
    """Undecided, for now."""
    names = ", ".join(f"`{name}`" for name in sorted({v for literal in literals for v in literal.variables}))
    return Undecided(f"no procedure decides how {names} are linked")
