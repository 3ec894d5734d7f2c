"""Access that is there only where an open point of AWS's documentation is read the other way."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, disj, neg, sym
from perimeter_smt.questions.documents import mode_of
from perimeter_smt.questions.findings.estate import Asked
from perimeter_smt.questions.findings.search import Cover, Search
from perimeter_smt.questions.robust import Fixed, defined
from perimeter_smt.questions.turning import turning


def turned(world: World, asked: Asked, cover: Cover) -> tuple[str, ...]:
    """The open points that, read the other way, give access besides what was found: one that does alone, else all."""
    search = asked.search
    given, _ = search.given  # and the mode of the chosen readings
    beside = _beside(world, search, (search.formula(cube) for cube in cover.cubes))
    return turning(search.engine, [search.access, given, beside, mode_of(world, "over")])


def turned_in_workspace(world: World, asked: Asked, cubes: Iterable[Formula]) -> tuple[str, ...]:
    """The same of a workspace: what its perimeter settles stays so; grants of keys are told by themselves (X-32)."""
    search = asked.search
    *given, _ = search.given  # and the mode of the chosen readings
    settled = world.workspace.perimeter.settled | {"X-32"}
    soft = (sym(f"assume {name}") for name in world.soft)
    question = [search.access, *given, _beside(world, search, cubes), *soft, *map(world.reading, settled)]
    return turning(search.engine, question, settled)


def _beside(world: World, search: Search, cubes: Iterable[Formula]) -> Formula:
    """Requests in none of these sets as they were found: read the other way, a set may hold more."""
    rivals = world.workspace.perimeter.rivals
    chosen = {name: TRUE if name in rivals else FALSE for name in readings()}
    return Fixed(defined(search.engine.problem.assertions), chosen, "as it is read here").of(neg(disj(cubes)))
