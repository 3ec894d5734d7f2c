"""Which open points of AWS's documentation turn an answer, read the other way."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.encode.language.text import readings
from perimeter_smt.logic.formula import Formula, neg, sym
from perimeter_smt.solve.engine import Engine


def turning(engine: Engine, question: Sequence[Formula]) -> tuple[str, ...]:
    """The open points by which a question that leaves them free has a request: one that does alone, else those of one.

    None where no request is found.
    """
    over = engine.check(question)
    if over.status != "sat" or over.model is None:
        return ()
    turned = [name for name in readings() if over.model.symbols.get(name, False)]
    for name in turned:
        alone = (sym(other) if other == name else neg(sym(other)) for other in readings())
        if engine.check([*question, *alone]).status == "sat":
            return (name,)
    return tuple(turned)
