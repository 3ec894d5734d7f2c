"""Which open points of AWS's documentation turn an answer, read the other way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from perimeter_smt.encode.language.text import readings
from perimeter_smt.logic.formula import Formula, neg, sym
from perimeter_smt.solve.engine import Engine


def turning(engine: Engine, question: Sequence[Formula], settled: Collection[str] = ()) -> tuple[str, ...]:
    """The open points by which a question that leaves them free has a request: one that does alone, else those of one.

    None where no request is found. `settled`: points that the question itself settles.
    """
    over = engine.check(question)
    if over.status != "sat" or over.model is None:
        return ()
    turned = [name for name in _free(settled) if over.model.symbols.get(name, False)]
    for name in turned:
        if engine.check([*question, *alone((name,), settled)]).status == "sat":
            return (name,)
    return tuple(turned)


def alone(points: Collection[str], settled: Collection[str] = ()) -> list[Formula]:
    """These open points are read the other way, and no others but those that are settled."""
    return [sym(name) if name in points else neg(sym(name)) for name in _free(settled)]


def _free(settled: Collection[str]) -> list[str]:
    return [name for name in readings() if name not in settled]
