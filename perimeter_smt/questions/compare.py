"""Two documents of one kind: what does the second allow or stop that the first does not? (design 6)

A document allows a request if one of its Allow statements matches and none of its Deny statements does; for SCPs,
RCPs and endpoint policies that is "not stopped".  A guardrail without Allow statements stands beside AWS's own
`FullAWSAccess`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world import clock
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InternalError, expect_one_of
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Problem
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.documents import ACCOUNT, allows_alone, mode_of, pose
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.prefer import REGIONS
from perimeter_smt.questions.turning import turning
from perimeter_smt.questions.verdicts import Blame, Comparison, Counterexample
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View, written_for_star
from perimeter_smt.witness.replay import allows

_BOUNDARY = sym("boundary.given")
_MODE = 1  # the place of the mode among what is asked
_VALUES_ACT = "X-42"  # wildcards inside the value of a variable act: the formulas leave open what they match
_LEFT_OPEN = f"what wildcards inside the value of a variable match ({_VALUES_ACT}) is left open, and all may hang on it"


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
    asked = encode(before, after, free_context=free_context, reading=reading, rivals=rivals, today=day)
    engine = Engine(asked.problem, limits or Limits())
    more, less = (_answer(engine, asked, question) for question in (asked.more, asked.less))
    found = conclude(asked, more, less)
    if found.relation == "unknown":
        return found
    if any(clock.facts(day, asked.world.keys)):
        found = replace(found, today=day.isoformat())
    if not rivals:
        return found
    return replace(
        found,
        may_allow=_turning(engine, asked, asked.more, more),
        may_deny=_turning(engine, asked, asked.less, less),
    )


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
) -> Asked:
    """The two questions that `compare` asks, as formulas.

    `denying` are policies whose Deny statements count besides; each of `guardrails` is a level of policies that must
    let the request through, too, by an Allow of its own; `given` is what else holds of the requests.
    `services`: calls of others are left out, which the caller knows to make no difference. `rivals`: the open points
    are asked besides. `today`: the day from which on requests count; None: any day.
    """
    more_denies = (*denying, *(document for level in guardrails for document in level))

    def differ(policies: Policies) -> tuple[Formula, Formula]:
        old, new = (allows_alone(policies, document) for document in (before, after))
        passed = [policies.allows(level) for level in guardrails]
        held = both(given, neg(policies.denies(more_denies)), *passed)
        return both(new, neg(old), held), both(old, neg(new), held)

    documents = (before, after, *more_denies)
    posed = pose(
        documents, differ, free_context=free_context, reading=reading, services=services,
        within_reach=reading == "exact", rivals=rivals, today=today,
    )  # fmt: skip
    more, less = posed.formulas
    return Asked(before, after, posed.world, posed.problem, more, less, posed.mode)


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
    literal = neg(sym(_VALUES_ACT))
    return both(*place, *caller, literal), both(*place, sym_is("role"), literal), both(*place, literal), literal


def conclude(asked: Asked, more: Result, less: Result) -> Comparison:
    """The comparison that the two answers amount to."""
    for result in (more, less):
        if result.status == "unknown":
            return Comparison("unknown", reason=result.reason)
    shown = (
        _example(asked.world, more, asked.after, asked.before, "more"),
        _example(asked.world, less, asked.before, asked.after, "less"),
    )
    if any(found.status == "sat" and one is None for found, one in zip((more, less), shown, strict=True)):
        return Comparison("unknown", reason=_LEFT_OPEN)
    return Comparison(_relation(more, less), *shown)


def _relation(gained: Result, lost: Result) -> Literal["equivalent", "more", "less", "incomparable"]:
    if gained.status == "sat":
        return "incomparable" if lost.status == "sat" else "more"
    return "less" if lost.status == "sat" else "equivalent"


def _example(
    world: World, result: Result, allowing: Document, other: Document, kind: Literal["more", "less"]
) -> Counterexample | None:
    if result.status != "sat":
        return None
    model = result.model
    assert model is not None
    view = View(world, model)
    request, facts, used = request_of(view)
    through: list[Blame] = []
    for document, effect in ((allowing, "Allow"), (other, "Deny")):
        for statement in document.statements:
            if statement.effect == effect and truth(world.policies.selected(document, statement), model):
                through.append(blame(document, statement))
    why = "allowed by the second document only" if kind == "more" else "allowed by the first document only"
    boundary = model.symbols.get(str(_BOUNDARY.payload), False)
    if boundary:
        why += ", if the caller has a permissions boundary"
    if not _replay(request, allowing, other, view, has_boundary=boundary):
        return None
    return Counterexample(kind, request, facts, why, tuple(through), keys=tuple(used))


def _replay(request: Request, allowing: Document, other: Document, view: View, *, has_boundary: bool) -> bool:
    """Let the concrete evaluator confirm a witness; InternalError if it does not.

    False where the formulas leave open what the request matches, as wildcards inside a value act in it (X-42).
    """
    rivals = frozenset(name for name in readings() if view.model.symbols.get(name, False))
    written = written_for_star(view, rivals)

    def allowed(document: Document) -> bool:
        return allows(document, request, rivals, has_boundary=has_boundary, asked_on=written)

    if allowed(allowing) and not allowed(other):
        return True
    if _VALUES_ACT not in rivals:
        raise InternalError(
            "the evaluator does not agree that a request tells two documents apart",
            dump=f"{allowing.location} against {other.location}\n{request.model_dump_json(indent=1)}",
        )
    return False
