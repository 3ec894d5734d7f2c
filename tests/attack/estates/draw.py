"""Random workspaces with grants: accounts with complete lists, policies of resources, identities and roles."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    KeyGrant,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, TrustedPrincipal, TrustedResource, Vpc, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind as Policy
from tests.attack.cast import (
    APP,
    DATA,
    ENDPOINTS,
    MANAGEMENT,
    MINE,
    OTHER,
    PARTNER,
    RCP_SERVICES,
    REGIONS,
    SANDBOX,
    STRANGER,
)
from tests.attack.estates import lists
from tests.attack.estates.kinds import GLOBAL, KINDS, SINGLE, Kind, listed_arn, part_arn
from tests.attack.policies import ALL_LIMITS, document, identity_rcp, mutated, network_rcp, network_scp, resource_scp

Statement = dict[str, Any]
NAMES = ("orders", "ledger")
ROLES = ("role/app/Worker", "role/Admin", "role/break-glass")
USERS = ("user/alice", "user/app/bob")
PATH = f"{MINE}/r-ab12/ou-ab12-work0001/*"


@dataclass(frozen=True)
class Place:
    """A resource that can be listed, and whether it is."""

    kind: Kind
    name: str
    region: str
    account: str
    listed: bool

    @property
    def arn(self) -> str:
        return listed_arn(self.kind, name=self.name, region=self.region, account=self.account)


@dataclass(frozen=True)
class Estate:
    """A workspace, and the resources that its requests are about."""

    workspace: Workspace
    services: tuple[str, ...]
    places: tuple[Place, ...]
    listed: frozenset[str]


def condition(rng: Random, kind: Kind | None) -> dict[str, Any]:
    """A condition as grants and denials carry them; often none."""
    if rng.random() < 0.35:
        return {}
    operator, key, value = rng.choice((
        ("StringEquals", "aws:PrincipalOrgID", MINE),
        ("StringEquals", "aws:PrincipalOrgID", MINE),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", PATH),
        ("StringEquals", "aws:PrincipalAccount", [APP, DATA, SANDBOX]),
        ("StringEquals", "aws:SourceAccount", [APP, DATA]),
        ("StringEquals", "aws:SourceOrgID", MINE),
        ("ArnLike", "aws:SourceArn", f"arn:aws:*:*:{APP}:*"),
        ("StringEquals", "aws:SourceVpce", [ENDPOINTS["a"].id, ENDPOINTS["b"].id]),
        ("StringEquals", "aws:SourceVpc", ENDPOINTS["a"].vpc),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ("Bool", "aws:PrincipalIsAWSService", "true"),
        ("Bool", "aws:SecureTransport", "true"),
        ("StringEquals", "aws:RequestedRegion", rng.choice(REGIONS)),
        ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{APP}:role/*"),
        ("StringEquals", "aws:PrincipalTag/team", rng.choice(("red", "${aws:ResourceTag/team}"))),
        ("StringEquals", "aws:ResourceTag/team", "red"),
        ("StringNotEquals", "aws:ResourceTag/team", "blue"),
        ("StringEquals", "aws:ResourceAccount", [APP, DATA, "${aws:PrincipalAccount}"]),
        ("StringEquals", "aws:ResourceOrgID", MINE),
        ("Null", "aws:PrincipalOrgID", "false"),
        ("Bool", "aws:ViaAWSService", rng.choice(("true", "false"))),
    ))  # fmt: skip
    if kind is not None and rng.random() < 0.3:
        operator = {"StringEquals": "StringNotEquals", "Bool": "BoolIfExists", "IpAddress": "NotIpAddress"}.get(
            operator, operator
        )
    return {operator: {key: value}}


def _resources(rng: Random, place: Place) -> Any:
    """What the Resource of a resource policy names: the resource, what lies in it, its twin, everything."""
    kind, arn = place.kind, place.arn
    if kind.name == "key":
        return "*"
    other = next(region for region in REGIONS if region != place.region)
    twin = listed_arn(kind, name=place.name, region=other, account=place.account)
    parts = [part_arn(kind, p, name=place.name, region=place.region, account=place.account) for p in kind.parts]
    wide = [arn, f"{arn}/*"] if kind.name != "function" else [arn, f"{arn}:*"]
    choices: list[Any] = ["*", arn, wide, parts, [arn, twin], rng.choice(parts)]
    if kind.name in SINGLE:  # a call on a table asks for its database and its catalog, too
        head = arn.removesuffix("catalog")
        choices = ["*", [arn, f"{head}database/*", f"{head}table/*"], [arn, *parts], f"{head}*"]
    if kind.name == "bucket":  # entries outside the bucket are refused on save
        choices = [arn, wide, wide, f"{arn}/*"]
    return rng.choice(choices)


def _principals(rng: Random, place: Place) -> Any:
    return rng.choice((
        "*", "*", {"AWS": place.account}, {"AWS": f"arn:aws:iam::{place.account}:root"}, {"AWS": PARTNER},
        {"AWS": [STRANGER, place.account]}, {"AWS": f"arn:aws:iam::{place.account}:{rng.choice(ROLES)}"},
        {"AWS": f"arn:aws:iam::{place.account}:{rng.choice(USERS)}"}, {"AWS": [APP, DATA]},
        {"Service": rng.choice(("sns.amazonaws.com", "cloudtrail.amazonaws.com"))},
    ))  # fmt: skip


def _actions(rng: Random, kind: Kind) -> Any:
    some = rng.choice(kind.parts).actions
    return rng.choice((f"{kind.service}:*", f"{kind.service}:*", list(some), some[0]))


def resource_policy(rng: Random, place: Place) -> Document:
    """One to three statements."""
    statements: list[Statement] = []
    for number in range(rng.choice((1, 1, 2, 2, 3))):
        effect = "Allow" if number == 0 or rng.random() < 0.4 else "Deny"
        statement: Statement = {
            "Effect": effect,
            "Principal": "*" if effect == "Deny" else _principals(rng, place),
            "Action": _actions(rng, place.kind),
            "Resource": _resources(rng, place),
        }
        if found := condition(rng, place.kind if effect == "Deny" else None):
            statement["Condition"] = found
        statements.append(statement)
    if place.kind.name == "key":
        delegated = {"AWS": f"arn:aws:iam::{place.account}:root"}
        statements.insert(0, {"Effect": "Allow", "Principal": delegated, "Action": "kms:*", "Resource": "*"})
    if place.kind.name == "role":
        for statement in statements:
            del statement["Resource"]
            statement["Action"] = "sts:AssumeRole"
            if rng.random() < 0.2:
                statement.setdefault("Condition", {}).setdefault("StringEquals", {})["sts:ExternalId"] = "secret"
    kinds = {"key": Policy.KMS, "bucket": Policy.BUCKET, "role": Policy.TRUST}
    return document(kinds.get(place.kind.name, Policy.RESOURCE), f"policy-of-{place.kind.name}", statements)


def identity_policy(rng: Random, services: tuple[str, ...], places: tuple[Place, ...], kind: Policy) -> Document:
    """What an identity (or boundary) of a listed account may do."""
    statements: list[Statement] = []
    for number in range(rng.choice((1, 1, 2))):
        place = rng.choice(places)
        effect = "Allow" if number == 0 or rng.random() < 0.4 else "Deny"
        resource: Any = rng.choice(("*", "*", place.arn, [place.arn, f"{place.arn}/*"], f"arn:aws:*:*:{APP}:*"))
        statement: Statement = {
            "Effect": effect,
            "Action": rng.choice(("*", [f"{s}:*" for s in services], list(rng.choice(place.kind.parts).actions))),
            "Resource": resource,
        }
        if found := condition(rng, place.kind if effect == "Deny" else None):
            statement["Condition"] = found
        statements.append(statement)
    return document(kind, f"{kind.value}-policy", statements)


def people(rng: Random, account: str, services: tuple[str, ...], places: tuple[Place, ...]) -> list[OwnedPrincipal]:
    out = []
    for tail in rng.sample((*ROLES, *USERS), rng.choice((0, 1, 2, 3))):
        role = tail.startswith("role/")
        trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        tags = {"team": rng.choice(("red", "blue"))} if rng.random() < 0.5 else {}
        policies = [identity_policy(rng, services, places, Policy.IDENTITY) for _ in range(rng.choice((0, 1, 1, 2)))]
        out.append(OwnedPrincipal(
            arn=f"arn:aws:iam::{account}:{tail}", type="role" if role else "user", account=account, tags=tags,
            policies=tuple(policies),
            boundary=identity_policy(rng, services, places, Policy.BOUNDARY) if rng.random() < 0.2 else None,
            trust=document(Policy.TRUST, "trust", [trust]) if role else None,
        ))  # fmt: skip
    return out


def trusted_role(rng: Random, place: Place) -> OwnedPrincipal:
    """A role that others may assume."""
    return OwnedPrincipal(arn=place.arn, type="role", account=place.account, trust=resource_policy(rng, place))


def key_grants(rng: Random, place: Place) -> tuple[KeyGrant, ...]:
    """The grants of a key; all of them are listed."""
    if rng.random() < 0.5:
        return ()
    grantee = rng.choice((
        f"arn:aws:iam::{place.account}:{rng.choice(ROLES)}", f"arn:aws:iam::{PARTNER}:role/Worker",
        f"arn:aws:iam::{STRANGER}:root",
    ))  # fmt: skip
    return (KeyGrant(grantee=grantee, operations=rng.choice((("Decrypt",), ("DescribeKey",), ("Encrypt",)))),)


def _guardrails(rng: Random, services: tuple[str, ...]) -> Guardrails:
    """Often none: the grants are to hold by themselves."""
    chance = rng.choice((0.0, 0.0, 0.3))
    scps, rcps = [], []
    held = tuple(s for s in services if s in RCP_SERVICES)
    if rng.random() < 0.25:
        scps.append(document(Policy.SCP, "resource", mutated(rng, resource_scp(services), chance)))
    if rng.random() < 0.25:
        scps.append(document(Policy.SCP, "network", mutated(rng, network_scp(services), chance)))
    if rng.random() < 0.25 and held:
        rcps.append(document(Policy.RCP, "identity", mutated(rng, identity_rcp(held), chance)))
    if rng.random() < 0.25 and held:
        rcps.append(document(Policy.RCP, "network-rcp", mutated(rng, network_rcp(held), chance)))
    return Guardrails(scps=tuple(scps), rcps=tuple(rcps))


def estate(rng: Random, kinds: tuple[str, ...] = ()) -> Estate:
    """A random organization with grants and a perimeter around it; `kinds` of resources to choose from."""
    chosen = rng.sample([k for k in KINDS if not kinds or k.name in kinds], min(rng.choice((1, 1, 2)), len(kinds) or 9))
    services = tuple(sorted({kind.service for kind in chosen}))
    listed = frozenset(account for account in (APP, DATA, SANDBOX, MANAGEMENT) if rng.random() < 0.9)
    places = []
    for kind in chosen:
        for account in (APP, DATA):
            for name in NAMES[:1] if kind.name in SINGLE else NAMES:
                for region in REGIONS if kind.name not in GLOBAL else REGIONS[:1]:
                    places.append(Place(kind, name, region, account, rng.random() < 0.4))
        foreign = Place(kind, "orders", REGIONS[0], rng.choice((PARTNER, STRANGER)), listed=False)
        places.append(foreign)
    known = tuple(places)
    persons = {account: people(rng, account, services, known) if account in (APP, DATA) else [] for account in listed}
    ends: dict[str, list[Endpoint]] = {}
    for name in ("a", "b", "mgmt"):
        end = ENDPOINTS[name]
        ends.setdefault(end.account, []).append(Endpoint(
            id=end.id, account=end.account, vpc=end.vpc, vpc_account=end.vpc_account, region=end.region,
        ))  # fmt: skip

    def account(number: str) -> Account:
        owned = [
            OwnedResource(
                arn=place.arn, account=number, tags={"team": rng.choice(("red", "blue"))} if rng.random() < 0.5 else {},
                abac=rng.random() < 0.4 if place.kind.name == "bucket" else None,
                block_public_access=place.kind.name == "bucket" and rng.random() < 0.3,
                grants=key_grants(rng, place) if place.kind.name == "key" else None,
                policy=resource_policy(rng, place) if rng.random() < 0.85 or place.kind.name == "key" else None,
                **(lists.drawn(rng) if place.kind.name == "bucket" else {}),
            )
            for place in known
            if place.listed and place.account == number and place.kind.name != "role"
        ]  # fmt: skip
        roles = [p for p in known if p.listed and p.account == number and p.kind.name == "role"]
        return Account(
            id=number, listed=number in listed, canonical_id=lists.CANONICAL.get(number),
            principals=(*persons.get(number, ()), *(trusted_role(rng, place) for place in roles)),
            resources=tuple(owned),
            endpoints=tuple(ends.get(number, ())),
        )  # fmt: skip

    inner = Unit(id="ou-ab12-data0001", accounts=(account(DATA),))
    work = Unit(id="ou-ab12-work0001", units=(inner,), accounts=(account(APP),))
    sand = Unit(id="ou-ab12-sand0001", accounts=(account(SANDBOX),))
    root = Unit(id="r-ab12", guardrails=_guardrails(rng, services), units=(work, sand), accounts=(account(MANAGEMENT),))
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=root)
    some = rng.random
    claims = Perimeter(
        orgs=(MINE,),
        paths=(PATH,) if some() < 0.15 else (),
        third_principals=(TrustedPrincipal(account=PARTNER),) if some() < 0.3 else (),
        third_resources=(TrustedResource(account=PARTNER),) if some() < 0.3 else (),
        vpcs=(Vpc(id=ENDPOINTS["a"].vpc, region="us-east-1"),) if some() < 0.2 else (),
        cidrs=("203.0.113.0/24", "2001:db8:1::/48"),
        service_networks=some() < 0.5,
        accepted=ALL_LIMITS,
    )
    space = Workspace(organization=organization, perimeter=claims, name="estate", grants_given=True)
    return Estate(space, services, known, listed)


__all__ = ["OTHER", "Estate", "Place", "estate"]
