"""Counterexamples and proofs in terms of the input: requests, statements, assumptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from perimeter_smt.encode.world.accounts import known_vpcs
from perimeter_smt.encode.world.clock import FROM
from perimeter_smt.encode.world.existence import UNLISTED
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InternalError
from perimeter_smt.evaluate import OPEN_POINTS
from perimeter_smt.evaluate.perimeter import breaks, intended
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.interpret import Model
from perimeter_smt.logic.reader import Axiom
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.presumed import presumed
from perimeter_smt.organization.published import is_published_bucket
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.objectives import INTENDED, OBJECTIVES
from perimeter_smt.questions.service_names import beside_trusted
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample, FindingKind
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.solve.result import Result
from perimeter_smt.witness.case import case_of, case_to_json, entries_of
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View, bucket_behind, written_for_star
from perimeter_smt.witness.ground import contradiction
from perimeter_smt.witness.replay import held_back, let_through

_SESSIONS = "sessions carry the policies that organization.yaml tells: whoever takes a role may leave them out"
_GIVEN = {"lists every account": "all its accounts", "lists every endpoint": "all its endpoints"}


def case_at(
    world: World, model: Model, request: Request, facts: Facts, departs: tuple[str, ...], *, stopped: bool = False
) -> Case:
    """The case of a model's request: what the policies of the world do not say of it, the model and `departs` say."""
    turned = world.workspace.perimeter.rivals ^ {name for name in departs if name.startswith("X-")}
    return case_of(
        world,
        request,
        facts,
        kms_grant=model.symbols.get("kms.listed-grant", False) or "X-32" in turned,
        acl_entry=entries_of(model.symbols),
        unsigned_calls="AE2.anonymous" in departs,
        console_session="AE5.federated-user" in departs,
        aws_managed_key=model.symbols.get("resource.aws-managed-key", False),
        rcps_bind=not ("P5.console-authorization" in departs and model.symbols.get("sign-in.unguarded", False)),
        endpoint_binds=model.symbols.get("endpoint.takes-policy", True),
        bucket=bucket_behind(model, (*departs, *turned)),
        by_keys="X-44" in turned,
        asked_on=written_for_star(View(world, model), turned),
        unlisted_operation="AR25.operation" in departs,
        stopped=stopped,
    )


def counterexample(
    world: World,
    objective: str,
    result: Result,
    kind: FindingKind,
    *,
    reach: str | None = None,
    departs: tuple[str, ...] = (),
    statement: str | None = None,
    resources_listed: bool = True,
) -> Counterexample:
    """The request of a satisfying result, replayed by the concrete evaluator before it is shown.

    `departs`: the readings and soft axioms that it departs from; none: it holds under the chosen ones.
    `statement` names the guardrail statement under question. `resources_listed`: listed accounts have no resources but
    those listed.
    """
    model = result.model
    assert model is not None
    request, facts, used = request_of(View(world, model))
    perimeter = world.workspace.perimeter
    turned = tuple(sorted(perimeter.rivals ^ {name for name in departs if name.startswith("X-")}))
    case = case_at(world, model, request, facts, departs, stopped=kind == "blocked")
    listed = resources_listed and not any(model.symbols.get(name, False) for name in UNLISTED)
    _check_ground(world, objective, case, request, facts, kind, resources_listed=listed)
    if kind == "blocked":
        replayed = held_back(case, turned, settled=perimeter.settled)
    else:
        known = OBJECTIVES.get(objective)
        enforced_by, about = (known.enforced_by, known.about) if known else ("", ())
        replayed = let_through(case, turned, enforced_by=enforced_by, about=about, settled=perimeter.settled)
    through = replayed.statements
    if statement is not None:
        through = (blame(*world.policies.statements[statement]),)
    return Counterexample(
        kind,
        request,
        facts,
        why(objective, request, facts, kind, replayed.detail, _instead(objective, world, request, facts, kind)),
        through,
        replayed.closest,
        reach,
        departs,
        replayed.rests_on,
        tuple(dict.fromkeys((*used, *replayed.absent))),
        replace(case, readings=frozenset(turned).intersection(OPEN_POINTS)),
        _chance(world, facts),
    )


def _chance(world: World, facts: Facts) -> str:
    """What AWS would have to assign: the id of a VPC of the workspace, unique in its Region, in another one too."""
    known = known_vpcs(world.workspace)
    if not facts.vpc or facts.vpc not in {own for own, _ in known} or (facts.vpc, facts.vpc_region) in known:
        return ""
    return f"AWS to give the id {facts.vpc} to a VPC of {facts.vpc_region}, too"


def _check_ground(
    world: World,
    objective: str,
    case: Case,
    request: Request,
    facts: Facts,
    kind: FindingKind,
    *,
    resources_listed: bool = True,
) -> None:
    """The perimeter, read a second time on the ground truth of the witness, must agree that it is a finding."""
    if objective in OBJECTIVES:
        agreed = breaks(objective, world.workspace, request, facts)
    else:
        agreed = kind != "blocked" or intended(world.workspace, request, facts, objective)
    managed = bool(case.flags.kms_aws_managed_key)
    organization = world.workspace.organization
    told = None
    if not world.free_grants:
        told = contradiction(organization, request, facts, aws_managed_key=managed, resources_listed=resources_listed)
    if told:
        raise InternalError(
            f"`{case.id}` contradicts the workspace: {told}", dump=json.dumps(case_to_json(case), indent=1)
        )
    if not agreed:
        text = f"the second reading of the perimeter does not agree that `{case.id}` concerns `{objective}`"
        raise InternalError(text, dump=json.dumps({**case_to_json(case), "facts": facts.model_dump()}, indent=1))


def admitting(world: World, true: Callable[[Formula], bool]) -> tuple[str, ...]:
    """The Allow statements of guardrails that a request matches, by name: SCPs and endpoint policies may need one.

    `true` tells the truth of a formula for the request.
    """
    return tuple(
        name
        for name, (document, statement) in world.policies.statements.items()
        if statement.effect == "Allow"
        and (document.kind is Kind.SCP or document.kind.is_endpoint)
        and true(world.policies.selected(document, statement))
    )


def proof(world: World, core: Iterable[str]) -> tuple[tuple[Assumption, ...], tuple[Blame, ...]]:
    """What an unsatisfiable core rests on: soft and presumed axioms, facts of the workspace, statements."""
    assumptions: dict[str, Assumption] = {}
    used: dict[str, Blame] = {}
    hard, given = list[str](), list[str]()
    for name in core:
        if name in world.policies.statements:
            used[name] = blame(*world.policies.statements[name])
        elif name in world.soft:
            source = world.soft[name]
            text = source.source if isinstance(source, Axiom) else "semantics 4.8"
            assumptions[name] = Assumption(name, "soft axiom, accepted by name or by the reading", text)
        elif name.startswith(("organization.yaml ", "perimeter.yaml ")):
            given.append(name.partition(" ")[2])
        elif name.startswith(FROM):
            day = name.removeprefix(FROM)
            assumptions["today"] = Assumption("today", f"requests are made on {day} or later", FROM.strip())
        elif (plain := name.removesuffix(" before")) in world.presumed:
            assumptions[plain] = Assumption(plain, presumed()[plain], world.presumed[plain].source, presumed=True)
        elif name in ("define session.allows", "define session.denies"):
            if any(p.sessions for account, _ in world.workspace.organization.accounts() for p in account.principals):
                assumptions["sessions"] = Assumption("sessions", _SESSIONS, "organization.yaml")
        elif not name.startswith(("define ", "order ", "type ")):
            hard.append(name)
    if given:
        facts = ", ".join(dict.fromkeys(_GIVEN.get(name, name) for name in given))
        assumptions["organization"] = Assumption("organization", f"as given ({facts})")
    if hard:
        assumptions["environment"] = Assumption(
            "environment", "axioms " + ", ".join(sorted(dict.fromkeys(hard))), "encodings/environment"
        )
    return tuple(assumptions[name] for name in sorted(assumptions)), tuple(used[name] for name in sorted(used))


def blame(document: Document, statement: Statement) -> Blame:
    """A statement with its place."""
    return Blame(
        document.kind.value,
        document.name,
        statement.index,
        statement.sid,
        statement.effect,
        statement.location.file,
        statement.location.line,
    )


def exceptions(perimeter: Perimeter, objective: str) -> tuple[str, ...]:
    """Everything the perimeter declares outside the claim of an objective, in words."""
    out = [e.shown for e in perimeter.tag_exceptions if objective in e.objectives]
    out += [e.shown for e in perimeter.role_exceptions if objective in e.objectives]
    if objective in ("O1", "O2", "O6"):
        for p in (*perimeter.third_principals, *perimeter.service_accounts):
            who = p.provider or f"account {p.account}"
            out.append(f"trusted identity {who} on {', '.join(p.resources)} for {', '.join(p.actions)}")
        out += [f"vendor {v.account} takes roles {', '.join(v.roles)}" for v in perimeter.vendors]
    if objective in ("O3", "O4"):
        for r in (*perimeter.third_resources, *perimeter.service_resources):
            owner = f"account {r.account}: " if r.account else ""
            out.append(f"trusted resource {owner}{', '.join(r.arns)} for {', '.join(r.actions)}")
    return tuple(out)


def who(facts: Facts) -> str:
    """The caller in words."""
    account = facts.principal_account
    org = facts.organizations.get(account or "")
    home = f"account {account}" + (f" of organization {org}" if org else " of no organization")
    match facts.kind:
        case "service":
            behalf = f" on behalf of account {facts.behalf}" if facts.behalf else " on behalf of nobody known"
            return f"the AWS service {facts.service}{behalf}"
        case "anon":
            return "an anonymous caller"
        case "fedsts":
            return "a caller with a token of an identity provider"
        case "user":
            return f"an IAM user of {home}"
        case "root":
            return f"the root user of {home}"
        case "feduser":
            return f"a federated user of {home}"
    kind = "a service-linked role" if facts.service_linked else "a role session"
    return f"{kind} of {home}"


def wire(facts: Facts) -> str:
    """The network in words."""
    if facts.forwarded:
        return "a forward access session"
    if facts.path == "vpce":
        # Ids of VPCs and endpoints are unique within a Region only.
        place = f"endpoint {facts.endpoint} in {facts.vpc} of Region {facts.vpc_region}"
        nobody = not (facts.endpoint_account or "").strip("0")
        return place if nobody else f"{place}, account {facts.endpoint_account}"
    if facts.path == "awsnet":
        return "the network of an AWS service"
    if facts.path == "invpc":
        return "a network that the call tells nothing of: a connection inside a VPC"
    return f"the internet, address {facts.source_address}"


def what(request: Request, facts: Facts) -> str:
    """The resource in words."""
    owner = facts.resource_account
    if owner == "aws":
        bucket = request.resource.partition(":s3:::")[2].partition("/")[0]
        expected = "; `service_resources` of perimeter.yaml says which of its buckets are expected"
        return f"{request.resource}, owned by AWS" + (expected if is_published_bucket(bucket) else "")
    org = facts.organizations.get(owner or "")
    if facts.behind is not None:
        return f"{request.resource} of account {owner}, which leads to {facts.behind} of account {facts.behind_account}"
    return f"{request.resource} of account {owner}" + (f" of organization {org}" if org else " of no organization")


def _instead(objective: str, world: World, request: Request, facts: Facts, kind: FindingKind) -> str:
    if kind == "blocked" or objective not in ("O1", "O2"):
        return ""
    return beside_trusted(objective, world.workspace, request, facts)


def why(objective: str, request: Request, facts: Facts, kind: FindingKind, detail: str = "", instead: str = "") -> str:
    """One line: what makes the request a breach, or an availability defect; `instead` ends it for callers."""
    if kind == "blocked":
        return f"{INTENDED.get(objective, INTENDED['intended.mine'])}, and {detail or 'a guardrail denies the call'}"
    match objective:
        case "O1" | "O2":
            return f"the caller is not trusted: {who(facts)}{instead}"
        case "O3" | "O4":
            return f"the resource is not trusted: {what(request, facts)}"
        case "O5" | "O6":
            return f"the network is not mine: {wire(facts)}"
    through = "the request gets through"  # of mitigations, whose rows say what is wrong with it
    return f"{through} and does not satisfy `{objective}`" if objective else through
