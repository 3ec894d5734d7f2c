"""Does a guardrail block what the perimeter means to let through? (semantics 5.3, availability)"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from perimeter_smt.encode.world.perimeter import declared
from perimeter_smt.errors import InputError
from perimeter_smt.logic.formula import Formula, both, disj, neg, sym
from perimeter_smt.questions import explain, service_calls
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.objectives import blocked, intended, intended_parts
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.vacuity import nothing
from perimeter_smt.questions.verdicts import Counterexample, Status, Verdict
from perimeter_smt.solve.result import Result

if TYPE_CHECKING:
    from perimeter_smt.questions.run import Run

_NAMES = 8  # of parties and resources that are blocked likewise
TITLE = "what the perimeter trusts gets through"


def findings(run: Run) -> tuple[Verdict, ...]:
    """One verdict: blocked requests, one for each part of what is meant to get through (my own calls, calls of what
    the perimeter trusts) and each guardrail statement that blocks it on its own account (W-35).

    A statement that blocks my calls on my resources and on trusted ones alike is one finding, which names both.
    """
    left_open = Verdict("availability", TITLE, run.world.calls.services, "unknown", reason=LEFT_OPEN)
    return known(partial(_findings, run)) or (left_open,)


def _findings(run: Run) -> tuple[Verdict, ...]:
    found: dict[tuple[str, str | None], Counterexample] = {}
    unknown = ""
    for part in intended_parts(run.world):
        question = _question(run, part)
        whole = run.ask(question, run.exact)
        if whole.status == "unknown":
            unknown = whole.reason
        for statement, here in _sources(run) if whole.status == "sat" else ():
            result = run.ask(question, run.exact, here)
            if result.status == "unknown":
                unknown = result.reason
            if result.status != "sat":
                continue
            example, names = _example(run, part, (question, run.exact, here), result, statement)
            mine = found.get(("intended.mine", statement))
            if part == "intended.trusted-resource" and statement and mine:
                found["intended.mine", statement] = replace(mine, why=f"{mine.why}; likewise on {_listed(names)}")
            else:
                others = f"; likewise for {_listed(names[1:])}" if names[1:] else ""
                found[part, statement] = replace(example, why=example.why + others)
    by_services = service_calls.stopped(run, frozenset(run.world.workspace.perimeter.intended_denials))
    return (_verdict(run, _question(run), (*found.values(), *by_services), unknown),)


def _example(
    run: Run, part: str, asked: tuple[Formula, ...], first: Result, statement: str | None
) -> tuple[Counterexample, list[str]]:
    """A plain blocked request, and the declared parties or resources that are blocked likewise, its own first."""
    world = run.world
    stopped = {}
    for label, entry in declared(world.workspace, world.keys, world.script, part):
        result = run.ask(*asked, entry)
        if result.status == "sat" and label not in stopped:
            stopped[label] = (entry, result)
    if stopped:
        entry, first = next(iter(stopped.values()))
        asked = (*asked, entry)
    result = run.plain(world.calls.services, asked, first, like=f"blocked {part}")
    return explain.counterexample(world, part, result, "blocked", statement=statement), list(stopped)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def _sources(run: Run) -> list[tuple[str | None, Formula]]:
    """Every Deny of a guardrail that is not there on purpose, and that no guardrail allows, as formulas."""
    world = run.world
    out: list[tuple[str | None, Formula]] = []
    seen: set[tuple[int, int]] = set()  # a statement is asked about the bucket behind an access point as well
    for name, (document, statement) in world.policies.statements.items():
        if (id(document), statement.index) in seen:
            continue
        seen.add((id(document), statement.index))
        if statement.sid in world.workspace.perimeter.intended_denials:
            continue
        if statement.effect == "Deny" and (document.kind.value in ("scp", "rcp") or document.kind.is_endpoint):
            here = both(world.policies.selected(document, statement), _applies(run, document.kind.value))
            out.append((name, here))
    return [*out, (None, neg(world.formula("guardrail.denies")))]  # no guardrail allows: endpoint policy or SCP


def _question(run: Run, part: str | None = None) -> Formula:
    """What is claimed, meant to get through, and stopped by a statement that is not there to stop it."""
    world = run.world
    scopes = disj(sym(f"{objective}.scope") for objective in world.objectives)
    meant = world.workspace.perimeter.intended_denials
    known = {statement.sid for _, statement in world.policies.statements.values()}
    for sid in meant:
        if sid not in known:
            raise InputError(f"no guardrail statement `{sid}`", file="perimeter.yaml", path="$.intended_denials")
    purposeful = disj(
        both(world.policies.selected(document, statement), _applies(run, document.kind.value))
        for document, statement in world.policies.statements.values()
        if statement.sid in meant and statement.effect == "Deny"
    )
    return both(blocked(world, part), scopes, neg(purposeful))


def _verdict(run: Run, question: Formula, found: tuple[Counterexample, ...], unknown: str) -> Verdict:
    """Refuted by what was found; else proved, if it also holds under rival readings and is not vacuous."""
    services = run.world.calls.services
    if run.reading != "exact":
        found = (*(f for f in found if not f.rests_on), *(f for f in found if f.rests_on))
    if found and run.reading != "exact" and found[0].rests_on:
        reason = f"what is blocked here is let through if {', '.join(found[0].rests_on)} is read the rival way"
        return Verdict("availability", TITLE, services, "conditional", found, reason=reason)
    if found:
        return Verdict("availability", TITLE, services, "refuted", found)
    if unknown:
        return Verdict("availability", TITLE, services, "unknown", reason=unknown)
    premise = run.ask(intended(run.world), run.exact)
    if premise.status != "sat":
        status: Status = "vacuous" if premise.status == "unsat" else "unknown"
        reason = premise.reason or "no request has identity, resource and network of mine: nothing was proved"
        assumptions, used = nothing(run, intended(run.world)) if status == "vacuous" else ((), ())
        return Verdict("availability", TITLE, services, status, assumptions=assumptions, used=used, reason=reason)
    if run.reading != "exact":
        rival = run.ask(question, run.over)
        if rival.status == "sat":
            tight, granted, departs = run.tightest((question, run.over), rival)
            tight = run.plain(services, (question, run.over, *granted), tight)
            example = known(
                partial(explain.counterexample, run.world, "availability", tight, "blocked", departs=departs)
            )
            reason = f"holds under the chosen readings; {without(departs, example)}"
            shown = (example,) if example else ()
            return Verdict("availability", TITLE, services, "conditional", shown, reason=reason)
        if rival.status == "unknown":
            return Verdict("availability", TITLE, services, "unknown", reason=rival.reason)
    return Verdict("availability", TITLE, services, "proved")


def _applies(run: Run, kind: str) -> Formula:
    """The guardrail of this kind binds the request."""
    return run.world.formula({"scp": "scp.applies", "rcp": "rcp.applies"}.get(kind, "endpoint.applies"))
