"""Two documents of one kind: what does the second allow or stop that the first does not? (design 6)

A document allows a request if one of its Allow statements matches and none of its Deny statements does; for SCPs,
RCPs and endpoint policies that is "not stopped".  A guardrail without Allow statements stands beside AWS's own
`FullAWSAccess`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from perimeter_smt.encode.language.keys import FreeKeys, sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.resource import HAS_REGION
from perimeter_smt.encode.language.statement import Policies, bounds, under_set_operators
from perimeter_smt.encode.language.text import formal_text, readings
from perimeter_smt.encode.world.accounts import one_of, org_of
from perimeter_smt.encode.world.catalogue import CALL, Calls
from perimeter_smt.encode.world.keys import WorldKeys
from perimeter_smt.encode.world.world import HINTS, OUTSIDERS, World, environment, region_hints
from perimeter_smt.errors import InternalError
from perimeter_smt.logic.atoms import CharSet, Member, Run
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, conj, disj, glob, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.model import Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.organization.readers.partition import DEFAULT, named
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.distinct_calls import DistinctCalls, Gathered, distinct
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.prefer import REGIONS
from perimeter_smt.questions.remembered import RememberedPolicies
from perimeter_smt.questions.verdicts import Blame, Comparison, Counterexample
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View
from perimeter_smt.witness.replay import allows

_REGION = CharSet("abcdefghijklmnopqrstuvwxyz0123456789-")
_BOUNDARY = sym("boundary.given")
_ACCOUNT, _ORGANIZATION = "111122223333", "o-acme0000001"
_HINTS = HINTS | {
    name: hint
    for owner in ("principal.account", "resource.account")
    for name, hint in ((owner, (_ACCOUNT, OUTSIDERS[0])), (org_of(owner), (_ORGANIZATION, "")))
}


def compare(
    before: Document,
    after: Document,
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
    limits: Limits | None = None,
) -> Comparison:
    """Relate two documents, seen from the second.

    `free_context`: every condition key is free, as single-document checks elsewhere take it, and names of resources
    hold any character that can stand there; otherwise only requests that AWS can produce count (environment
    axioms).  `reading` over also counts what only a rival reading of AWS's documentation lets through.
    """
    asked = encode(before, after, free_context=free_context, reading=reading)
    return conclude(asked, *decide(asked, limits))


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
) -> Asked:
    """The two questions that `compare` asks, as formulas.

    `denying` are policies whose Deny statements count besides; each of `guardrails` is a level of policies that must
    let the request through, too, by an Allow of its own; `given` is what else holds of the requests.
    """
    more_denies = (*denying, *(document for level in guardrails for document in level))

    def differ(policies: Policies) -> tuple[Formula, Formula]:
        old, new = (_allows(policies, document) for document in (before, after))
        passed = [policies.allows(level) for level in guardrails]
        held = both(given, neg(policies.denies(more_denies)), *passed)
        return both(new, neg(old), held), both(old, neg(new), held)

    posed = pose((before, after, *more_denies), differ, free_context=free_context, reading=reading)
    more, less = posed.formulas
    return Asked(before, after, posed.world, posed.problem, more, less, posed.mode)


@dataclass(frozen=True)
class Posed:
    """Formulas about requests that documents tell apart, and the problem to ask them of, each together with `mode`."""

    world: World
    problem: Problem
    formulas: tuple[Formula, ...]
    mode: Formula


def pose(
    documents: Sequence[Document],
    build: Callable[[Policies], Sequence[Formula]],
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
) -> Posed:
    """The problem around the formulas that `build` makes of documents; the kind of the first says whom it binds."""
    world = _world(documents, free_context=free_context)
    formulas = build(world.policies)
    _assemble(world, formulas, documents, free_context=free_context)
    calls, reduced = _reduce(world, documents, formulas, free_names=free_context)
    return Posed(world, _problem(world, calls), tuple(reduced), _mode(world, reading))


def decide(asked: Asked, limits: Limits | None = None) -> tuple[Result, Result]:
    """The answers to the two questions, what is newly allowed first."""
    engine = Engine(asked.problem, limits or Limits())
    return _answer(engine, asked, asked.more), _answer(engine, asked, asked.less)


def gained(asked: Asked, limits: Limits | None = None) -> Result:
    """The answer to the first question alone: is anything newly allowed?"""
    return _answer(Engine(asked.problem, limits or Limits()), asked, asked.more)


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


@lru_cache(maxsize=1)
def _wishes() -> tuple[Formula, ...]:
    """What makes a witness plain, the plainest first: a role of the owner's account in a commercial Region."""
    place = (
        one_of("request.region", REGIONS),
        one_of("resource.region", ("", *REGIONS)),
        neg(sym("forwarded")),
        implies(atom(Member(CALL, "arn service ~ s3")), neg(atom(Member(CALL, "arn has account")))),  # a bucket
    )
    caller = (
        sym_is("role"),
        *(neg(sym(f"principal.{kind}")) for kind in ("service-linked", "service-role", "assumed-root")),
        is_text("principal.account", _ACCOUNT),
        is_text("resource.account", _ACCOUNT),
    )
    return both(*place, *caller), both(*place, sym_is("role")), both(*place), TRUE


def conclude(asked: Asked, more: Result, less: Result) -> Comparison:
    """The comparison that the two answers amount to."""
    for result in (more, less):
        if result.status == "unknown":
            return Comparison("unknown", reason=result.reason)
    return Comparison(
        _relation(more, less),
        _example(asked.world, more, asked.after, asked.before, "more"),
        _example(asked.world, less, asked.before, asked.after, "less"),
    )


def _relation(gained: Result, lost: Result) -> Literal["equivalent", "more", "less", "incomparable"]:
    if gained.status == "sat":
        return "incomparable" if lost.status == "sat" else "more"
    return "less" if lost.status == "sat" else "equivalent"


def _world(documents: Sequence[Document], *, free_context: bool) -> World:
    found = named(documents)
    lies_in = next(iter(found)) if len(found) == 1 else DEFAULT
    script = formal_text(lies_in if len(found) < 2 and not free_context else None)
    count = bounds(documents)
    keys = FreeKeys(count) if free_context else WorldKeys(script, count)
    keys.sets = under_set_operators(documents)
    root = Unit(id="r-none")
    organization = Organization(id="o-none", management_account="000000000000", root=root, partition=lies_in)
    nobody = Workspace(organization=organization, perimeter=Perimeter(orgs=()), name="comparison")
    return World(nobody, script, keys, RememberedPolicies(keys), Calls(()), free_grants=True)  # type: ignore[arg-type]


def _allows(policies: Policies, document: Document) -> Formula:
    granted = TRUE if document.stands_beside_full_access else policies.allows((document,))
    return both(granted, neg(policies.denies((document,))))


def _bound(kind: Kind, *, free_context: bool) -> list[Assertion]:
    """The requests that policies of a kind are evaluated for at all (semantics 1.2, 3.3)."""
    own = neg(sym("principal.service-linked"))
    if kind in (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION):
        bound = disj(sym_is(caller) for caller in ("user", "role", "federated-user"))
    elif kind is Kind.SCP and not free_context:  # callers of my organization, where origin access identities are not
        bound = both(IAM, own, neg(is_text(org_of("principal.account"), "")))
    elif kind is Kind.SCP:
        bound = both(IAM, own)
    elif kind is Kind.RCP and not free_context:
        bound = both(neg(is_text(org_of("resource.account"), "")), own)
    else:
        return []
    return [Assertion(f"what policies of kind {kind.value} bind", bound)]


def _partition(world: World, documents: Sequence[Document]) -> Assertion:
    """Requests lie in the partition that the documents name, by default `aws`; in one of them if they name several."""
    found = sorted(named(documents)) or [world.workspace.organization.partition]
    return Assertion("partition of the documents", one_of("aws.partition", found))


def _assemble(world: World, asked: Sequence[Formula], documents: Sequence[Document], *, free_context: bool) -> None:
    out = [*world.policies.assertions, *_bound(documents[0].kind, free_context=free_context)]
    if free_context:
        out += world.keys.assertions
        out += _formats()
    else:
        out.append(_partition(world, documents))
        _, taken = environment(world, [*asked, *(a.formula for a in out)], set())
        out += taken
    world.assertions = out


@lru_cache(maxsize=1)
def _formats() -> tuple[Assertion, ...]:
    """What holds of callers and resources however free the keys are: partitions and the shape of names."""
    names = ("AP3.partition", "AP3.user", "AP3.role", "AP3.root", "AP3.federated-user", "AP4.account", "AP4.anonymous")
    region = implies(HAS_REGION, glob("resource.region", (Run(_REGION, 1),)))
    axioms = [Assertion(a.name, a.formula) for a in formal_text().axioms if a.name in (*names, "AR7")]
    return (*axioms, Assertion("region of an ARN", region))


def _reduce(
    world: World, documents: Sequence[Document], asked: Sequence[Formula], *, free_names: bool
) -> tuple[DistinctCalls, list[Formula]]:
    """Keep the calls that matter and rewrite the assertions to speak of them; also the formulas asked."""
    gathered = Gathered()
    world.assertions = [Assertion(a.name, gathered.of(a.formula)) for a in world.assertions]
    out = [gathered.of(formula) for formula in asked]
    world.calls = calls = distinct(documents, gathered, free_names=free_names)
    return calls, out


def _problem(world: World, calls: DistinctCalls) -> Problem:
    enums = {"caller": world.script.enums["sort Caller"], "wire": world.script.enums["sort Wire"]}
    hints = _HINTS | region_hints(world.workspace.organization.partition)
    return Problem(tuple(world.assertions), enums, {CALL: calls.catalogue(calls.known)}, hints)


def _mode(world: World, reading: str) -> Formula:
    soft = conj(sym(f"assume {name}") for name in world.soft)
    if reading == "over":
        return soft
    return both(soft, *(neg(sym(name)) for name in readings()))


def _example(
    world: World, result: Result, allowing: Document, other: Document, kind: Literal["more", "less"]
) -> Counterexample | None:
    if result.status != "sat":
        return None
    model = result.model
    assert model is not None
    request, facts, used = request_of(View(world, model))
    through: list[Blame] = []
    for document, effect in ((allowing, "Allow"), (other, "Deny")):
        for statement in document.statements:
            if statement.effect == effect and truth(world.policies.selected(document, statement), model):
                through.append(blame(document, statement))
    why = "allowed by the second document only" if kind == "more" else "allowed by the first document only"
    boundary = model.symbols.get(str(_BOUNDARY.payload), False)
    if boundary:
        why += ", if the caller has a permissions boundary"
    _replay(request, allowing, other, model, has_boundary=boundary)
    return Counterexample(kind, request, facts, why, tuple(through), keys=tuple(used))


def _replay(request: Request, allowing: Document, other: Document, model: Model, *, has_boundary: bool) -> None:
    """Let the concrete evaluator confirm a witness; InternalError if it does not."""
    rivals = frozenset(name for name in readings() if model.symbols.get(name, False))

    def allowed(document: Document) -> bool:
        return allows(document, request, rivals, has_boundary=has_boundary)

    if not allowed(allowing) or allowed(other):
        raise InternalError(
            "the evaluator does not agree that a request tells two documents apart",
            dump=f"{allowing.location} against {other.location}\n{request.model_dump_json(indent=1)}",
        )
