"""How the back ends are asked: one problem, some questions about it, times with and without encoding."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.harness import clock
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.backends import cvc5, z3_strings
from perimeter_smt.solve.backends.portfolio import Portfolio
from perimeter_smt.solve.backends.scripts import checked, text_of
from perimeter_smt.solve.result import Limits, Result

BACKENDS = ("native", "portfolio", "cvc5", "z3-strings")
_LONG_RUN = re.compile(r"\(\(_ re\.loop ([01]) \d{2,}\) ")  # from none or one to ten or more
_NO_LIMIT = 4_000_000_000
_RUN = {"cvc5": cvc5.run, "z3-strings": z3_strings.run}


def ask(backend: str, problem: Problem, assumptions: Sequence[Formula]) -> tuple[Result, float, float]:
    """The answer of a back end that starts from nothing, the seconds it took, and those its script took to write.

    The opponents are given the same formula as SMT-LIB text; what counts is reading and solving it.  There is no limit
    here: a process that takes too long is ended (see worker.py).  Upper bounds on the length of long runs are left out
    of the text, since cvc5 unrolls them: that makes it easier; `unsat` stays a proof, and models are checked anyway.
    """
    limits = Limits(rlimit=_NO_LIMIT)
    start = clock()
    if backend == "portfolio":
        result = Portfolio().check(problem, assumptions, limits)
        return result, clock() - start, 0.0
    script = _LONG_RUN.sub(lambda found: "(re.+ " if found[1] == "1" else "(re.* ", text_of(problem, assumptions))
    written = clock()
    status, values, reason = _RUN[backend](script, limits.rlimit, None)
    solved = clock()
    if status == "sat":
        result = checked(problem, assumptions, values, backend)
    else:
        result = Result("unsat") if status == "unsat" else Result("unknown", reason=f"{backend}: {reason}")
    return result, solved - written, written - start
