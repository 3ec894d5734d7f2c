"""cvc5, if installed, on the same script: a second opinion by another team's solver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.backends.scripts import checked, text_of, unescape
from perimeter_smt.solve.errors import BackendMissingError
from perimeter_smt.solve.result import Limits, Result


class Cvc5:
    """One cvc5 instance per question. Raises BackendMissingError where cvc5 is not installed."""

    name = "cvc5"

    def __init__(self) -> None:
        _module()

    def check(self, problem: Problem, assumptions: Sequence[Formula] = (), limits: Limits = Limits()) -> Result:
        """Whether the problem has a model in which the assumptions hold; the work limit is `limits.rlimit`."""
        status, values, reason = run(text_of(problem, assumptions), limits.rlimit, limits.seconds)
        if status == "sat":
            return checked(problem, assumptions, values, self.name)
        return Result("unsat") if status == "unsat" else Result("unknown", reason=f"cvc5: {reason}")


def installed() -> bool:
    """Whether cvc5 can be used."""
    try:
        _module()
    except BackendMissingError:
        return False
    return True


def _module() -> Any:
    try:
        import cvc5
    except ImportError as problem:
        hint = "cvc5 is not installed; get it with `pip install perimeter-smt[crosscheck]`"
        raise BackendMissingError(hint) from problem
    return cvc5


def run(script: str, rlimit: int, seconds: float | None = None) -> tuple[str, dict[str, object], str]:
    """Verdict, values of the constants if `sat`, and the reason if `unknown`."""
    cvc5 = _module()
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    for option, value in (("produce-models", "true"), ("strings-exp", "true"), ("rlimit", str(rlimit))):
        solver.setOption(option, value)
    if seconds is not None:
        solver.setOption("tlimit-per", str(int(seconds * 1000)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script.replace("(check-sat)", ""), "question")
    symbols = parser.getSymbolManager()
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        answer = command.invoke(solver, symbols)
        if "error" in answer:
            return "unknown", {}, answer.strip()
    result = solver.checkSat()
    if result.isUnsat():
        return "unsat", {}, ""
    if not result.isSat():
        return "unknown", {}, str(result.getUnknownExplanation())
    return "sat", {_name(t): _value(solver.getValue(t)) for t in symbols.getDeclaredTerms()}, ""


def _name(term: Any) -> str:
    return str(term.getSymbol()) if term.hasSymbol() else str(term).strip("|")


def _value(term: Any) -> object:
    if term.isBooleanValue():
        return bool(term.getBooleanValue())
    if term.isStringValue():
        return unescape(str(term)[1:-1])
    return str(term).strip("|")
