"""What a known text tells of the values in its templates, without a string solver."""

from __future__ import annotations

import pytest

from perimeter_smt.logic.atoms import ANY, STAR, CharSet, Match, Ref, Run, Text
from perimeter_smt.logic.formula import atom, glob, is_text, neg
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.theories import links

USER = Ref("user", False)
LOWER = Run(CharSet("abcdefghijklmnopqrstuvwxyz-"), 1)


def check(*formulas):
    return Engine(Problem(tuple(Assertion(f"fact {n}", f) for n, f in enumerate(formulas)))).check()


@pytest.fixture(autouse=True)
def without_string_solver(monkeypatch):
    def refuse(*_):
        raise AssertionError("a string solver was asked")

    monkeypatch.setattr(links.word_equations, "decide", refuse)


def name_is(text):
    return is_text("name", text), atom(Match("name", (Text("user/"), USER)))


def test_a_name_in_another_name():
    """A bucket with the name of a user somewhere in it, where names of buckets are lower case and the user's is not."""
    bucket = atom(Match("bucket", (STAR, USER, STAR)))
    assert check(*name_is("user/Ana"), bucket, glob("bucket", (LOWER,))).status == "unsat"
    found = check(*name_is("user/ana"), bucket, glob("bucket", (LOWER,)))
    assert found.status == "sat" and "ana" in found.model.texts["bucket"]


def test_a_text_that_the_template_cannot_be():
    """No user makes `role/...` of `user/...`, and none has a name that the template refuses."""
    assert check(*name_is("role/ana")).status == "unsat"
    assert check(*name_is("user/ana"), neg(is_text("user", "ana"))).status == "unsat"


def test_the_last_part_where_a_slash_is_no_part_of_it():
    """With wildcards before it, a value is known if only one part of the text is a value at all."""
    last = atom(Match("name", (Run(ANY), Text("/"), USER)))
    facts = (is_text("name", "user/team/Ana"), last, glob("user", (Run(CharSet("/", negated=True), 1),)))
    assert check(*facts, neg(is_text("user", "Ana"))).status == "unsat"
    found = check(*facts)
    assert found.status == "sat" and found.model.texts["user"] == "Ana"
    assert check(*facts[:2], is_text("user", "team/Ana")).status == "sat"
