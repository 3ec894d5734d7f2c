"""The engine: verdicts, cores, models, limits and determinism on problems small enough to check by eye."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from fractions import Fraction
from random import Random

import pytest

from perimeter_smt.logic.atoms import (
    ONE,
    STAR,
    Compare,
    Is,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Template,
    Text,
    Within,
)
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    both,
    disj,
    either,
    equal,
    glob,
    iff,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.logic.problem import Assertion, Catalogue, Group, Problem
from perimeter_smt.solve import context_pool, question
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.errors import ModelMismatchError, SolveError
from perimeter_smt.solve.result import Limits
from perimeter_smt.solve.sat import Sat, dimacs

BUCKET = glob("resource", (Text("arn:aws:s3:::"), STAR))
OBJECT = glob("resource", (Text("arn:aws:s3:::"), STAR, Text("/"), STAR))
EMPTY = Problem(())


def named(**formulas: Formula) -> Problem:
    return Problem(tuple(Assertion(name, formula) for name, formula in formulas.items()))


def engine_with_hard_patterns(**limits: int) -> tuple[Engine, list[Formula]]:
    """Patterns whose intersection needs many automaton states to refute."""
    letters: Template = (STAR, Text("a"), *(ONE for _ in range(14)))
    return Engine(EMPTY, Limits(**limits)), [glob("x", letters), neg(glob("x", (*letters, STAR)))]


def test_constants() -> None:
    """The trivial formulas are decided without any atom."""
    assert Engine(EMPTY).check().status == "sat"
    assert Engine(EMPTY).check([TRUE]).status == "sat"
    assert Engine(EMPTY).check([FALSE]).status == "unsat"
    assert Engine(named(never=FALSE)).check(core=True).core == ("never",)


def test_the_core_names_only_what_is_needed() -> None:
    """A proof cites the assertions it used and no others."""
    engine = Engine(named(bucket=BUCKET, other=sym("p"), queue=glob("resource", (Text("arn:aws:sqs:"), STAR))))
    assert engine.check(core=True).core == ("bucket", "queue")
    assert Engine(named(bucket=BUCKET)).check([neg(BUCKET)], core=True).core == ("bucket",)


def test_checks_do_not_disturb_each_other() -> None:
    """Assumptions hold for one check only, whatever was learned in between."""
    engine = Engine(named(bucket=BUCKET))
    first = engine.check([OBJECT])
    assert engine.check([neg(BUCKET)]).status == "unsat"
    assert engine.check([OBJECT, neg(OBJECT)]).status == "unsat"
    assert engine.check([OBJECT]) == first


def test_hints_are_used_where_they_fit() -> None:
    """Witnesses show the values that the problem suggests."""
    problem = Problem((), hints={"resource": ("arn:aws:sqs:q", "arn:aws:s3:::bucket/key")})
    result = Engine(problem).check([OBJECT])
    assert result.model is not None
    assert result.model.texts == {"resource": "arn:aws:s3:::bucket/key"}


def test_definitions_that_do_not_matter_stay_out_of_the_theories() -> None:
    """A policy that a question does not touch costs nothing and cannot make it unknown."""
    _, hard = engine_with_hard_patterns()
    problem = named(unused=iff(sym("unused"), both(*hard)), used=iff(sym("used"), BUCKET))
    result = Engine(problem, Limits(states=100)).check([sym("used")])
    assert result.status == "sat"
    assert result.model is not None
    assert result.model.symbols == {"unused": False, "used": True}
    assert all(truth(assertion.formula, result.model) for assertion in problem.assertions)


def test_definitions_in_a_circle_are_ordinary_formulas() -> None:
    """Two symbols defined by each other keep their meaning."""
    problem = named(one=iff(sym("p"), neg(sym("q"))), two=iff(sym("q"), both(sym("p"), BUCKET)))
    result = Engine(problem).check([BUCKET])
    assert result.status == "unsat"
    assert Engine(problem).check([neg(BUCKET)]).status == "sat"


def test_enumerations_have_exactly_one_of_their_values() -> None:
    """Values exclude each other and exhaust the declaration."""
    problem = Problem((), enums={"wire": ("public", "vpce")})
    public, vpce = atom(Is("wire", "public")), atom(Is("wire", "vpce"))
    engine = Engine(problem)
    assert engine.check([public, vpce]).status == "unsat"
    assert engine.check([neg(public), neg(vpce)]).status == "unsat"
    assert engine.check([atom(Is("wire", "pigeon"))]).status == "unsat"
    result = engine.check([neg(public)])
    assert result.model is not None
    assert result.model.enums == {"wire": "vpce"}
    with pytest.raises(SolveError):
        engine.check([atom(Is("undeclared", "x"))])


CATALOGUE = Catalogue(
    3,
    {"read": 0b001, "s3": 0b011, "ec2": 0b100},
    (Group(0b001, (OBJECT,)), Group(0b010, (BUCKET, neg(OBJECT))), Group(0b100, (is_text("resource", "*"),))),
)


def test_rows_bring_their_requirements() -> None:
    """An action is chosen together with a resource that it accepts, the preferred one first."""
    engine = Engine(Problem((), catalogues={"call": CATALOGUE}))
    s3, ec2, read = (atom(Member("call", name)) for name in ("s3", "ec2", "read"))
    result = engine.check([s3])
    assert result.model is not None
    assert result.model.rows == {"call": 0}
    assert result.model.members == {"call": frozenset({"read", "s3"})}
    assert result.model.texts["resource"] == "arn:aws:s3:::/"
    result = engine.check([s3, neg(read)])
    assert result.model is not None
    assert result.model.rows == {"call": 1}
    assert engine.check([s3, ec2]).status == "unsat"
    assert engine.check([ec2, BUCKET]).status == "unsat"
    assert engine.check([read, neg(OBJECT)]).status == "unsat"
    assert engine.check([neg(BUCKET), neg(is_text("resource", "*")), either(read, neg(read))]).status == "sat"
    assert (
        engine.check([neg(BUCKET), neg(is_text("resource", "*")), neg(atom(Member("call", "none")))]).status == "unsat"
    )


def test_a_row_is_needed_only_where_the_catalogue_is_spoken_of() -> None:
    """What rows demand does not constrain questions without any action."""
    nowhere = Catalogue(1, {"all": 1}, (Group(1, (is_text("x", "a"), is_text("x", "b"))),))
    problem = Problem((Assertion("some", either(atom(Member("c", "all")), sym("p"))),), catalogues={"c": nowhere})
    assert Engine(problem).check().status == "unsat"
    assert Engine(problem).check(core=True).core == ("some",)
    assert Engine(Problem((), catalogues={"c": nowhere})).check([is_text("x", "a")]).status == "sat"


def test_policy_variables() -> None:
    """A home folder pattern with the caller's name holds for that caller and no other."""
    home: Template = (Text("arn:aws:s3:::home/"), Ref("user"), Text("/"), STAR)
    engine = Engine(EMPTY)
    result = engine.check([glob("resource", home), is_text("user", "ann")])
    assert result.model is not None
    assert result.model.texts["resource"] == "arn:aws:s3:::home/ann/"
    ben = glob("resource", (Text("arn:aws:s3:::home/ben/"), STAR))
    plain = glob("user", (Run(chars=STAR.chars, low=1, high=1), STAR))
    assert engine.check([glob("resource", home), ben, is_text("user", "ann")]).status == "unsat"
    assert engine.check([glob("resource", home), ben, plain]).status == "sat"
    wide = glob("resource", (Text("arn:aws:s3:::home/"), Ref("user"), STAR))
    assert engine.check([glob("resource", home), neg(wide)]).status == "unsat"
    assert engine.check([wide, neg(glob("resource", home))]).status == "sat"


def test_dates_and_numbers() -> None:
    """Bounds and orders are decided exactly, with texts that read well."""
    engine = Engine(EMPTY)
    new_year = Fraction(1_767_225_600)
    after = atom(Compare("time", "instant", ">=", new_year))
    result = engine.check([after, atom(Compare("time", "instant", "<", new_year + 86_400))])
    assert result.model is not None
    assert result.model.texts["time"].startswith("2026-01-01T")
    later = atom(Order("time", "issued", "instant", "<"))
    assert engine.check([after, later, atom(Compare("issued", "instant", "<=", new_year))]).status == "unsat"
    third = atom(Compare("n", "number", "=", Fraction(1, 3)))
    assert engine.check([third]).status == "unsat"
    assert engine.check([neg(third), atom(Parses("n", "number"))]).status == "sat"


def test_addresses_with_patterns() -> None:
    """An address block and a pattern on the same key are decided together."""
    engine = Engine(EMPTY)
    inside = atom(Within("ip", 4, 0x0A000000, 8))
    result = engine.check([inside, glob("ip", (STAR, Text(".77")))])
    assert result.model is not None
    assert result.model.texts["ip"] == "10.0.0.77"
    assert engine.check([inside, glob("ip", (Text("11."), STAR))]).status == "unsat"


def test_limits_make_unknown_not_wrong() -> None:
    """A question beyond the limits is unknown, with a reason; unsat is never guessed."""
    engine, hard = engine_with_hard_patterns(states=1000)
    result = engine.check(hard)
    assert result.status == "unknown"
    assert "`x`" in result.reason
    assert engine.check([*hard, neg(sym("p"))]).status == "unknown"
    assert engine.check([*hard, FALSE]).status == "unsat"
    again, hard = engine_with_hard_patterns()
    assert again.check(hard).status == "unsat"
    assert Engine(EMPTY, Limits(conflicts=0)).check([BUCKET]).status == "unknown"
    assert Engine(EMPTY, Limits(seconds=-1.0)).check([BUCKET]).status == "unknown"


def test_work_is_limited_over_a_whole_check() -> None:
    """Many searches that are each within bounds end in `unknown` all the same, and the next check starts afresh."""
    letters: Template = (STAR, Text("a"), *(ONE for _ in range(8)))
    twice = [neg(glob(f"x{i}", (STAR, Text("aa"), STAR))) for i in range(20)]
    many = [fact for i in range(20) for fact in (glob(f"x{i}", (*letters, Text(str(i)))), twice[i])]
    engine = Engine(EMPTY, Limits(work=200))
    result = engine.check(many)
    assert result.status == "unknown"
    assert result.reason == "more than 200 steps of automata"
    assert engine.check(many[:2]).status == "sat"
    assert Engine(EMPTY).check(many).status == "sat"


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    """Solver contexts are used again; engines in between, and engines that outgrow one, leave no trace."""
    names = [sym(f"p{i}") for i in range(40)]
    draw = Random(7)
    signed = [[name if draw.random() < 0.5 else neg(name) for name in draw.sample(names, 3)] for _ in range(160)]
    asked = [either(*found) for found in signed]
    asked.append(either(glob("x", (Text("a"), STAR)), glob("x", (Text("b"), STAR))))

    def answer() -> str:
        engine = Engine(Problem(tuple(Assertion(str(i), formula) for i, formula in enumerate(asked[:80]))))
        return repr([engine.check(asked[80:]), *(engine.check([names[i], *asked[90:]], core=True) for i in range(40))])

    first = answer()
    for size in (3, 700, 2000):
        other = Engine(EMPTY)
        for start in range(0, size, 300):
            found = range(min(size, start + 300) - 1, start - 1, -1)
            other.check([either(neg(sym(f"q{i}")), neg(sym(f"q{i * i % size}"))) for i in found])
        assert answer() == first


def test_an_engine_that_outgrows_its_context_keeps_what_it_knows() -> None:
    """Assertions hold, and conflicts stay learned, when the search moves to a context of its own."""
    engine = Engine(named(rule=either(neg(sym("p")), sym("q")), texts=either(neg(sym("q")), is_text("x", "a"))))
    assert engine.check([sym("p")]).status == "sat"
    many = both(*(either(sym(f"s{i}"), sym(f"t{i}")) for i in range(context_pool.POOLED)))
    assert engine.check([many, sym("p")]).status == "sat"
    assert engine.check([many, sym("p"), neg(sym("q"))]).status == "unsat"
    assert engine.check([many, sym("p"), is_text("x", "b")]).status == "unsat"
    assert engine.check([sym("p"), neg(is_text("x", "a"))], core=True).core == ("rule", "texts")


def test_an_engine_that_is_dropped_gives_its_context_back() -> None:
    """A loop over many questions works in one context."""
    Engine(EMPTY).check([BUCKET])
    contexts = len(context_pool._ALL)
    for _ in range(5):
        Engine(EMPTY).check([BUCKET])
    assert len(context_pool._ALL) == contexts


def test_an_undecided_part_does_not_hide_a_model_elsewhere() -> None:
    """If another way to satisfy the formula exists, it is found."""
    engine, hard = engine_with_hard_patterns(states=1000)
    result = engine.check([either(both(*hard), both(sym("q"), is_text("y", "a"), equal("y", "z")))])
    assert result.status == "sat"
    assert engine.check([either(both(*hard), both(sym("q"), is_text("y", "a"), neg(sym("q"))))]).status == "unknown"


def test_a_false_model_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """A theory that lies is found out: the model is evaluated before it is returned."""
    monkeypatch.setattr(question, "holds", lambda fact, model: False)
    with pytest.raises(ModelMismatchError):
        Engine(EMPTY).check([BUCKET])


SCRIPT = """
from perimeter_smt.logic.atoms import STAR, Ref, Text
from perimeter_smt.logic.formula import either, equal, glob, neg, sym
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.solve.engine import Engine
parts = [either(glob(f"v{i}", (Text(f"a{i}"), STAR)), sym(f"s{i}"), equal(f"v{i}", f"v{i + 1}")) for i in range(12)]
parts += [glob("v3", (Text("a"), Ref("v5"), STAR)), neg(equal("v1", "v2"))]
engine = Engine(Problem(tuple(Assertion(str(i), part) for i, part in enumerate(parts))))
print(engine.check([neg(sym("s2")), neg(sym("s7"))]))
print(engine.check([neg(glob("v3", (Text("a"), STAR)))], core=True))
"""


def test_answers_do_not_depend_on_the_hash_seed() -> None:
    """Two runs of the program show the same counterexample and the same proof."""
    answers = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert "sat" in answers.pop()


def test_the_model_is_complete_and_true() -> None:
    """Every variable of the formulas has a value in the model, and the model satisfies them."""
    formula = either(both(BUCKET, sym("p")), equal("x", "y"), atom(Is("e", "one")))
    result = Engine(Problem((), enums={"e": ("one", "two")})).check([formula, neg(equal("x", "y"))])
    model = result.model
    assert isinstance(model, Model)
    assert truth(both(formula, neg(equal("x", "y"))), model)
    assert set(model.texts) == {"resource", "x", "y"}
    assert set(model.symbols) == {"p"}
    assert set(model.enums) == {"e"}


def test_an_engine_goes_when_it_is_dropped() -> None:
    """Nothing refers back to it, models and evaluations included: small runs look for no dead cycles."""
    gc.collect()
    gc.disable()
    try:
        engine = Engine(named(tie=iff(sym("p"), both(BUCKET, sym("q"))), bucket=BUCKET))
        found = engine.check([sym("p")])
        assert found.status == "sat"
        assert engine.vary(found, [sym("p")], [(TRUE, {"resource": "arn:aws:s3:::other"})]) is not None
        left = weakref.ref(engine._circuit)
        del engine, found
        assert left() is None
    finally:
        gc.enable()


def test_clauses_as_a_solver_reads_them() -> None:
    """Clauses of any length, empty ones too."""
    random = Random(5)
    for _ in range(300):
        clauses = [
            tuple(random.choice((1, -1)) * random.randint(1, 2000) for _ in range(random.choice((0, 1, 1, 2, 3, 9))))
            for _ in range(random.randint(1, 6))
        ]
        numbers = [number for clause in clauses for number in (*clause, 0)]
        assert list(map(int, dimacs(clauses).split())) == numbers


def test_values_read_by_address_are_those_of_the_model() -> None:
    """The quick way to read a model agrees with the one that the bindings offer."""
    import z3

    sat = Sat(1_000_000)
    variables = [sat.fresh() for _ in range(40)]
    random = Random(3)
    for _ in range(60):
        sat.add(random.choice((1, -1)) * variable for variable in random.sample(variables, 3))
    assert sat.check([variables[0], -variables[1]]) == "sat"
    assert sat._context is not None
    value = sat.values({}, lambda name: name)
    model, ref = sat._model, sat._context.ref
    for variable in variables:
        term = sat._context.term(variable)
        application = z3.z3core.Z3_get_app_decl(ref, z3.z3core.Z3_to_app(ref, term))
        told = z3.z3core.Z3_model_get_const_interp(ref, model, application)
        assert value(variable) == (told.value == sat._context.true)


def test_sets_of_a_large_catalogue_are_told_apart_up_front_where_much_is_asked():
    """Each row has a set of its own; that two of them exclude each other needs no round with the theories then."""
    size = 600
    table = Catalogue(size, {str(row): 1 << row for row in range(size)}, ())
    rows = [atom(Member("c", str(row))) for row in range(size)]
    problem = Problem((Assertion("some", disj(rows)),), catalogues={"c": table})
    asked = [(rows[number], rows[-number - 1]) for number in range(0, 280, 40)]
    seldom, often = Engine(problem), Engine(problem, often=True)
    for both_of in asked:
        assert seldom.check(both_of).status == often.check(both_of).status == "unsat"
    assert often.check([rows[7]]).status == "sat"
    assert often.conflicts == 0 < seldom.conflicts
