"""Themes about access points of S3: buckets of others behind them, routes that differ, lists, Object Lambda.

Written from the S3 guide (access points and their policies, access points for buckets of other accounts, Multi-Region
Access Points, Object Lambda access points; read 2026-11-28) and semantics 3.7. Calls are taken apart in
`multi_region.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from perimeter_smt.organization.model import (
    Account,
    BucketBehind,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedResource, Workspace
from perimeter_smt.policy.kinds import Kind
from tests.attack import multi_region as many
from tests.attack.cast import APP, DATA, ENDPOINTS, MANAGEMENT, MINE, STRANGER
from tests.attack.estates import lists
from tests.attack.grant_themes import ALL, CAFE, holding
from tests.attack.multi_region import EU, POINT, THEIRS, US, Routed, Routes
from tests.attack.policies import ALL_LIMITS, document
from tests.attack.theme_worlds import BASE, OFFICE, Keys, Statement, World, guarded_by, owner_keys, role_of, sample_of

INNER = f"arn:aws:s3:us-east-1:{APP}:accesspoint/inner"
OUTER = f"arn:aws:s3:us-east-1:{STRANGER}:accesspoint/outer"
ROLE = f"arn:aws:iam::{APP}:role/Worker"
# The same words about access points of a Region; what speaks of those speaks of Multi-Region ones.
_SAID = (
    ("arn:aws:s3:??-*:*:accesspoint/*", "@@"),
    ("arn:aws:s3::*:accesspoint/*.mrap/object/*", "arn:aws:s3:*:*:accesspoint/*/object/*"),
    ("arn:aws:s3::*:accesspoint/*", "arn:aws:s3:??-*:*:accesspoint/*"),
    ("@@", "arn:aws:s3::*:accesspoint/*"),
    (f"arn:aws:s3::{APP}:accesspoint/*", f"arn:aws:s3:*:{APP}:accesspoint/*"),
    ("arn:aws:s3::*.mrap", "arn:aws:s3:us-*"),
    (POINT, INNER),
    (THEIRS, OUTER),
)


def _regional(value: Any) -> Any:
    text = json.dumps(value)
    for old, new in _SAID:
        text = text.replace(old, new)
    return json.loads(text)


def _elsewhere(rng: Random, *, regional: bool) -> tuple[tuple[BucketBehind, ...], list[tuple[str, str]]]:
    """What lies behind the point and is told, and where calls go then: buckets of mine, of a mate, of a stranger."""
    foreign = f"elsewhere-{STRANGER}"
    homes = {EU: APP, US: DATA, foreign: STRANGER}
    names = [rng.choice((EU, US, US, foreign))] if regional else rng.sample(sorted(homes), rng.choice((2, 2, 3)))
    told = tuple(BucketBehind(name=n, account=STRANGER if n == foreign and not regional else None) for n in names)
    return told, [(name, homes[name]) for name in names]


def _bucket(rng: Random, name: str, account: str, spelled: Callable[[Any], Any]) -> OwnedResource:
    """One bucket lets everybody in, another nobody: routes that differ. Lists are often told."""
    arn = f"arn:aws:s3:::{name}"
    statements = many._grant(rng, arn)
    if rng.random() < 0.4:
        statements = [
            {
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Principal": rng.choice(("*", {"AWS": STRANGER}, {"AWS": [APP, ROLE]})),
            }
        ]
    policy = document(Kind.BUCKET, name, spelled(statements)) if rng.random() < 0.75 else None
    told = lists.drawn(rng) if rng.random() < 0.35 else {"acls": False}
    if told.get("acls") and told["acl"] is None:
        told = {"acls": False}  # what nobody told has a theme of its own
    return OwnedResource(arn=arn, account=account, policy=policy, block_public_access=rng.random() < 0.12, **told)


def _points(rng: Random, *, regional: bool) -> World:
    """A point of mine with buckets of several accounts behind it, a point of a stranger before a bucket of mine."""
    spelled: Callable[[Any], Any] = _regional if regional else lambda value: value
    objective = rng.choice(("O1", "O1", "O3", "O3", "O6", "O5", "O2", "O4"))
    action = rng.choice(("s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket"))
    enforced = {"O1": Kind.RCP, "O3": Kind.SCP, "O5": Kind.SCP, "O6": Kind.RCP}.get(objective, Kind.ENDPOINT)
    rcp = enforced is not Kind.SCP
    found = many._others_shut(objective, rcp=rcp) if rng.random() < 0.85 else []
    found += [many._guardrail(rng, objective, rcp=rcp) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    if objective in ("O2", "O4"):
        found.append({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    guard = (document(enforced, "guard", spelled(found)),) if found else ()
    end = ENDPOINTS["a"]
    ends = (
        Endpoint(
            id=end.id,
            account=APP,
            vpc=end.vpc,
            vpc_account=APP,
            region=end.region,
            policy=guard[0] if enforced is Kind.ENDPOINT else None,
        ),
    )
    told, routes = _elsewhere(rng, regional=regional)
    wide: Statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [POINT, f"{POINT}/*"], "Principal": "*"}
    statements = [wide] if rng.random() < 0.5 else many._grant(rng, POINT)
    private = regional and rng.random() < 0.3
    about: dict[str, Any] = {"buckets": told, "origin": "internet"}
    if regional:
        about = {
            "bucket": told[0].name,
            "origin": "vpc" if private else "internet",
            "vpc": end.vpc if private else None,
        }
    point = OwnedResource(
        arn=spelled(POINT),
        account=APP,
        block_public_access=rng.random() < 0.12,
        **about,
        policy=document(Kind.ACCESS_POINT, "point", spelled(statements)) if rng.random() < 0.9 else None,
    )
    own = [ALL] if rng.random() < 0.5 else many._grant(rng, rng.choice((POINT, THEIRS, "*")), identity=True)
    policies = (document(Kind.IDENTITY, "worker", spelled(own)),)
    people = (OwnedPrincipal(arn=ROLE, type="role", account=APP, policies=policies),) if rng.random() < 0.8 else ()
    resources = {APP: (_bucket(rng, EU, APP, spelled), point), DATA: (_bucket(rng, US, DATA, spelled),)}
    accounts = tuple(
        Account(
            id=n,
            listed=True,
            resources=resources.get(n, ()),
            principals=people if n == APP else (),
            endpoints=ends if n == APP else (),
            block_public_access=rng.random() < 0.07,
        )
        for n in (MANAGEMENT, APP, DATA)
    )
    guards = Guardrails(scps=guard if enforced is Kind.SCP else (), rcps=guard if enforced is Kind.RCP else ())
    claims = Perimeter(
        orgs=(MINE,),
        cidrs=(OFFICE,),
        accepted=ALL_LIMITS,
        scopes={objective: Scope(actions=(action,))},
        third_resources=(TrustedResource(account=STRANGER),) if rng.random() < 0.1 else (),
    )
    organization = Organization(
        id=MINE, management_account=MANAGEMENT, root=Unit(id="r-ab12", guardrails=guards, accounts=accounts)
    )
    space = Workspace(organization=organization, perimeter=claims, name="points", grants_given=True)
    out = []
    for one in many._asked(rng, objective, action, routes):
        drawn = _spelled(one, spelled, private)
        if drawn is not None and many._exists(space, drawn):
            out.append(drawn)
    return Routes(space, "s3", objective, tuple(out), reading=rng.choice(("exact", "over")))


def _spelled(drawn: Routed, spelled: Callable[[Any], Any], private: bool) -> Routed | None:
    """The call on an access point of a Region instead; None: it cannot come to a point of a VPC."""
    if spelled(POINT) == POINT:
        return drawn
    keys: Keys = {**drawn.request.context, "s3:DataAccessPointArn": spelled(drawn.point)}
    if private and drawn.point == POINT:
        if drawn.facts.vpc != ENDPOINTS["a"].vpc:
            return None
        keys["s3:AccessPointNetworkOrigin"] = "VPC"
    request = drawn.request.model_copy(update={"resource": spelled(drawn.request.resource), "context": keys})
    return replace(drawn, request=request, point=spelled(drawn.point))


def two_routes(rng: Random) -> World:
    """A Multi-Region Access Point whose routes differ."""
    return _points(rng, regional=False)


def points_of_others(rng: Random) -> World:
    """An access point of a Region on a bucket of another account, and one of a stranger on mine."""
    return _points(rng, regional=True)


def object_lambda(rng: Random) -> World:
    """Object Lambda access points: resources with policies of their own, called by names of their own service."""
    objective = rng.choice(("O1", "O3", "O6"))
    action = f"s3-object-lambda:{rng.choice(('GetObject', 'ListBucket', 'PutObject'))}"
    mine, theirs = (f"arn:aws:s3-object-lambda:us-east-1:{n}:accesspoint/shrink" for n in (APP, STRANGER))
    held = rng.choice((*many._WHO[objective], {"StringNotEquals": {"s3:DataAccessPointAccount": APP}}))
    service = rng.choice(("s3-object-lambda:*", "s3:*", "s3-object-lambda:Get*", "s3-*:*"))
    allowed = {"O1": "s3", "O6": "s3"}  # what RCPs can name
    scps: list[Statement] = []
    rcps: list[Statement] = []
    st: Statement = {
        "Effect": "Deny",
        "Action": service if "*:" not in service else "s3-object-lambda:*",
        "Resource": rng.choice(("*", mine, theirs, "arn:aws:s3:*:*:accesspoint/*")),
        **({"Condition": held} if held else {}),
    }
    if objective in allowed:
        rcps = [{**st, "Action": "s3:*", "Principal": "*"}]
    else:
        scps = [st]
    grant: Statement = {
        "Effect": "Allow",
        "Action": "s3-object-lambda:*",
        "Resource": rng.choice((mine, "*", f"{mine}/*")),
        "Principal": rng.choice(("*", {"AWS": STRANGER}, {"AWS": APP})),
    }
    point = OwnedResource(
        arn=mine, account=APP, policy=document(Kind.RESOURCE, "p", [grant]) if rng.random() < 0.7 else None
    )
    own = OwnedPrincipal(arn=ROLE, type="role", account=APP, policies=(document(Kind.IDENTITY, "all", [ALL]),))
    space = holding(
        guarded_by(scps, rcps, objective, action, "aws", listed=True),
        **{f"a{APP}": {"resources": (point,), "principals": (own,)}},
    )
    limits = tuple(name for name in ALL_LIMITS if name != "services-outside-rcp")
    space = space.model_copy(update={"perimeter": space.perimeter.model_copy(update={"accepted": limits})})
    out = []
    for account, there, owner in ((STRANGER, mine, APP), (APP, theirs, STRANGER), (APP, mine, APP)):
        principal, keys = role_of(account)
        for address in (CAFE, "203.0.113.9"):
            found: Keys = {**BASE, **keys, **owner_keys(owner), "aws:SourceIp": address}
            out.append(sample_of(principal, found, action, there, owner, kind="role", temporary=True))
    return World(space, "s3-object-lambda", objective, tuple(out))


THEMES: dict[str, Callable[[Random], World]] = {
    "two-routes": two_routes,
    "points-of-others": points_of_others,
    "object-lambda": object_lambda,
}
