"""The verdicts on one objective (design 1): holes, limits of the guardrail, rival readings, proofs, vacuity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from perimeter_smt.logic.formula import Formula, conj, disj, neg
from perimeter_smt.questions import explain, first_hop
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.objectives import LIMIT_TEXTS, Objective
from perimeter_smt.questions.prepare import claimed_rows
from perimeter_smt.questions.run import Group, Run, kind_of, merged
from perimeter_smt.questions.verdicts import Assumption, Counterexample, Limit, Status, Verdict
from perimeter_smt.solve.result import Result


@dataclass
class _Row:
    """Verdicts that agree, being folded: same status, same kind of counterexample, same reason."""

    status: Status
    groups: list[Group]
    counterexamples: tuple[Counterexample, ...] = ()
    exhausted: bool | None = None
    reason: str = ""
    proof: tuple[tuple[Assumption, ...], tuple[object, ...]] = field(default=((), ()))
    kind: Formula | None = None  # of a hole


def answer(run: Run, objective: Objective, groups: Sequence[Group]) -> list[Verdict]:
    """One verdict per set of services that agree. Every group of services gets exactly one verdict.

    The order matters: a hole first, then what lies beyond the guardrail, then rival readings, then vacuity;
    only what survives all of them is proved.
    """
    rows: dict[object, _Row] = {}
    left = list(groups)
    limits = _limits(run, objective, left)
    left = _holes(run, objective, left, rows)
    left = _beyond(run, objective, left, rows, limits)
    if run.reading != "exact":
        left = _rivals(run, objective, left, rows)
    left = _vacuous(run, objective, left, rows)
    left = _not_authorized(run, objective, left, rows)
    if left:
        _proved(run, objective, left, rows, limits)
    if run.enumerate_all:
        _enumerate(run, objective, [row for row in rows.values() if row.kind is not None])
    exceptions = explain.exceptions(run.world.workspace.perimeter, objective.id)
    return [
        Verdict(
            objective.id,
            objective.title,
            merged(row.groups).services,
            row.status,
            row.counterexamples,
            tuple(limits),
            row.proof[0],
            row.proof[1],  # type: ignore[arg-type]
            exceptions,
            row.exhausted,
            row.reason,
        )
        for row in rows.values()
    ]


def _fold(rows: dict[object, _Row], key: object, row: _Row) -> None:
    found = rows.setdefault(key, row)
    if found is not row:
        found.groups += row.groups


def _limits(run: Run, objective: Objective, groups: Sequence[Group]) -> list[Limit]:
    """What no guardrail of this type can hold back, each with a plain request if there is one."""
    accepted = run.world.workspace.perimeter.accepted
    out = []
    for name in objective.limits:
        here = questions.limit_formula(run.world, objective.id, name)
        assumptions = (questions.breach(run.world, objective.id), here, run.exact, *run.only(groups))
        result = run.ask(*assumptions)
        example = None
        if result.status == "sat":
            result = run.plain(run.group_of(result, groups).services, assumptions, result)
            example = explain.counterexample(run.world, objective.id, result, "beyond", reach=name)
        out.append(Limit(name, LIMIT_TEXTS[name], name in accepted, example))
    return out


def _holes(run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row]) -> list[Group]:
    """Requests that a policy of the enforcing type could have stopped, under the chosen readings."""
    hole = questions.hole(run.world, objective.id)
    while left:
        result = run.ask(hole, run.exact, *run.only(left))
        if result.status == "unsat":
            return left
        if result.status == "unknown":
            return _undecided(run, left, rows, result, hole, run.exact)
        group = run.group_of(result, left)
        result = run.plain(group.services, (hole, group.here, run.exact), result, like=f"hole {objective.id}")
        kind = kind_of(run.world, result)
        for carried in run.alike(result, left, hole, run.exact):
            key = ("hole", id(kind), explain.admitting(run.world, carried.true))
            if key not in rows:
                example = explain.counterexample(run.world, objective.id, carried.result(), "hole")
                rows[key] = _hole_row(run, example, kind)
            rows[key].groups.append(carried.group)
            left = [g for g in left if g is not carried.group]
    return []


def _hole_row(run: Run, example: Counterexample, kind: Formula) -> _Row:
    """Refuted; in mode `under` only by a request that gets through whichever way each open point is read."""
    if run.reading == "under" and example.rests_on:
        reason = f"a request gets through as {', '.join(example.rests_on)} is read; not under the rival reading"
        return _Row("conditional", [], (example,), reason=reason)
    return _Row("refuted", [], (example,), kind=kind)


def _undecided(
    run: Run, left: list[Group], rows: dict[object, _Row], result: Result, *assumptions: Formula
) -> list[Group]:
    """Groups that could not be decided together are asked one by one; those that are `unsat` are left."""
    decided = []
    for group in left:
        own = run.ask(*assumptions, group.here)
        if own.status == "unsat":
            decided.append(group)
        else:
            reason = own.reason or result.reason or "not decided"
            _fold(rows, ("unknown", reason), _Row("unknown", [group], reason=reason))
    return decided


def _enumerate(run: Run, objective: Objective, rows: Sequence[_Row]) -> None:
    """Further counterexamples of every row, each of another kind: a kind is blocked before the next is looked for."""
    hole = questions.hole(run.world, objective.id)
    for row in rows:
        assert row.kind is not None
        found, kinds = list(row.counterexamples), [row.kind]
        row.exhausted = False
        while len(found) < run.limit:
            assumptions = [hole, run.exact, *(neg(kind) for kind in kinds), *run.only(row.groups)]
            result = run.ask(*assumptions)
            if result.status != "sat":
                row.exhausted = result.status == "unsat"
                break
            group = run.group_of(result, row.groups)
            result = run.plain(group.services, (*assumptions, group.here), result)
            kinds.append(kind_of(run.world, result))
            found.append(explain.counterexample(run.world, objective.id, result, "hole"))
        row.counterexamples = tuple(found)


def _beyond(
    run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row], limits: Sequence[Limit]
) -> list[Group]:
    """Groups without a hole whose breaches lie beyond the guardrail, where that is not accepted."""
    world = run.world
    open_limits = [limit for limit in limits if limit.example and not limit.accepted]
    if not open_limits:
        return left
    formulas = {limit.reach: questions.limit_formula(world, objective.id, limit.reach) for limit in open_limits}
    breach = questions.breach(world, objective.id)
    mode = (breach, disj(formulas.values()), neg(questions.accepted_limits(run.world, objective.id)), run.exact)
    for found, last in run.split(left, *mode):
        for carried in found:
            names = [name for name, formula in formulas.items() if carried.true(formula)]
            examples = tuple(limit.example for limit in open_limits if limit.reach in names and limit.example)
            reason = "no hole, but beyond the reach of the guardrail: " + ", ".join(names)
            _fold(rows, ("beyond", *names), _Row("refuted", [carried.group], examples, reason=reason))
            left = [g for g in left if g is not carried.group]
        if last and last.status == "unknown":
            return _undecided(run, left, rows, last, *mode)
    return left


def _rivals(run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row]) -> list[Group]:
    """Groups that hold under the chosen readings but not under every rival one, or not without a soft axiom."""
    breach = questions.breach(run.world, objective.id)
    assumptions = (breach, neg(questions.accepted_limits(run.world, objective.id)), run.over)
    while left:
        result = run.ask(*assumptions, *run.only(left))
        if result.status == "unsat":
            return left
        if result.status == "unknown":
            return _undecided(run, left, rows, result, *assumptions)
        group = run.group_of(result, left)
        tight, granted, departs = run.tightest((*assumptions, group.here), result)
        tight = run.plain(group.services, (*assumptions, group.here, *granted), tight, like=f"rival {objective.id}")
        found = explain.counterexample(run.world, objective.id, tight, "hole", departs=departs)
        reason = f"holds under the chosen readings; not without {', '.join(departs)}"
        alike = [carried.group for carries, _ in run.split(left, *assumptions, *granted) for carried in carries]
        _fold(rows, ("rival", departs), _Row("conditional", alike, (found,), reason=reason))
        inside = {g.services[0] for g in alike}
        left = [g for g in left if g.services[0] not in inside]
    return []


def _not_authorized(run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row]) -> list[Group]:
    """Groups with claimed operations that no policy is asked for, where that limit is not accepted (W-25)."""
    if objective.enforced_by != "rcp" or "public-operations" in run.world.workspace.perimeter.accepted:
        return left
    open_rows = run.world.calls.members("action in public-operations") & claimed_rows(run.world, objective.id)
    found = [group for group in left if group.rows & open_rows]
    if found:
        reason = "no hole, but `public-operations`: " + LIMIT_TEXTS["public-operations"]
        _fold(rows, "public operations", _Row("conditional", found, reason=reason))
    return [group for group in left if group not in found]


def _vacuous(run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row]) -> list[Group]:
    """Groups for which no request meets the premise: a proof would say nothing."""
    claimed = questions.claimed(run.world, objective.id)
    lively: list[Group] = []
    for found, last in run.split(left, claimed, run.exact):
        lively += [carried.group for carried in found]
        if last:
            status: Status = "vacuous" if last.status == "unsat" else "unknown"
            reason = "no request meets the premise: nothing was proved" if status == "vacuous" else last.reason
            rest = [group for group in left if group not in lively]
            _fold(rows, (status, reason), _Row(status, rest, reason=reason))
    return lively


def _first_hops(run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row]) -> list[Group]:
    """The groups whose proof may assume that forwarded calls began in my network; the others are conditional."""
    concerned, services = first_hop.carried(run, objective.id, left)
    if not concerned:
        return left
    example, reason = first_hop.unguarded(run, objective.id, concerned, services)
    if not reason:
        return left
    _fold(rows, ("first hop", reason), _Row("conditional", concerned, (example,) if example else (), reason=reason))
    return [group for group in left if group not in concerned]


def _proved(
    run: Run, objective: Objective, left: list[Group], rows: dict[object, _Row], limits: Sequence[Limit]
) -> None:
    """The proof that the groups share, with what it used."""
    breach = questions.breach(run.world, objective.id)
    mode = run.exact if run.reading == "exact" else run.over
    result = run.ask(
        conj((breach, neg(questions.accepted_limits(run.world, objective.id)))), mode, *run.only(left), core=True
    )
    if result.status != "unsat":
        _fold(
            rows,
            ("unknown", result.reason),
            _Row("unknown", left, reason=result.reason or "the proof was not found again"),
        )
        return
    if first_hop.ASSUMED in result.core:
        held = _first_hops(run, objective, left, rows)
        if len(held) < len(left):
            if held:
                _proved(run, objective, held, rows, limits)
            return
    assumptions, used = explain.proof(run.world, result.core)
    accepted = [Assumption(limit.reach, limit.text, "accepted in perimeter.yaml") for limit in limits if limit.accepted]
    if objective.enforced_by == "endpoint":
        text = "every service named supports endpoint policies; one that does not lets everything through"
        accepted = [*accepted, Assumption("endpoint-policies", text, "PrivateLink guide, services that support them")]
    _fold(rows, "proved", _Row("proved", left, proof=((*accepted, *assumptions), used)))
