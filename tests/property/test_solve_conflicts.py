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
    Order,
    Parses,
    Ref,
    Run,
    Text,
    Within,
)
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.solve.theories.component import Decider
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
    answer = Decider({}).decide_all(literals)
    if isinstance(answer, Realised):
        model = Model(texts=answer.texts)
        assert all(holds(literal.atom, model) == literal.positive for literal in literals)
    elif isinstance(answer, Conflict):
        assert set(answer.literals) <= set(literals)
        assert len(set(answer.literals)) == len(answer.literals)
        for literal in answer.literals:
            rest = [other for other in answer.literals if other is not literal]
            assert not isinstance(Decider({}).decide_all(rest), Conflict)


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
