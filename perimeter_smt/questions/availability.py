"""Does a guardrail block what the perimeter means to let through? (semantics 5.3, availability)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perimeter_smt.errors import InputError
from perimeter_smt.logic.formula import Formula, both, disj, neg, sym
from perimeter_smt.questions import explain
from perimeter_smt.questions.objectives import blocked, intended
from perimeter_smt.questions.verdicts import Counterexample, Status, Verdict

if TYPE_CHECKING:
    from perimeter_smt.questions.run import Run

TITLE = "my identities reach my resources from my network"


def findings(run: Run) -> tuple[Verdict, ...]:
    """One verdict: blocked requests, one for each guardrail statement that blocks on its own account."""
    world = run.world
    question, found, unknown = _question(run), [], ""
    denied = world.formula("guardrail.denies")
    sources: list[tuple[str | None, Formula]] = [(None, neg(denied))]  # no guardrail allows: endpoint policy or SCP
    for name, (document, statement) in world.policies.statements.items():
        if statement.sid in world.workspace.perimeter.intended_denials:
            continue
        if statement.effect == "Deny" and (document.kind.value in ("scp", "rcp") or document.kind.is_endpoint):
            here = both(world.policies.selected(document, statement), _applies(run, document.kind.value))
            sources.insert(len(sources) - 1, (name, here))
    for statement_name, here in sources:
        result = run.ask(question, run.exact, here)
        if result.status == "sat":
            result = run.plain(world.calls.services, (question, run.exact, here), result, like="blocked")
            found.append(explain.counterexample(world, "availability", result, "blocked", statement=statement_name))
        elif result.status == "unknown":
            unknown = result.reason
    return (_verdict(run, question, tuple(found), unknown),)


def _question(run: Run) -> Formula:
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
    return both(blocked(world), scopes, neg(purposeful))


def _verdict(run: Run, question: Formula, found: tuple[Counterexample, ...], unknown: str) -> Verdict:
    """Refuted by what was found; else proved, if it also holds under rival readings and is not vacuous."""
    services = run.world.calls.services
    if found and run.reading == "under" and all(example.rests_on for example in found):
        reason = "what is blocked is let through under a rival reading of each"
        return Verdict("availability", TITLE, services, "conditional", found, reason=reason)
    if found:
        return Verdict("availability", TITLE, services, "refuted", found)
    if unknown:
        return Verdict("availability", TITLE, services, "unknown", reason=unknown)
    premise = run.ask(intended(run.world), run.exact)
    if premise.status != "sat":
        status: Status = "vacuous" if premise.status == "unsat" else "unknown"
        reason = premise.reason or "no request has identity, resource and network of mine: nothing was proved"
        return Verdict("availability", TITLE, services, status, reason=reason)
    if run.reading != "exact":
        rival = run.ask(question, run.over)
        if rival.status == "sat":
            tight, granted, departs = run.tightest((question, run.over), rival)
            tight = run.plain(services, (question, run.over, *granted), tight)
            example = explain.counterexample(run.world, "availability", tight, "blocked", departs=departs)
            reason = f"holds under the chosen readings; not without {', '.join(departs)}"
            return Verdict("availability", TITLE, services, "conditional", (example,), reason=reason)
        if rival.status == "unknown":
            return Verdict("availability", TITLE, services, "unknown", reason=rival.reason)
    return Verdict("availability", TITLE, services, "proved")


def _applies(run: Run, kind: str) -> Formula:
    """The guardrail of this kind binds the request."""
    return run.world.formula({"scp": "scp.applies", "rcp": "rcp.applies"}.get(kind, "endpoint.applies"))
