"""Does a guardrail block what the perimeter means to let through? (semantics 5.3, availability)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perimeter_smt.logic.formula import Formula, both, neg
from perimeter_smt.prove import explain
from perimeter_smt.prove.objectives import blocked
from perimeter_smt.prove.verdicts import Counterexample, Verdict

if TYPE_CHECKING:
    from perimeter_smt.prove.run import Run

TITLE = "my identities reach my resources from my network"


def findings(run: Run) -> tuple[Verdict, ...]:
    """One verdict: blocked requests, one for each guardrail statement that blocks on its own account."""
    question = blocked(run.world)
    first = run.world.calls.services[:1]
    found: list[Counterexample] = []
    status, reason = "proved", ""
    assumptions = [question, run.exact]
    for name, (document, statement) in run.world.policies.statements.items():
        if statement.effect != "Deny" or not (document.kind.value in ("scp", "rcp") or document.kind.is_endpoint):
            continue
        here = both(run.world.policies.selected(document, statement), _applies(run, document.kind.value))
        result = run.ask(*assumptions, here)
        if result.status == "sat":
            result = run.plain(first, (*assumptions, here), result, like="blocked")
            found.append(explain.counterexample(run.world, "availability", result, "blocked", statement=name))
        elif result.status == "unknown":
            status, reason = "unknown", result.reason
    rest = run.ask(*assumptions, neg(run.world.formula("guardrail.denies")))
    if rest.status == "sat":  # blocked because no guardrail allows: an endpoint policy or a missing SCP Allow
        rest = run.plain(first, (*assumptions, neg(run.world.formula("guardrail.denies"))), rest)
        found.append(explain.counterexample(run.world, "availability", rest, "blocked"))
    if found:
        status = "refuted"
    return (Verdict("availability", TITLE, run.world.calls.services, status, tuple(found), reason=reason),)  # type: ignore[arg-type]


def _applies(run: Run, kind: str) -> Formula:
    """The guardrail of this kind binds the request."""
    return run.world.formula({"scp": "scp.applies", "rcp": "rcp.applies"}.get(kind, "endpoint.applies"))
