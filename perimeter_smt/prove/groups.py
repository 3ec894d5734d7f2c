"""Services that no question can tell apart: they share one verdict, so that 455 services cost a few dozen questions.

Two rows of the catalogue are alike if they lie in the same sets that formulas mention and make the same demands
where a resource pattern could look at them.  Two services are alike if they have rows of the same classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.encode.catalogue import Calls, _demands
from perimeter_smt.logic.atoms import Glob
from perimeter_smt.logic.formula import Formula


def group_services(calls: Calls, names: Iterable[str]) -> list[tuple[str, ...]]:
    """The services of `calls` in groups that the sets `names` cannot tell apart, largest first."""
    names = sorted(set(names))
    everything = (1 << len(calls.rows)) - 1
    blocks = _refined([everything], [calls.members(name) for name in names])
    looked_at = 0
    for name in names:
        if name.startswith("arn service ~ "):
            looked_at |= calls.members(name)
    blocks = _refined(blocks, _demand_sets(calls, looked_at))
    masks = {service: calls.members(f"service={service}") for service in calls.services}
    found: dict[tuple[int, ...], list[str]] = {}
    for service, mask in masks.items():
        if mask:
            key = tuple(i for i, block in enumerate(blocks) if block & mask)
            found.setdefault(key, []).append(service)
    return sorted((tuple(group) for group in found.values()), key=lambda g: (-len(g), g))


def _refined(blocks: list[int], sets: Sequence[int]) -> list[int]:
    for members in sets:
        out = []
        for block in blocks:
            inside = block & members
            outside = block & ~members
            out += [part for part in (inside, outside) if part]
        blocks = out
    return blocks


def _demand_sets(calls: Calls, looked_at: int) -> list[int]:
    """Rows by what they demand; what they demand of the name counts only where a pattern could look."""
    by_demand: dict[tuple[Formula, ...], int] = {}
    for i, row in enumerate(calls.rows):
        demands = _demands(row)
        if not looked_at >> i & 1:
            demands = tuple(
                d for d in demands if not (isinstance(d.payload, Glob) and d.payload.var == "resource.name")
            )
        by_demand[demands] = by_demand.get(demands, 0) | 1 << i
    return list(by_demand.values())
