"""What AWS did, as its pages and those who saw it tell, through the evaluator and the encoding.

docs/verification/observed.md says where the decisions come from, and what was found.
"""

from __future__ import annotations

from collections import Counter

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case
from tests.attack.agreement import encoded_decision
from tests.unit.observed.decisions import case, read

ENTRIES = read()
WORDS = {
    "id",
    "source",
    "said",
    "aws",
    "how",
    "in",
    "who",
    "call",
    "with",
    "owner",
    "partition",
    "flags",
    "reading",
    "encoded",
}
SLOTS = {"identity", "resource", "boundary", "session", "scp", "rcp", "vpce", "access_point"}


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["id"]) for entry in ENTRIES])
def test_decided_as_aws_did(entry):
    """Allowed or denied as observed, and by the policy that AWS's message names; where a reading is named, under it."""
    given = case(entry)
    readings = frozenset({entry["reading"]} if "reading" in entry else ())
    given |= {"readings": sorted(readings)} if readings else {}
    parsed = read_case(given, file="observed", default_id=entry["id"])
    decision = decide(parsed, rivals=parsed.readings)
    assert ("allow" if decision.allowed else "deny") == entry["aws"]
    if "how" in entry or "in" in entry:
        assert decision.reason == entry.get("how", "explicit_deny")
    if "in" in entry:
        assert {each.slot.partition("[")[0] for each in decision.statements} == {entry["in"]}
    if entry.get("encoded", True):
        assert encoded_decision(parsed, readings) == (entry["aws"] == "allow")


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["id"]) for entry in ENTRIES if "reading" in entry])
def test_the_chosen_reading_differs(entry):
    """An entry that needs another reading than the chosen one contradicts it: the page of observations lists these."""
    parsed = read_case(case(entry), file="observed", default_id=entry["id"])
    assert decide(parsed).allowed is not (entry["aws"] == "allow")


def test_entries_are_told_in_full():
    """Each has a source, our words and an answer, no word that nothing reads, and an id of its own."""
    assert [name for name, count in Counter(entry["id"] for entry in ENTRIES).items() if count > 1] == []
    for entry in ENTRIES:
        assert entry["source"].startswith("https://"), entry["id"]
        assert entry["said"] and entry["aws"] in ("allow", "deny"), entry["id"]
        assert set(entry) <= WORDS | SLOTS, entry["id"]
