"""Assertions of a user's own: what the reader takes means what it says, and nothing makes it stumble."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.errors import InputError
from perimeter_smt.logic.wellformed import check


def read(text: str):
    script = formal_text()
    check(text, script, "own.smt2")
    script.read(text, "own.smt2")
    return script.axioms[-1]


FINE = (
    "(assert my-iam)",
    "(assert (! (=> my-iam (not my-resource) access) :named own))",
    '(define-fun call () Bool (= action "sns:Publish")) (assert (=> call signed))',
    '(define-fun of ((x String)) Bool (or (= x "") (is-account x))) (assert (of principal.account))',
    "(declare-const principal.account String) (assert (is-account principal.account))",
    '(assert (= caller role)) (assert (distinct wire endpoint))',
    '(assert (str.in_re endpoint.id (re.++ (str.to_re "vpce-") (re.* re.allchar))))',
    "(assert (< (number source.address) 10))",
    '(assert (= (org principal.account) "o-acme0000001"))',
    '(set-logic ALL) (declare-fun mine () Bool) (assert (ite mine true false)) (check-sat)',
)  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_what_is_understood(text):
    assert read(text).file == "own.smt2"


WRONG = {
    "(assert)": "`assert` with 0 arguments, expected 1",
    "(assert my-iam signed)": "`assert` with 2 arguments, expected 1",
    "(assert (or))": "`or` with 0 arguments",
    "(assert (not my-iam signed))": "`not` with 2 arguments, expected 1",
    "(assert (= my-iam))": "`=` with 1 arguments, expected 2",
    '(assert (= action "sns:Publish" signed))': "`=` with 3 arguments",
    "(assert (ite my-iam signed))": "`ite` with 2 arguments, expected 3",
    "(assert principal.account)": "the assertion is a String",
    "(assert (and my-iam principal.account))": "found a String, expected a Bool",
    '(assert (= my-iam "x"))': "are a Bool and a String",
    "(assert (= caller caller))": "a Caller is compared with one of its values",
    "(assert (= user role))": "expected a constant of that sort",
    "(assert (= wire role))": "expected a constant of that sort",
    '(assert (str.prefixof "sns:" action))': "`action` is compared with whole names only",
    "(assert (= action service))": "is compared with a text",
    "(assert my-ian)": "`my-ian` is not declared, did you mean `my-iam`",
    "(assert (is-acount principal.account))": "unknown function `is-acount`, did you mean `is-account`",
    "(asert my-iam)": "unknown command `asert`, did you mean `assert`",
    "(define-fun access () Bool true) (assert access)": "`access` is a name of the formal text",
    "(define-fun action () Bool true) (assert action)": "`action` is a name of the formal text",
    "(define-fun and () Bool true) (assert and)": "`and` is a name of the formal text",
    "(define-fun org ((x String)) Bool true) (assert (org principal.account))": "`org` is a name of the formal text",
    "(define-fun role () Bool true) (assert role)": "`role` is a name of the formal text",
    "(declare-const access String) (assert (= access access))": "`access` is a name of the formal text",
    "(define-fun a () Bool true) (define-fun a () Bool false) (assert a)": "`a` is declared twice, first on line 1",
    "(define-fun a () String my-iam) (assert (= a a))": "`a` is a Bool, expected the String",
    "(define-fun f ((my-iam Bool)) Bool my-iam) (assert (f false))": "parameter `my-iam` hides another name",
    "(define-fun f ((x Bool) (x Bool)) Bool x) (assert (f true true))": "parameter `x` hides another name",
    "(define-fun f ((x Bool)) Bool x) (assert f)": "`f` needs 1 arguments",
    "(define-fun f ((x Bool)) Bool x) (assert (f true true))": "`f` with 2 arguments, expected 1",
    "(define-fun f ((x String)) Bool true) (assert (f my-iam))": "found a Bool, expected a String",
    "(define-fun f ((x Bool)) Bool (f x)) (assert (f true))": "unknown function `f`",
    "(define-fun f ((x Int)) Bool true) (assert true)": "unknown sort `Int`",
    "(declare-const n Int) (assert (> n 0))": "unknown sort `Int`",
    "(declare-fun f (String) Bool) (assert (f principal.account))": "`f` has parameters",
    "(assert (! my-iam :named)) ": "pairs of attribute and value",
    "(assert (! my-iam named x))": "expected an attribute such as `:named`",
    "(assert (! my-iam :named a)) (assert (! signed :named a))": "an assertion named `a` already",
    "(assert (str.in_re principal.account (re.range \"a\")))": "outside the supported subset",
    "(assert (str.in_re principal.account ((_ re.loop 1) re.allchar)))": "outside the supported subset",
    "(assert (str.in_re principal.account ((_ re.loop 1 99999999) re.allchar)))": "a repetition of more than",
    "(assert (< 1 (number source.address)))": "expected `(number x)`",
    "(assert (< (number source.address) (instant source.address)))": "`number` is compared with `instant`",
    "(assert (number source.address))": "the assertion is a Real",
    '(assert (number "7"))': "`number` is of a string constant",
    "(assert (let ((x true)) x))": "unknown function `let`",
    "((assert true))": "unknown command ``",
    "()": "unknown command ``",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_refused_and_why(text):
    with pytest.raises(InputError) as caught:
        read(text)
    assert WRONG[text] in str(caught.value)
    assert str(caught.value).startswith("own.smt2:1: ")


def test_depth_and_size_are_bounded():
    """Also where definitions write each other out: depth adds up and size multiplies."""
    with pytest.raises(InputError, match="nested more than 100 levels"):
        read("(assert " + "(not " * 5000 + "my-iam" + ")" * 5001)
    with pytest.raises(InputError, match="nested more than 100 levels"):
        read("(assert (= " + "(org " * 5000 + "principal.account" + ")" * 5000 + ' ""))')
    chain = "".join(f"(define-fun d{n} () Bool (not d{n - 1}))" for n in range(1, 200))
    with pytest.raises(InputError, match="nested more than 100 levels deep with definitions written out"):
        read(f"(define-fun d0 () Bool my-iam){chain}(assert d199)")
    doubling = "".join(f"(define-fun f{n} ((x Bool)) Bool (and (f{n - 1} x) (f{n - 1} (not x))))" for n in range(1, 40))
    with pytest.raises(InputError, match="more than 1000000 terms with definitions written out"):
        read(f"(define-fun f0 ((x Bool)) Bool (not x)){doubling}(assert (f39 my-iam))")
    two = '(re.union (str.to_re "ab") (str.to_re "cd"))'
    with pytest.raises(InputError, match="more than 1000 alternatives"):
        read(f"(assert (str.in_re principal.account (re.++ {two * 30})))")


_SYMBOLS = """
and or not => ite = distinct str.++ str.prefixof str.in_re str.to_re re.++ re.* re.range re.loop _ re.allchar number
instant < parses org is-account true false my-iam caller role wire action principal.account endpoint.id x f "" "a" 1 2
! :named let String Bool
"""
_WORDS = st.sampled_from(_SYMBOLS.split())
_TERMS = st.recursive(
    _WORDS, lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"({' '.join(parts)})"), max_leaves=12
)
_HEADS = st.sampled_from(
    ("assert", "assert", "assert", "define-fun f ((x Bool)) Bool", "define-fun f () String", "declare-const x")
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(_HEADS, _TERMS), min_size=1, max_size=4))
def test_no_text_makes_the_reader_stumble(commands):
    """It is read, or refused with an InputError; what passes the check does not fail in the reader otherwise."""
    with suppress(InputError):
        read(" ".join(f"({head} {term})" for head, term in commands))
