"""From when on requests count: what a policy let through until yesterday is no hole today (semantics 4.8, AR16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction

from perimeter_smt.encode.language.keys import Space
from perimeter_smt.logic.atoms import Compare, Ref
from perimeter_smt.logic.formula import atom, implies
from perimeter_smt.logic.problem import Assertion

FROM = "--today "  # how the fact is named, with the day


def facts(today: date | None, keys: Space) -> Iterator[Assertion]:
    """The moment of the request is not before the day; without a day it is any moment."""
    if today is None:
        return
    begin = Fraction(int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp()))
    for name in ("aws:currenttime", "aws:epochtime"):
        key = keys.known.get(name)
        for part in key.term if key else ():
            if key and isinstance(part, Ref):
                later = atom(Compare(part.var, "instant", ">=", begin))
                yield Assertion(f"{FROM}{today.isoformat()}", implies(key.has, later))


def counting(today: date | None, keys: Space) -> str:
    """The day, where a policy tests the moment; else empty."""
    return today.isoformat() if today is not None and any(facts(today, keys)) else ""
