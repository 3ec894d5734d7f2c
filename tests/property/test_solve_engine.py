"""Whole formulas over atoms of every kind, compared with the enumeration of small assignments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.logic.atoms import (
    ONE,
    STAR,
    Atom,
    CharSet,
    Compare,
    Is,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Text,
    Within,
    variables,
)
from perimeter_smt.logic.formula import (
    Formula,
    atom,
    atoms_of,
    both,
    either,
    equal,
    glob,
    iff,
    is_text,
    neg,
    sym,
    walk,
)
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.logic.problem import Assertion, Catalogue, Group, Problem
from perimeter_smt.solve.engine import Engine

A, B, SLASH = Text("a"), Text("b"), Text("/")
VARIABLES = ("x", "y", "z")
PLAIN = [
    (A,),
    (A, STAR),
    (STAR, B),
    (STAR, A, STAR),
    (ONE,),
    (ONE, ONE),
    (Run(CharSet("ab"), 1, 2),),
    (Text("AB", True),),
]
LINKED = [
    (A, Ref("y")),
    (Ref("y"), B),
    (Ref("y"), STAR),
    (A, Ref("y"), STAR, Ref("z")),
    (Ref("z"), ONE),
    (Ref("y"), Ref("y")),
]

globs = st.builds(glob, st.sampled_from(VARIABLES), st.sampled_from(PLAIN))
texts = st.builds(is_text, st.sampled_from(VARIABLES), st.sampled_from(["", "a", "b", "ab", "ba", "aab"]))
equals = st.builds(equal, st.sampled_from(VARIABLES), st.sampled_from(VARIABLES))
matches = st.builds(glob, st.just("x"), st.sampled_from(LINKED))
symbols = st.builds(sym, st.sampled_from(["p", "q"]))
enums = st.builds(lambda v: atom(Is("e", v)), st.sampled_from(["one", "two", "three"]))
members = st.builds(lambda v: atom(Member("c", v)), st.sampled_from(["low", "even", "top"]))
numbers = st.one_of(
    st.builds(
        lambda v, r, b: atom(Compare(v, "number", r, Fraction(b))),
        st.sampled_from(["m", "n"]),
        st.sampled_from(["<", "<=", "=", ">", ">="]),
        st.sampled_from([0, 1, 2]),
    ),
    st.builds(
        lambda a, b, r: atom(Order(a, b, "number", r)),
        st.sampled_from(["m", "n"]),
        st.sampled_from(["m", "n", "k"]),
        st.sampled_from(["<", "<=", "="]),
    ),
    st.builds(lambda v: atom(Parses(v, "number")), st.sampled_from(["m", "n", "k"])),
)
addresses = st.one_of(
    st.builds(
        lambda n, p: atom(Within("ip", 4, n, p)), st.sampled_from([0x0A000000, 0x0A800000]), st.sampled_from([8, 9])
    ),
    st.just(atom(Within("ip", 6, 1 << 127, 1))),
    st.just(atom(Parses("ip", "address"))),
    st.just(glob("ip", (Text("10."), STAR))),
)


def formulas(*leaves: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    return st.recursive(
        st.one_of(*leaves),
        lambda inner: st.one_of(
            st.builds(neg, inner),
            st.builds(both, inner, inner),
            st.builds(either, inner, inner),
            st.builds(both, inner, inner, inner),
            st.builds(either, inner, inner, inner),
            st.builds(iff, inner, inner),
        ),
        max_leaves=10,
    )


CATALOGUE = Catalogue(
    4,
    {"low": 0b0011, "even": 0b0101, "top": 0b1000},
    (
        Group(0b0001, (glob("x", (A, STAR)),)),
        Group(0b0110, (neg(glob("x", (A, STAR))), is_text("y", "b"))),
        Group(0b1000, (is_text("x", ""), is_text("x", "a"))),
    ),
)
ENUMS = {"e": ("one", "two", "three")}
DOMAIN = {
    **{name: ["", "a", "b", "c", "ab", "ba", "aab", "AB"] for name in VARIABLES},
    **{name: ["", "-1", "0", "0.5", "1", "1.5", "2", "3"] for name in ("m", "n", "k")},
    "ip": ["", "10.", "10.0.0.1", "10.128.0.1", "11.0.0.1", "8000::", "::1"],
}


def assignments(formula: Formula) -> Iterator[Model]:
    """All assignments of the domain to what the formula, and its catalogue, speak about."""
    facts: list[Atom] = list(atoms_of(formula))
    catalogued = any(isinstance(fact, Member) for fact in facts)
    if catalogued:
        facts += [fact for group in CATALOGUE.groups for f in group.requires for fact in atoms_of(f)]
    names = sorted({v for fact in facts for v in variables(fact)})
    flags = sorted({node.payload for node in walk(formula) if node.op == "sym"})
    rows: list[Any] = [0, 1, 2, 3] if catalogued else [None]
    kinds = ENUMS["e"] if any(isinstance(fact, Is) for fact in facts) else ("one",)
    for values in product(*(DOMAIN[name] for name in names)):
        words = dict(zip(names, values, strict=True))
        for row in rows:
            inside = frozenset(n for n, bits in CATALOGUE.sets.items() if row is not None and bits >> row & 1)
            for kind in kinds:
                for switches in product((False, True), repeat=len(flags)):
                    model = Model(dict(zip(flags, switches, strict=True)), words, {"e": kind}, {"c": inside})
                    group = next((g for g in CATALOGUE.groups if row is not None and g.rows >> row & 1), None)
                    if group is None or all(truth(f, model) for f in group.requires):
                        yield model


def compare(parts: list[Formula]) -> None:
    """Ask about the conjunction in two ways and compare with enumeration."""
    whole = both(*parts)
    problem = Problem(tuple(Assertion(f"a{i}", part) for i, part in enumerate(parts)), ENUMS, {"c": CATALOGUE})
    engine = Engine(problem)
    result = engine.check()
    empty = Engine(Problem((), ENUMS, {"c": CATALOGUE}))
    assert empty.check(parts).status == result.status
    known = next((m for m in assignments(whole) if truth(whole, m)), None)
    if known is not None:
        assert result.status == "sat", (result, known)
    assert result.status != "unknown", result.reason
    if result.status == "sat":
        assert result.model is not None
        assert truth(whole, result.model)
        if any(isinstance(fact, Member) for fact in atoms_of(whole)):
            row = result.model.rows["c"]
            group = next(g for g in CATALOGUE.groups if g.rows >> row & 1)
            assert all(truth(f, result.model) for f in group.requires)
        return
    core = engine.check(core=True).core
    kept = {f"a{i}": part for i, part in enumerate(parts) if f"a{i}" in core}
    assert Engine(Problem((), ENUMS, {"c": CATALOGUE})).check(list(kept.values())).status == "unsat"
    for name in kept:
        rest = [part for other, part in kept.items() if other != name]
        assert Engine(Problem((), ENUMS, {"c": CATALOGUE})).check(rest).status == "sat"


@given(st.lists(formulas(globs, texts, symbols, enums), min_size=1, max_size=4))
@settings(max_examples=120, deadline=None)
def test_patterns_and_booleans(parts: list[Formula]) -> None:
    """Verdict, model and core are right for formulas over patterns, symbols and enumerations."""
    compare(parts)


@given(st.lists(formulas(globs, texts, equals), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_equalities(parts: list[Formula]) -> None:
    """Verdict, model and core are right when variables are equal or different."""
    compare(parts)


@given(st.lists(formulas(numbers, symbols), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_numbers_and_order(parts: list[Formula]) -> None:
    """Verdict, model and core are right for bounds and orders, whether or not texts are numbers."""
    compare(parts)


@given(st.lists(formulas(addresses, symbols), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_addresses_and_patterns(parts: list[Formula]) -> None:
    """Verdict, model and core are right for address blocks, also beside a pattern on the same variable."""
    compare(parts)


@given(st.lists(formulas(members, globs, texts), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_catalogue_rows_and_their_requirements(parts: list[Formula]) -> None:
    """A row is chosen only if what it requires of the texts holds as well."""
    compare(parts)


@given(st.lists(formulas(globs, matches, equals), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_linked_patterns(parts: list[Formula]) -> None:
    """Templates with references: no wrong verdict; what stays open is said to be unknown."""
    whole = both(*parts)
    result = Engine(Problem(())).check(parts)
    known = next((m for m in assignments(whole) if truth(whole, m)), None)
    if known is not None:
        assert result.status != "unsat"
    if result.status == "sat":
        assert result.model is not None
        assert truth(whole, result.model)


def _rows_satisfying(size: int, sets: Sequence[int], wanted: Sequence[tuple[int, bool]]) -> int:
    found = (1 << size) - 1
    for place, inside in wanted:
        found &= sets[place] if inside else ~sets[place]
    return found


@given(st.integers(1, 21).flatmap(lambda size: st.tuples(st.just(size), st.lists(st.integers(0, (1 << size) - 1)))))
def test_sets_of_a_catalogue_meet_as_their_rows_do(drawn):
    """All pairs of sets, empty ones among them, whatever was said of them beforehand."""
    size, sets = drawn
    sets = [*sets[:6], 0, 1, 1 << (size - 1), (1 << size) - 1]
    inside = [atom(Member("c", f"set {place}")) for place in range(len(sets))]
    table = Catalogue(size, {f"set {place}": rows for place, rows in enumerate(sets)})
    engine = Engine(Problem((), catalogues={"c": table}))
    for one, other in combinations(range(len(sets)), 2):
        for ways in product((True, False), repeat=2):
            wanted = list(zip((one, other), ways, strict=True))
            asked = [inside[place] if way else neg(inside[place]) for place, way in wanted]
            expected = _rows_satisfying(size, sets, wanted)
            result = engine.check(asked)
            assert result.status == ("sat" if expected else "unsat")
            if result.model is not None:
                assert expected >> result.model.rows["c"] & 1
