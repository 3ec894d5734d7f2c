"""The engine of this package as a back end."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result


class Native:
    """A fresh engine per question."""

    name = "native"

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """See `Engine.check`."""
        return Engine(problem, limits).check(assumptions)
