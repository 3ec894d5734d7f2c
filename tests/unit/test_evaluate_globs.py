"""Wildcards match as regular expressions do, without their backtracking (semantics 1.4, 2.2)."""

from __future__ import annotations

import itertools
import re

import pytest

from perimeter_smt.evaluate.globs import Atom, _automaton, _collapsed, fold, glob, literal, matcher
from tests.growth import growth


def test_every_small_pattern_matches_as_its_regular_expression():
    texts = ["".join(chars) for size in range(5) for chars in itertools.product("ab", repeat=size)]
    for size in range(5):
        for pattern in itertools.product("a*?", repeat=size):
            expected = re.compile("".join({"*": ".*", "?": "."}.get(char, char) for char in pattern))
            compiled = glob("".join(pattern))
            atoms = [Atom(None if char in "*?" else char, star=char == "*") for char in pattern]
            automaton = _automaton(_collapsed(atoms))
            for text in texts:
                wanted = expected.fullmatch(text) is not None
                assert compiled(text) is wanted
                assert automaton(text) is wanted


def test_patterns_of_any_case_match_as_their_letters_do():
    """Folding text and pattern says the same as letters that stand for both their cases."""
    letters = "aB\xc9\xe9\xd7\u212a"
    texts = ["".join(chars) for size in range(3) for chars in itertools.product(letters, repeat=size)]
    for size in range(3):
        for pattern in itertools.product(letters + "*?", repeat=size):
            atoms = [
                Atom(None, star=char == "*") if char in "*?" else literal(char, ignore_case=True)[0] for char in pattern
            ]
            folding, by_letter = glob("".join(pattern), ignore_case=True), matcher(atoms)
            assert [folding(text) for text in texts] == [by_letter(text) for text in texts], pattern


@pytest.mark.parametrize("part", ["*", "*a", "*a*a*a*a*b", "*?"])
def test_many_stars_take_no_long(part):
    """Time grows with the length of pattern and text, or at most with their product; it never explodes."""
    assert growth(lambda size: glob(part * (size // len(part)))("a" * size), 1000) < 2.5


def test_wildcards_inside_a_field_stop_at_colons():
    inside = matcher([Atom("a"), Atom(None, star=True, inside=True), Atom("b")])
    assert [inside(text) for text in ("ab", "a/b", "a:b", "a\0b")] == [True, True, False, False]
    free = matcher([Atom("a"), Atom(None, star=True, inside=True), Atom(None, star=True), Atom("b")])
    assert free("a:b")


def test_folding_is_one_character_for_one():
    assert fold("AZ\xc0\xde\xd7\xdf") == "az\xe0\xfe\xd7\xdf"
    assert fold("\u212a\u0130") == "\u212a\u0130"
    assert glob("\xc9T?", ignore_case=True)("\xe9tX")
    assert not glob("K", ignore_case=True)("\u212a")
