"""A pool of Z3 contexts, each lent to one search at a time, with the constants of numbered variables.

Making and dropping a Z3 context costs as much as deciding a small question, so contexts are used again.  For answers
not to depend on what a context was used for before, a lent one holds a fixed number of variables, all made before
anything else: Z3 sorts by the numbers of its terms, and these are then the same in every search.
A search that needs more variables gets a context of its own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

POOLED = 1024  # variables of a context that is used again
_ALL: list[Context] = []  # every lent context: the garbage collector must never take one for part of a dead cycle
_FREE: list[Context] = []  # lists are changed atomically, so threads may borrow and give back


class Context:
    """A Z3 context with terms for variables and their negations. Not for two threads at a time."""

    def __init__(self, size: int = 0) -> None:
        """Variables up to `size` are made now, others when first asked for."""
        import z3  # here, so that importing this package does not load the solver

        core: Any = z3.z3core
        # Models are read constant by constant: looking for what could be written shorter takes four fifths of the
        # time that it takes to hand one over.
        core.Z3_global_param_set("model.compact", "false")
        self._z3: Any = z3.Context()
        self.ref: Any = self._z3.ref()
        self._core = core
        self._ast: Any = z3.Ast
        self._or: Any = unchecked(core.Z3_mk_or)
        self._dec_ref: Any = unchecked(core.Z3_dec_ref)
        self._inc_ref: Any = unchecked(core.Z3_inc_ref)
        self._symbol: Any = unchecked(core.Z3_mk_int_symbol)
        self._const: Any = unchecked(core.Z3_mk_const)
        self._not: Any = unchecked(core.Z3_mk_not)
        self._bool: Any = self._keep(core.Z3_mk_bool_sort(self.ref))
        self.true: int = self._keep(core.Z3_mk_true(self.ref)).value
        self._terms: dict[int, Any] = {}  # by literal
        self.declarations: dict[int, int] = {}  # addresses
        self._assumed: dict[int, Any] = {}  # terms that `_numbers` knows; they stay, so their numbers do
        self._numbers: dict[int, int] = {}  # identity of a term of Z3's to the literal
        for variable in range(1, size + 1):
            self.term(variable)
            self.term(-variable)

    @property
    def gone(self) -> bool:
        """Whether the context was deleted, as may be in the middle of garbage collection."""
        return self._z3.ref() is None

    def term(self, literal: int) -> Any:
        """The Z3 term of a literal."""
        found = self._terms.get(literal)
        if found is None:
            if literal < 0:
                found = self._not(self.ref, self.term(-literal))
            else:
                # the name that the DIMACS reader gives
                found = self._const(self.ref, self._symbol(self.ref, literal), self._bool)
            self._terms[literal] = self._keep(found)
        return found

    def clause(self, literals: Sequence[int]) -> Any:
        """The Z3 term of a clause, which the caller has to release."""
        size = len(literals)
        if size == 1:
            return self._keep(self.term(literals[0]))
        return self._keep(self._or(self.ref, size, (self._ast * size)(*map(self.term, literals))))

    def release(self, term: Any) -> None:
        """Drop a term that was kept."""
        self._dec_ref(self.ref, term)

    def declaration(self, variable: int) -> int:
        """The address of the Z3 function declaration of a variable, which models are asked for."""
        found = self.declarations.get(variable)
        if found is None:
            core, ref = self._core, self.ref
            told = core.Z3_get_app_decl(ref, core.Z3_to_app(ref, self.term(variable)))
            self._keep(core.Z3_func_decl_to_ast(ref, told))
            found = self.declarations[variable] = int(told.value)
        return found

    def literal(self, term: Any) -> int:
        """The literal whose term was assumed."""
        return self._numbers[self._core.Z3_get_ast_id(self.ref, term)]

    def assume(self, literal: int) -> Any:
        """The term of a literal, which `literal` will find again."""
        found = self._assumed.get(literal)
        if found is None:
            found = self._assumed[literal] = self.term(literal)
            self._numbers[self._core.Z3_get_ast_id(self.ref, found)] = literal
        return found

    def _keep(self, term: Any) -> Any:
        self._inc_ref(self.ref, term)
        return term


def acquire() -> Context:
    """A context for one search of at most `POOLED` variables. Give it back when no solver lives in it any more."""
    try:
        return _FREE.pop()
    except IndexError:
        context = Context(POOLED)
        _ALL.append(context)
        return context


def put_back(context: Context) -> None:
    """Let another search use a borrowed context."""
    _FREE.append(context)


def by_address(wrapper: Any, count: int) -> Any:
    """The function of the C library behind a wrapper, from `count` addresses to an address: it is called often."""
    function = unchecked(wrapper)
    if function is wrapper:
        return lambda *arguments: wrapper(*map(ctypes.c_void_p, arguments)).value
    address = ctypes.c_void_p
    return ctypes.PYFUNCTYPE(address, *(address for _ in range(count)))(ctypes.cast(function, address).value or 0)


def unchecked(wrapper: Any) -> Any:
    """The function of the C library behind a wrapper, without the error check that costs more than the call.

    The wrapper itself, should a version of the bindings not keep the function where it is looked for.
    """
    return getattr(next(iter(wrapper.__defaults__ or ()), None), "f", wrapper)
