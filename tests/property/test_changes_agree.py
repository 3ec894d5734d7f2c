"""Both states of a pair, as encoded, agree with the evaluator on requests that either lets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from perimeter_smt.encode.world.pair import build_pair
from perimeter_smt.evaluate import decide
from perimeter_smt.logic.atoms import Is
from perimeter_smt.logic.formula import atom, both
from perimeter_smt.logic.interpret import truth
from perimeter_smt.organization.readers import read_source
from perimeter_smt.organization.states import shared
from perimeter_smt.questions.changes.ask import CALLERS
from perimeter_smt.questions.changes.witness import case_in
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.solve.result import Limits

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
SERVICES = ("s3", "sqs", "kms", "sts", "secretsmanager")
WIRES = ("public", "endpoint", "aws-network")


def states():
    """The examples, and the first with the second's accounts in another unit, tags changed, a role and queue gone."""
    first, second = (read_source(EXAMPLES / name) for name in ("acme", "acme-with-mistakes"))
    yield "policies", first, second
    yield "contents", first, second.model_copy(update={"organization": moved(second.organization)})


def moved(organization):
    """Another state of the same organization: what can differ beside policies."""
    workloads, platform = organization.root.units
    orders, data = workloads.accounts
    roles = tuple(p.model_copy(update={"tags": {**p.tags, "network-exempt": "true"}}) for p in orders.principals[1:])
    orders = orders.model_copy(update={"principals": roles, "resources": orders.resources[1:]})
    workloads = workloads.model_copy(update={"accounts": (data,)})
    platform = platform.model_copy(update={"accounts": (*platform.accounts, orders)})
    root = organization.root.model_copy(update={"units": (workloads, platform)})
    return organization.model_copy(update={"root": root})


@pytest.mark.parametrize("free_grants", [True, False])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_the_evaluator_agrees_on_both_states(which, free_grants, turned):
    _, before, after = list(states())[which]
    if turned:
        before, after = after, before.model_copy(update={"perimeter": after.perimeter})
    before = before.model_copy(update={"organization": shared(before.organization, after.organization)})
    pair = build_pair(before, after, SERVICES, free_grants=free_grants, objectives=("O1", "O5"))
    sides = {
        "before": (pair.before, pair.before_possible, pair.before_access),
        "after": (pair.after, pair.after_possible, pair.after_access),
    }
    wanted = [f for _, possible, access in sides.values() for f in (possible, access)]
    run = prepare(pair.after, ("O1", "O5"), "exact", False, 1, Limits(), (), [*wanted, *CALLERS.values()])
    seen = 0
    for _, _, access in sides.values():
        for callers in CALLERS.values():
            for wire in WIRES:
                for group in run.groups:
                    result = run.ask(both(access, callers, atom(Is("wire", wire)), group.here), run.exact)
                    if result.status != "sat":
                        continue
                    for name, (world, possible, lets) in sides.items():
                        model = pair.before_model(result.model) if name == "before" else result.model
                        if truth(possible, result.model):
                            seen += 1
                            decision = decide(case_in(world, model))
                            assert decision.allowed == truth(lets, result.model), (name, decision)
    assert seen > 20
