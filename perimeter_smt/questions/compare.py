"""Two documents of one kind: what does the second allow or stop that the first does not? (design 6)

A document allows a request if one of its Allow statements matches and none of its Deny statements does; for SCPs,
RCPs and endpoint policies that is "not stopped".  A guardrail without Allow statements stands beside AWS's own
`FullAWSAccess`.  Most documents may stand beside others that allow what they do not, where a Deny decides more than by
itself: both are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world import clock
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InternalError, expect_one_of
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, equal, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Problem
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.documents import ACCOUNT, allows_alone, mode_of, pose
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.left_open import LEFT_OPEN, POINT
from perimeter_smt.questions.prefer import REGIONS
from perimeter_smt.questions.standings import others, over_all, places, relation_of
from perimeter_smt.questions.turning import turning
from perimeter_smt.questions.verdicts import Comparison, Counterexample
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View, written_for_star
from perimeter_smt.witness.replay import allows

_BOUNDARY = sym("boundary.given")
_OF_ITS_ACCOUNT = both(IAM, equal("principal.account", "resource.account"))
_MODE = 1  # the place of the mode among what is asked


def compare(
    before: Document,
    after: Document,
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
    limits: Limits | None = None,
    today: date | None = None,
) -> Comparison:
    """Relate two documents, seen from the second.

    `free_context`: every condition key is free, as single-document checks elsewhere take it, and names of resources
    hold any character that can stand there; otherwise only requests that AWS can produce count (environment
    axioms).  `reading` over also counts what only a rival reading of AWS's documentation lets through; `exact` names
    the open points that, read the other way, make another answer.  Requests count that are made on `today` (default:
    the day of the call) or later.
    """
    expect_one_of(reading, ("exact", "over"), "reading")
    day = today or date.today()
    rivals = reading == "exact" and not free_context
    stands = places(before, after)
    asked = encode(
        before, after, free_context=free_context, reading=reading, rivals=rivals, today=day, beside="beside" in stands
    )
    engine = Engine(asked.problem, limits or Limits())
    each: list[Comparison] = []
    for place in stands:
        questions = (asked.more, asked.less) if place == "alone" else asked.beside
        more, less = (_answer(engine, asked, question) for question in questions)
        found = conclude(asked, more, less, beside=place == "beside")
        if found.relation == "unknown":
            return found
        if rivals:
            may_allow, may_deny = (
                _turning(engine, asked, question, answer)
                for question, answer in zip(questions, (more, less), strict=True)
            )
            found = replace(found, may_allow=may_allow, may_deny=may_deny)
        each.append(found)
    whole = over_all(before, after, each, stands)
    return whole if free_context else replace(whole, today=clock.counting(day, asked.world.keys))


@dataclass(frozen=True)
class Asked:
    """The comparison as two questions about one problem, each to be asked together with `mode`."""

    before: Document
    after: Document
    world: World
    problem: Problem
    more: Formula  # a request that the second document allows and the first does not
    less: Formula
    mode: Formula
    beside: tuple[Formula, ...] = ()  # the same two, where a policy that allows everything stands beside each


def encode(
    before: Document,
    after: Document,
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
    denying: Sequence[Document] = (),
    guardrails: Sequence[Sequence[Document]] = (),
    given: Formula = TRUE,
    services: Sequence[str] | None = None,
    rivals: bool = False,
    today: date | None = None,
    beside: bool = False,
) -> Asked:
    """The two questions that `compare` asks, as formulas.

    `denying` are policies whose Deny statements count besides; each of `guardrails` is a level of policies that must
    let the request through, too, by an Allow of its own; `given` is what else holds of the requests.
    `services`: calls of others are left out, which the caller knows to make no difference. `rivals`: the open points
    are asked besides. `today`: the day from which on requests count; None: any day. `beside`: the questions are posed
    of the documents beside a policy that allows everything, too.
    """
    more_denies = (*denying, *(document for level in guardrails for document in level))

    def differ(policies: Policies) -> list[Formula]:
        passed = [policies.allows(level) for level in guardrails]
        held = both(given, neg(policies.denies(more_denies)), *passed)
        out = []
        for full in (False, True) if beside else (False,):
            old, new = (allows_alone(policies, document, beside=full) for document in (before, after))
            own = _OF_ITS_ACCOUNT if full and before.kind.is_resource_type else TRUE  # others are let in by it alone
            out += [both(new, neg(old), held, own), both(old, neg(new), held, own)]
        return out

    documents = (before, after, *more_denies)
    posed = pose(
        documents, differ, free_context=free_context, reading=reading, services=services,
        within_reach=reading == "exact", rivals=rivals, today=today,
    )  # fmt: skip
    more, less, *others = posed.formulas
    return Asked(before, after, posed.world, posed.problem, more, less, posed.mode, tuple(others))


def decide(asked: Asked, limits: Limits | None = None) -> tuple[Result, Result]:
    """The answers to the two questions, what is newly allowed first."""
    engine = Engine(asked.problem, limits or Limits())
    return _answer(engine, asked, asked.more), _answer(engine, asked, asked.less)


def gained(asked: Asked, limits: Limits | None = None, *, unsigned: bool = False) -> Result:
    """The answer to the first question alone: is anything newly allowed?

    `unsigned`: a request of an anonymous caller on the internet goes before all others, where there is one.
    """
    engine = Engine(asked.problem, limits or Limits())
    if unsigned:
        found = engine.check([asked.more, asked.mode, both(*_place(), sym_is("anonymous"), atom(Is("wire", "public")))])
        if found.status == "sat":
            return found
    return _answer(engine, asked, asked.more)


def _answer(engine: Engine, asked: Asked, question: Formula) -> Result:
    """Whether a request tells the documents apart in one way, with a plain one if so."""
    asking = [question, asked.mode]
    bounded = _BOUNDARY.payload in Vocabulary.of(question).symbols
    plainest, *lesser = (both(wish, neg(_BOUNDARY)) if bounded else wish for wish in _wishes())
    plain = engine.check([*asking, plainest])
    if plain.status == "sat" or (plain.status == "unsat" and len(asking) not in plain.needed):
        return plain  # if refuted, then without the wish
    found = engine.check(asking)
    for wish in lesser if found.status == "sat" else ():
        plain = engine.check([*asking, wish])
        if plain.status == "sat":
            return plain
    return found


def _turning(engine: Engine, asked: Asked, question: Formula, answer: Result) -> tuple[str, ...]:
    """Open points that, read the other way, let a request tell the documents apart which none does otherwise."""
    if answer.status != "unsat" or _MODE not in answer.needed:
        return ()
    return turning(engine, [question, mode_of(asked.world, "over")])


def _place() -> tuple[Formula, ...]:
    return (
        one_of("request.region", REGIONS),
        one_of("resource.region", ("", *REGIONS)),
        neg(sym("forwarded")),
        implies(atom(Member(CALL, "arn service ~ s3")), neg(atom(Member(CALL, "arn has account")))),  # a bucket
    )


@lru_cache(maxsize=1)
def _wishes() -> tuple[Formula, ...]:
    """What makes a witness plain, the plainest first: a role of the owner's account in a commercial Region."""
    place = _place()
    caller = (
        sym_is("role"),
        *(neg(sym(f"principal.{kind}")) for kind in ("service-linked", "service-role", "assumed-root")),
        is_text("principal.account", ACCOUNT),
        is_text("resource.account", ACCOUNT),
    )
    literal = neg(sym(POINT))
    return both(*place, *caller, literal), both(*place, sym_is("role"), literal), both(*place, literal), literal


def conclude(asked: Asked, more: Result, less: Result, *, beside: bool = False) -> Comparison:
    """The comparison that the two answers amount to; `beside`: those about documents that stand beside others."""
    for result in (more, less):
        if result.status == "unknown":
            return Comparison("unknown", reason=result.reason)
    shown = (
        _example(asked.world, more, asked.after, asked.before, "more", beside=beside),
        _example(asked.world, less, asked.before, asked.after, "less", beside=beside),
    )
    if any(found.status == "sat" and one is None for found, one in zip((more, less), shown, strict=True)):
        return Comparison("unknown", reason=LEFT_OPEN)
    return Comparison(relation_of(*shown), *shown)


def _example(
    world: World,
    result: Result,
    allowing: Document,
    other: Document,
    kind: Literal["more", "less"],
    *,
    beside: bool,
) -> Counterexample | None:
    if result.status != "sat":
        return None
    model = result.model
    assert model is not None
    view = View(world, model)
    request, facts, used = request_of(view)
    boundary = model.symbols.get(str(_BOUNDARY.payload), False)
    if not _replay(request, allowing, other, view, has_boundary=boundary, beside=beside):
        return None
    why = f"allowed by the {'second' if kind == 'more' else 'first'} document only"
    # Beside others its own Allow was not asked about, so that the model says nothing of it.
    by_others = beside and not _allows(allowing, request, view, has_boundary=boundary)
    if by_others and not allowing.stands_beside_full_access:
        why += f", beside {others(allowing)}"
    if boundary:
        why += ", if the caller has a permissions boundary"
    sides = ((other, "Deny"),) if by_others else ((allowing, "Allow"), (other, "Deny"))
    through = [
        blame(document, statement)
        for document, effect in sides
        for statement in document.statements
        if statement.effect == effect and truth(world.policies.selected(document, statement), model)
    ]
    return Counterexample(kind, request, facts, why, tuple(through), keys=tuple(used))


def _allows(document: Document, request: Request, view: View, *, has_boundary: bool, beside: bool = False) -> bool:
    """What the concrete evaluator says of a document and a request of the engine's."""
    rivals = frozenset(name for name in readings() if view.model.symbols.get(name, False))
    written = written_for_star(view, rivals)
    return allows(document, request, rivals, has_boundary=has_boundary, asked_on=written, beside=beside)


def _replay(
    request: Request, allowing: Document, other: Document, view: View, *, has_boundary: bool, beside: bool
) -> bool:
    """Let the concrete evaluator confirm a witness; InternalError if it does not.

    False where the formulas leave open what the request matches, as wildcards inside a value act in it (X-42).
    """
    said = (_allows(one, request, view, has_boundary=has_boundary, beside=beside) for one in (allowing, other))
    if tuple(said) == (True, False):
        return True
    if not view.model.symbols.get(POINT, False):
        raise InternalError(
            "the evaluator does not agree that a request tells two documents apart",
            dump=f"{allowing.location} against {other.location}\n{request.model_dump_json(indent=1)}",
        )
    return False
