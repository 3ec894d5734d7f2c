"""What is said of a composed text, cut into what it says of its parts, against all short texts."""

from __future__ import annotations

from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from perimeter_smt.logic.atoms import ONE, STAR, CharSet, Glob, Match, Ref, Run, Text
from perimeter_smt.logic.compose import cuts
from perimeter_smt.logic.formula import normal
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.solve.theories import composed
from perimeter_smt.solve.theories.component import TheorySolver
from perimeter_smt.solve.theories.literals import Conflict, Literal, Realised
from perimeter_smt.solve.theories.work import Work

WHOLE = Match("t", (Ref("x"), Text("/"), Ref("y")))
SHORT = ["".join(word) for size in range(3) for word in product("ab/", repeat=size)]
pieces = st.sampled_from([Text("a"), Text("b"), Text("/"), Text("ab"), STAR, ONE, Run(CharSet("ab"), 1, None)])
patterns = st.lists(pieces, max_size=4).map(lambda parts: normal(tuple(parts)))
literals = st.lists(st.tuples(st.sampled_from("xyzt"), patterns, st.booleans()), max_size=4)
templates = st.lists(
    st.tuples(st.lists(st.one_of(pieces, st.just(Ref("z"))), min_size=1, max_size=3), st.booleans()), max_size=2
)


def made(drawn, linked):
    out = [Literal(WHOLE, True, 0)]
    for var, pattern, positive in drawn:
        out.append(Literal(Glob(var, pattern), positive, 2 * len(out) + (not positive)))
    for parts, positive in linked:
        template = normal((*parts, Ref("z")))
        out.append(Literal(Match("t", template), positive, 2 * len(out) + (not positive)))
    return out


def satisfiable(found):
    """By trying all short texts."""
    return any(
        all(
            holds(literal.atom, Model(texts={"x": x, "y": y, "z": z, "t": f"{x}/{y}"})) == literal.positive
            for literal in found
        )
        for x, y, z in product(SHORT, repeat=3)
    )


@settings(deadline=None)
@example([("x", (Text("b/"),), True)], [([Run(CharSet("ab"), 1, None)], True)])  # two different runs meet at the cut
@given(literals, templates)
def test_conflicts_hold(drawn, linked):
    """A conflict has no model; texts proposed for the parts are only proposals."""
    found = made(drawn, linked)
    known = {var: [x for x in found if x.unary and x.variables == (var,)] for var in "xyzt"}
    rows = [(x, x.atom.template) for x in found if isinstance(x.atom, Match)]
    answer = composed.split(rows, known, known["t"], Work())
    if isinstance(answer, Conflict):
        assert not satisfiable(answer.literals)


@settings(deadline=None)
@given(st.sampled_from([("x", "/", "y"), ("x", "", "y"), ("x", "/a", "y")]), patterns)
def test_cuts_are_exact(parts, pattern):
    """A composition matches a pattern exactly if its parts match the pieces of one of the cuts."""
    left, middle, right = parts
    ways = cuts((Ref(left), *([Text(middle)] if middle else []), Ref(right)), pattern)
    for x, y in product(SHORT, repeat=2):
        model = Model(texts={"x": x, "y": y, "t": x + middle + y})
        assert holds(Glob("t", pattern), model) == any(all(holds(Glob(v, p), model) for v, p in way) for way in ways)


@settings(deadline=None)
@given(literals)
def test_compositions_are_decided(drawn):
    """Without further references every such question is decided, and rightly where short texts tell."""
    found = made(drawn, [])
    answer = TheorySolver({}).decide_all(found)
    if satisfiable(found):
        assert isinstance(answer, Realised)
