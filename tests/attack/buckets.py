"""Themes about S3: policies that S3 counts as public, and access points with policies beside that of the bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from perimeter_smt.organization.model import Account, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case
from tests.attack.cast import APP, ENDPOINTS, MINE, ORGANIZATIONS, PARTNER, STRANGER
from tests.attack.estates import lists
from tests.attack.policies import document
from tests.attack.theme_worlds import BASE, Keys, Statement, World, guarded_by, owner_keys, role_of, sample_of
from tests.attack.worlds import Sample

_BUCKET = "arn:aws:s3:::acme-data"
_OBJECT = f"{_BUCKET}/report.csv"
_POINT = f"arn:aws:s3:us-east-1:{APP}:accesspoint/inner"
_ANY = [_BUCKET, f"{_BUCKET}/*"]
_ACTIONS = ("s3:GetObject", "s3:GetObject", "s3:ListBucket")
_CAFE = "198.51.100.9"
# What a policy for everybody may be held to; a stranger's role at the cafe meets most of it.
_HELD: tuple[dict[str, Any], ...] = (
    {}, {"StringEquals": {"aws:PrincipalAccount": STRANGER}},
    {"StringEquals": {"aws:PrincipalAccount": [APP, STRANGER]}},
    {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, {"StringEquals": {"aws:PrincipalOrgID": MINE}},
    {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATIONS[STRANGER]}},
    {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"IpAddress": {"aws:SourceIp": "198.0.0.0/8"}}, {"IpAddress": {"aws:SourceIp": "192.0.0.0/5"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STRANGER}:role/Worker"}}, {"ArnLike": {"aws:PrincipalArn": "*"}},
    {"StringEquals": {"aws:SourceVpce": ENDPOINTS["stranger"].id}},
    {"StringEquals": {"aws:SourceVpc": ENDPOINTS["stranger"].vpc}},
    {"StringEqualsIfExists": {"aws:PrincipalAccount": STRANGER}}, {"Bool": {"aws:SecureTransport": "true"}},
    {"StringNotEquals": {"aws:PrincipalAccount": PARTNER}}, {"StringLike": {"aws:userid": "AROAEXAMPLE0000000001:s1"}},
)  # fmt: skip


def _allow(principal: Any, resource: Any, condition: dict[str, Any]) -> Statement:
    out: Statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": resource}
    return {**out, "Condition": condition} if condition else out


def _policy(rng: Random, resource: Any, kind: Kind, *, delegates: bool = False) -> Any:
    """One or two grants: to everybody under a condition, to somebody by name, to whoever comes through the point."""
    out = []
    for _ in range(rng.choice((1, 1, 2))):
        names = {"AWS": rng.choice((STRANGER, f"arn:aws:iam::{STRANGER}:role/Worker", APP))}
        out.append(_allow(*rng.choice((("*", resource, rng.choice(_HELD)), (names, resource, rng.choice(_HELD[:6]))))))
    if delegates:
        through = rng.choice(({"s3:DataAccessPointAccount": APP}, {"s3:DataAccessPointArn": _POINT}))
        out = [_allow("*", resource, {"StringEquals": through}), *out[: rng.choice((0, 0, 1))]]
        if rng.random() < 0.2:
            out.append({**_allow("*", resource, {"StringNotEquals": through}), "Effect": "Deny"})
    return document(kind, kind.value, out)


def _space(rng: Random, resources: tuple[OwnedResource, ...], action: str) -> Workspace:
    """An organization without guardrails, or with one that often holds; one account lists what it has."""
    others = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE, "aws:PrincipalAccount": STRANGER}}
    rcp: Statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": others}
    space = guarded_by([], [rcp] if rng.random() < 0.2 else [], "O1", action, "aws", listed=True)
    blocked, ignored = rng.random() < 0.2, rng.random() < 0.15

    def one(account: Account) -> Account:
        if account.id != APP:
            return account
        return account.model_copy(
            update={"resources": resources, "block_public_access": blocked, "ignore_public_acls": ignored}
        )

    root = space.organization.root
    root = root.model_copy(update={"accounts": tuple(one(account) for account in root.accounts)})
    return space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})


def _callers(more: Keys, action: str) -> list[Sample]:
    """A stranger's role at the cafe and behind an endpoint of its own."""
    asked_of = _OBJECT if action == "s3:GetObject" else _BUCKET
    principal, own = role_of(STRANGER)
    keys: Keys = {**BASE, **own, **owner_keys(APP), "s3:ResourceAccount": APP, **more}
    end = ENDPOINTS["stranger"]
    wire: Keys = {
        "aws:SourceVpce": end.id, "aws:SourceVpc": end.vpc, "aws:VpcSourceIp": "10.0.0.9",
        "aws:VpceAccount": end.account, "aws:SourceVpcArn": f"arn:aws:ec2:us-east-1:{end.account}:vpc/{end.vpc}",
    }  # fmt: skip
    if org := ORGANIZATIONS[end.account]:
        wire |= {"aws:VpceOrgID": org, "aws:VpceOrgPaths": own["aws:PrincipalOrgPaths"]}
    asked: dict[str, Any] = {"kind": "role", "temporary": True}
    return [
        sample_of(principal, {**keys, "aws:SourceIp": _CAFE}, action, asked_of, APP, path="public", **asked),
        sample_of(principal, {**keys, **wire}, action, asked_of, APP, path="vpce", endpoint=end.id, vpc=end.vpc,
                  endpoint_account=end.account, vpc_account=end.vpc_account, vpc_region=end.region, **asked),
    ]  # fmt: skip


def public_buckets(rng: Random) -> World:
    """RestrictPublicBuckets takes away what a public policy grants, and nothing of others (W-31, W-38)."""
    action = rng.choice(_ACTIONS)
    bucket = OwnedResource(
        arn=_BUCKET, account=APP, block_public_access=rng.random() < 0.8,
        policy=_policy(rng, _ANY, Kind.BUCKET), **lists.drawn(rng),
    )  # fmt: skip
    return World(_space(rng, (bucket,), action), "s3", "O1", tuple(_callers({}, action)))


@dataclass(frozen=True)
class _Points(World):
    """Requests through the access point of the world, and without it."""

    point: OwnedResource | None = None

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """A call through the point is two checks: of the point and of what lies behind it."""
        found, point = super().case(drawn, untold=untold), self.point
        if point is None or "s3:DataAccessPointArn" not in drawn.request.context:
            return found
        restricts = found.flags.s3_restrict_public_buckets or point.block_public_access
        flags = found.flags.model_copy(update={
            "via_access_point": point.arn, "access_point_vpc": point.vpc, "access_point_origin": point.origin,
            "s3_restrict_public_buckets": restricts,
        })  # fmt: skip
        return replace(found, access_point=point.policy, flags=flags)


def points(rng: Random) -> World:
    """An access point with a policy beside that of the bucket, from a VPC or from the internet (semantics 3.7)."""
    delegates, action = rng.random() < 0.6, rng.choice(_ACTIONS)
    bucket = OwnedResource(
        arn=_BUCKET, account=APP, block_public_access=rng.random() < 0.3,
        policy=_policy(rng, _ANY, Kind.BUCKET, delegates=delegates) if rng.random() < 0.9 else None, **lists.drawn(rng),
    )  # fmt: skip
    vpc = rng.choice((None, None, ENDPOINTS["stranger"].vpc, ENDPOINTS["a"].vpc))
    policy = _policy(rng, [_POINT, f"{_POINT}/object/*"], Kind.ACCESS_POINT) if rng.random() < 0.9 else None
    point = OwnedResource(
        arn=_POINT, account=APP, policy=policy, origin="vpc" if vpc else "internet", vpc=vpc, bucket="acme-data",
        block_public_access=rng.random() < 0.3,
    )  # fmt: skip
    through: Keys = {"s3:DataAccessPointArn": _POINT, "s3:DataAccessPointAccount": APP,
                     "s3:AccessPointNetworkOrigin": "VPC" if vpc else "Internet"}  # fmt: skip
    requests = (*_callers({}, action), *_callers(through, action))
    return _Points(_space(rng, (bucket, point), action), "s3", "O1", requests, point=point)


THEMES: dict[str, Callable[[Random], World]] = {"public-buckets": public_buckets, "points": points}
