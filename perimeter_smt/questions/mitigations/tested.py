"""C2: calls that AWS tests on several resources, on one of each group of types (table `tested-resource-types`)."""

from __future__ import annotations

from functools import lru_cache

from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom
from perimeter_smt.request.keys import table_rows


def tested_on(action: str) -> tuple[frozenset[str], ...]:
    """The groups of resource types of a call; none where one resource is asked about."""
    return _tested("types").get(action.lower(), ())


def perhaps_on(action: str) -> tuple[frozenset[str], ...]:
    """Groups of types of which AWS does not say whether the call is tested on them, too."""
    return _tested("perhaps").get(action.lower(), ())


def on_type_of(group: frozenset[str]) -> Formula:
    """The call is on a resource of one of these types."""
    return atom(Member(CALL, f"type={' '.join(sorted(group))}"))


def all_types() -> list[Formula]:
    """What is asked about types of resources, for all calls."""
    of_rows = (groups for member in ("types", "perhaps") for groups in _tested(member).values())
    return list(dict.fromkeys(on_type_of(group) for groups in of_rows for group in groups))


@lru_cache(maxsize=2)
def _tested(member: str) -> dict[str, tuple[frozenset[str], ...]]:
    rows = table_rows("tested-resource-types")
    return {row["action"].lower(): tuple(frozenset(group) for group in row.get(member, ())) for row in rows}
