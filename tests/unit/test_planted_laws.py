"""The page of planted faults and laws is that of the code and the kept counts, and faults still fit the source."""

from __future__ import annotations

import json

import pytest

from tests.attack.laws.planted import COUNTS, FAULTS, PAGE, page, planted
from tests.attack.laws.run import LAWS
from tests.attack.laws.several import SEVERAL
from tests.attack.mutations import copied
from tests.attack.records import ROOT

KEPT = json.loads(COUNTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.rule)
def test_a_fault_fits_the_source(fault):
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert fault.applied(text) != text


def test_the_page_is_that_of_the_counts():
    assert PAGE.read_text(encoding="utf-8") == page(KEPT)


def test_every_fault_and_every_law_has_a_row():
    rows = [line.split(" | ")[0] for line in PAGE.read_text(encoding="utf-8").splitlines()]
    assert set(KEPT["faults"]) == {fault.rule for fault in FAULTS}
    assert {f"| {name}" for name in (*LAWS, *SEVERAL, *KEPT["faults"])} <= set(rows)
    assert KEPT["none"] == {}


def test_a_law_notices_a_planted_fault_again(tmp_path):
    """The first workspace in which a law told that a Region is forgotten: its twin under another name proves less."""
    fault = next(fault for fault in FAULTS if fault.rule == "one Region forgotten")
    law = "other Regions"
    seed = KEPT["faults"][fault.rule][law]["seed"]
    copied(tmp_path)
    assert law in planted(tmp_path, fault, range(seed, seed + 1), 1, law)
    assert planted(tmp_path, None, range(seed, seed + 1), 1, law) == {}
