"""Z3 with its own theory of strings, on the whole question: a second opinion, and a benchmark opponent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.backends.scripts import checked, text_of, unescape
from perimeter_smt.solve.result import Limits, Result


class Z3Strings:
    """One Z3 context per question."""

    name = "z3-strings"

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """Whether the problem has a model in which the assumptions hold; the work limit is `limits.rlimit`."""
        status, values, reason = run(text_of(problem, assumptions), limits.rlimit, limits.seconds)
        if status == "sat":
            return checked(problem, assumptions, values, self.name)
        return Result("unsat") if status == "unsat" else Result("unknown", reason=f"Z3: {reason}")


def run(script: str, rlimit: int, seconds: float | None = None) -> tuple[str, dict[str, object], str]:
    """Verdict, values of the constants if `sat`, and the reason if `unknown`."""
    import z3

    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", rlimit)
    solver.set("random_seed", 0)
    if seconds is not None:
        solver.set("timeout", int(seconds * 1000))
    solver.from_string(script.replace("(check-sat)", ""))
    verdict = str(solver.check())
    if verdict != "sat":
        return verdict, {}, str(solver.reason_unknown())
    model = solver.model()
    return "sat", {d.name(): _value(z3, model[d]) for d in model.decls() if d.arity() == 0}, ""


def _value(z3: Any, term: Any) -> object:
    if z3.is_true(term) or z3.is_false(term):
        return bool(z3.is_true(term))
    if z3.is_string_value(term):
        return unescape(term.as_string())
    return term.decl().name() if z3.is_app(term) and term.num_args() == 0 and not z3.is_int_value(term) else None
