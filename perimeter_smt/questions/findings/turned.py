"""Access that is there only where an open point of AWS's documentation is read the other way."""

from __future__ import annotations

from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import disj, neg
from perimeter_smt.questions.documents import mode_of
from perimeter_smt.questions.findings.estate import Asked
from perimeter_smt.questions.findings.search import Cover
from perimeter_smt.questions.turning import turning


def turned(world: World, asked: Asked, cover: Cover) -> tuple[str, ...]:
    """The open points that, read the other way, give access besides what was found: one that does alone, else all."""
    search = asked.search
    given, _ = search.given  # and the mode of the chosen readings
    found = disj(search.formula(cube) for cube in cover.cubes)
    return turning(search.engine, [search.access, given, neg(found), mode_of(world, "over")])
