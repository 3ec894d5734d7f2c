"""Z3 as a search over propositional variables, and nothing else.

Clauses are lists of nonzero integers as in DIMACS; many at a time are handed over as DIMACS text, which costs about
two microseconds a clause.  Equal sequences of calls give equal answers whatever else the process does
(see context_pool.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from perimeter_smt.solve.context_pool import POOLED, Context, acquire, by_address, put_back, unchecked

Verdict = Literal["sat", "unsat", "unknown"]
# Clauses are handed over one by one where that is quicker than having a text read, which takes time for every variable.
_FEW = 40
_SHARE = 20  # variables for one clause more


class Sat:
    """An incremental set of clauses. Variables are numbered from 1 by `fresh`."""

    def __init__(self, rlimit: int) -> None:
        """`rlimit` bounds the Z3 work units of one `check`."""
        self._rlimit = rlimit
        self._count = 0
        self._pending: list[tuple[int, ...]] = []
        self._told: list[tuple[int, ...]] = []  # what a solver in a borrowed context knows, should it outgrow that
        self._context: Context | None = None
        self._borrowed = False
        self._solver: Any = None
        self._model: Any = None

    def fresh(self) -> int:
        """A new variable."""
        self._count += 1
        return self._count

    def add(self, clause: Iterable[int]) -> None:
        """Add a clause for good."""
        self._pending.append(tuple(clause))

    def check(self, assumptions: Sequence[int] = ()) -> Verdict:
        """Whether the clauses can be satisfied under the assumed literals."""
        self._drop_model()
        context = self._ensure_context()
        core, ref = self._core, context.ref
        self._tell(context)
        array = (self._ast * len(assumptions))(*[context.assume(literal) for literal in assumptions])
        verdict = core.Z3_solver_check_assumptions(ref, self._solver, len(assumptions), array)
        if verdict == 0:
            return "unknown"
        if verdict < 0:
            return "unsat"
        self._model = core.Z3_solver_get_model(ref, self._solver)
        core.Z3_model_inc_ref(ref, self._model)
        return "sat"

    def values(self, variables: dict[int, int], variable_of: Callable[[int], int]) -> Callable[[int], bool]:
        """The values of names in the model of the last `check`; what does not matter is false.

        `variables` of names, to which those that are asked for are added by `variable_of` (0: none, and false).
        Of use until the next check.
        """
        context = self._context
        assert context is not None
        ref, model, true = context.ref.value, self._model.value, context.true
        interpretation, declarations, declaration = self._interpretation, context.declarations, context.declaration

        def value(name: int) -> bool:
            variable = variables.get(name)
            if variable is None:
                variable = variables[name] = variable_of(name)
            if not variable:
                return False
            asked = declarations.get(variable)
            return bool(interpretation(ref, model, declaration(variable) if asked is None else asked) == true)

        return value

    def core(self) -> list[int]:
        """The assumptions that the last `unsat` used, in ascending order."""
        assert self._context is not None
        core, ref = self._core, self._context.ref
        vector = core.Z3_solver_get_unsat_core(ref, self._solver)
        core.Z3_ast_vector_inc_ref(ref, vector)
        terms = [core.Z3_ast_vector_get(ref, vector, i) for i in range(core.Z3_ast_vector_size(ref, vector))]
        found = sorted(map(self._context.literal, terms))
        core.Z3_ast_vector_dec_ref(ref, vector)
        return found

    def reason(self) -> str:
        """Why the last `check` was unknown."""
        assert self._context is not None
        return str(self._core.Z3_solver_get_reason_unknown(self._context.ref, self._solver))

    def _tell(self, context: Context) -> None:
        """Hand over the clauses added since the last check."""
        pending = self._pending
        if len(pending) > max(_FEW, self._count // _SHARE) or not all(pending):
            text = f"p cnf {self._count} {len(pending)}\n{dimacs(pending)}\n"
            self._core.Z3_solver_from_string(context.ref, self._solver, text)
        else:
            for clause in pending:
                term = context.clause(clause)
                self._assert(context.ref, self._solver, term)
                context.release(term)
        if self._borrowed:
            self._told += pending
        self._pending = []

    def _ensure_context(self) -> Context:
        """The context to work in: a borrowed one as long as it holds all variables, else one of our own."""
        if self._context is None or (self._borrowed and self._count > POOLED):
            import z3

            self._leave()
            self._borrowed = self._count <= POOLED
            self._context = acquire() if self._borrowed else Context()
            self._core: Any = z3.z3core
            self._ast: Any = z3.Ast
            self._interpretation: Any = by_address(self._core.Z3_model_get_const_interp, 3)
            self._assert: Any = unchecked(self._core.Z3_solver_assert)
            self._solver = self._new_solver(self._context.ref)
            self._pending = self._told + self._pending
            self._told = []
        return self._context

    def _new_solver(self, ref: Any) -> Any:
        core = self._core
        solver = core.Z3_mk_solver_for_logic(ref, core.Z3_mk_string_symbol(ref, "QF_FD"))
        core.Z3_solver_inc_ref(ref, solver)
        parameters = core.Z3_mk_params(ref)
        core.Z3_params_inc_ref(ref, parameters)
        for name, value in (("rlimit", self._rlimit), ("random_seed", 0)):
            core.Z3_params_set_uint(ref, parameters, core.Z3_mk_string_symbol(ref, name), value)
        phase = core.Z3_mk_string_symbol(ref, "always_false")
        core.Z3_params_set_symbol(ref, parameters, core.Z3_mk_string_symbol(ref, "phase"), phase)
        core.Z3_solver_set_params(ref, solver, parameters)
        core.Z3_params_dec_ref(ref, parameters)
        return solver

    def _leave(self) -> None:
        """Drop the solver and give a borrowed context back."""
        self._drop_model()
        context, solver, self._context, self._solver = self._context, self._solver, None, None
        if context is not None and not context.gone:
            if solver is not None:
                self._core.Z3_solver_dec_ref(context.ref, solver)
            if self._borrowed:
                put_back(context)

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self._leave()

    def _drop_model(self) -> None:
        if self._model is not None:
            assert self._context is not None
            if not self._context.gone:
                self._core.Z3_model_dec_ref(self._context.ref, self._model)
            self._model = None


def dimacs(clauses: Sequence[tuple[int, ...]]) -> str:
    """At least one clause, each as its numbers and a 0, which ends it: what Python writes of them is nearly that."""
    return f"{str(clauses)[2:-2].replace('), (', ' 0 ').replace(',', '')} 0"
