"""Services that no question can tell apart: they share one verdict, so that 455 services cost a few dozen questions.

Two rows of the catalogue are alike if they lie in the same sets that formulas mention and make the same demands
where a resource pattern could look at them.  Two services are alike if they have rows of the same classes.
"""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.catalogue import Calls, _demands
from perimeter_smt.logic.atoms import Glob
from perimeter_smt.logic.formula import Formula
from perimeter_smt.solve.theories.catalogue import indexes


def group_services(calls: Calls, names: Iterable[str]) -> list[tuple[str, ...]]:
    """The services of `calls` in groups that the sets `names` cannot tell apart, largest first."""
    signature: list[list[int]] = [[] for _ in calls.rows]
    looked_at = 0
    for number, name in enumerate(sorted(set(names))):
        members = calls.members(name)
        if name.startswith("arn service ~ "):
            looked_at |= members
        for index in indexes(members):
            signature[index].append(number)
    seen = frozenset(indexes(looked_at))
    classes: dict[str, set[tuple[object, ...]]] = {service: set() for service in calls.services}
    for index, row in enumerate(calls.rows):
        demands = _demands(row)
        if index not in seen:
            demands = _unnamed(demands)
        classes.setdefault(row.service, set()).add((tuple(signature[index]), *map(id, demands)))
    found: dict[frozenset[tuple[object, ...]], list[str]] = {}
    for service, rows in classes.items():
        if rows:
            found.setdefault(frozenset(rows), []).append(service)
    return sorted((tuple(group) for group in found.values()), key=lambda g: (-len(g), g))


def _unnamed(demands: tuple[Formula, ...]) -> tuple[Formula, ...]:
    """What is demanded of the name counts only where a pattern could look."""
    return tuple(d for d in demands if not (isinstance(d.payload, Glob) and d.payload.var == "resource.name"))
