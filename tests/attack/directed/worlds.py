"""The organization of a world made toward an axiom, and guardrails that let through what looks like one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import World, build
from perimeter_smt.logic.atoms import Member, Ref
from perimeter_smt.logic.formula import Formula, atom, conj, implies, is_text, neg
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, Vpc, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.witness.facts import View, action_of, resource_of

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
BUCKET = "arn:aws:s3:::acme-data"
OFFICE, VPC, ENDPOINT = "203.0.113.0/24", "vpc-0ac00000000000001", "vpce-0a000000000000001"
# What a guardrail of a data perimeter looks at, whatever the axiom is.
LOOKED_AT = (
    "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalType", "aws:PrincipalIsAWSService",
    "aws:SourceIp", "aws:SourceVpce", "aws:ViaAWSService", "aws:ResourceAccount", "aws:ResourceOrgID",
)  # fmt: skip


def workspace(
    objective: str = "O5",
    statements: Sequence[dict[str, Any]] = (),
    action: str = "*",
    *,
    trust: tuple[str, str] = ("", ""),
    abac: bool | None = None,
    buckets: bool = False,
) -> Workspace:
    """A small organization whose guardrails of the objective's kind are these Deny statements; one action is asked.

    `trust`: the ARN of a role, and the identity provider that its trust policy admits. `buckets`: a bucket is listed
    that everybody may use, and whether its tags count (`abac`; None: nobody says).
    """
    kind = {"scp": Kind.SCP, "rcp": Kind.RCP, "endpoint": Kind.ENDPOINT}[OBJECTIVES[objective].enforced_by]
    document = _document(kind, statements) if statements else None
    mine = (document,) if document and kind is not Kind.ENDPOINT else ()
    endpoint = Endpoint(
        id=ENDPOINT, account=MINE, vpc=VPC, vpc_account=MINE, region="eu-west-1",
        policy=document if kind is Kind.ENDPOINT else None,
    )  # fmt: skip
    guardrails = Guardrails(scps=mine if kind is Kind.SCP else (), rcps=mine if kind is Kind.RCP else ())
    role, provider = trust
    roles = (OwnedPrincipal(arn=role, type="role", account=MINE, trust=_trust(provider)),) if role else ()
    owned = (OwnedResource(arn=BUCKET, account=MINE, abac=abac, policy=_open()),) if buckets else ()
    own = Account(id=MINE, endpoints=(endpoint,), principals=roles, listed=bool(role), resources=owned)
    accounts = (own, Account(id=MANAGEMENT))
    return Workspace(
        organization=Organization(
            id=ORG, management_account=MANAGEMENT,
            root=Unit(id="r-ac00", guardrails=guardrails, accounts=accounts),
        ),
        perimeter=Perimeter(
            orgs=(ORG,), cidrs=(OFFICE,), vpcs=(Vpc(id=VPC, region="eu-west-1"),),
            scopes={objective: Scope(actions=(action,))},
        ),
        name="directed", grants_given=bool(role) or buckets,
    )  # fmt: skip


def _document(kind: Kind, statements: Sequence[dict[str, Any]]) -> Document:
    body = [dict(s) if kind is Kind.SCP else {**s, "Principal": "*"} for s in statements]
    if kind is Kind.ENDPOINT:
        body.append({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    return _parsed(kind, body)


def _open() -> Document:
    body = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
    return _parsed(Kind.BUCKET, [body])


def _trust(provider: str) -> Document:
    calls = ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]
    return _parsed(Kind.TRUST, [{"Effect": "Allow", "Principal": {"Federated": provider}, "Action": calls}])


def _parsed(kind: Kind, body: list[dict[str, Any]]) -> Document:
    return parse_object({"Version": "2012-10-17", "Statement": body}, kind, file="d.json", name="d", strict=False)


def encoded(space: Workspace, objective: str, services: tuple[str, ...], keys: Sequence[str]) -> World:
    """The world of a workspace in which these keys are looked at."""
    free = not space.grants_given
    return build(space, services, free_grants=free, objectives=(objective,), also_keys=[k.lower() for k in keys])


def alike(world: World, model: Any) -> list[dict[str, Any]]:
    """Deny statements that let through what looks like a request and nothing else; the scope fixes the action."""
    view = View(world, model)
    arn, action = resource_of(view), action_of(view)
    out: list[dict[str, Any]] = []
    if arn != "*":
        out.append({"Effect": "Deny", "Action": action, "NotResource": arn})
    for name, key in world.keys.known.items():
        if ":" not in name:
            continue
        spelled = str(key.has.payload).removeprefix("has ") if key.has.op == "sym" else name
        there = truth(key.has, model)
        tests: list[dict[str, Any]] = [{"Null": {spelled: "true" if there else "false"}}]
        if not there and key.info.type in ("String", "ARN"):  # Null takes an empty value for none
            tests.append({f"{'ForAnyValue:' if key.info.multivalued else ''}StringLike": {spelled: "*"}})
        if there and key.info.multivalued:
            values = [view.composed(slot.term) for slot in key.slots if truth(slot.has, model)]
            tests.append({"ForAnyValue:StringNotEquals": {spelled: values}})
            tests += [{"ForAllValues:StringNotEquals": {spelled: value}} for value in values if value]
        elif there and key.info.type == "IPAddress":
            tests.append({"NotIpAddress": {spelled: view.composed(key.term)}})
        elif there and not view.composed(key.term):
            pass  # no operator tells an empty value apart
        elif there and key.info.type not in ("Date", "Numeric"):
            tests.append({"StringNotEquals": {spelled: view.composed(key.term)}})
        elif there:
            operator = "NumericNotEquals" if key.info.type == "Numeric" else "DateNotEquals"
            tests.append({operator: {spelled: view.composed(key.term)}})
        out += [{"Effect": "Deny", "Action": action, "Resource": "*", "Condition": test} for test in tests]
    return out


def guarded(world: World, objective: str, model: Any) -> list[Workspace]:
    """Workspaces that a request tells apart: what looks like it gets through alone, and nothing gets through.

    Where the request brings the token of an identity provider, the trust policy of its role admits that one alone.
    """
    view = View(world, model)
    action = action_of(view)
    role = resource_of(view) if view.caller == "federated-sts" else ""
    trust = (role, view.text("principal.provider")) if f"::{MINE}:role/" in role else ("", "")
    buckets = [r for a, _ in world.workspace.organization.accounts() for r in a.resources]
    more: dict[str, Any] = {"trust": trust, "buckets": bool(buckets), "abac": buckets[0].abac if buckets else None}
    nothing = [{"Effect": "Deny", "Action": action, "Resource": "*"}]
    return [
        workspace(objective, alike(world, model), action, **more), workspace(objective, nothing, action, **more)
    ]  # fmt: skip


def mine(world: World, keys: Iterable[str]) -> list[Formula]:
    """The keys of an axiom hold what guardrails look for: ids of mine, addresses of mine."""
    values = {"account": MINE, "orgid": ORG, "vpce": ENDPOINT, "vpc": VPC, "sourceip": "203.0.113.7", "tag": "red"}
    out = []
    for name in keys:
        key = world.keys.known.get(name.lower())
        value = next((v for part, v in values.items() if part in name.lower()), None)
        if key is None or value is None:
            continue
        for term in (key.term, *(slot.term for slot in key.slots[:1])):
            if len(term) == 1 and isinstance(term[0], Ref):
                out.append(implies(key.has, is_text(term[0].var, value)))
    return out


def not_empty(world: World) -> Formula:
    """A key that is there has a value: no operator tells an empty one from none (X-8). Parts of ARNs are written."""
    out = [neg(is_text("resource.region", ""))] if "resource.region" in _texts(world) else []
    out = [implies(atom(Member(CALL, "arn has region")), fact) for fact in out]
    for key in world.keys.known.values():
        out += [implies(key.has, key.slots[0].has)] if key.slots else []
        for has, term in ((key.has, key.term), *((slot.has, slot.term) for slot in key.slots)):
            for part in term:
                written = isinstance(part, Ref) and (len(term) == 1 or part.var.startswith(("units(", *_WRITTEN)))
                if isinstance(part, Ref) and written:
                    out.append(implies(has, neg(is_text(part.var, ""))))
    return conj(out)


_WRITTEN = ("source.arn-service", "source.name")  # what a shown request is given where a model leaves it empty


def _texts(world: World) -> set[str]:
    return {name for a in world.assertions for name in Vocabulary.of(a.formula).texts}


def present(world: World, keys: Iterable[str]) -> Formula:
    """These keys are there."""
    return conj(world.keys.known[name.lower()].has for name in keys if name.lower() in world.keys.known)
