"""Worlds made toward one axiom: its formula chooses calls and keys, a request that breaks it the policies.

For an axiom A: a request is asked for that obeys every other axiom, breaks A, and breaks an objective in an
organization without guardrails. Then come guardrails that let through what looks like this request and nothing else:
its action, its resource, and every key that A and its neighbours speak of, there with this value or not there.
A counts in this world if the objective is proved in it, and is not proved any more when A is taken out.
Nothing is written down per axiom, so that a new one is covered by itself.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world.world import World, build
from perimeter_smt.errors import PerimeterError
from perimeter_smt.logic.atoms import Glob, Member, Ref
from perimeter_smt.logic.formula import Formula, atom, conj, implies, is_text, neg, walk
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.logic.schemas import Schema
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Vpc, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.request.keys import support_list
from perimeter_smt.solve.result import Limits
from perimeter_smt.witness.facts import View, action_of, resource_of

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
OFFICE, VPC, ENDPOINT = "203.0.113.0/24", "vpc-0ac00000000000001", "vpce-0a000000000000001"
# What a guardrail of a data perimeter looks at, whatever the axiom is.
LOOKED_AT = (
    "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalType", "aws:PrincipalIsAWSService",
    "aws:SourceIp", "aws:SourceVpce", "aws:ViaAWSService", "aws:ResourceAccount", "aws:ResourceOrgID",
)  # fmt: skip
_SOME = {
    "service-key": ("sts:ExternalId", "s3:prefix"), "provider-claim": ("idp.example.com:sub",),
    "provider-id": ("idp.example.com:sub", "idp.example.com:aud"),
}  # fmt: skip
_SERVICES = ("s3", "sts", "sqs", "kms", "iam", "signin", "events", "cognito-identity")


@dataclass(frozen=True)
class Axiom:
    """What is known of an axiom before anything is asked: its name, the keys and the services it speaks of."""

    name: str
    keys: tuple[str, ...]
    services: tuple[tuple[str, ...], ...]


def axioms() -> list[Axiom]:
    """Every axiom of the formal text, those on families of keys included, and congruence."""
    script = formal_text("aws")
    out = {a.name: Axiom(a.name, _keys_of(a.formula), _services_of(a.formula)) for a in script.axioms}
    for schema in script.schemas:
        out[schema.name] = Axiom(schema.name, _keys_of_schema(schema), _of_keys(_keys_of_schema(schema)))
    near: dict[str, set[str]] = {key: set() for axiom in out.values() for key in axiom.keys}
    for axiom in out.values():
        for key in axiom.keys:
            near[key].update(axiom.keys)
    return [_with_neighbours(out[name], near) for name in sorted(out)]


def _with_neighbours(axiom: Axiom, near: Mapping[str, set[str]]) -> Axiom:
    """The axiom with the keys of other axioms on its keys, a few of them."""
    others = sorted(set().union(*(near[key] for key in axiom.keys)) - set(axiom.keys)) if axiom.keys else []
    return replace(axiom, keys=(*axiom.keys, *others[:6]))


def _keys_of(formula: Formula) -> tuple[str, ...]:
    found = Vocabulary.of(formula)
    names = {name.removeprefix("has ") for name in found.symbols if name.startswith("has ")}
    names |= {name for name in found.texts if ":" in name and "(" not in name}
    return tuple(sorted({name.rstrip("0123456789").strip() for name in names}))


def _keys_of_schema(schema: Schema) -> tuple[str, ...]:
    out: list[str] = []
    for pattern in schema.each:
        out += _SOME.get(pattern, (pattern.replace("*", "team"),) if ":" in pattern else ())
    return tuple(dict.fromkeys((*out[:6], *([schema.beside] if schema.beside else []))))


def _services_of(formula: Formula) -> tuple[tuple[str, ...], ...]:
    """Services whose calls the formula tells apart, first; then a few that everybody knows."""
    out: dict[tuple[str, ...], None] = {}
    for node in walk(formula):
        if node.op != "atom" or not isinstance(node.payload, Member | Glob):
            continue
        if isinstance(node.payload, Member):
            for service in _named(node.payload.name):
                out[service,] = None
    for service in _of_keys(_keys_of(formula)):
        out[service] = None
    return tuple(out)


def _named(name: str) -> Iterator[str]:
    head, _, tail = name.partition("=")
    if head == "service" and tail:
        yield tail
    elif head == "action" and tail:
        yield tail.partition(":")[0]
    elif name.startswith(("action ~ ", "arn service ~ ")):
        yield name.split(" ~ ")[1].partition(":")[0]
    elif name.startswith("service in "):
        members = _list(name.removeprefix("service in "))
        yield from [s for s in ("sqs", "s3", "athena") if s not in members][:1]
        yield from [s for s in (*_SERVICES, "lambda", "athena", "dynamodb") if s in members][:2]
    elif name.startswith("action in "):
        yield from list(dict.fromkeys(m.partition(":")[0] for m in sorted(_list(name.removeprefix("action in ")))))[:2]


def _list(name: str) -> frozenset[str]:
    try:
        return support_list(name)
    except PerimeterError:
        return frozenset()


def _of_keys(keys: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    known = (key.partition(":")[0] for key in keys)
    return tuple(dict.fromkeys((s,) for s in (*(k for k in known if k not in ("aws", "saml") and "." not in k),
                                              *_SERVICES)))  # fmt: skip


def workspace(objective: str = "O5", statements: Sequence[dict[str, Any]] = (), action: str = "*") -> Workspace:
    """A small organization whose guardrails of the objective's kind are these Deny statements; one action is asked."""
    kind = {"scp": Kind.SCP, "rcp": Kind.RCP, "endpoint": Kind.ENDPOINT}[OBJECTIVES[objective].enforced_by]
    document = _document(kind, statements) if statements else None
    mine = (document,) if document and kind is not Kind.ENDPOINT else ()
    endpoint = Endpoint(
        id=ENDPOINT, account=MINE, vpc=VPC, vpc_account=MINE, region="eu-west-1",
        policy=document if kind is Kind.ENDPOINT else None,
    )  # fmt: skip
    guardrails = Guardrails(scps=mine if kind is Kind.SCP else (), rcps=mine if kind is Kind.RCP else ())
    accounts = (Account(id=MINE, endpoints=(endpoint,)), Account(id=MANAGEMENT))
    return Workspace(
        organization=Organization(
            id=ORG, management_account=MANAGEMENT,
            root=Unit(id="r-ac00", guardrails=guardrails, accounts=accounts),
        ),
        perimeter=Perimeter(
            orgs=(ORG,), cidrs=(OFFICE,), vpcs=(Vpc(id=VPC, region="eu-west-1"),),
            scopes={objective: Scope(actions=(action,))},
        ),
        name="directed",
    )  # fmt: skip


def _document(kind: Kind, statements: Sequence[dict[str, Any]]) -> Document:
    body = [dict(s) if kind is Kind.SCP else {**s, "Principal": "*"} for s in statements]
    if kind is Kind.ENDPOINT:
        body.append({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    return parse_object({"Version": "2012-10-17", "Statement": body}, kind, file="d.json", name="d", strict=False)


def _encoded(space: Workspace, objective: str, services: tuple[str, ...], keys: Sequence[str]) -> World:
    return build(space, services, free_grants=True, objectives=(objective,), also_keys=[k.lower() for k in keys])


def _without(world: World, name: str) -> list[Formula]:
    """The world with an axiom taken out, and what was taken out."""
    soft = world.soft.pop(name, None)
    taken = [a.formula for a in world.assertions if a.name == name]
    world.assertions = [a for a in world.assertions if a.name != name]
    return [soft.formula] if soft is not None and taken else taken


def _asked(world: World, objective: str) -> Any:
    run = prepare(world, (objective,), "exact", False, 1, Limits(seconds=20), ())
    return run.ask(questions.hole(world, objective), run.exact)


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
        if there and key.info.multivalued:
            values = [view.composed(slot.term) for slot in key.slots if truth(slot.has, model)]
            tests.append({"ForAnyValue:StringNotEquals": {spelled: values}})
            tests += [{"ForAllValues:StringNotEquals": {spelled: value}} for value in values]
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


def _mine(world: World, keys: Iterable[str]) -> list[Assertion]:
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
                out.append(Assertion(f"mine {name}", implies(key.has, is_text(term[0].var, value))))
    return out


def _not_empty(world: World) -> list[Assertion]:
    """A key that is there has a value: no operator tells an empty one from none (X-8)."""
    return [
        Assertion(f"value of {name}", implies(key.has, neg(is_text(key.term[0].var, ""))))
        for name, key in world.keys.known.items()
        if len(key.term) == 1 and isinstance(key.term[0], Ref)
    ]


def decides(axiom: Axiom, objective: str, services: tuple[str, ...], *, of_mine: bool = False, models: int = 3) -> str:
    """What the axiom does in the world made toward it; `of_mine`: its keys hold values of mine.

    `decides`: the objective is proved with it alone. `implied`: no request breaks it by itself. `unseen`: what breaks
    it looks to policies like a request that breaks nothing.
    """
    keys = tuple(dict.fromkeys((*axiom.keys, *LOOKED_AT)))
    open_world = _encoded(workspace(objective), objective, services, keys)
    taken = _without(open_world, axiom.name)
    wanted = _mine(open_world, axiom.keys) if of_mine else []
    if not taken or (of_mine and not wanted):
        return "no part"
    open_world.assertions += [Assertion("violated", neg(conj(taken))), *wanted, *_not_empty(open_world)]
    found = "implied"
    for _ in range(models):
        broken = _asked(open_world, objective)
        if broken.status != "sat":
            return found
        action = action_of(View(open_world, broken.model))
        guarded = workspace(objective, alike(open_world, broken.model), action)
        if _asked(_encoded(guarded, objective, services, keys), objective).status == "unsat":
            bare = _encoded(guarded, objective, services, keys)
            _without(bare, axiom.name)
            if _asked(bare, objective).status == "sat":
                return "decides"
        found = "unseen"
        open_world.assertions.append(_another(open_world, axiom, broken.model))
    return found


def _another(world: World, axiom: Axiom, model: Any) -> Assertion:
    """Other values of the axiom's keys, or another kind of caller or call, than a model has."""
    view = View(world, model)
    same = [sym_is(view.caller), atom(Member("call", f"action={action_of(view).lower()}"))]
    for name in axiom.keys:
        key = world.keys.known.get(name.lower())
        if key is None:
            continue
        there = truth(key.has, model)
        same.append(key.has if there else neg(key.has))
        if there and len(key.term) == 1 and isinstance(key.term[0], Ref):
            same.append(is_text(key.term[0].var, view.text(key.term[0].var)))
    return Assertion("another", neg(conj(same)))


@dataclass(frozen=True)
class Reached:
    """In how many worlds made toward an axiom it decides an objective, of how many, and why it does not in others."""

    worlds: int
    made: int
    why: str = ""


_WHY = {
    "implied": "no request breaks it alone: the other axioms say it as well",
    "unseen": "what it excludes looks to policies like what may be",
    "no part": "it has no part in the worlds of one organization that are made here",
}


def reached(axiom: Axiom, *, enough: int = 3, tries: int = 18, seconds: float = 15.0) -> Reached:
    """Worlds made toward an axiom, until it decided in enough of them."""
    found = made = 0
    seen: Counter[str] = Counter()
    begun = time.monotonic()
    for services in axiom.services:
        for objective in ("O3", "O1", "O5", "O6", "O2", "O4"):
            if found >= enough or made >= tries or time.monotonic() - begun > seconds:
                break
            made += 1
            try:
                outcome = decides(axiom, objective, services)
                if outcome != "decides" and decides(axiom, objective, services, of_mine=True, models=1) == "decides":
                    outcome = "decides"
            except PerimeterError:
                continue
            found += outcome == "decides"
            seen[outcome] += 1
    why = "" if found else next((text for name, text in _WHY.items() if seen[name] and name == "unseen"), "")
    return Reached(found, made, why or ("" if found else _WHY["implied" if seen["implied"] else "no part"]))


def main(argv: list[str] | None = None) -> int:
    """Count for every axiom, or some of them, and write the counts, a resumed run adds to them."""
    parser = argparse.ArgumentParser(description="worlds made toward each axiom of the formal text")
    parser.add_argument("--counts", type=Path, required=True, help="file of counts, written after every axiom")
    parser.add_argument("--axiom", action="append", default=[], help="this one alone (repeatable), counted anew")
    parser.add_argument("--tries", type=int, default=14)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each axiom")
    options = parser.parse_args(argv)
    counts = json.loads(options.counts.read_text(encoding="utf-8")) if options.counts.exists() else {}
    for axiom in axioms():
        if axiom.name in options.axiom or (not options.axiom and axiom.name not in counts):
            found = reached(axiom, tries=options.tries, seconds=options.seconds)
            counts[axiom.name] = [found.worlds, found.made, found.why]
            options.counts.write_text(json.dumps(counts, indent=1), encoding="utf-8")
    print(f"{sum(1 for worlds, *_ in counts.values() if worlds)} of {len(counts)} axioms decide in some world")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
