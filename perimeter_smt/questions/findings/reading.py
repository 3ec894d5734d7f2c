"""The second look at findings: what their policies say once read back must be exactly the access, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from perimeter_smt.encode.language.principal import encode_principal
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import Formula, both, conj, disj, neg
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions import documents as posed
from perimeter_smt.questions.findings.estate import Asked, Estate
from perimeter_smt.questions.findings.literals import literals_of, separate
from perimeter_smt.questions.findings.reduced import Reduced
from perimeter_smt.questions.findings.render import Elements
from perimeter_smt.questions.findings.setting import given_of_document, problem_of
from perimeter_smt.questions.findings.verdicts import Finding
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

_LESS = "the findings, read back, leave out some access"
_MORE = "the findings, read back, say more than there is"
_MUTE = "a finding holds two lists for one element, which no policy can say"


def read_back(found: Elements, kind: Kind) -> Document:
    """The policy of a finding, through the parser: that of a caller of certain names is a resource policy."""
    if kind.is_identity_type and found.policy and "Principal" in found.policy["Statement"][0]:
        kind = Kind.RESOURCE
    return parse_object(found.policy, kind, file="(finding)", name="finding", strict=False)


def restated_document(
    document: Document, made: Sequence[Finding], asked: Asked, limits: Limits | None, today: date | None = None
) -> str:
    """Ask both inclusions for the findings of one policy; why they do not hold, or nothing."""
    if any(one.elements.policy is None for one in made):
        return _MUTE
    back = [read_back(one.elements, document.kind) for one in made]
    documents = [document, *back]
    world = posed.world_of([*documents, *separate(documents)], free_context=False, today=today)
    access = posed.allows_alone(world.policies, document)
    given = given_of_document(world, asked.zone)
    stated = disj(both(_says(world.policies, d), _besides(world, document, f)) for d, f in zip(back, made, strict=True))
    engine, (access, given, stated) = problem_of(world, documents, [access, given, stated], limits)
    return _both_ways(engine, access, stated, (given, posed.mode_of(world, "exact")))


def restated(estate: Estate, parts: Sequence[tuple[Asked, list[Finding]]]) -> dict[str, str]:
    """Ask both inclusions for the findings of a workspace, topic by topic; why they do not hold."""
    out: dict[str, str] = {}
    stated: list[tuple[Asked, Formula]] = []
    for asked, made in parts:
        if any(one.elements.policy is None for one in made):
            out[asked.topic.name] = _MUTE
            continue
        sets = []
        for one in made:
            said = _says(estate.world.policies, read_back(one.elements, asked.topic.kind))
            sets.append(both(said, *(asked.facts[words] for words in one.elements.other)))
        stated.append((asked, disj(sets)))
    if not stated:
        return out
    access, always = estate.world.formula("access"), estate.always()
    wanted = [f for asked, said in stated for f in (said, asked.topic.given)]
    problem, (access, always, *rest) = Reduced(estate.world).problem([access, always, *wanted])
    engine = Engine(problem, estate.limits)
    for (asked, _), said, given in zip(stated, rest[::2], rest[1::2], strict=True):
        reason = _both_ways(engine, access, said, (given, always, estate.mode))
        if reason:
            out[asked.topic.name] = reason
    return out


def _both_ways(engine: Engine, access: Formula, stated: Formula, given: Sequence[Formula]) -> str:
    for question, what in ((both(access, neg(stated)), _LESS), (both(stated, neg(access)), _MORE)):
        result = engine.check([question, *given])
        if result.status != "unsat":
            return what if result.status == "sat" else result.reason
    return ""


def _says(policies: Policies, document: Document) -> Formula:
    """The document by itself allows the request, without a symbol of its own."""

    def some(effect: str) -> Formula:
        return disj(
            both(
                *policies.element_formulas(document, s),
                encode_principal(document, s.principal, deny=effect == "Deny").any,
            )
            for s in document.statements
            if s.effect == effect
        )

    return both(some("Allow"), neg(some("Deny")))


def _besides(world: World, document: Document, finding: Finding) -> Formula:
    """The facts of a finding that no element says, encoded anew."""
    if not finding.elements.other:
        return conj(())
    facts = {one.words: one.formula for one in literals_of(world.keys, [document], ()) if one.words}
    return conj(facts[words] for words in finding.elements.other)
