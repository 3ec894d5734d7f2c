"""Does the perimeter hold? Every objective, for every group of services that no question can tell apart.

A verdict `proved` means: the environment, the guardrails and the negated objective are together unsatisfiable
with every open reading free and only accepted assumptions made, and the premise alone is satisfiable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Literal

from perimeter_smt.encode.language.text import readings, soft_names
from perimeter_smt.encode.world.world import World, build
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.organization.classes import classes
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import availability as availability_question
from perimeter_smt.questions import mitigations as beside
from perimeter_smt.questions import user_assertions
from perimeter_smt.questions.answer import answer
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prepare import claimed_rows, prepare
from perimeter_smt.questions.run import Reading
from perimeter_smt.questions.unknowns import doubted, qualified
from perimeter_smt.questions.user_assertions import Source
from perimeter_smt.questions.verdicts import Report, Verdict
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_dates
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
    assertions: Sequence[Source] = (),
    progress: Progress | None = None,
    limits: Limits | None = None,
    merge: bool = True,
    mitigations: Sequence[str] = (),
    demanded: Sequence[str] = (),
    today: date | None = None,
) -> Report:
    """Prove or refute the objectives for a workspace.

    `services` restricts the question (default: all that the objectives claim); `mode` asks about guardrails
    alone or with the grants of the workspace; `reading` says what counts: `over` proves under every open reading,
    `exact` under the chosen ones, `under` proves as `over` and refutes only by requests that get through under every
    reading; `enumerate_all` looks for
    every kind of counterexample up to `limit` per verdict; `assertions` are the user's own obligations, files or text,
    which speak of all services unless `services` are named.  `progress` is called with a label, the number done and
    the total.  With `merge`, accounts that no question can tell apart are represented by a few of them
    (docs/scaling.md).  `mitigations` are asked beside the objectives: ids or `all`; they count for the exit code where
    `perimeter.yaml` or `demanded` names them.  `today` (default: the day of the call) decides which exceptions have
    expired.  InputError for unknown names.
    """
    day = today or date.today()
    perimeter, expired = workspace.perimeter.on(day)
    given, workspace = workspace, workspace.model_copy(update={"perimeter": perimeter})
    must = beside.chosen((*demanded, *perimeter.mitigations), where="" if demanded else "perimeter.yaml")
    names = beside.chosen((*mitigations, *must))
    report = _objectives(
        workspace, objectives=objectives, services=services, mode=mode, reading=reading, enumerate_all=enumerate_all,
        limit=limit, availability=availability, assertions=assertions, progress=progress, limits=limits or Limits(),
        merge=merge,
    )  # fmt: skip
    return replace(
        report,
        mitigations=doubted(
            beside.ask(workspace, names, Asking(reading, limits or Limits(), day), progress), workspace
        ),
        demanded=must,
        today=day.isoformat() if given.perimeter.dated else "",
        expired=expired,
    )


def _objectives(
    workspace: Workspace,
    *,
    objectives: Sequence[str],
    services: Sequence[str] | None,
    mode: Mode,
    reading: Reading,
    enumerate_all: bool,
    limit: int,
    availability: bool,
    assertions: Sequence[Source] = (),
    progress: Progress | None,
    limits: Limits,
    merge: bool,
) -> Report:
    """The verdicts on the objectives, on assertions of the user's own, and on availability."""
    if merge and not assertions:  # an assertion may tell accounts apart in ways of its own
        found = classes(workspace, mode)
        if found.removed:
            report = _objectives(
                found.smaller, objectives=objectives, services=services, mode=mode, reading=reading,
                enumerate_all=enumerate_all, limit=limit, availability=availability,
                progress=progress, limits=limits, merge=False,
            )  # fmt: skip
            if not _shows(report, found.removed):
                return report
    if assertions and services is None:  # they hold of every request, whatever the objectives claim
        ask = partial(_objectives, workspace, mode=mode, reading=reading, enumerate_all=enumerate_all, limit=limit,
                      progress=progress, limits=limits, merge=merge)  # fmt: skip
        own = ask(objectives=(), services=actions.services(), availability=False, assertions=assertions)
        if not objectives:
            return own
        report = ask(objectives=objectives, services=None, availability=availability)
        return replace(report, verdicts=(*report.verdicts, *own.verdicts))
    values_of = user_assertions.keys_of(assertions)
    world = encode(workspace, objectives=objectives, services=services, mode=mode, values_of=values_of)
    _something_asked(world, objectives, services, assertions)
    run = prepare(world, objectives, reading, enumerate_all, limit, limits, assertions)
    extra = user_assertions.questions(world, assertions)
    total = len(objectives) + len(extra) + int(availability)
    verdicts = []
    for number, name in enumerate(objectives):
        if progress:
            progress(f"{name} {OBJECTIVES[name].title}", number, total)
        groups = [group for group in run.groups if claimed_rows(world, name) & group.rows]
        verdicts += answer(run, OBJECTIVES[name], groups) if groups else [_not_asked(world, name)]
    for number, obligation in enumerate(extra, len(objectives)):
        if progress:
            progress(obligation.name, number, total)
        verdicts.append(user_assertions.answer(run, obligation))
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
    values_of: Mapping[str, int] | None = None,
) -> World:
    """The workspace as formulas, for the services in question; InputError for unknown objectives or services.

    `values_of`: condition keys that the question speaks of although no policy may test them, and how many values.
    """
    known = actions.services()
    for objective in objectives:
        if objective not in OBJECTIVES:
            hint = did_you_mean(objective, OBJECTIVES)
            raise InputError(f"unknown objective `{objective}`{hint}: expected one of {', '.join(OBJECTIVES)}")
    for service in services or ():
        if service.lower() not in known:
            hint = did_you_mean(service, known)
            raise InputError(f"unknown service `{service}`{hint}: expected a prefix such as `s3`")
    if services is not None:
        chosen = tuple(dict.fromkeys(service.lower() for service in services))
    else:
        scoped = _scoped(workspace, objectives)
        chosen = known if scoped is None else tuple(s for s in known if s in scoped)
    world = build(workspace, chosen, free_grants=mode == "guardrails", objectives=objectives, values_of=values_of)
    _check_assumptions(workspace)
    return world


def _shows(report: Report, removed: frozenset[str]) -> bool:
    """Whether a counterexample took an id of an account left out for a stranger's."""
    shown = [c for verdict in (*report.verdicts, *report.availability) for c in verdict.counterexamples]
    accounts = {n for c in shown for n in re.findall("[0-9]{12}", repr((c.request, c.facts)))}
    return not accounts.isdisjoint(removed)


def _something_asked(
    world: World, objectives: Sequence[str], services: Sequence[str] | None, assertions: Sequence[Source]
) -> None:
    """A run in which nothing is asked has no answer: InputError."""
    if assertions or any(claimed_rows(world, name) for name in objectives):
        return
    of = f"of {', '.join(f'`{service}`' for service in services)}" if services else "that there is"
    claims = "claims" if len(objectives) == 1 else "claim"
    raise InputError(f"nothing to ask: {', '.join(objectives)} {claims} no action {of}", file="perimeter.yaml",
                     path="$.scopes")  # fmt: skip


def _not_asked(world: World, name: str) -> Verdict:
    """The verdict on an objective that claims nothing of the services in question: it stands in the report, too."""
    objective = OBJECTIVES[name]
    reason = "its scope claims no action of these services, so that nothing was asked"
    return Verdict(name, objective.title, world.calls.services, "vacuous", reason=reason)


def _check_assumptions(workspace: Workspace) -> None:
    """Accepted assumptions are names of soft axioms or of open points."""
    known = [*soft_names(), *readings()]
    for name in workspace.perimeter.readings:
        if name not in readings():
            hint = did_you_mean(name, readings()) or ", expected a name such as `X-1`"
            raise InputError(f"unknown open point `{name}`{hint}", file="perimeter.yaml", path="$.readings")
    for name in workspace.perimeter.assumptions:
        if name not in known:
            hint = did_you_mean(name, known) or ", expected a soft axiom such as `AN8` or a point such as `X-1`"
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
