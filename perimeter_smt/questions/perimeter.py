"""Does the perimeter hold? Every objective, for every group of services that no question can tell apart.

A verdict `proved` means: the environment, the guardrails and the negated objective are together unsatisfiable
with every open reading free and only accepted assumptions made, and the premise alone is satisfiable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from perimeter_smt.errors import expect_one_of
from perimeter_smt.organization.classes import Classes, classes
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import availability as availability_question
from perimeter_smt.questions import mitigations as beside
from perimeter_smt.questions.advice import advice, guardrails
from perimeter_smt.questions.encoded import Mode, asked_services, encode
from perimeter_smt.questions.mitigations import exceptions
from perimeter_smt.questions.mitigations.model import Asking, Mitigation
from perimeter_smt.questions.not_asked import not_asked
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.obligations.aside import aside, here_only
from perimeter_smt.questions.obligations.decide import HERE, Means, StoppedError, decide, decide_merged
from perimeter_smt.questions.obligations.deciding import Decided
from perimeter_smt.questions.obligations.shown import requests, takes_left_out
from perimeter_smt.questions.obligations.task import AVAILABILITY, OWN, Task, bearing, large
from perimeter_smt.questions.run import Reading
from perimeter_smt.questions.unknowns import doubted, qualified
from perimeter_smt.questions.user_assertions import Source
from perimeter_smt.questions.verdicts import Kinds, Report, Verdict
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_dates
from perimeter_smt.solve.result import Limits
from perimeter_smt.stages import stage

Progress = Callable[[str, int, int], None]


class StoppedProofError(KeyboardInterrupt):
    """Ctrl-C during `prove`; `report` holds what was decided, and `unknown` for the rest."""

    def __init__(self, report: Report, decided: int, asked: int) -> None:
        self.report, self.decided, self.asked = report, decided, asked
        super().__init__()


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
    mitigations: Sequence[str] | None = None,
    demanded: Sequence[str] = (),
    today: date | None = None,
    without_exceptions: bool = False,
    means: Means = HERE,
) -> Report:
    """Prove or refute the objectives for a workspace.

    `services` restricts the question (default: all that the objectives claim); `mode` asks about guardrails
    alone or with the grants of the workspace; `reading` says what counts: `over` proves under every open reading,
    `exact` under the chosen ones, `under` proves as `over` and refutes only by requests that get through under every
    reading; `enumerate_all` looks for
    every kind of counterexample up to `limit` per verdict; `assertions` are the user's own obligations, files or text,
    which speak of all services unless `services` are named.  `progress` is called with a label, the number done and
    the total.  With `merge`, accounts that no question can tell apart are represented by a few of them
    (docs/scaling.md).  `mitigations` are asked beside the objectives (ids or `all`; default: those that
    `perimeter.yaml` names), and those `demanded`; they count for the exit code where either names them.  `today`
    (default: the day of the call) decides which exceptions have expired; `without_exceptions` shows what each of the
    others opens.  `means` says who decides; the answer is the same.  InputError for unknown names; StoppedProofError on
    Ctrl-C, with what was decided.
    """
    expect_one_of(mode, ("guardrails", "grants"), "mode")
    expect_one_of(reading, ("over", "exact", "under"), "reading")
    day = today or date.today()
    perimeter, expired = workspace.perimeter.on(day)
    given, workspace = workspace, workspace.model_copy(update={"perimeter": perimeter, "today": day})
    claimed = beside.chosen(perimeter.mitigations, where="perimeter.yaml")
    names = beside.chosen((*(claimed if mitigations is None else mitigations), *demanded))
    counting = {*claimed, *beside.chosen(demanded)}
    must = tuple(name for name in names if name in counting)

    def whole(report: Report, found: tuple[Mitigation, ...] = ()) -> Report:
        dated = day.isoformat() if given.perimeter.dated else ""
        beyond = not_asked(given, grants_too=mode == "grants" or bool(names))
        unknowns = (*report.unknowns, *beyond)
        return replace(report, mitigations=found, demanded=must, today=dated, expired=expired, unknowns=unknowns)

    asking = Asking(reading, limits or Limits(), day, must)

    # Where the objectives are not large enough for workers of their own, a second processor answers these.
    second = bool(names) and means.jobs > 1 and means.scheduler is None and not large(workspace, mode)
    groups = beside.apart(names) if second else [names]
    here = replace(means, jobs=means.jobs - 1) if second else means
    parts: list[Callable[[], tuple[Mitigation, ...]]] = [
        partial(beside.ask, workspace, group, asking, here_only(progress)) for group in groups
    ]
    if without_exceptions:
        parts.append(lambda: (exceptions.ask(workspace, asking, mode),))
    try:
        with aside(parts, wanted=second) as answered:
            report = _objectives(
                workspace, objectives=objectives, services=services, mode=mode, reading=reading,
                enumerate_all=enumerate_all, limit=limit, availability=availability, assertions=assertions,
                progress=progress, limits=limits or Limits(), merge=merge, means=here,
            )  # fmt: skip
            told = [one for part in answered() for one in part]
    except StoppedProofError as stopped:
        raise StoppedProofError(whole(stopped.report), stopped.decided, stopped.asked) from None
    found = [next(one for one in told if one.id == name) for name in names]
    opened = told[len(found) :]
    return whole(report, doubted((*found, *opened), workspace))


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
    means: Means,
) -> Report:
    """The verdicts on the objectives, on assertions of the user's own, and on availability."""
    if assertions and services is None:  # they hold of every request, whatever the objectives claim
        ask = partial(_objectives, workspace, mode=mode, reading=reading, enumerate_all=enumerate_all, limit=limit,
                      progress=progress, limits=limits, merge=merge, means=means)  # fmt: skip
        own = ask(objectives=(), services=actions.services(), availability=False, assertions=assertions)
        if not objectives:
            return own
        report = ask(objectives=objectives, services=None, availability=availability)
        return replace(report, verdicts=(*report.verdicts, *own.verdicts))
    task = Task(
        workspace=bearing(workspace, mode),
        whole=workspace if mode == "guardrails" and workspace.grants_given else None,
        merge=merge,
        objectives=tuple(objectives),
        services=None if services is None else tuple(services),
        mode=mode,
        reading=reading,
        enumerate_all=enumerate_all,
        limit=limit,
        availability=availability,
        assertions=tuple(assertions),
        limits=limits,
    )
    asked = asked_services(workspace, objectives, services)
    with stage("classes of accounts"):  # an assertion may tell them apart
        found = classes(workspace, mode, asked) if merge and not assertions else None
    smaller = replace(task, workspace=bearing(found.smaller, mode)) if found and found.removed else task
    try:
        decided = decide_merged(task, smaller, means, progress) if found else decide(task, means, progress)
        shown = requests(verdict for each in decided.values() for verdict in each.verdicts)
        if found and found.removed and takes_left_out(shown, found.removed, workspace.organization.id):
            decided = decide(task, means, progress)
    except StoppedError as stopped:
        report = _report(workspace, task, stopped.decided)
        raise StoppedProofError(report, len(stopped.decided), len(task.obligations)) from None
    kinds = _kinds(workspace, found) if found and (found.removed or found.reason) else None
    if progress:
        progress("done", len(task.obligations), len(task.obligations))
    return replace(_report(workspace, task, decided), kinds=kinds)


def _kinds(workspace: Workspace, found: Classes) -> Kinds:
    """What is told of classes."""
    people = sum(len(account.principals) for account, _ in workspace.organization.accounts()) if found.principals else 0
    accounts = sum(map(len, found.members))
    return Kinds(accounts, len(found.members), people, found.principals, found.reason)


def _report(workspace: Workspace, task: Task, decided: Mapping[str, Decided]) -> Report:
    """The report in the order of the question, whatever was decided first."""
    verdicts = [v for name in task.obligations if name != AVAILABILITY for v in _verdicts(task, decided, name)]
    blocked = _verdicts(task, decided, AVAILABILITY) if task.availability else ()
    tables = tuple(sorted(table_dates().items()))
    known = advice((*verdicts, *blocked), guardrails(workspace))
    report = Report(workspace.name, task.mode, task.reading, tuple(verdicts), tuple(blocked), tables, advice=known,
                    collected=workspace.collected)  # fmt: skip
    return qualified(report, workspace.unknowns)


def _verdicts(task: Task, decided: Mapping[str, Decided], name: str) -> tuple[Verdict, ...]:
    if name in decided:
        return decided[name].verdicts
    titles = {AVAILABILITY: availability_question.TITLE, OWN: "own assertions"}
    known = titles.get(name) or OBJECTIVES[name].title
    return (Verdict(name, known, task.services or (), "unknown", reason="not decided: interrupted"),)


__all__ = ["Mode", "Progress", "StoppedProofError", "encode", "prove"]
