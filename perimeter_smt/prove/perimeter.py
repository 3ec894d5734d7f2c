"""Does the perimeter hold? Every objective, for every group of services that no question can tell apart.

A verdict `proved` means: the environment, the guardrails and the negated objective are together unsatisfiable
with every open reading free and only accepted assumptions made, and the premise alone is satisfiable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from perimeter_smt.encode.catalogue import CALL
from perimeter_smt.encode.world import World, build
from perimeter_smt.errors import InputError
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import Formula, atom, conj, neg, sym
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.prove import availability as availability_question
from perimeter_smt.prove import explain, objectives, user_assertions
from perimeter_smt.prove.groups import group_services
from perimeter_smt.prove.objectives import ACCEPTED_ASSUMPTIONS, LIMIT_TEXTS, OBJECTIVES, Objective
from perimeter_smt.prove.prefer import mentioned, plainest, preferences
from perimeter_smt.prove.verdicts import Assumption, Counterexample, Limit, Report, Verdict
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_dates
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result

Progress = Callable[[str, int, int], None]
Mode = Literal["guardrails", "grants"]
Reading = Literal["exact", "over"]


@dataclass
class Question:
    """One objective for one group: the formulas that are asked, and what to call them."""

    objective: Objective
    services: tuple[str, ...]
    here: Formula
    breach: Formula
    hole: Formula
    claimed: Formula


@dataclass
class Run:
    """The encoded workspace, its engine, and the modes."""

    world: World
    engine: Engine
    exact: Formula
    over: Formula
    reading: Reading
    enumerate_all: bool
    limit: int
    wanted: dict[tuple[str, ...], list[Formula]] = field(default_factory=dict)

    def ask(self, *formulas: Formula, core: bool = False) -> Result:
        """One incremental check."""
        return self.engine.check(formulas, core=core)

    def plain(self, services: tuple[str, ...], assumptions: Sequence[Formula], first: Result) -> Result:
        """The plainest request that still satisfies the assumptions."""
        if services not in self.wanted:
            self.wanted[services] = preferences(self.world, services)
        return plainest(self.engine, self.wanted[services], assumptions, first)


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

    `services` restricts the question (default: all of the service reference); `mode` asks about guardrails
    alone or with the grants of the workspace; `reading` says what counts as proved; `enumerate_all` looks for
    every kind of counterexample up to `limit`; `assertions` are files of the user's own obligations.
    `progress` is called with a label, the number done and the total.  InputError for unknown names.
    """
    chosen = _services(workspace, services, objectives)
    world = build(workspace, chosen, free_grants=mode == "guardrails", objectives=objectives)
    run, questions = _prepare(world, objectives, reading, enumerate_all, limit, limits or Limits(), assertions)
    extra = user_assertions.questions(world, assertions)
    total = len(questions) + len(extra) + int(availability)
    verdicts = []
    for number, question in enumerate(questions):
        if progress:
            progress(f"{question.objective.id} {question.services[0]}", number, total)
        verdicts.append(_answer(run, question))
    verdicts += [user_assertions.answer(run, name, formula) for name, formula in extra]
    blocked = availability_question.findings(run, chosen) if availability else ()
    if progress:
        progress("done", total, total)
    return Report(workspace.name, mode, reading, tuple(verdicts), tuple(blocked), tuple(sorted(table_dates().items())))


def _services(workspace: Workspace, services: Sequence[str] | None, objectives: Sequence[str]) -> tuple[str, ...]:
    known = actions.services()
    for objective in objectives:
        if objective not in OBJECTIVES:
            raise InputError(f"unknown objective `{objective}`: expected one of {', '.join(OBJECTIVES)}")
    if services is not None:
        for service in services:
            if service.lower() not in known:
                raise InputError(f"unknown service `{service}`: expected a prefix such as `s3`")
        return tuple(dict.fromkeys(service.lower() for service in services))
    scoped = _scoped(workspace, objectives)
    return known if scoped is None else tuple(s for s in known if s in scoped)


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
) -> tuple[Run, list[Question]]:
    formulas = {o: (objectives.breach(world, o), objectives.hole(world, o), objectives.claimed(world, o)) for o in chosen}
    asked = [f for triple in formulas.values() for f in triple] + [objectives.blocked(world)]
    asked += [objectives.limit_formula(world, o, limit) for o in chosen for limit in OBJECTIVES[o].limits]
    asked += [formula for _, formula in user_assertions.questions(world, assertions)]
    names = world.problem(asked).catalogues[CALL].sets
    groups = group_services(world.calls, names)
    here = {group: atom(Member(CALL, f"service={group[0]}")) for group in groups}
    problem = world.problem([*asked, *here.values(), *mentioned(world, groups)])
    accepted = [n for name in world.workspace.perimeter.accepted for n in ACCEPTED_ASSUMPTIONS.get(name, ())]
    over = world.over((*accepted, *world.workspace.perimeter.assumptions))
    run = Run(world, Engine(problem, limits), world.exact(), over, reading, enumerate_all, limit)
    questions = [
        Question(OBJECTIVES[o], group, here[group], *formulas[o])
        for o in chosen
        for group in groups
        if _claims(world, o, group)
    ]
    return run, questions


def _claims(world: World, objective: str, group: Sequence[str]) -> bool:
    """Whether the objective claims any action of these services."""
    scope = world.workspace.perimeter.scope(objective)
    calls = world.calls

    def members(patterns: Sequence[str]) -> int:
        out = 0
        for text in patterns:
            low = text.lower()
            everything = not text.strip("*") or text == "*:*"
            out |= (1 << len(calls.rows)) - 1 if everything else calls.members(f"action ~ {low}")
        return out

    return bool(members(scope.actions) & ~members(scope.except_actions) & calls.members(f"service={group[0]}"))


def _answer(run: Run, question: Question) -> Verdict:
    """One verdict. The order matters: a hole first, then what lies beyond the guardrail, then vacuity."""
    objective = question.objective
    limits = tuple(_limits(run, question))
    open_limits = [limit for limit in limits if limit.example and not limit.accepted]
    exact = run.ask(question.hole, question.here, run.exact)
    if exact.status == "sat":
        found, exhausted = _enumerate(run, question, exact)
        return _verdict(run, question, "refuted", counterexamples=found, limits=limits, exhausted=exhausted)
    if exact.status == "unknown":
        return _verdict(run, question, "unknown", limits=limits, reason=exact.reason)
    if run.reading == "over":
        over = run.ask(question.hole, question.here, run.over)
        if over.status == "unknown":
            return _verdict(run, question, "unknown", limits=limits, reason=over.reason)
        if over.status == "sat":
            over = run.plain(question.services, (question.hole, question.here, run.over), over)
            found = explain.counterexample(run.world, objective.id, over, "hole", exact=False)
            reason = f"holds under the chosen readings; not without {', '.join(found.depends_on)}"
            return _verdict(run, question, "conditional", counterexamples=(found,), limits=limits, reason=reason)
    if open_limits:
        examples = tuple(limit.example for limit in open_limits if limit.example)
        return _verdict(
            run, question, "refuted", counterexamples=examples, limits=limits, reason="beyond the reach of the guardrails"
        )
    if run.ask(question.claimed, question.here, run.exact).status != "sat":
        reason = "no request meets the premise: nothing was proved"
        return _verdict(run, question, "vacuous", limits=limits, reason=reason)
    mode = run.over if run.reading == "over" else run.exact
    proof = run.ask(question.hole, question.here, mode, core=True)
    assumptions, used = explain.proof(run.world, proof.core)
    accepted = [Assumption(limit.reach, limit.text, "accepted in perimeter.yaml") for limit in limits if limit.example]
    return _verdict(run, question, "proved", limits=limits, assumptions=(*accepted, *assumptions), used=used)


def _verdict(run: Run, question: Question, status: str, **fields: object) -> Verdict:
    return Verdict(
        question.objective.id,
        question.objective.title,
        question.services,
        status,  # type: ignore[arg-type]
        exceptions=explain.exceptions(run.world.workspace.perimeter, question.objective.id),
        **fields,  # type: ignore[arg-type]
    )


def _limits(run: Run, question: Question) -> Iterator[Limit]:
    """What the guardrail cannot hold back here, each with a request if there is one."""
    accepted = run.world.workspace.perimeter.accepted
    for name in question.objective.limits:
        here = objectives.limit_formula(run.world, question.objective.id, name)
        assumptions = (question.breach, here, question.here, run.exact)
        result = run.ask(*assumptions)
        example: Counterexample | None = None
        if result.status == "sat":
            result = run.plain(question.services, assumptions, result)
            example = explain.counterexample(run.world, question.objective.id, result, "beyond", reach=name)
        yield Limit(name, LIMIT_TEXTS[name], name in accepted, example)


def _enumerate(run: Run, question: Question, first: Result) -> tuple[tuple[Counterexample, ...], bool | None]:
    """Counterexamples that differ in kind, each kind blocked before the next is looked for."""
    assumptions: list[Formula] = [question.hole, question.here, run.exact]
    found: list[Counterexample] = []
    result = first
    while True:
        result = run.plain(question.services, assumptions, result)
        found.append(explain.counterexample(run.world, question.objective.id, result, "hole"))
        if not run.enumerate_all:
            return tuple(found), None
        if len(found) >= run.limit:
            return tuple(found), False
        assumptions.append(neg(kind_of(run.world, result)))
        result = run.ask(*assumptions)
        if result.status != "sat":
            return tuple(found), result.status == "unsat"


def kind_of(world: World, result: Result) -> Formula:
    """The kind of a counterexample: who, over which wire, by which tag or path."""
    model = result.model
    assert model is not None
    literals = [atom(Is("caller", model.enums["caller"])), atom(Is("wire", model.enums["wire"]))]
    names = ["forwarded", "principal.mine", "principal.service-linked", "resource.mine", "principal.management"]
    names += [str(k.has.payload) for n, k in world.keys.known.items() if n.startswith(("aws:principaltag/", "aws:resourcetag/"))]
    for name in names:
        literals.append(sym(name) if model.symbols.get(name, False) else neg(sym(name)))
    return conj(literals)


