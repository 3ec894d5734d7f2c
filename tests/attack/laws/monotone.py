"""Pairs of workspaces of which one lets through no more, or claims no more, than the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from perimeter_smt.encode.language.text import readings
from perimeter_smt.organization.model import Account, Endpoint, Guardrails
from perimeter_smt.organization.perimeter import (
    Perimeter,
    RoleException,
    Scope,
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vpc,
    Workspace,
)
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.obligations.granted import mapped
from perimeter_smt.request import actions
from tests.attack.cases import everything
from tests.attack.cast import APP, ENDPOINTS, PARTNER, STRANGER
from tests.attack.estates.draw import condition
from tests.attack.laws import documents as docs
from tests.attack.laws.documents import Statement
from tests.attack.laws.equal import Law
from tests.attack.laws.rewrite import COMPLEMENTS, conditioned, tests
from tests.attack.laws.state import OBJECTIVES, Pair, Relation, State, all_of
from tests.attack.policies import ALL_LIMITS, _exempt


def denial(rng: Random, kind: Kind, service: str) -> Statement:
    """A Deny as somebody might add it."""
    names = [f"{service}:{info.name}" for info in actions.actions(service)]
    out: Statement = {
        "Effect": "Deny",
        "Action": rng.choice((f"{service}:*", f"{service}:*", rng.sample(names, min(3, len(names))))),
        "Resource": "*",
    }
    if not kind.is_identity_type:
        out["Principal"] = "*"
    if kind is Kind.TRUST:
        del out["Resource"]
        out["Action"] = "sts:AssumeRole"
    if found := condition(rng, None):
        out["Condition"] = found
    elif rng.random() < 0.8:
        _exempt(rng, out)
    return out


def _at_one(rng: Random, space: Workspace, deny: bool, service: str) -> Workspace | None:
    """One document with a Deny more, or one statement of it narrowed or gone."""
    found = docs.documents(space)
    if not found:
        return None
    at = rng.randrange(len(found))
    old = docs.statements(found[at])
    if deny:
        new = [*old, denial(rng, found[at].kind, service)]
    else:
        allows = [n for n, st in enumerate(old) if st["Effect"] == "Allow"]
        if not allows:
            return None
        one = rng.choice(allows)
        if len(allows) > 1 and rng.random() < 0.5 and (found[at].kind is not Kind.KMS or one > 0):
            new = [st for n, st in enumerate(old) if n != one]
        else:
            new = _narrowed(rng, old, one)
            if new is None:
                return None
    return docs.replaced(space, at, docs.rebuilt(found[at], new))


def _narrowed(rng: Random, old: list[Statement], one: int) -> list[Statement] | None:
    """The statements with one of them under a condition more."""
    narrow = conditioned(old[one], [*tests(old[one]), rng.choice(rng.choice(COMPLEMENTS))])
    return None if narrow is None else [narrow if n == one else st for n, st in enumerate(old)]


def _pair(law: str, state: State, space: Workspace | None, relation: Relation) -> Pair | None:
    if space is None or space == state.workspace:
        return None
    return Pair(law, state, replace(state, workspace=space), all_of(relation), relation)


def deny_added(rng: Random, state: State) -> Pair | None:
    """A Deny anywhere lets through no more: no objective is refuted by it."""
    return _pair("a Deny more", state, _at_one(rng, state.workspace, True, state.service), "<=")


def allow_narrowed(rng: Random, state: State) -> Pair | None:
    """An Allow gone or under a condition more lets through no more. (Not where S3 counts policies as public.)"""
    accounts = (account for account, _ in state.workspace.organization.accounts())
    if any(a.block_public_access or any(r.block_public_access for r in a.resources) for a in accounts):
        return None
    return _pair("an Allow less", state, _at_one(rng, state.workspace, False, state.service), "<=")


def deny_taken(rng: Random, state: State) -> Pair | None:
    """Without a Deny, or with it under a condition more, no fewer requests get through."""
    found = docs.documents(state.workspace)
    places = [(at, n) for at, one in enumerate(found) for n, st in enumerate(docs.statements(one))
              if st["Effect"] == "Deny"]  # fmt: skip
    if not places:
        return None
    at, one = rng.choice(places)
    old = docs.statements(found[at])
    if len(old) > 1 and rng.random() < 0.4:
        new = [st for n, st in enumerate(old) if n != one]
    else:
        new = _narrowed(rng, old, one)
        if new is None:
            return None
    return _pair("a Deny less", state, docs.replaced(state.workspace, at, docs.rebuilt(found[at], new)), ">=")


def boundary_added(rng: Random, state: State) -> Pair | None:
    """A boundary lets through no more."""
    if state.mode != "grants" or "NotPrincipal" in docs.text_of(state.workspace):
        return None

    def account(own: Account) -> Account:
        allow: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        limit = docs.rebuilt(everything(Kind.BOUNDARY), [allow, denial(rng, Kind.BOUNDARY, state.service)])
        people = [p if p.boundary or p.service_linked else p.model_copy(update={"boundary": limit})
                  for p in own.principals]  # fmt: skip
        return own.model_copy(update={"principals": tuple(people)})

    return _pair("a boundary more", state, mapped(state.workspace, account), "<=")


def endpoint_policy(rng: Random, state: State) -> Pair | None:
    """A policy on an endpoint that has none lets through no more."""

    def account(own: Account) -> Account:
        policy = docs.rebuilt(everything(Kind.ENDPOINT), [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            denial(rng, Kind.ENDPOINT, state.service)])  # fmt: skip
        ends = [e if e.policy else e.model_copy(update={"policy": policy}) for e in own.endpoints]
        return own.model_copy(update={"endpoints": tuple(ends)})

    return _pair("an endpoint policy more", state, mapped(state.workspace, account), "<=")


def moved_up(rng: Random, state: State) -> Pair | None:
    """Guardrails of the units below hang on the root as well: they bind no fewer."""
    space = state.workspace
    found = [at.guardrails for at in docs.units(space.organization.root)][1:]
    found += [account.guardrails for account, _ in space.organization.accounts()]
    scps = tuple(d for at in found for d in at.scps if d.stands_beside_full_access)
    rcps = tuple(d for at in found for d in at.rcps if d.stands_beside_full_access)
    root = space.organization.root
    here = root.guardrails.model_copy(
        update={"scps": (*root.guardrails.scps, *scps), "rcps": (*root.guardrails.rcps, *rcps)}
    )
    return _pair("guardrails at the root, too", state, docs.with_root(space, root.model_copy(
        update={"guardrails": here})), "<=")  # fmt: skip


def moved_down(rng: Random, state: State) -> Pair | None:
    """Guardrails of the root on everything below it instead: members that nobody lists stand below the root itself."""
    space, root = state.workspace, state.workspace.organization.root
    here = root.guardrails
    if not here.full_access_scp or not all(d.stands_beside_full_access for d in (*here.scps, *here.rcps)):
        return None
    ids = {at.id for at in (*root.units, *root.accounts)}

    def level(name: str, at: Guardrails) -> Guardrails:
        if name == root.id:
            return at.model_copy(update={"scps": (), "rcps": ()})
        if name not in ids:
            return at
        return at.model_copy(update={"scps": (*at.scps, *here.scps), "rcps": (*at.rcps, *here.rcps)})

    return _pair("guardrails below the root instead", state, docs.each_level(space, level), ">=")


def list_open(rng: Random, state: State) -> Pair | None:
    """An account of which the lists are not complete may hold whatever it held, and more."""
    if state.mode != "grants":
        return None
    space = mapped(state.workspace, lambda a: a.model_copy(update={"listed": False}))
    return _pair("lists not complete", state, space, ">=")


def facts_untold(rng: Random, state: State) -> Pair | None:
    """What a source tells of buckets and keys beside their policies, untold: anything may be so."""
    if state.mode != "grants":
        return None

    def account(own: Account) -> Account:
        things = [r.model_copy(update={"acl": None, "acls": None, "abac": None, "grants": None}) for r in own.resources]
        return own.model_copy(update={"resources": tuple(things)})

    space = mapped(state.workspace, account)
    if space == state.workspace:
        return None
    # What may be so is an open point: what was refuted may be conditional on it.
    return Pair("facts of resources untold", state, replace(state, workspace=space), all_of(">="))


def _claims(law: str, state: State, claims: Perimeter, breaches: Mapping[str, Relation]) -> Pair | None:
    if claims == state.workspace.perimeter:
        return None
    space = state.workspace.model_copy(update={"perimeter": claims})
    return Pair(law, state, replace(state, workspace=space), breaches, "=")


def _plus(claims: Perimeter, name: str, *more: object) -> Perimeter:
    return claims.model_copy(update={name: tuple(dict.fromkeys((*getattr(claims, name), *more)))})


def trust_added(rng: Random, state: State) -> Pair | None:
    """Trusted parties and resources more: fewer requests break an objective, whichever."""
    claims = state.workspace.perimeter
    third = TrustedPrincipal(account=rng.choice((PARTNER, STRANGER)))
    thing = TrustedResource(account=rng.choice((PARTNER, STRANGER)))
    claims = _plus(claims, "third_principals", third) if rng.random() < 0.6 else claims
    return _claims("more is trusted", state, _plus(claims, "third_resources", thing), all_of("<="))


def exception_added(rng: Random, state: State) -> Pair | None:
    """An exception takes requests out of the claim."""
    claims = _plus(state.workspace.perimeter, "tag_exceptions", TagException(on="principal", key="team", value="red"))
    claims = _plus(claims, "role_exceptions", RoleException(arn="arn:aws:iam::*:role/app/*"))
    return _claims("an exception more", state, claims, all_of("<="))


def scope_narrowed(rng: Random, state: State) -> Pair | None:
    """A narrower scope claims less."""
    claims = state.workspace.perimeter
    names = [f"{state.service}:{info.name}" for info in actions.actions(state.service)]
    gone = tuple(rng.sample(names, max(1, len(names) // 2)))
    scopes = {name: Scope(actions=claims.scope(name).actions, except_actions=(
        *claims.scope(name).except_actions, *gone)) for name in OBJECTIVES}  # fmt: skip
    return _claims("a narrower scope", state, claims.model_copy(update={"scopes": scopes}), all_of("<="))


def limits_accepted(rng: Random, state: State) -> Pair | None:
    """An accepted limit is assumed away."""
    return _claims("limits accepted", state, _plus(state.workspace.perimeter, "accepted", *ALL_LIMITS), all_of("<="))


def network_added(rng: Random, state: State) -> Pair | None:
    """More addresses and networks of mine: fewer break O5 and O6, which end there, more may break O2 and O4,
    which start there; O1 and O3 do not speak of networks.
    """
    claims = _plus(state.workspace.perimeter, "cidrs", "198.51.100.0/24")
    told: dict[str, Relation] = {**all_of("="), "O5": "<=", "O6": "<="}
    if rng.random() < 0.7:
        claims = _plus(claims, "vpcs", Vpc(id=ENDPOINTS["stranger"].vpc, region="us-east-1"))
        claims = _plus(claims, "endpoints", ENDPOINTS["loner"].id)
        told |= {"O2": ">=", "O4": ">="}
    return _claims("more network is mine", state, claims, told)


def account_added(rng: Random, state: State) -> Pair | None:
    """An account more among mine: only O2 and O4 end at identities and resources without starting at them.

    O1 and O3 both start and end at what is mine; of them nothing follows. The endpoints of the account are mine as
    well, unless the perimeter says otherwise.
    """
    claims = state.workspace.perimeter
    if claims.paths or state.workspace.perimeter.endpoints_of_my_accounts:
        return None
    told: dict[str, Relation] = {"O2": "<=", "O4": "<="}
    return _claims("an account more is mine", state, _plus(claims, "accounts", PARTNER), told)


def reading_chosen(rng: Random, state: State) -> Pair | None:
    """What is settled as it is chosen here is left open no more."""
    claims = state.workspace.perimeter
    names = rng.sample(sorted(readings()), 5)
    new = claims.model_copy(update={"readings": {**dict.fromkeys(names, "chosen"), **claims.readings}})
    return _claims("open points settled as chosen", replace(state, reading="over"), new, all_of("<="))


def endpoint_added(rng: Random, state: State) -> Pair | None:
    """An endpoint more in a VPC of mine. Others lose requests by it: a VPC that is known to be mine is not theirs."""
    space = state.workspace
    end = Endpoint(id="vpce-0a00000000000000f", account=APP, vpc="vpc-0a000000000000009", vpc_account=APP,
                   region="us-east-1")  # fmt: skip
    if not any(account.endpoints for account, _ in space.organization.accounts()):
        return None

    def account(own: Account) -> Account:
        return own.model_copy(update={"endpoints": (*own.endpoints, end)}) if own.id == APP else own

    pair = _pair("an endpoint more", state, mapped(space, account), ">=")
    return None if pair is None else replace(pair, access=None)


MONOTONE: dict[str, Law] = {
    "a Deny more": deny_added,
    "an Allow less": allow_narrowed,
    "a Deny less": deny_taken,
    "a boundary more": boundary_added,
    "an endpoint policy more": endpoint_policy,
    "guardrails at the root, too": moved_up,
    "guardrails below the root instead": moved_down,
    "lists not complete": list_open,
    "facts of resources untold": facts_untold,
    "more is trusted": trust_added,
    "an exception more": exception_added,
    "a narrower scope": scope_narrowed,
    "limits accepted": limits_accepted,
    "more network is mine": network_added,
    "an account more is mine": account_added,
    "open points settled as chosen": reading_chosen,
    "an endpoint more": endpoint_added,
}

__all__ = ["MONOTONE", "denial"]
