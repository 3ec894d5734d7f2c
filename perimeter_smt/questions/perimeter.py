"""Does the perimeter hold? Every objective, for every group of services that no question can tell apart.

A verdict `proved` means: the environment, the guardrails and the negated objective are together unsatisfiable
with every open reading free and only accepted assumptions made, and the premise alone is satisfiable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from perimeter_smt.encode.language.text import readings, soft_names
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World, build
from perimeter_smt.errors import InputError
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import atom
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Scope, Workspace
from perimeter_smt.questions import availability as availability_question
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions import user_assertions
from perimeter_smt.questions.answer import answer
from perimeter_smt.questions.groups import group_services, looks_everywhere
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prefer import mentioned
from perimeter_smt.questions.run import Group, Reading, Run
from perimeter_smt.questions.unknowns import qualified
from perimeter_smt.questions.verdicts import Report
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_dates
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

Progress = Callable[[str, int, int], None]
Mode = Literal["guardrails", "grants"]


def prove(
    workspace: Workspace,
    *,
    objectives: Sequence[str] = NAMES,
    services: Sequence[str] | None = None,
    mode: Mode = "guardrails",
    reading: Reading = "over",
    enumerate_all: bool = False,
    limit: int = 20,
    availability: bool = True,
    assertions: Sequence[Path] = (),
    progress: Progress | None = None,
    limits: Limits | None = None,
) -> Report:
    """Prove or refute the objectives for a workspace.

    `services` restricts the question (default: all that the objectives claim); `mode` asks about guardrails
    alone or with the grants of the workspace; `reading` says what counts: `over` proves under every open reading,
    `exact` under the chosen ones, `under` proves as `over` and refutes only by requests that get through under every
    reading; `enumerate_all` looks for
    every kind of counterexample up to `limit` per verdict; `assertions` are files of the user's own
    obligations.  `progress` is called with a label, the number done and the total.  InputError for unknown names.
    """
    world = encode(workspace, objectives=objectives, services=services, mode=mode)
    run = _prepare(world, objectives, reading, enumerate_all, limit, limits or Limits(), assertions)
    extra = user_assertions.questions(world, assertions)
    total = len(objectives) + len(extra) + int(availability)
    verdicts = []
    for number, name in enumerate(objectives):
        if progress:
            progress(f"{name} {OBJECTIVES[name].title}", number, total)
        verdicts += answer(run, OBJECTIVES[name], [g for g in run.groups if _claims(world, name, g)])
    for number, (name, formula) in enumerate(extra, len(objectives)):
        if progress:
            progress(name, number, total)
        verdicts.append(user_assertions.answer(run, name, formula))
    if progress and availability:
        progress("availability", total - 1, total)
    blocked = availability_question.findings(run) if availability else ()
    if progress:
        progress("done", total, total)
    report = Report(
        workspace.name, mode, reading, tuple(verdicts), tuple(blocked), tuple(sorted(table_dates().items()))
    )
    return qualified(report, workspace.unknowns)


def encode(
    workspace: Workspace,
    *,
    objectives: Sequence[str] = NAMES,
    services: Sequence[str] | None = None,
    mode: Mode = "guardrails",
) -> World:
    """The workspace as formulas, for the services in question; InputError for unknown objectives or services."""
    known = actions.services()
    for objective in objectives:
        if objective not in OBJECTIVES:
            raise InputError(f"unknown objective `{objective}`: expected one of {', '.join(OBJECTIVES)}")
    for service in services or ():
        if service.lower() not in known:
            raise InputError(f"unknown service `{service}`: expected a prefix such as `s3`")
    if services is not None:
        chosen = tuple(dict.fromkeys(service.lower() for service in services))
    else:
        scoped = _scoped(workspace, objectives)
        chosen = known if scoped is None else tuple(s for s in known if s in scoped)
    world = build(workspace, chosen, free_grants=mode == "guardrails", objectives=objectives)
    _check_assumptions(workspace)
    return world


def _check_assumptions(workspace: Workspace) -> None:
    """Accepted assumptions are names of soft axioms or of open points."""
    known = [*soft_names(), *readings()]
    for name in workspace.perimeter.assumptions:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = (
                f", did you mean `{near[0]}`?"
                if near
                else ", expected a soft axiom such as `AN8` or a point such as `X-1`"
            )
            raise InputError(f"unknown assumption `{name}`{hint}", file="perimeter.yaml", path="$.assumptions")


def _scoped(workspace: Workspace, objectives: Sequence[str]) -> frozenset[str] | None:
    """The services that some objective claims; None: all of them."""
    out: set[str] = set()
    for objective in objectives:
        for pattern in workspace.perimeter.scope(objective).actions:
            service = pattern.lower().partition(":")[0]
            if "*" in service or "?" in service:
                return None
            out.add(service)
    return frozenset(out)


def _prepare(
    world: World,
    chosen: Sequence[str],
    reading: Reading,
    enumerate_all: bool,
    limit: int,
    limits: Limits,
    assertions: Sequence[Path],
) -> Run:
    asked = [f(world, o) for o in chosen for f in (questions.breach, questions.hole, questions.claimed)]
    asked += [questions.limit_formula(world, o, name) for o in chosen for name in OBJECTIVES[o].limits]
    asked += [questions.blocked(world), *(formula for _, formula in user_assertions.questions(world, assertions))]
    documents = [document for document, _ in world.policies.statements.values()]
    everywhere = looks_everywhere(documents, world.workspace.perimeter)
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
    return Run(world, Engine(problem, limits), tuple(groups), world.exact(), over, reading, enumerate_all, limit)


def _claims(world: World, objective: str, group: Group) -> bool:
    """Whether the objective claims any action of these services."""
    scope: Scope = world.workspace.perimeter.scope(objective)
    calls = world.calls

    def members(patterns: Sequence[str]) -> int:
        out = 0
        for text in patterns:
            everything = not text.strip("*") or text == "*:*"
            out |= (1 << len(calls.rows)) - 1 if everything else calls.members(f"action ~ {text.lower()}")
        return out

    return bool(members(scope.actions) & ~members(scope.except_actions) & group.rows)
