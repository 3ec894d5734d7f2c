"""The interface of back ends, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from perimeter_smt.errors import InputError
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.result import Limits, Result

NAMES = ("native", "z3-strings", "cvc5", "portfolio")


class Backend(Protocol):
    """Decides one question from scratch. `unsat` is a proof, `sat` comes with a checked model."""

    name: str

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """Whether the problem has a model in which the assumptions hold."""
        ...


def backend(name: str) -> Backend:
    """The back end called `name`; InputError for an unknown one, BackendMissingError if it is not installed."""
    from perimeter_smt.solve.backends.cvc5 import Cvc5
    from perimeter_smt.solve.backends.native import Native
    from perimeter_smt.solve.backends.portfolio import Portfolio
    from perimeter_smt.solve.backends.z3_strings import Z3Strings

    match name:
        case "native":
            return Native()
        case "z3-strings":
            return Z3Strings()
        case "cvc5":
            return Cvc5()
        case "portfolio":
            return Portfolio()
    raise InputError(f"unknown back end `{name}`, expected one of {', '.join(NAMES)}")
