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
        self._positive: list[Any] = [None]
        self._negative: list[Any] = [None]
        self._declarations: list[Any] = [None]
        self._numbers: dict[int, int] = {}
        self._variables = 0
        self._pending: list[str] = []
        self._model: Any = None

    def fresh(self) -> int:
        """A new variable."""
        self._variables += 1
        return self._variables

    def add(self, clause: Iterable[int]) -> None:
        """Add a clause for good."""
        self._pending.append(" ".join(map(str, clause)))

    def check(self, assumptions: Sequence[int] = ()) -> Verdict:
        """Whether the clauses can be satisfied under the assumed literals."""
        core, ref = self._z3, self._ref
        if self._pending:
            header = f"p cnf {self._variables} {len(self._pending)}\n"
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
        self._term(variable)
        found = self._z3.Z3_model_get_const_interp(self._ref, self._model, self._declarations[variable])
        return bool(found) and self._z3.Z3_get_bool_value(self._ref, found) > 0

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

    def _keep(self, term: Any) -> Any:
        self._z3.Z3_inc_ref(self._ref, term)
        return term

    def _term(self, literal: int) -> Any:
        """The Z3 term of a literal; variables get theirs when first asked for."""
        core, ref = self._z3, self._ref
        while len(self._positive) <= abs(literal):
            number = len(self._positive)
            symbol = core.Z3_mk_int_symbol(ref, number)  # the name that the DIMACS reader gives
            term = self._keep(core.Z3_mk_const(ref, symbol, self._bool))
            negation = self._keep(core.Z3_mk_not(ref, term))
            declaration = core.Z3_get_app_decl(ref, core.Z3_to_app(ref, term))
            self._keep(core.Z3_func_decl_to_ast(ref, declaration))
            self._positive.append(term)
            self._negative.append(negation)
            self._declarations.append(declaration)
            self._numbers[core.Z3_get_ast_id(ref, term)] = number
            self._numbers[core.Z3_get_ast_id(ref, negation)] = -number
        return self._positive[literal] if literal > 0 else self._negative[-literal]
