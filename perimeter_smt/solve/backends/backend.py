"""The interface of back ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.result import Limits, Result


class Backend(Protocol):
    """Decides one question from scratch. `unsat` is a proof, `sat` comes with a checked model."""

    name: str

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """Whether the problem has a model in which the assumptions hold."""
        ...
