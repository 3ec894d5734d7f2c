"""A task encoded, and its obligations decided in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InputError
from perimeter_smt.organization.classes import classes
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import availability, user_assertions
from perimeter_smt.questions.answer import answer
from perimeter_smt.questions.encoded import encode
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.obligations.digest import said
from perimeter_smt.questions.obligations.granted import more
from perimeter_smt.questions.obligations.in_question import in_question
from perimeter_smt.questions.obligations.task import AVAILABILITY, OWN, Chain, Task, large
from perimeter_smt.questions.prepare import claimed_rows, prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Verdict
from perimeter_smt.solve.engine import Engine
from perimeter_smt.stages import stage


@dataclass(frozen=True)
class Decided:
    """The verdicts on one obligation.

    `beyond`: what they rest on besides the workspace of the task, namely whether listed principals of the whole
    organization may make first hops: for an objective, to these services, and the answer.  `said`: digests of what
    was asked for that of one smaller organization after the other, with the answers; told only if it is to be kept.
    """

    obligation: str
    verdicts: tuple[Verdict, ...]
    beyond: tuple[tuple[str, tuple[str, ...], bool], ...] = ()
    said: tuple[tuple[str, bool], ...] = ()


def everybody(task: Task, services: tuple[str, ...]) -> Iterator[Workspace]:
    """The organization of a task with its grants, for questions about calls of these services and for no others.

    Of each class of accounts and principals, as far as such calls tell them apart, a few are kept.  A large one comes
    first with more granted than there is, so that more are alike: what is impossible there is so in the ones after it.
    """
    whole = task.whole or task.workspace
    if not task.merge:
        yield whole
        return
    if large(whole, "grants"):
        yield classes(more(whole, services), "grants", services).smaller
        yield classes(in_question(whole, services, generous=True), "grants", services).smaller
    yield classes(in_question(whole, services), "grants", services).smaller


class Encoded:
    """A task as formulas; `decide` asks the obligations of one chain."""

    def __init__(self, task: Task, *, keeping: bool = False) -> None:
        """InputError for what the task names and nobody knows. `keeping`: what is decided is kept."""
        self._task, self._keeping = task, keeping
        values_of = user_assertions.keys_of(task.assertions)
        with stage("encode"):
            self._world = encode(
                task.workspace, objectives=task.objectives, services=task.services, mode=task.mode,
                values_of=values_of, also_names=user_assertions.names_of(task.assertions),
            )  # fmt: skip
        _something_asked(self._world, task)
        with stage("prepare"):
            self._run = prepare(
                self._world, task.objectives, task.reading, task.enumerate_all, task.limit, task.limits, task.assertions
            )
        self._fresh = True
        self._run.whole = partial(everybody, task)

    def decide(self, chain: Chain, begin: Callable[[str], None] = lambda _: None) -> Iterator[Decided]:
        """The verdicts on each obligation of the chain; `begin` is told what is asked next."""
        run = self._run if self._fresh else self._next()
        self._fresh = False
        for name in chain:
            run.beyond, run.heard = set(), []
            begin(title(name))
            with stage(name):
                verdicts = tuple(self._verdicts(run, name, begin))
            heard = tuple(self._said(run)) if self._keeping else ()
            yield Decided(name, verdicts, tuple(sorted(run.beyond)), heard)

    def _said(self, run: Run) -> Iterator[tuple[str, bool]]:
        for asked, services, may in run.heard:
            yield said(asked, services, run.reading, run.engine.limits), may

    def _next(self) -> Run:
        """A run that has learned nothing; what was found of first hops hangs on the task alone and is kept."""
        run = self._run
        engine = Engine(run.engine.problem, run.engine.limits)
        return Run(
            run.world, engine, run.groups, run.exact, run.over, run.reading, run.enumerate_all, run.limit,
            run.first_hops, run.whole,
        )  # fmt: skip

    def _verdicts(self, run: Run, name: str, begin: Callable[[str], None]) -> Iterator[Verdict]:
        if name == AVAILABILITY:
            yield from availability.findings(run)
        elif name == OWN:
            for obligation in user_assertions.questions(run.world, self._task.assertions):
                begin(obligation.name)
                yield user_assertions.answer(run, obligation)
        else:
            groups = [group for group in run.groups if claimed_rows(run.world, name) & group.rows]
            yield from answer(run, OBJECTIVES[name], groups) if groups else [_not_asked(run.world, name)]


def title(name: str) -> str:
    """An obligation as people read it."""
    return f"{name} {OBJECTIVES[name].title}" if name in OBJECTIVES else name


def _something_asked(world: World, task: Task) -> None:
    """A run in which nothing is asked has no answer: InputError."""
    objectives, services = task.objectives, task.services
    if task.assertions or any(claimed_rows(world, name) for name in objectives):
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
