"""Worlds made toward axioms and rows of tables tell them, and an estate keeps its verdicts in another partition."""

from __future__ import annotations

import json
from random import Random

import pytest

from perimeter_smt.evaluate import decide
from tests.attack.coverage_page import page
from tests.attack.directed.by_hand import WORLDS
from tests.attack.directed.implied import IMPLIED, implied
from tests.attack.directed.reach import axioms_known, outcome
from tests.attack.estates.binding import case_of
from tests.attack.estates.draw import estate
from tests.attack.estates.elsewhere import Move
from tests.attack.estates.requests import sample
from tests.attack.records import FOLDER, ROOT, read
from tests.attack.tables.by_hand import ROWS
from tests.attack.tables.count import count


@pytest.mark.parametrize(("name", "service", "other"), [("AN4.format", "s3", ""), ("AE5.role", "sts", "AE5.long-term")])
def test_an_axiom_decides_alone_or_with_those_that_say_it_as_well(name, service, other):
    axiom = next(a for a in axioms_known() if a.name == name)
    found = outcome(axiom, "O3", (service,), group=bool(other))
    assert found.kind == "decides"
    assert other in found.group if other else not found.group


def test_a_row_of_a_table_tells():
    found = count("source-vpc-arn-services", rows=3, seconds=60, enough=1)
    assert 0 < found.changed <= found.asked


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.axiom)
def test_a_world_written_by_hand_holds_with_its_axiom_and_is_broken_without(world):
    assert world.flips()


_SLOW = ("pinning-keys", "portable-credentials")


@pytest.mark.parametrize("row", [r for r in ROWS if r.table not in _SLOW], ids=lambda row: row.table)
def test_a_question_written_by_hand_is_answered_otherwise_without_its_row(row):
    assert row.flips()


@pytest.mark.parametrize("name", IMPLIED)
def test_an_axiom_said_to_be_implied_is(name):
    assert implied(name)


def test_the_page_says_what_was_counted():
    drawn = json.loads((FOLDER / "random.json").read_text(encoding="utf-8"))
    counted = {"axioms": read(FOLDER / "axioms.json"), "tables": read(FOLDER / "tables.json")}
    written = (ROOT / "docs" / "verification" / "coverage.md").read_text(encoding="utf-8").splitlines()
    rows = page(counted["axioms"], counted["tables"], drawn).splitlines()
    names = {*counted["axioms"], *counted["tables"]}
    asked = [row for row in rows if row.startswith("| `") and row.split("`")[1] in names]
    assert asked
    assert [row for row in asked if row not in written] == []


def test_decisions_do_not_hang_on_the_partition():
    rng = Random(7)
    world = estate(rng, ("queue", "log group"))
    there = Move("aws", "aws-us-gov")
    space = there.workspace(world.workspace)
    for _ in range(80):
        drawn = sample(rng, world)
        here = decide(case_of(world.workspace, drawn.request, drawn.facts)).allowed
        assert decide(case_of(space, there.value(drawn.request), there.value(drawn.facts))).allowed == here
