"""Changes of texts in a model, all at once: as looking at each of them says."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from perimeter_smt.logic.atoms import STAR, Is, Match, Member, Ref, Text
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, conj, disj, either, equal, glob, iff, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Assertion, Catalogue, Group, Problem
from perimeter_smt.solve.engine import Engine

_TEXTS = ("role/a", "role/ab", "user/b", "", "x")


def _atoms(chance: Random) -> list[Formula]:
    out: list[Formula] = [equal("name", "other"), atom(Match("other", (Ref("name"), STAR))), sym("free"), sym("told")]
    out += [glob(var, (Text(text), STAR)) for var in ("name", "other", "third") for text in ("role/", "user", "x")]
    chance.shuffle(out)
    return out


def _formula(chance: Random, atoms: list[Formula], depth: int) -> Formula:
    if depth == 0:
        return chance.choice(atoms)
    parts = [_formula(chance, atoms, depth - 1) for _ in range(2)]
    return chance.choice((conj, disj, lambda two: iff(*two), lambda two: neg(two[0])))(parts)


@pytest.mark.parametrize("seed", range(40))
def test_every_change_that_fits_and_no_other(seed: int) -> None:
    """Random formulas, with a defined symbol: models are those that looking at each finds."""
    chance = Random(seed)
    atoms = _atoms(chance)
    body = _formula(chance, [a for a in atoms if a is not sym("told")], 2)
    axiom, asked = _formula(chance, atoms, 2), _formula(chance, atoms, 3)
    engine = Engine(Problem((Assertion("told", iff(sym("told"), body)), Assertion("axiom", axiom))))
    found = engine.check([asked])
    if found.model is None:
        return
    for _ in range(2):  # what was remembered of the first serves the second
        changes = []
        for _ in range(12):
            texts = {name: chance.choice(_TEXTS) for name in ("name", "other") if chance.random() < 0.7}
            changes.append((_formula(chance, atoms, 1), texts))
        results = engine.vary(found, [asked], changes)
        for (here, texts), result in zip(changes, results, strict=True):
            expected = replace(found.model, texts={**found.model.texts, **texts})
            expected = replace(expected, symbols={**found.model.symbols, "told": truth(body, expected)})
            assert (result is not None) == truth(conj((axiom, asked, here)), expected)
            if result is not None and result.model is not None:
                assert result.model.texts.items() >= texts.items()
                assert truth(conj((iff(sym("told"), body), axiom, asked, here)), result.model)


def test_what_the_row_asks_of_the_text_still_holds() -> None:
    """A row of the catalogue whose resources are roles is none of users."""
    role = glob("name", (Text("role/"), STAR))
    groups = (Group(1, (role,)),)
    problem = Problem((), catalogues={"call": Catalogue(1, {"all": 1}, groups)})
    engine = Engine(problem)
    found = engine.check([atom(Member("call", "all"))])
    assert found.model is not None
    assert found.model.texts["name"].startswith("role/")
    kept, lost = engine.vary(found, [], [(TRUE, {"name": "role/b"}), (TRUE, {"name": "user/b"})])
    assert kept is not None
    assert lost is None


def test_a_change_that_speaks_of_what_the_model_does_not_know_is_left_out() -> None:
    """An enumeration that was not looked at has no value to keep."""
    engine = Engine(Problem((), enums={"e": ("one", "two")}))
    found = engine.check([either(both(sym("a"), sym("b")), glob("name", (STAR,)))])
    assert engine.vary(found, [], [(atom(Is("e", "one")), {"name": "x"})]) == [None]
