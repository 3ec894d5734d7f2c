"""Findings: all access of outsiders as coarsest sets of requests, each with its elements, an example and the blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import encode_principal
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.public import Public, publicity
from perimeter_smt.encode.world.world import OUTSIDERS
from perimeter_smt.errors import InputError, InternalError
from perimeter_smt.logic.formula import Formula, both, disj, neg
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions import compare
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.findings.actions import levels
from perimeter_smt.questions.findings.literals import separate
from perimeter_smt.questions.findings.render import Elements, elements
from perimeter_smt.questions.findings.search import Cube
from perimeter_smt.questions.findings.setting import Setting, Zone, of_document, outsiders
from perimeter_smt.questions.prefer import REGIONS
from perimeter_smt.questions.verdicts import Blame, Counterexample
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View
from perimeter_smt.witness.replay import allows

_PUBLIC = {Public.NO: "no", Public.OPEN: "unsettled", Public.YES: "yes"}


@dataclass(frozen=True)
class Finding:
    """A set of requests of outsiders that are all allowed: those that fit every element.

    `public`: what the S3 guide means by it, `unsettled` where the page does not settle it. `count` is the number of known
    actions. `example` is one request of the set and of no other, replayed by the evaluator.
    """

    resource: str  # whose policy it is: an ARN of the workspace, or the file
    elements: Elements
    levels: tuple[str, ...]
    count: int
    public: str
    statements: tuple[Blame, ...]
    example: Counterexample


@dataclass(frozen=True)
class Findings:
    """All findings. `status` is `complete` when together they are proved to be exactly the access of outsiders.

    `proved` names what the engine proved: `included` (each is access), `complete` (together all of it), `apart` (none
    is covered by the rest), `restated` (their policies, read back, say the same).
    """

    source: str
    zone: str
    status: str
    findings: tuple[Finding, ...]
    proved: tuple[str, ...]
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """0 no access of outsiders, 1 some, 3 not decided."""
        if self.status != "complete":
            return 3
        return 1 if self.findings else 0


def findings(
    document: Document,
    *,
    zone: Zone = "account",
    account: str | None = None,
    organization: str | None = None,
    limits: Limits | None = None,
) -> Findings:
    """The access that one resource, key or trust policy gives to those outside the zone of trust.

    `zone` is `account`, `organization` or `everyone` (all access, whoever calls). Without the id of the `account` or
    `organization`, who shares that of the resource is inside. InputError for kinds of policy that grant nothing.
    """
    if not document.kind.is_resource_type:
        raise InputError(
            f"findings are of policies on resources, not of kind `{document.kind}`", file=document.location.file
        )
    if zone == "perimeter":
        raise InputError("zone `perimeter` needs a workspace, expected `account` or `organization` for one policy")
    setting = of_document(document, zone=zone, account=account, organization=organization, limits=limits)
    cover = setting.search.cover()
    made = [_finding(setting, document, cube, cover.cubes) for cube in cover.cubes]
    proved, reason = ["included", "apart"], cover.reason
    if not reason:
        proved.insert(1, "complete")
        reason = _restated(document, made, outsiders(zone, account, organization), limits)
    if not reason:
        proved.append("restated")
    order = sorted(made, key=lambda f: (f.public != "yes", repr(f.elements)))
    name = document.location.file
    return Findings(name, zone, "unknown" if reason else "complete", tuple(order), tuple(proved), reason)


def _finding(setting: Setting, document: Document, cube: Cube, cubes: Sequence[Cube]) -> Finding:
    search = setting.search
    found = elements(cube, search.literals, setting.actions, document.kind)
    names = setting.actions.names(found.numbers)
    others = [other for other in cubes if other is not cube]
    result = search.example(cube, others, _wishes())
    assert result.model is not None
    request, facts, used = request_of(View(setting.world, result.model))
    if not allows(document, request):
        raise InternalError("the evaluator does not agree that a request is allowed", dump=request.model_dump_json())
    through = _allowing(setting, document, cube)
    example = Counterexample("more", request, facts, "an outsider's request that is allowed", through, keys=used)
    public = _PUBLIC[publicity(read_back(found, document))] if found.policy else "unsettled"
    return Finding(document.location.file, found, levels(names), len(names), public, through, example)


def _wishes() -> tuple[Formula, ...]:
    """What makes an example plain: a role of a stranger, calling over the internet in a commercial Region."""
    place = one_of("request.region", REGIONS)
    return both(place, sym_is("role"), one_of("principal.account", OUTSIDERS)), both(place, sym_is("role")), place


def _allowing(setting: Setting, document: Document, cube: Cube) -> tuple[Blame, ...]:
    """The Allow statements without which some of the cube would be lost; all that reach it if each could go."""
    engine, given = setting.search.engine, (setting.search.formula(cube), *setting.search.given)
    allow = [s for s in document.statements if s.effect == "Allow"]
    matched = [
        both(setting.world.policies.selected(document, s), encode_principal(document, s.principal, deny=False).any)
        for s in allow
    ]
    reaching = [n for n, formula in enumerate(matched) if engine.check([formula, *given]).status != "unsat"]
    if len(reaching) > 1:
        alone = [
            n
            for n in reaching
            if engine.check([*(neg(matched[m]) for m in reaching if m != n), matched[n], *given]).status != "unsat"
        ]
        reaching = alone or reaching
    return tuple(blame(document, allow[n]) for n in reaching)


def read_back(found: Elements, document: Document) -> Document:
    """The policy of a finding, through the parser."""
    return parse_object(found.policy, document.kind, file="(finding)", name="finding", strict=False)


def _restated(document: Document, made: Sequence[Finding], outside: Formula, limits: Limits | None) -> str:
    """Ask both inclusions of what the findings' policies say once they are read back; why not, or nothing."""
    if any(one.elements.policy is None for one in made):
        return "a finding hangs on facts that no policy can say"
    back = [read_back(one.elements, document).model_copy(update={"name": f"finding {n}"}) for n, one in enumerate(made)]
    documents = [document, *back]
    world = compare._world([*documents, *separate(documents)], free_context=False)
    access = compare._allows(world.policies, document)
    told = [compare._allows(world.policies, one) for one in back]
    asked = [access, outside, disj(told)]
    compare._assemble(world, asked, documents, free_context=False)
    calls, (access, outside, stated) = compare._reduce(world, documents, asked, free_names=False)
    engine = Engine(compare._problem(world, calls), limits or Limits())
    mode = compare._mode(world, "exact")
    for question, what in (
        (both(access, neg(stated)), "the findings, read back, leave out some access"),
        (both(stated, neg(access)), "the findings, read back, say more than there is"),
    ):
        result = engine.check([question, outside, mode])
        if result.status != "unsat":
            return what if result.status == "sat" else result.reason
    return ""
