"""Conflicts of the theories: true, and with nothing in them that could be left out."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.logic.atoms import (
    ONE,
    STAR,
    Atom,
    CharSet,
    Compare,
    Equal,
    Glob,
    Match,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Text,
    Within,
)
from perimeter_smt.logic.formula import atom, neg
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.logic.problem import Catalogue, Problem
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.theories import catalogue
from perimeter_smt.solve.theories.component import TheorySolver
from perimeter_smt.solve.theories.literals import Conflict, Literal, Realised

names = st.sampled_from(["u", "v", "w"])
patterns = st.sampled_from(
    [
        (),
        (Text("a"),),
        (Text("b"),),
        (Text("a"), STAR),
        (STAR, Text("b")),
        (STAR, Text("a"), STAR),
        (ONE,),
        (Run(CharSet("ab"), 1, 1),),
        (Text("1"), STAR),
        (Run(CharSet("0123456789")),),
    ]
)
globs = st.builds(Glob, names, patterns)
equals = st.sampled_from([Equal("u", "v"), Equal("u", "w"), Equal("v", "w")])
compares = st.builds(
    lambda v, view, r, b: Compare(v, view, r, Fraction(b)),
    names,
    st.sampled_from(["number", "instant"]),
    st.sampled_from(["<", "<=", "=", ">", ">="]),
    st.sampled_from([0, 1, Fraction(1, 3), 2]),
)
orders = st.builds(Order, names, names, st.just("number"), st.sampled_from(["<", "<=", "="]))
parses = st.builds(Parses, names, st.sampled_from(["number", "instant", "address", "arn"]))
blocks = st.builds(
    lambda v, n, p: Within(v, 4, n, p), names, st.sampled_from([0, 0x0A000000, 0x80000000]), st.sampled_from([0, 1, 8])
)
matches = st.builds(
    Match,
    names,
    st.sampled_from([(Text("a"), Ref("v")), (Ref("w"), STAR), (Ref("v"), Text("b")), (Text("a"), Ref("w"), STAR)]),
)


def check(facts: list[tuple[Atom, bool]]) -> None:
    literals = [Literal(fact, sign, 2 * i + (not sign)) for i, (fact, sign) in enumerate(dict(facts).items())]
    answer = TheorySolver({}).decide_all(literals)
    if isinstance(answer, Realised):
        model = Model(texts=answer.texts)
        assert all(holds(literal.atom, model) == literal.positive for literal in literals)
    elif isinstance(answer, Conflict):
        assert set(answer.literals) <= set(literals)
        assert len(set(answer.literals)) == len(answer.literals)
        for literal in answer.literals:
            rest = [other for other in answer.literals if other is not literal]
            assert not isinstance(TheorySolver({}).decide_all(rest), Conflict)


@given(st.lists(st.tuples(globs, st.booleans()), min_size=2, max_size=7))
@settings(max_examples=200, deadline=None)
def test_patterns(facts: list[tuple[Atom, bool]]) -> None:
    """Conflicts between patterns are minimal."""
    check(facts)


@given(st.lists(st.tuples(st.one_of(globs, equals), st.booleans()), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_equalities(facts: list[tuple[Atom, bool]]) -> None:
    """Conflicts through equalities name only the equalities on the way."""
    check(facts)


@given(st.lists(st.tuples(st.one_of(compares, orders, equals, parses), st.booleans()), min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_numbers(facts: list[tuple[Atom, bool]]) -> None:
    """Conflicts between bounds and orders are minimal."""
    check(facts)


@given(st.lists(st.tuples(st.one_of(blocks, parses, globs), st.booleans()), min_size=2, max_size=7))
@settings(max_examples=100, deadline=None)
def test_addresses(facts: list[tuple[Atom, bool]]) -> None:
    """Conflicts between address blocks, and with patterns, are minimal."""
    check(facts)


@given(st.lists(st.tuples(st.one_of(matches, globs, equals), st.booleans()), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_links(facts: list[tuple[Atom, bool]]) -> None:
    """Conflicts through templates are minimal."""
    check(facts)


def test_a_conflict_that_takes_too_long_to_cut_down() -> None:
    """It stays as it was found: true, if not minimal."""
    facts = [Glob("u", (STAR, Text(char), STAR)) for char in "abc"]
    literals = [Literal(fact, True, 2 * i) for i, fact in enumerate([*facts, Glob("u", (ONE, ONE))])]
    whole = Conflict(tuple(literals))
    assert TheorySolver({}).minimal(whole, 5) == whole
    assert TheorySolver({}).minimal(whole, 100_000) == whole
    more = Conflict((*literals, Literal(Glob("u", (STAR, Text("d"), STAR)), True, 8)))
    assert len(TheorySolver({}).minimal(more, 100_000).literals) == 4
    assert isinstance(TheorySolver({}).decide_all(TheorySolver({}).minimal(more, 30).literals), Conflict)


ROWS = 8
members = st.lists(st.tuples(st.integers(0, (1 << ROWS) - 1), st.booleans()), min_size=1, max_size=7)


def left(rows: list[tuple[int, bool]]) -> int:
    """The rows that lie in every set, or outside it."""
    found = (1 << ROWS) - 1
    for bits, inside in rows:
        found &= bits if inside else ~bits
    return found


@given(members)
@settings(max_examples=400, deadline=None)
def test_sets_of_rows(rows: list[tuple[int, bool]]) -> None:
    """Conflicts between sets leave no row, and would with one set less; there are none where a row is left."""
    declared = Catalogue(ROWS, {str(i): bits for i, (bits, _) in enumerate(rows)})
    literals = [Literal(Member("call", str(i)), inside, 2 * i + (not inside)) for i, (_, inside) in enumerate(rows)]
    found = catalogue.empty(catalogue.Table(declared, ()), literals)
    assert bool(found) == (left(rows) == 0)
    for conflict in found:
        blamed = [rows[literals.index(literal)] for literal in conflict.literals]
        assert not left(blamed)
        assert all(left(blamed[:i] + blamed[i + 1 :]) for i in range(len(blamed)))


@given(members)
@settings(max_examples=200, deadline=None)
def test_sets_of_rows_in_a_search(rows: list[tuple[int, bool]]) -> None:
    """The engine finds a row exactly where there is one."""
    call = Catalogue(ROWS, {str(i): bits for i, (bits, _) in enumerate(rows)})
    facts = [atom(Member("call", str(i))) for i in range(len(rows))]
    asked = [fact if inside else neg(fact) for fact, (_, inside) in zip(facts, rows, strict=True)]
    result = Engine(Problem((), {}, {"call": call})).check(asked)
    assert (result.status == "sat") == (left(rows) != 0)
