"""Calls that services make by themselves with roles of mine, by name (table `service-made-calls`).

A network guardrail that forgets them stops functions, jobs and deliveries.  They are meant to get through where the
perimeter counts the networks of services that run my roles as mine (`service_networks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import Formula, atom, both, disj, neg, sym
from perimeter_smt.organization.perimeter import OBJECTIVES, Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions.objectives import blocked, proof_mode
from perimeter_smt.questions.prefer import mentioned
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.engine import Engine

Row = Mapping[str, Any]


def stopped(run: Run, purposeful: frozenset[str]) -> tuple[Counterexample, ...]:
    """A blocked request for each pattern that guardrails stop, but by statements that are there to stop it."""
    workspace = run.world.workspace
    rows = [(row, [a for a in row["actions"] if _claimed(workspace, a)]) for row in table_rows("service-made-calls")]
    rows = [(row, actions) for row, actions in rows if actions]
    if not workspace.perimeter.service_networks or not rows:
        return ()
    wanted = {action.lower() for _, actions in rows for action in actions}
    services = tuple(dict.fromkeys(action.partition(":")[0] for action in sorted(wanted)))
    world = build(workspace, services, free_grants=run.world.free_grants, objectives=())
    world.calls.replace_rows([row for row in world.calls.rows if row.lowered in wanted])
    meant = disj(
        world.policies.selected(document, statement)
        for document, statement in world.policies.statements.values()
        if statement.sid in purposeful and statement.effect == "Deny"
    )
    by_service = both(sym("principal.service-role"), atom(Is("wire", "aws-network")), neg(sym("forwarded")))
    asked = both(blocked(world, "intended.mine"), by_service, neg(meant))
    here = [disj(_calls(action) for action in actions) for _, actions in rows]
    problem = world.problem([asked, *here, *mentioned(world.calls)])
    small = Run(
        world, Engine(problem, run.engine.limits), (), world.exact(), proof_mode(world), run.reading, False, 1
    )  # fmt: skip
    found = []
    for (row, _), call in zip(rows, here, strict=True):
        first = small.ask(asked, call, small.exact)
        if first.status == "sat":
            result = small.plain(services, (asked, call, small.exact), first, like="service")
            example = explain.counterexample(world, "intended.mine", result, "blocked")
            found.append(replace(example, why=f"{row['what']}, and a guardrail denies the call ({row['source']})"))
    return tuple(found)


def _calls(action: str) -> Formula:
    return atom(Member(CALL, f"action={action.lower()}"))


def _claimed(workspace: Workspace, action: str) -> bool:
    """Whether some objective claims the action."""
    low = action.lower()

    def some(patterns: tuple[str, ...]) -> bool:
        return any(pattern in ("*", "*:*") or fnmatchcase(low, pattern.lower()) for pattern in patterns)

    scopes = (workspace.perimeter.scope(objective) for objective in OBJECTIVES)
    return any(some(scope.actions) and not some(scope.except_actions) for scope in scopes)
