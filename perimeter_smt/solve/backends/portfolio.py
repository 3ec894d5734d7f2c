"""Several back ends on one question: the first definite answer, and an alarm when two contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.backends.backend import Backend
from perimeter_smt.solve.backends.cvc5 import Cvc5, installed
from perimeter_smt.solve.backends.native import Native
from perimeter_smt.solve.backends.scripts import text_of
from perimeter_smt.solve.backends.z3_strings import Z3Strings
from perimeter_smt.solve.errors import BackendDisagreementError
from perimeter_smt.solve.result import Limits, Result


class Portfolio:
    """Asks `members` in turn. With `compare`, asks all of them and compares the definite answers."""

    name = "portfolio"

    def __init__(self, members: Sequence[Backend] | None = None, *, compare: bool = False) -> None:
        if members is None:
            members = [Native(), *([Cvc5()] if installed() else []), Z3Strings()]
        self.members, self.compare = tuple(members), compare

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """The first definite answer; `unknown` with all reasons if there is none.

        Raises BackendDisagreementError, with the script as dump, when one says sat and another unsat.
        """
        first: tuple[str, Result] | None = None
        reasons = []
        for member in self.members:
            result = member.check(problem, assumptions, limits)
            if result.status == "unknown":
                reasons.append(f"{member.name}: {result.reason}")
            elif first is None:
                first = (member.name, result)
            elif first[1].status != result.status:
                raise BackendDisagreementError(
                    f"{first[0]} answers {first[1].status}, {member.name} answers {result.status}",
                    dump=f"{first[1]!r}\n{result!r}\n{text_of(problem, assumptions)}",
                )
            if first is not None and not self.compare:
                break
        return first[1] if first else Result("unknown", reason="; ".join(reasons))
