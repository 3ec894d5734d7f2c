"""What a verdict `vacuous` stands on: the axioms, facts and statements by which no request meets a premise."""

from __future__ import annotations

from perimeter_smt.logic.formula import Formula
from perimeter_smt.questions import explain
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Assumption, Blame


def nothing(run: Run, *premise: Formula) -> tuple[tuple[Assumption, ...], tuple[Blame, ...]]:
    """What it rests on that no request meets a premise: that is so under the chosen readings, with all soft axioms."""
    result = run.ask(*premise, run.exact, core=True)
    return explain.proof(run.world, result.rests_on) if result.status == "unsat" else ((), ())
