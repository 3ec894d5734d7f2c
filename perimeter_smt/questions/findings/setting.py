"""What is asked about one policy by itself: its formula, who counts as an outsider, and the literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM, encode_principal
from perimeter_smt.encode.world import refused
from perimeter_smt.encode.world.accounts import one_of, org_of
from perimeter_smt.encode.world.world import OUTSIDERS, World
from perimeter_smt.errors import InternalError
from perimeter_smt.evaluate import decide
from perimeter_smt.logic.atoms import Is
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, either, equal, implies, is_text, neg, sym
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions import documents as posed
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.findings.actions import classes_of
from perimeter_smt.questions.findings.boxes import Part, Rule, dimension_of
from perimeter_smt.questions.findings.estate import Asked, Topic, Zone, ZoneOf
from perimeter_smt.questions.findings.literals import literals_of, separate
from perimeter_smt.questions.findings.projected import Projected
from perimeter_smt.questions.findings.search import Cube
from perimeter_smt.questions.prefer import REGIONS
from perimeter_smt.questions.verdicts import Blame, Counterexample
from perimeter_smt.request.case import Case, Flags
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.case import open_policy
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View
from perimeter_smt.witness.replay import allows


def of_document(
    document: Document,
    *,
    zone: Zone = "account",
    account: str | None = None,
    organization: str | None = None,
    limits: Limits | None = None,
    today: date | None = None,
) -> tuple[Asked, World]:
    """The access that one policy gives to those outside the zone of trust, made ready.

    Without the id of the account or organization, who shares it with the resource is inside. `today`: the day from
    which on requests count; None: any day.
    """
    documents = (document,)
    world = posed.world_of([document, *separate(documents)], free_context=False, today=today)
    actions = classes_of(documents)
    access = posed.allows_alone(world.policies, document)
    literals = literals_of(world.keys, documents, actions.classes)
    absent = {one.key.lower(): neg(world.keys.key(one.key.lower()).has) for one in literals if one.key}
    where = ZoneOf(zone, account, organization)
    rules = _rules(world, document)
    parts = [part.formula for rule in rules for part in rule.parts]
    asked = [access, given_of_document(world, where), *(one.formula for one in literals), *absent.values(), *parts]
    engine, (access, given, *rest) = problem_of(world, documents, asked, limits)
    told = tuple(replace(one, formula=f) for one, f in zip(literals, rest, strict=False))
    missing = dict(zip(absent, rest[len(literals) :], strict=False))
    reduced = iter(rest[len(literals) + len(absent) :])
    rules = tuple(replace(r, parts=tuple(replace(p, formula=next(reduced)) for p in r.parts)) for r in rules)
    search = Projected(
        engine, access, (given, posed.mode_of(world, "exact")), told, missing, rules=rules, wishes=wishes()
    )
    return Asked(
        Topic(document.location.file, document.kind, given, documents, callers=given), search, actions, where
    ), world


def _rules(world: World, document: Document) -> tuple[Rule, ...]:
    """The statements, element by element."""
    out = []
    for statement in document.statements:
        deny = statement.effect == "Deny"
        action, resource, *conditions = world.policies.element_formulas(document, statement)
        caller = encode_principal(document, statement.principal, deny=deny).any
        parts = [Part(("principal", ""), caller), Part(("action", ""), action), Part(("resource", ""), resource)]
        for condition, formula in zip(statement.conditions, conditions, strict=True):
            parts.append(Part(dimension_of("condition", condition.key), formula))
        out.append(Rule(not deny, tuple(parts)))
    return tuple(out)


def problem_of(
    world: World, documents: Sequence[Document], asked: Sequence[Formula], limits: Limits | None
) -> tuple[Engine, list[Formula]]:
    """An engine for these formulas, and the formulas in its terms; for services that some Allow names."""
    posed.assemble(world, asked, documents, free_context=False)
    calls, reduced = posed.reduce_calls(world, _reaching(documents), asked, free_names=False)
    problem = posed.problem_of(world, calls)
    strangers = dict.fromkeys(("principal.account", "behalf.account"), OUTSIDERS)
    return Engine(replace(problem, hints={**problem.hints, **strangers}), limits or Limits()), reduced


def _reaching(documents: Sequence[Document]) -> list[Document]:
    """Deny statements reach no service that no Allow names: there is no access to look at, whatever they say."""
    named = [v for d in documents for s in d.statements if s.effect == "Allow" for v in s.action.values]
    if any(s.effect == "Allow" and s.action.negated for d in documents for s in d.statements):
        return list(documents)

    def narrowed(statement: Statement) -> Statement:
        if statement.effect == "Allow":
            return statement
        own = [] if statement.action.negated else statement.action.values
        values = (*named, *(v for v in own if not any(c in v.partition(":")[0] for c in "*?")))
        return replace(statement, action=replace(statement.action, negated=False, values=values))

    return [d.model_copy(update={"statements": tuple(map(narrowed, d.statements))}) for d in documents]


def wishes() -> tuple[Formula, ...]:
    """What makes an example plain: a role of a stranger, calling over the internet in a commercial Region."""
    place = one_of("request.region", REGIONS)
    internet = both(place, neg(sym("forwarded")), atom(Is("wire", "public")))
    stranger = one_of("principal.account", OUTSIDERS)
    return both(internet, sym_is("role"), stranger), both(internet, sym_is("role")), internet, place


def given_of_document(world: World, where: ZoneOf) -> Formula:
    """A call of an outsider that AWS does not refuse whatever policies allow (semantics 3.5, 3.7)."""
    never = refused.definitions(world.keys)["call.refused"]
    return both(outsiders(where.zone, where.account, where.organization), world.formula("may-call"), neg(never))


def replayed(world: World, document: Document, result: Result, through: tuple[Blame, ...]) -> Counterexample:
    """The request of a result, confirmed by the evaluator; with a case where the whole decision allows it."""
    assert result.model is not None
    request, facts, used = request_of(View(world, result.model))
    if not allows(document, request):
        raise InternalError("the evaluator does not agree that a request is allowed", dump=request.model_dump_json())
    case = Case(
        id=f"{request.action} {request.resource}",
        identity=(open_policy(Kind.IDENTITY),),
        resource=document,
        boundary=None,
        session=(open_policy(Kind.SESSION),) if request.principal.type == "federated-user" else None,
        scp=None,
        rcp=None,
        endpoint=None,
        access_point=None,
        request=request,
        flags=Flags(via_endpoint=True if facts.path == "vpce" else None),
    )
    replays = case if decide(case).allowed else None
    return Counterexample("more", request, facts, "a request of the set", through, keys=used, case=replays)


def allowing(world: World, asked: Asked, cube: Cube) -> tuple[Blame, ...]:
    """The Allow statements without which some of the cube would be lost; all that reach it if each could go."""
    (document,) = asked.topic.documents
    engine, given = asked.search.engine, (asked.search.formula(cube), *asked.search.given)
    allow = [(n, s) for n, s in enumerate(document.statements) if s.effect == "Allow"]
    near = asked.search.near(cube) if isinstance(asked.search, Projected) else range(len(document.statements))
    matched = {
        n: both(world.policies.selected(document, s), encode_principal(document, s.principal, deny=False).any)
        for n, s in allow
    }
    reaching = [n for n in matched if n in near and engine.check([matched[n], *given]).status != "unsat"]
    if len(reaching) > 1:
        alone = [
            n
            for n in reaching
            if engine.check([*(neg(matched[m]) for m in matched if m != n), matched[n], *given]).status != "unsat"
        ]
        reaching = alone or reaching
    return tuple(blame(document, document.statements[n]) for n in reaching)


def outsiders(zone: Zone, account: str | None, organization: str | None) -> Formula:
    """The caller is outside: not of the account or organization, nor a service that acts for it or for nobody known."""
    if zone == "everyone":
        return TRUE

    def inside(var: str) -> Formula:
        if zone == "account":
            return is_text(var, account) if account else equal(var, "resource.account")
        org = org_of(var)
        if organization:
            own = is_text(org, organization)
        else:
            own = both(equal(org, org_of("resource.account")), neg(is_text(org, "")))
        return either(own, is_text(var, account) if account else equal(var, "resource.account"))

    acting = both(neg(is_text("behalf.account", "")), neg(inside("behalf.account")))
    owner = [is_text("resource.account", account)] if account else []
    if organization and zone == "organization":
        owner.append(is_text(org_of("resource.account"), organization))
    return both(*owner, neg(both(IAM, inside("principal.account"))), implies(sym_is("aws-service"), acting))
