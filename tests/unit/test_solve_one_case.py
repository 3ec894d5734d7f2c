"""Texts of one case, compared without case (solve/theories/one_case.py)."""

from __future__ import annotations

import pytest

from perimeter_smt.logic.atoms import CharSet, Match, Ref, Run, Text
from perimeter_smt.logic.formula import atom, equal, glob, neg
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.solve.engine import Engine

IDS = (Text("vpc-"), Run(CharSet("0123456789abcdef"), 1))
SAME = atom(Match("a", (Ref("b", True),)))


def status(*facts):
    return Engine(Problem(tuple(Assertion(f"fact {number}", fact) for number, fact in enumerate(facts)))).check().status


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([glob("a", IDS), glob("b", IDS), SAME, neg(equal("a", "b"))], "unsat"),
        ([glob("a", IDS), glob("b", IDS), SAME, equal("a", "b")], "sat"),
        ([glob("a", IDS), glob("b", IDS), neg(SAME), equal("a", "b")], "unsat"),
        ([glob("a", IDS), glob("b", IDS), neg(SAME), neg(equal("a", "b"))], "sat"),
        # What says so of one text goes for those equal to it.
        ([glob("c", IDS), equal("a", "c"), glob("b", IDS), SAME, neg(equal("b", "c"))], "unsat"),
        # Capitals, in a text or in a class, and a text in any case: not equal.
        ([glob("a", IDS), glob("b", (Text("VPC-"), IDS[1])), SAME, neg(equal("a", "b"))], "sat"),
        ([glob("a", IDS), glob("b", (Text("vpc-", True), IDS[1])), SAME, neg(equal("a", "b"))], "sat"),
        ([glob("a", IDS), glob("b", (Text("vpc-"), Run(CharSet("0aA"), 1))), SAME, neg(equal("a", "b"))], "sat"),
    ],
)
def test_comparison_without_case_of_texts_of_one_case(facts, expected):
    assert status(*facts) == expected
