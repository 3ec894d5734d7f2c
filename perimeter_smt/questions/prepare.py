"""The encoded workspace made ready for questions: services that no question tells apart are one group."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions import user_assertions
from perimeter_smt.questions.groups import group_services, looks_everywhere, speaks_of_names
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prefer import mentioned
from perimeter_smt.questions.run import Group, Reading, Run
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits


def prepare(
    world: World,
    chosen: Sequence[str],
    reading: Reading,
    enumerate_all: bool,
    limit: int,
    limits: Limits,
    assertions: Sequence[user_assertions.Source],
    also: Sequence[Formula] = (),
    *,
    often: bool = False,
) -> Run:
    """The run that asks the `chosen` objectives and the user's own obligations of a world.

    `also` are further formulas that will be asked: what they tell apart stays apart. `often`: in many questions.
    """
    asked = [f(world, o) for o in chosen for f in (questions.breach, questions.hole, questions.claimed)]
    asked += [questions.limit_formula(world, o, name) for o in chosen for name in OBJECTIVES[o].limits]
    own = [*user_assertions.formulas(world, assertions), *also]
    asked += [questions.blocked(world), *own]
    documents = [document for document, _ in world.policies.statements.values()]
    everywhere = looks_everywhere(documents, world.workspace.perimeter) or speaks_of_names(own)
    alike = group_services(world.calls, world.sets(asked), everywhere=everywhere)
    kept = sorted(row for group in alike for row in group.rows)
    world.calls.replace_rows([world.calls.rows[row] for row in kept])
    groups = []
    for group in alike:
        name = f"services like {group.services[0]}"
        world.calls.define(name, group.services)
        groups.append(Group(group.services, atom(Member(CALL, name)), world.calls.members(name)))
    problem = world.problem([*asked, *(g.here for g in groups), *mentioned(world.calls)])
    over = questions.proof_mode(world)
    engine = Engine(problem, limits, often=often)
    return Run(world, engine, tuple(groups), world.exact(), over, reading, enumerate_all, limit)


def claimed_rows(world: World, objective: str) -> int:
    """The calls that an objective claims, as a bit set of the catalogue."""
    scope = world.workspace.perimeter.scope(objective)
    calls = world.calls

    def members(patterns: Sequence[str]) -> int:
        out = 0
        for text in patterns:
            everything = not text.strip("*") or text == "*:*"
            out |= (1 << len(calls.rows)) - 1 if everything else calls.members(f"action ~ {text.lower()}")
        return out

    return members(scope.actions) & ~members(scope.except_actions)
