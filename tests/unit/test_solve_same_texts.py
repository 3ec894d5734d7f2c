"""Equal variables with many whole texts: said once for each text, not once for each pair."""

from __future__ import annotations

from perimeter_smt.logic.formula import disj, equal, implies, is_text, neg
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.solve.engine import Engine

TEXTS = [f"{number:012d}" for number in range(60)]


def problem(*others):
    one_of = [disj(is_text(name, text) for text in TEXTS) for name in ("caller", "owner")]
    facts = [*one_of, equal("caller", "owner"), *others]
    return Problem(tuple(Assertion(f"fact {number}", fact) for number, fact in enumerate(facts)))


def test_pairs_are_not_refuted_one_by_one():
    """Each text of the one excludes the same text of the other: 60 texts, and not 3,540 conflicts."""
    apart = [implies(is_text("caller", text), neg(is_text("owner", text))) for text in TEXTS]
    engine = Engine(problem(*apart))
    assert engine.check().status == "unsat"
    assert engine.conflicts < 30


def test_a_text_that_both_can_have_is_found():
    """What is learned leaves every pair of equal texts possible."""
    for text in (TEXTS[0], TEXTS[41]):
        apart = [implies(is_text("caller", other), neg(is_text("owner", other))) for other in TEXTS if other != text]
        result = Engine(problem(*apart)).check()
        assert result.status == "sat"
        assert result.model.texts["caller"] == result.model.texts["owner"] == text
