"""The verdicts on one objective (design 1): holes, limits of the guardrail, rival readings, proofs, vacuity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from perimeter_smt.errors import LeftOpenError
from perimeter_smt.logic.formula import both, disj, neg
from perimeter_smt.questions import explain, first_hop
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.holes import enumerate_ways, holes
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.limits import Reach, reaches
from perimeter_smt.questions.objectives import LIMIT_TEXTS, Objective
from perimeter_smt.questions.prepare import claimed_rows
from perimeter_smt.questions.rows import Row, fold, undecided
from perimeter_smt.questions.run import Group, Run, merged
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.vacuity import nothing
from perimeter_smt.questions.verdicts import Assumption, Status, Verdict

# Why nothing was proved, for objectives of other policies and for those of endpoint policies.
_NOTHING = (
    "no request meets the premise: nothing was proved",
    "no endpoint of mine lets such a call through: nothing was proved",
)


def answer(run: Run, objective: Objective, groups: Sequence[Group]) -> list[Verdict]:
    """One verdict per set of services that agree. Every group of services gets exactly one verdict.

    The order matters: a hole first, then what lies beyond the guardrail, then rival readings, then vacuity;
    only what survives all of them is proved.
    """
    rows: dict[object, Row] = {}
    beyond: list[Reach] = []
    try:
        _decide(run, objective, list(groups), rows, beyond)
    except LeftOpenError:  # the perimeter settles that such wildcards act, and nobody knows what they match
        done = [group for row in rows.values() for group in row.groups]
        rest = [group for group in groups if not any(group is other for other in done)]
        if rest:
            fold(rows, "left open", Row("unknown", rest, reason=LEFT_OPEN))
    exceptions = explain.exceptions(run.world.workspace.perimeter, objective.id)
    return [
        Verdict(
            objective.id,
            objective.title,
            merged(row.groups).services,
            row.status,
            row.counterexamples,
            tuple(limit for reach in beyond if (limit := reach.limit(run, objective, row.groups))),
            *row.proof,
            exceptions,
            row.exhausted,
            row.reason,
        )
        for row in rows.values()
    ]


def _decide(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row], beyond: list[Reach]) -> None:
    """Fill `rows` with the groups, and `beyond` with the limits of the guardrail."""
    beyond += reaches(run, objective, left)
    left = holes(run, objective, left, rows)
    left = _beyond(run, objective, left, rows, beyond)
    if run.reading != "exact":
        left = _rivals(run, objective, left, rows)
    left = _vacuous(run, objective, left, rows)
    left = _not_authorized(run, objective, left, rows)
    if left:
        _proved(run, objective, left, rows, beyond)
    if run.enumerate_all:
        enumerate_ways(run, objective, [row for row in rows.values() if row.kind is not None])


def _beyond(
    run: Run, objective: Objective, left: list[Group], rows: dict[object, Row], beyond: Sequence[Reach]
) -> list[Group]:
    """Groups without a hole whose breaches lie beyond the guardrail, where that is not accepted."""
    world = run.world
    refused = [reach for reach in beyond if reach.found and not reach.accepted]
    if not refused:
        return left
    breach = questions.breach(world, objective.id)
    mode = (
        breach,
        disj(reach.formula for reach in refused),
        neg(questions.accepted_limits(run.world, objective.id)),
        run.exact,
    )
    for found, last in run.split(left, *mode):
        for carried in found:
            here = [reach for reach in refused if carried.true(reach.formula)]
            reason = "no hole, but beyond the reach of the guardrail: " + ", ".join(reach.name for reach in here)
            key = ("beyond", *(reach.name for reach in here))
            if key not in rows:  # the examples of the first group stand for all
                limits = [limit for reach in here if (limit := reach.limit(run, objective, [carried.group]))]
                examples = tuple(limit.example for limit in limits if limit.example)
                rows[key] = Row("refuted", [], examples, reason=reason)
            rows[key].groups.append(carried.group)
            left = [g for g in left if g is not carried.group]
        if last and last.status == "unknown":
            return undecided(run, left, rows, last, *mode)
    return left


def _rivals(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row]) -> list[Group]:
    """Groups that hold under the chosen readings but not under every rival one, or not without a soft axiom."""
    breach = questions.breach(run.world, objective.id)
    assumptions = (breach, neg(questions.accepted_limits(run.world, objective.id)), run.over)
    while left:
        result = run.ask(*assumptions, *run.only(left))
        if result.status == "unsat":
            return left
        if result.status == "unknown":
            return undecided(run, left, rows, result, *assumptions)
        group = run.group_of(result, left)
        tight, granted, departs = run.tightest((*assumptions, group.here), result)
        tight = run.plain(group.services, (*assumptions, group.here, *granted), tight, like=f"rival {objective.id}")
        show = partial(explain.counterexample, run.world, objective.id, tight, "hole", departs=departs)
        example = known(show)
        found = (example,) if example else ()
        reason = f"holds under the chosen readings; {without(departs, example)}"
        alike = [carried.group for carries, _ in run.split(left, *assumptions, *granted) for carried in carries]
        fold(rows, ("rival", departs), Row("conditional", alike, found, reason=reason))
        inside = {g.services[0] for g in alike}
        left = [g for g in left if g.services[0] not in inside]
    return []


def _not_authorized(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row]) -> list[Group]:
    """Groups with claimed operations that no policy is asked for, where that limit is not accepted (W-25)."""
    if objective.enforced_by != "rcp" or "public-operations" in run.world.workspace.perimeter.accepted:
        return left
    open_rows = run.world.calls.members("action in public-operations") & claimed_rows(run.world, objective.id)
    found = [group for group in left if group.rows & open_rows]
    if found:
        reason = "no hole, but `public-operations`: " + LIMIT_TEXTS["public-operations"]
        fold(rows, "public operations", Row("conditional", found, reason=reason))
    return [group for group in left if group not in found]


def _vacuous(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row]) -> list[Group]:
    """Groups for which no request meets the premise: a proof would say nothing."""
    claimed = questions.claimed(run.world, objective.id)
    lively: list[Group] = []
    for found, last in run.split(left, claimed, run.exact):
        lively += [carried.group for carried in found]
        if last:
            status: Status = "vacuous" if last.status == "unsat" else "unknown"
            reason = _NOTHING[objective.enforced_by == "endpoint"] if status == "vacuous" else last.reason
            rest = [group for group in left if group not in lively]
            proof = nothing(run, claimed, *run.only(rest)) if status == "vacuous" else ((), ())
            fold(rows, (status, reason), Row(status, rest, reason=reason, proof=proof))
    return lively


def _first_hops(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row]) -> tuple[list[Group], str]:
    """The groups whose proof may assume that forwarded calls began in my network, and a note for the proof.

    The others are conditional.
    """
    concerned, services = first_hop.carried(run, objective.id, left)
    if not concerned:
        return left, ""
    hop = first_hop.unguarded(run, objective.id, concerned, services)
    if not hop.reason:
        return left, hop.note
    held, notes = [group for group in left if group not in concerned], list[str]()
    for found, carrying in first_hop.apart(run, objective.id, concerned):
        hop = first_hop.unguarded(run, objective.id, found, carrying)
        if hop.reason:
            examples = (hop.example,) if hop.example else ()
            fold(rows, ("first hop", hop.reason), Row("conditional", found, examples, reason=hop.reason))
        else:
            held += found
            notes += [hop.note] if hop.note else []
    return [group for group in left if group in held], "; ".join(dict.fromkeys(notes))


def _proved(
    run: Run, objective: Objective, left: list[Group], rows: dict[object, Row], beyond: Sequence[Reach]
) -> None:
    """The proof that the groups share, with what it used."""
    breach = questions.breach(run.world, objective.id)
    mode = run.exact if run.reading == "exact" else run.over
    asked = both(breach, neg(questions.accepted_limits(run.world, objective.id)))
    result = run.ask(asked, mode, *run.only(left), core=True)
    if result.status != "unsat":
        fold(
            rows,
            ("unknown", result.reason),
            Row("unknown", left, reason=result.reason or "the proof was not found again"),
        )
        return
    notes: list[Assumption] = []
    if first_hop.ASSUMED in result.core:  # not every core is one of the smallest
        left_out = (first_hop.ASSUMED,)
        exact = run.reading == "exact"
        without = run.world.exact(left_out) if exact else questions.proof_mode(run.world, leave_out=left_out)
        spared = run.ask(asked, without, *run.only(left), core=True)
        result = spared if spared.status == "unsat" else result
    if first_hop.ASSUMED in result.core:
        held, note = _first_hops(run, objective, left, rows)
        if len(held) < len(left):
            if held:
                _proved(run, objective, held, rows, beyond)
            return
        notes = [Assumption("first-hops", note, "IAM guide, forward access sessions")] if note else []
    assumptions, used = explain.proof(run.world, result.rests_on)
    leans_on = [
        reach
        for reach in beyond
        if reach.accepted
        and (reach.applies(left) or run.ask(breach, reach.formula, mode, *run.only(left)).status != "unsat")
    ]
    accepted = [Assumption(reach.name, LIMIT_TEXTS[reach.name], "accepted in perimeter.yaml") for reach in leans_on]
    accepted += notes
    for point in sorted(run.world.workspace.perimeter.settled):
        read = "the rival way" if point in run.world.workspace.perimeter.rivals else "as chosen"
        accepted.append(Assumption(point, f"read {read}, as perimeter.yaml says", "semantics 7"))
    if objective.enforced_by == "endpoint":
        text = "every service named supports endpoint policies; one that does not lets everything through"
        accepted = [*accepted, Assumption("endpoint-policies", text, "PrivateLink guide, services that support them")]
    fold(rows, "proved", Row("proved", left, proof=((*accepted, *assumptions), used)))
