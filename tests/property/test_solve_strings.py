"""Patterns on one variable, compared with the enumeration of all short words."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.logic.atoms import ANY, ONE, STAR, CharSet, Glob, Pattern, Run, Text
from perimeter_smt.logic.interpret import Model, holds, regex
from perimeter_smt.solve.theories import strings
from perimeter_smt.solve.theories.automaton import Automaton
from perimeter_smt.solve.theories.literals import Conflict, Language, Literal
from perimeter_smt.solve.theories.product import search
from perimeter_smt.solve.theories.union import Union

# `c` stands for every character that the patterns do not mention.
WORDS = ["".join(word) for size in range(6) for word in product("abAc", repeat=size)]

texts = st.text("abA", min_size=1, max_size=3)
runs = st.one_of(
    st.just(STAR),
    st.just(ONE),
    st.builds(
        lambda chars, low, more: Run(chars, low, None if more is None else low + more),
        st.sampled_from([ANY, CharSet("a"), CharSet("b", True), CharSet("ab")]),
        st.integers(0, 2),
        st.none() | st.integers(0, 2),
    ),
)
patterns = st.lists(st.one_of(st.builds(Text, texts, st.booleans()), runs), max_size=5).map(tuple)
signed = st.lists(st.tuples(patterns, st.booleans()), min_size=1, max_size=5)


def literals_of(rows: list[tuple[Pattern, bool]]) -> list[Literal]:
    return [Literal(Glob("x", pattern), sign, 2 * i + (not sign)) for i, (pattern, sign) in enumerate(rows)]


def satisfied(literals: list[Literal], word: str) -> bool:
    return all(holds(literal.atom, Model(texts={"x": word})) == literal.positive for literal in literals)


def judged(literals: list[Literal], words: list[str]) -> str | Conflict:
    """What is found for the literals: a text that fits, or a conflict that none of the words fits."""
    found = strings.find(literals)
    if isinstance(found, str):
        assert satisfied(literals, found)
    else:
        assert isinstance(found, Conflict)
        assert not any(satisfied(list(found.literals), word) for word in words)
    return found


@given(patterns, st.text("abAc", max_size=8))
@settings(max_examples=400, deadline=None)
def test_automata_read_patterns_as_the_reference_does(pattern: Pattern, word: str) -> None:
    """A witness accepted here is accepted by the reference interpreter, and conversely."""
    expected = regex(pattern).fullmatch(word) is not None
    assert Automaton(pattern).accepts(word) == expected
    assert Language(pattern).matches(word) == expected


@given(signed)
@settings(max_examples=400, deadline=None)
def test_verdict_agrees_with_enumeration(rows: list[tuple[Pattern, bool]]) -> None:
    """A text is found if any short word fits, it fits, and a conflict means that no word fits."""
    literals = literals_of(rows)
    found = judged(literals, WORDS)
    assert isinstance(found, str) or not any(satisfied(literals, word) for word in WORDS)


@given(signed)
@settings(max_examples=150, deadline=None)
def test_words_are_shortest(rows: list[tuple[Pattern, bool]]) -> None:
    """The search itself returns a word of least length, so witnesses stay readable."""
    automata = [(Automaton(pattern), sign) for pattern, sign in rows]
    found = search([a for a, sign in automata if sign], [a for a, sign in automata if not sign])
    if found is not None:
        literals = literals_of(rows)
        assert not any(len(word) < len(found) and satisfied(literals, word) for word in WORDS)


@given(patterns)
@settings(max_examples=300, deadline=None)
def test_the_shortest_text_of_one_pattern(pattern: Pattern) -> None:
    """It is read off the pattern, and the same as the search finds."""
    assert Language(pattern).shortest == search([Automaton(pattern)], [])


@given(st.lists(st.tuples(patterns, st.booleans()), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_quick_conflicts_are_real(rows: list[tuple[Pattern, bool]]) -> None:
    """The comparison of prefixes and suffixes never excludes patterns that share a word."""
    quick = strings.clash(literals_of(rows))
    if quick is not None:
        assert not any(satisfied(list(quick.literals), word) for word in WORDS)


@given(signed, st.lists(st.text("abAc", max_size=3), max_size=4))
@settings(max_examples=150, deadline=None)
def test_hints_come_first(rows: list[tuple[Pattern, bool]], hints: list[str]) -> None:
    """The first hint that satisfies the patterns is the witness."""
    literals = literals_of(rows)
    fitting = [hint for hint in hints if satisfied(literals, hint)]
    if fitting:
        assert strings.find(literals, hints) == fitting[0]


@given(st.lists(patterns, min_size=1, max_size=6), st.text("abAc", max_size=10))
@settings(max_examples=400, deadline=None)
def test_a_union_matches_what_one_of_its_patterns_matches(found: list[Pattern], word: str) -> None:
    """Many refused patterns read as one automaton refuse the same texts."""
    members = [Automaton(pattern) for pattern in found]
    union = Union(members)
    state = union.start
    for char in word:
        state = union.step(state, union.classes.get(char, 0))
    assert union.accepting[state] == any(member.accepts(word) for member in members)
    if state == union.full:
        assert all(any(m.accepts(word + more) for m in members) for more in WORDS[:80])


@given(st.lists(st.tuples(patterns, st.booleans()), min_size=2, max_size=9))
@settings(max_examples=300, deadline=None)
def test_many_refused_patterns_are_decided_like_few(rows: list[tuple[Pattern, bool]]) -> None:
    """A text that keeps clear of a union is one, and there is none where the search for a shortest finds none."""
    literals = literals_of(rows)
    wanted = [Automaton(pattern) for pattern, sign in rows if sign]
    unwanted = [Automaton(pattern) for pattern, sign in rows if not sign]
    found = search(wanted, [Union(unwanted)])
    assert (found is None) == (search(wanted, unwanted) is None)
    assert found is None or satisfied(literals, found)


@given(
    st.lists(patterns, min_size=1, max_size=2),
    st.lists(patterns, min_size=13, max_size=20),
    st.lists(st.text("ab", min_size=1, max_size=3), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_verdict_with_many_refused_patterns(held: list[Pattern], refused: list[Pattern], words: list[str]) -> None:
    """Dozens of refused patterns and whole texts leave a text exactly where enumeration finds one."""
    rows = [*((p, True) for p in held), *((p, False) for p in refused), *(((Text(w),), False) for w in words)]
    judged(literals_of(rows), WORDS[:400])


def test_many_refused_patterns_that_all_matter() -> None:
    """Twenty patterns that each rule the next text out, and whole texts beside them."""
    held = ((Text("x"), STAR, Text("y")), True)
    refused = [((STAR, Text("x"), *([ONE] * i), Text("y"), STAR), False) for i in range(20)]
    texts: list[str] = []
    for _ in range(3):
        rows = [held, *refused, *(((Text(text),), False) for text in texts)]
        found = strings.find(literals_of(rows))
        assert isinstance(found, str)
        assert satisfied(literals_of(rows), found)
        texts.append(found)
    short = ((Text("x"), Run(CharSet("a"), 0, 19), Text("y")), True)
    conflict = strings.find(literals_of([short, *refused]))
    assert isinstance(conflict, Conflict)
    assert len(conflict.literals) == 21
