"""The last resort for linked variables: solvers with a string theory of their own, on one component.

cvc5 is asked first where it is installed, then Z3, each under a work limit.  `unsat` from either is taken as
proof; a model counts only if it consists of characters of the alphabet and satisfies every literal.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.logic.formula import atom, neg
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.logic.problem import Problem
from perimeter_smt.logic.smtlib import script
from perimeter_smt.solve.backends import cvc5, z3_strings
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal, Realised, Undecided
from perimeter_smt.solve.theories.work import Work

# Work units for one component: about a second at most of either solver.
_CVC5_UNITS = 20_000
_Z3_UNITS = 2_000_000
_STEPS = 40_000  # what it counts for beside automata


def decide(literals: Sequence[Literal], work: Work) -> Answer:
    """Texts for the variables of one component, or a conflict of all its literals."""
    text = script(Problem(()), [atom(x.atom) if x.positive else neg(atom(x.atom)) for x in literals])
    names = sorted({variable for literal in literals for variable in literal.variables})
    for run, units in ((cvc5.run if cvc5.installed() else None, _CVC5_UNITS), (z3_strings.run, _Z3_UNITS)):
        if run is None:
            continue
        work.charge(_STEPS)
        status, values, _ = run(text, min(units, work.units))
        if status == "unsat":
            return Conflict(tuple(literals))
        found = {name: values[name] for name in names if isinstance(values.get(name), str)}
        texts = {name: str(found.get(name, "")) for name in names}
        model = Model(texts=texts)
        if status == "sat" and all(map(is_value, texts.values())):
            if all(holds(literal.atom, model) == literal.positive for literal in literals):
                return Realised(texts)
    listed = ", ".join(f"`{name}`" for name in names)
    return Undecided(f"no procedure decides how {listed} are linked")
