"""Worlds made toward axioms and rows of tables tell them, and an estate keeps its verdicts in another partition."""

from __future__ import annotations

from random import Random

import pytest

from perimeter_smt.evaluate import decide
from tests.attack.directed.reach import axioms_known, outcome
from tests.attack.estates.binding import case_of
from tests.attack.estates.draw import estate
from tests.attack.estates.elsewhere import Move
from tests.attack.estates.requests import sample
from tests.attack.tables.count import count


@pytest.mark.parametrize(("name", "service", "other"), [("AN4.format", "s3", ""), ("AE5.role", "sts", "AE5.long-term")])
def test_an_axiom_decides_alone_or_with_those_that_say_it_as_well(name, service, other):
    axiom = next(a for a in axioms_known() if a.name == name)
    found = outcome(axiom, "O3", (service,), group=bool(other))
    assert found.kind == "decides"
    assert other in found.group if other else not found.group


def test_a_row_of_a_table_tells():
    changed, made = count("source-vpc-arn-services", rows=3, seconds=60, enough=1)
    assert 0 < changed <= made


def test_decisions_do_not_hang_on_the_partition():
    rng = Random(7)
    world = estate(rng, ("queue", "log group"))
    there = Move("aws", "aws-us-gov")
    space = there.workspace(world.workspace)
    for _ in range(80):
        drawn = sample(rng, world)
        here = decide(case_of(world.workspace, drawn.request, drawn.facts)).allowed
        assert decide(case_of(space, there.value(drawn.request), there.value(drawn.facts))).allowed == here
