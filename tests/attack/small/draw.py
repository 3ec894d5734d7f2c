"""Small random worlds: one or two accounts, few policies, one question about one service.

Themes, guardrails and grants come from the same generators as the large worlds; a small one takes milliseconds, so that
many more combinations are met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from perimeter_smt.evaluate.perimeter import Ground, breaks
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedPrincipal, TrustedResource, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind as Policy
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Request
from tests.attack.cases import ENFORCED
from tests.attack.cases import case_of as guarded_case
from tests.attack.cast import (
    APP,
    DATA,
    ENDPOINTS,
    FAVOURITES,
    MANAGEMENT,
    MINE,
    ORGANIZATIONS,
    PARTNER,
    REGIONS,
    SANDBOX,
    SERVICES,
    STRANGER,
    UNLISTED,
    calls,
)
from tests.attack.estates import draw as parts
from tests.attack.estates import lists
from tests.attack.estates.binding import case_of as estate_case
from tests.attack.estates.draw import Estate, Place
from tests.attack.estates.kinds import GLOBAL, KINDS, Kind
from tests.attack.estates.requests import EstateDraw
from tests.attack.policies import (
    ALL_LIMITS,
    document,
    endpoint_policy,
    identity_rcp,
    mutated,
    network_rcp,
    network_scp,
    perimeter,
    resource_scp,
)
from tests.attack.small.assertions import ASSERTIONS, Own
from tests.attack.theme_worlds import World
from tests.attack.themes import OF_OBJECTIVES
from tests.attack.worlds import Draw, Sample

_WEIGHED = ("O1", "O1", "O1", "O2", "O3", "O3", "O4", "O5", "O5", "O6", "O6", "own")
_UNITS = {APP: "ou-ab12-work0001", DATA: "ou-ab12-data0001", SANDBOX: "ou-ab12-sand0001"}


@dataclass(frozen=True)
class Small:
    """One question, and how to draw requests for it. `estate` is there where the grants count."""

    part: str
    workspace: Workspace
    service: str
    objective: str
    reading: str
    requests: Callable[[int], Iterator[Sample]]
    own: Own | None = None
    estate: Estate | None = None
    theme: World | None = None

    @property
    def mode(self) -> str:
        """Whether the grants of the workspace count."""
        return "grants" if self.workspace.grants_given else "guardrails"

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """A request with what binds it; a theme knows its own. `untold`: lists that nobody told grant the call."""
        if self.theme is not None:
            return self.theme.case(drawn, untold=untold)
        if self.workspace.grants_given:
            return estate_case(
                self.workspace, drawn.request, drawn.facts, assumed_root=drawn.assumed_root, untold=untold
            )
        return guarded_case(self.workspace, drawn)

    def broken(self, request: Request, facts: Facts) -> bool:
        """Whether the request breaks what is asked, if it gets through."""
        if self.own is not None:
            return self.own.broken(Ground(self.workspace, request, facts))
        return breaks(self.objective, self.workspace, request, facts)


def small(seed: int, kind: str = "") -> Small:
    """The world of a seed; with grants of resources of one kind, if it is named."""
    rng = Random(seed)
    if kind:
        return _granted(rng, next(one for one in KINDS if one.name == kind))
    part = rng.random()
    if part < 0.08:
        return _theme(rng)
    return _guarded(rng) if part < 0.3 else _granted(rng)


def _theme(rng: Random) -> Small:
    name = rng.choice(sorted(OF_OBJECTIVES))
    world = OF_OBJECTIVES[name](rng)
    return Small(
        name, world.workspace, world.service, world.objective, world.reading, lambda _: iter(world.requests),
        theme=world,
    )  # fmt: skip


def _asked(rng: Random) -> tuple[str, Own | None]:
    objective = rng.choice(_WEIGHED)
    return objective, rng.choice(ASSERTIONS) if objective == "own" else None


def _organization(guards: dict[str, Guardrails], accounts: dict[str, Account]) -> Organization:
    """The accounts at the places that the cast gives them; units without accounts are there only above others."""

    def unit(account: str, *below: Unit) -> tuple[Unit, ...]:
        here = (accounts[account],) if account in accounts else ()
        place = Unit(id=_UNITS[account], guardrails=guards.get(account, Guardrails()), units=below, accounts=here)
        return (place,) if here or below else ()

    head = (accounts[MANAGEMENT],) if MANAGEMENT in accounts else ()
    units = (*unit(APP, *unit(DATA)), *unit(SANDBOX))
    root = Unit(id="r-ab12", guardrails=guards.get("root", Guardrails()), units=units, accounts=head)
    return Organization(id=MINE, management_account=MANAGEMENT, root=root)


def _members(rng: Random) -> tuple[str, ...]:
    return rng.choice(((APP,), (APP,), (APP,), (APP, DATA), (APP, SANDBOX), (APP, MANAGEMENT)))


def _ends(rng: Random, chance: float, policies: bool, service: str, members: tuple[str, ...]) -> dict[str, Any]:
    """Endpoints of the accounts, some with a policy."""
    out: dict[str, list[Endpoint]] = {}
    for name in ("a", "b", "mgmt"):
        end = ENDPOINTS[name]
        if end.account not in members or rng.random() < 0.3:
            continue
        policy = None
        if policies and rng.random() < 0.8:
            policy = document(Policy.ENDPOINT, "endpoint", mutated(rng, endpoint_policy((service,)), chance))
        out.setdefault(end.account, []).append(Endpoint(
            id=end.id, account=end.account, vpc=end.vpc, vpc_account=end.vpc_account, region=end.region, policy=policy,
        ))  # fmt: skip
    return out


def _guardrails(rng: Random, service: str, chance: float, number: int) -> Guardrails:
    scps, rcps = [], []
    some = (service,) if rng.random() < 0.8 else (service, "s3")
    for kind in rng.sample(("resource", "network", "identity", "network-rcp", "allow"), number):
        match kind:
            case "resource":
                scps.append(document(Policy.SCP, kind, mutated(rng, resource_scp(some), chance)))
            case "network":
                scps.append(document(Policy.SCP, kind, mutated(rng, network_scp(some), chance)))
            case "identity":
                rcps.append(document(Policy.RCP, kind, mutated(rng, identity_rcp(some), chance)))
            case "network-rcp":
                rcps.append(document(Policy.RCP, kind, mutated(rng, network_rcp(some), chance)))
            case _:
                allow = {"Effect": "Allow", "Action": rng.choice(("*", f"{service}:*")), "Resource": "*"}
                if rng.random() < 0.5:
                    allow["Condition"] = {"StringEquals": {"aws:ResourceOrgID": MINE}}
                return Guardrails(
                    scps=(*scps, document(Policy.SCP, kind, [allow])), rcps=tuple(rcps), full_access_scp=False
                )  # fmt: skip
    return Guardrails(scps=tuple(scps), rcps=tuple(rcps))


def _guarded(rng: Random) -> Small:
    """Guardrails alone: what is granted does not matter."""
    service = rng.choice(SERVICES)
    objective, own = _asked(rng)
    chance, members = rng.choice((0.0, 0.2, 0.4)), _members(rng)
    guards = {"root": _guardrails(rng, service, chance, rng.choice((1, 1, 2, 2, 3)))}
    if rng.random() < 0.2:
        guards[rng.choice(members)] = _guardrails(rng, service, chance, 1)
    wanted = objective in ("O2", "O4") or rng.random() < 0.2
    ends = _ends(rng, chance, wanted, service, members)
    owned = {APP: (OwnedResource(arn="arn:aws:s3:::acme-data", account=APP),)}
    accounts = {n: Account(id=n, endpoints=tuple(ends.get(n, ())), resources=owned.get(n, ())) for n in members}
    known = [call for call in calls(service) if call.action in FAVOURITES] or list(calls(service))
    few = rng.sample(sorted({call.action for call in known}), 1) if rng.random() < 0.7 else []
    claims = perimeter(rng, narrow=rng.random() < 0.15)
    if rng.random() < 0.6:
        claims = claims.model_copy(update={"accepted": ALL_LIMITS})
    if few and own is None:
        claims = claims.model_copy(update={"scopes": {objective: Scope(actions=tuple(few))}})
    elif own is None:
        scope = {name: kept for name, kept in claims.scopes.items() if name == objective and service != "ebs"}
        claims = claims.model_copy(update={"scopes": scope})
    space = Workspace(
        organization=_organization(guards, accounts), perimeter=claims, name="small", grants_given=False
    )  # fmt: skip
    reading = "over" if rng.random() < 0.2 else "exact"
    listed = any(ends.values())
    names = tuple(
        n for n, end in ENDPOINTS.items() if not (listed and n == "unlisted") and _is_there(end.account, members)
    )
    departures = 0.0 if reading == "exact" else 0.4

    def requests(number: int) -> Iterator[Sample]:
        near = [call for call in calls(service) if call.action in few] or known
        for _ in range(number):
            call = rng.choice(near if rng.random() < 0.85 else calls(service))
            drawn = Draw(rng, call, departures, names).sample()
            facts = drawn.facts
            touched = (facts.principal_account, facts.resource_account, facts.endpoint_account, facts.vpc_account,
                       facts.behalf)  # fmt: skip
            if all(_is_there(account, members) for account in touched if account):
                yield drawn

    return Small("guardrails", space, service, objective, reading, requests, own)


def _is_there(account: str, members: tuple[str, ...]) -> bool:
    """Members that a small world leaves out may not be met at other places than theirs."""
    return ORGANIZATIONS.get(account) != MINE or account in members or account == UNLISTED


def _owned(rng: Random, place: Place) -> OwnedResource:
    """A listed resource; a key has always a policy."""
    bucket, key = place.kind.name == "bucket", place.kind.name == "key"
    return OwnedResource(
        arn=place.arn,
        account=place.account,
        tags={"team": rng.choice(("red", "blue"))} if rng.random() < 0.4 else {},
        abac=rng.random() < 0.4 if bucket else None,
        block_public_access=bucket and rng.random() < 0.3,
        grants=parts.key_grants(rng, place) if key else None,
        policy=parts.resource_policy(rng, place) if key or rng.random() < 0.85 else None,
        **(lists.drawn(rng) if bucket else {}),
    )


def _granted(rng: Random, kind: Kind | None = None) -> Small:
    """Grants: a few resources of one kind with their policies, and people."""
    kind = kind or rng.choice(KINDS)
    members, objective = _members(rng), _asked(rng)
    service = kind.service
    regions = REGIONS if kind.name not in GLOBAL and rng.random() < 0.35 else REGIONS[:1]
    names = parts.NAMES[: 1 if len(regions) > 1 else rng.choice((1, 1, 2))]
    places = [
        Place(kind, name, region, account, rng.random() < 0.6)
        for account in members for name in names for region in regions
    ]  # fmt: skip
    if rng.random() < 0.7 or objective[0] == "O3":
        places.append(Place(kind, "orders", REGIONS[0], rng.choice((PARTNER, STRANGER)), listed=False))
    known = tuple(places)
    listed = frozenset(account for account in members if rng.random() < 0.9)
    wanted = objective[0] in ("O2", "O4") or rng.random() < 0.2
    ends = _ends(rng, rng.choice((0.0, 0.3)), wanted, service, members)

    def account(number: str) -> Account:
        people = parts.people(rng, number, (service,), known)[: rng.choice((0, 1, 1, 2))]
        here = [place for place in known if place.listed and place.account == number]
        roles = [parts.trusted_role(rng, place) for place in here if kind.name == "role"]
        owned = [_owned(rng, place) for place in here if kind.name != "role"]
        ignored = kind.name == "bucket" and rng.random() < 0.1
        return Account(
            id=number, listed=number in listed, principals=(*people, *roles), resources=tuple(owned),
            endpoints=tuple(ends.get(number, ())), canonical_id=lists.CANONICAL.get(number), ignore_public_acls=ignored,
        )  # fmt: skip

    accounts = {number: account(number) for number in members}
    guards = {}
    if rng.random() < 0.5:
        guards["root"] = _guardrails(rng, service, rng.choice((0.0, 0.3)), rng.choice((1, 1, 2)))
    own = objective[1]
    actions = sorted({action for part in kind.parts for action in part.actions})
    scope = {objective[0]: Scope(actions=tuple(actions))} if own is None and rng.random() < 0.8 else {}
    some = rng.random
    claims = Perimeter(
        orgs=(MINE,),
        paths=(parts.PATH,) if some() < 0.1 else (),
        third_principals=(TrustedPrincipal(account=PARTNER),) if some() < 0.25 else (),
        third_resources=(TrustedResource(account=PARTNER),) if some() < 0.25 else (),
        vpcs=(Vpc(id=ENDPOINTS["a"].vpc, region="us-east-1"),) if some() < 0.15 else (),
        cidrs=("203.0.113.0/24", "2001:db8:1::/48"),
        service_networks=some() < 0.5,
        accepted=ALL_LIMITS if some() < 0.9 else (),
        scopes=scope,
    )
    space = Workspace(organization=_organization(guards, accounts), perimeter=claims, name="small", grants_given=True)
    world = Estate(space, (service,), known, listed)
    reading = "over" if rng.random() < 0.08 else "exact"

    def requests(number: int) -> Iterator[Sample]:
        for _ in range(number):
            yield EstateDraw(rng, world, 0.0).sample()

    return Small("grants", space, service, objective[0], reading, requests, own, world)


__all__ = ["ENFORCED", "Small", "small"]
