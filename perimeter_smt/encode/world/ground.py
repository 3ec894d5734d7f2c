"""A pinned request as a model: what the formula of a case says, without a solver.

The pins of a case are literals, so they fix every symbol and text; definitions follow from them.
"""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.world.case import CaseProblem
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.logic.atoms import Glob, Is, Member, Text
from perimeter_smt.logic.formula import Formula, walk
from perimeter_smt.logic.interpret import Model, truth


def holds(case: CaseProblem, asked: Formula, rivals: Iterable[str] = ()) -> bool:
    """The truth of `asked` for the pinned request. `rivals`: the open points that are read the other way."""
    symbols: dict[str, bool] = dict.fromkeys(rivals, True)
    texts: dict[str, str] = {}
    enums: dict[str, str] = {}
    for pin in case.pins:
        for literal in pin.args if pin.op == "and" else (pin,):
            _take(literal, symbols, texts, enums)
    definitions = [*case.policies.assertions, *case.assertions]
    names = {
        node.payload.name
        for formula in (*(a.formula for a in definitions), asked)
        for node in walk(formula)
        if node.op == "atom" and isinstance(node.payload, Member)
    }
    members = {CALL: frozenset(name for name in names if case.calls.members(name) & 1)}
    for definition in definitions:
        model = Model(symbols, texts, enums, members)
        _define(definition.formula, symbols, model)
    return truth(asked, Model(symbols, texts, enums, members))


def _take(literal: Formula, symbols: dict[str, bool], texts: dict[str, str], enums: dict[str, str]) -> None:
    positive = literal.op != "not"
    fact = literal if positive else literal.args[0]
    if fact.op == "sym":
        symbols[fact.payload] = positive
    elif fact.op == "atom" and positive:
        match fact.payload:
            case Is(var=var, value=value):
                enums[var] = value
            case Glob(var=var, pattern=pattern):
                texts[var] = "".join(part.text for part in pattern if isinstance(part, Text))


def _define(formula: Formula, symbols: dict[str, bool], model: Model) -> None:
    """`name <=> body`, or a literal that is left of it where the body is constant."""
    if formula.op == "iff" and formula.args[0].op == "sym":
        symbols[formula.args[0].payload] = truth(formula.args[1], model)
    elif formula.op == "sym":
        symbols[formula.payload] = True
    elif formula.op == "not" and formula.args[0].op == "sym":
        symbols[formula.args[0].payload] = False
