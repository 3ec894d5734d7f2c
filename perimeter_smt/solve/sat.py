"""Z3 as a search over propositional variables, and nothing else.

Clauses are lists of nonzero integers as in DIMACS; they are handed over in batches as DIMACS text, which
costs about two microseconds a clause.  Each instance owns a Z3 context, so that equal sequences of
calls give equal answers whatever else the process does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

Verdict = Literal["sat", "unsat", "unknown"]


class Sat:
    """An incremental set of clauses. Variables are numbered from 1 by `fresh`."""

    def __init__(self, rlimit: int) -> None:
        """`rlimit` bounds the Z3 work units of one `check`."""
        import z3  # here, so that importing this package does not load the solver

        self._z3: Any = z3.z3core
        self._ast: Any = z3.Ast
        self._context: Any = z3.Context()
        self._ref: Any = self._context.ref()
        self._solver: Any = z3.SolverFor("QF_FD", ctx=self._context)
        self._solver.set("rlimit", rlimit)
        self._solver.set("random_seed", 0)
        self._solver.set("phase", "always_false")
        self._bool: Any = self._keep(self._z3.Z3_mk_bool_sort(self._ref))
        self._terms: dict[int, Any] = {}
        self._declarations: dict[int, Any] = {}
        self._literals: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._count = 0
        self._pending: list[str] = []
        self._model: Any = None
        self._interpretation: Any = _unchecked(self._z3.Z3_model_get_const_interp)
        self._true: int = self._keep(self._z3.Z3_mk_true(self._ref)).value
        self._values: dict[int, bool] = {}

    def fresh(self) -> int:
        """A new variable."""
        self._count += 1
        return self._count

    def add(self, clause: Iterable[int]) -> None:
        """Add a clause for good."""
        self._pending.append(" ".join(map(str, clause)))

    def check(self, assumptions: Sequence[int] = ()) -> Verdict:
        """Whether the clauses can be satisfied under the assumed literals."""
        core, ref = self._z3, self._ref
        if self._pending:
            header = f"p cnf {self._count} {len(self._pending)}\n"
            self._solver.from_string(header + "".join(f"{clause} 0\n" for clause in self._pending))
            self._pending.clear()
        self._drop_model()
        array = (self._ast * len(assumptions))(*[self._term(literal) for literal in assumptions])
        verdict = core.Z3_solver_check_assumptions(ref, self._solver.solver, len(assumptions), array)
        if verdict == 0:
            return "unknown"
        if verdict < 0:
            return "unsat"
        self._model = core.Z3_solver_get_model(ref, self._solver.solver)
        core.Z3_model_inc_ref(ref, self._model)
        return "sat"

    def value(self, variable: int) -> bool:
        """The value of a variable in the model of the last `check`; variables that do not matter are false."""
        known = self._values.get(variable)
        if known is None:
            if variable not in self._declarations:
                self._variable(variable)
            found = self._interpretation(self._ref, self._model, self._declarations[variable])
            known = self._values[variable] = found.value == self._true
        return known

    def core(self) -> list[int]:
        """The assumptions that the last `unsat` used, in ascending order."""
        core, ref = self._z3, self._ref
        vector = core.Z3_solver_get_unsat_core(ref, self._solver.solver)
        core.Z3_ast_vector_inc_ref(ref, vector)
        terms = [core.Z3_ast_vector_get(ref, vector, i) for i in range(core.Z3_ast_vector_size(ref, vector))]
        found = sorted(self._numbers[core.Z3_get_ast_id(ref, term)] for term in terms)
        core.Z3_ast_vector_dec_ref(ref, vector)
        return found

    def reason(self) -> str:
        """Why the last `check` was unknown."""
        return str(self._solver.reason_unknown())

    def _drop_model(self) -> None:
        if self._model is not None:
            self._z3.Z3_model_dec_ref(self._ref, self._model)
            self._model = None
            self._values.clear()

    def _keep(self, term: Any) -> Any:
        self._z3.Z3_inc_ref(self._ref, term)
        return term

    def _variable(self, number: int) -> Any:
        """The Z3 constant of a variable, made when first asked for."""
        found = self._terms.get(number)
        if found is None:
            core, ref = self._z3, self._ref
            symbol = core.Z3_mk_int_symbol(ref, number)  # the name that the DIMACS reader gives
            found = self._terms[number] = self._keep(core.Z3_mk_const(ref, symbol, self._bool))
            self._declarations[number] = core.Z3_get_app_decl(ref, core.Z3_to_app(ref, found))
            self._keep(core.Z3_func_decl_to_ast(ref, self._declarations[number]))
        return found

    def _term(self, literal: int) -> Any:
        """The Z3 term of a literal that is assumed."""
        found = self._literals.get(literal)
        if found is None:
            found = self._variable(abs(literal))
            if literal < 0:
                found = self._keep(self._z3.Z3_mk_not(self._ref, found))
            self._literals[literal] = found
            self._numbers[self._z3.Z3_get_ast_id(self._ref, found)] = literal
        return found


def _unchecked(wrapper: Any) -> Any:
    """The function of the C library behind a wrapper, without the error check that costs more than the call.

    The wrapper itself, should a version of the bindings not keep the function where it is looked for.
    """
    return getattr(next(iter(wrapper.__defaults__ or ()), None), "f", wrapper)
