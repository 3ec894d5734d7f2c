"""What the back ends that read SMT-LIB share: the script of a question, and the way back from their models.

The script leaves the views of texts (numbers, instants, addresses) uninterpreted, so `unsat` is a proof while
a model counts only if `logic.interpret` agrees with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, walk
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.logic.problem import Problem
from perimeter_smt.logic.smtlib import script
from perimeter_smt.solve.result import Result

_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]+)\}|\\u([0-9a-fA-F]{4})")


def used(problem: Problem, assumptions: Sequence[Formula]) -> Problem:
    """The problem without the catalogues that no formula speaks of: they need no row."""
    names = {
        node.payload.var
        for formula in (*(a.formula for a in problem.assertions), *assumptions)
        for node in walk(formula)
        if node.op == "atom" and isinstance(node.payload, Member)
    }
    return replace(problem, catalogues={name: c for name, c in problem.catalogues.items() if name in names})


def text_of(problem: Problem, assumptions: Sequence[Formula]) -> str:
    """The script of the question."""
    return script(used(problem, assumptions), assumptions)


def unescape(text: str) -> str:
    """A string literal of SMT-LIB, without its quotes, as the text it stands for."""
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text.replace('""', '"'))


def checked(problem: Problem, assumptions: Sequence[Formula], values: Mapping[str, object], name: str) -> Result:
    """`sat` with the model that a solver's values describe, or `unknown` if it does not satisfy the formulas.

    `values` maps constants to Booleans, texts and, for enumerations, names of values.
    """
    symbols = {key: value for key, value in values.items() if isinstance(value, bool)}
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    enums = {key: texts.pop(key) for key in problem.enums if key in texts}
    rows = _rows(used(problem, assumptions), Model(symbols, texts, enums))
    formulas = [*(a.formula for a in problem.assertions), *assumptions]
    for row in rows:
        members = {
            catalogue: frozenset(n for n, bits in problem.catalogues[catalogue].sets.items() if bits >> index & 1)
            for catalogue, index in row.items()
        }
        model = Model(symbols, texts, enums, members, row)
        if all(truth(formula, model) for formula in formulas):
            return Result("sat", model)
    return Result("unknown", reason=f"{name} found a model that does not give texts their meaning")


def _rows(problem: Problem, model: Model) -> list[dict[str, int]]:
    """The choices of rows whose requirements hold in the texts: one row for each way the sets tell rows apart."""
    out: list[dict[str, int]] = [{}]
    for name, catalogue in problem.catalogues.items():
        allowed: dict[tuple[str, ...], int] = {}
        for index in range(catalogue.size):
            group = next((g for g in catalogue.groups if g.rows >> index & 1), None)
            if group is None or all(truth(f, model) for f in group.requires):
                allowed.setdefault(tuple(n for n, bits in catalogue.sets.items() if bits >> index & 1), index)
        out = [{**row, name: index} for row in out for index in allowed.values()]
    return out
