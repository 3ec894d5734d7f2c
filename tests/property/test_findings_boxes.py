"""The search on bits and the search by the engine find the same access; boxes are cut as sets are."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.findings_sets import policy
from perimeter_smt.logic.formula import disj, neg
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.boxes import uncovered
from perimeter_smt.questions.findings.search import Search
from perimeter_smt.questions.findings.setting import of_document

BOXES = st.lists(st.tuples(*[st.integers(1, 7)] * 3), max_size=6)


def points(box):
    return set(product(*([n for n in range(3) if bits >> n & 1] for bits in box)))


@given(st.tuples(*[st.integers(1, 7)] * 3), BOXES)
def test_what_is_uncovered(box, boxes):
    """A part in none of the others is found exactly where there is one."""
    left = points(box).difference(*map(points, boxes))
    found = uncovered(box, boxes)
    assert (found is None) is not bool(left)
    assert found is None or points(found) <= left


@pytest.mark.parametrize(("statements", "keys", "seed"), [(4, 3, 1), (5, 4, 2), (6, 5, 3)])
def test_both_searches_find_the_same_access(statements, keys, seed):
    """Either set of findings covers the other, and is found without a fall back."""
    document = parse_object(policy(statements, keys, seed), Kind.RESOURCE, file="p.json", name="p")
    asked, _ = of_document(document, account="111122223333")
    fast = asked.search
    bits = fast.cover()
    slow = Search(fast.engine, fast.access, fast.given, fast.literals, fast.absent)
    whole = slow.cover()
    assert (bits.reason, whole.reason, fast.by_engine) == ("", "", False)
    one, other = (disj(map(slow.formula, cover.cubes)) for cover in (bits, whole))
    assert slow.engine.check([one, neg(other), *slow.given]).status == "unsat"
    assert slow.engine.check([other, neg(one), *slow.given]).status == "unsat"
    for number, cube in enumerate(bits.cubes):
        others = [c for n, c in enumerate(bits.cubes) if n != number]
        assert slow.example(cube, others).status == "sat"
        for clause in cube:  # as coarse as they can be
            rest = tuple(c for c in cube if c is not clause)
            if slow.literals[max(clause)].field != "action":
                assert slow.engine.check([slow.formula(rest), neg(fast.access), *slow.given]).status == "sat"


@pytest.mark.parametrize(("statements", "keys", "seed"), [(6, 4, 0), (9, 5, 1)])
def test_decision_diagrams_say_the_same(statements, keys, seed):
    """A library that knows nothing of the search: findings are exactly the access, and each one is needed."""
    pytest.importorskip("dd", reason="skipped: needs the library dd")
    from benchmarks.diagrams import checked

    document = parse_object(policy(statements, keys, seed), Kind.RESOURCE, file="set.json", name="set")
    *_, exact = checked(document, "111122223333")
    assert exact
