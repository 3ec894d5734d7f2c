"""Themes about accounts of services and buckets that AWS publishes: what is trusted, and what only looks like it.

Written from `docs/workspace.md` and AWS's pages: Elastic Load Balancing guide, access logs (accounts of the service by
Region); S3 guide, bucket names are unique in a partition (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from perimeter_smt.organization.perimeter import TrustedPrincipal, TrustedResource, Workspace
from tests.attack.cast import APP, LONER, PARTNER, STRANGER
from tests.attack.theme_worlds import BASE, Statement, World, guarded_by, owner_keys, role_of, sample_of

_LOGS = LONER  # the account of a service, of no organization
_BUCKETS = (
    "amazonlinux-2-repos-us-east-1",
    "amazonlinux-2-repos-us-east-1x",
    "xamazonlinux-2-repos-us-east-1",
    "acme-x",
)


def _trusting(space: Workspace, **fields: object) -> Workspace:
    return space.model_copy(update={"perimeter": space.perimeter.model_copy(update=fields)})


def service_accounts(rng: Random) -> World:
    """Logs come from an account of a service: trusted for fewer callers, actions or resources than the RCP knows."""
    narrowed = rng.choice((
        {}, {"arns": (f"arn:aws:iam::{_LOGS}:role/Logs",)}, {"actions": ("s3:PutObject",)}, {"actions": ("s3",)},
        {"resources": ("arn:aws:s3:::acme-logs/*",)}, {"resources": ("arn:aws:s3:::acme-*",)},
    ))  # fmt: skip
    entry = TrustedPrincipal(account=_LOGS, **narrowed)  # type: ignore[arg-type]
    action = rng.choice(("s3:PutObject", "s3:GetObject"))
    spared = rng.choice((
        {"StringNotEqualsIfExists": {"aws:PrincipalAccount": _LOGS}},
        {"StringNotEqualsIfExists": {"aws:PrincipalAccount": [_LOGS, PARTNER]}},
        {"ArnNotLikeIfExists": {"aws:PrincipalArn": f"arn:aws:iam::{_LOGS}:role/Logs"}},
        {"StringNotLikeIfExists": {"aws:PrincipalArn": f"arn:aws:iam::{_LOGS}:*"}},
        {"ArnNotLikeIfExists": {"aws:PrincipalArn": f"arn:aws:iam::{_LOGS}:role/*s"}},
    ))  # fmt: skip
    mine = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-myorg00001"}}
    condition = {op: {**mine.get(op, {}), **spared.get(op, {})} for op in {*mine, *spared}}
    rcp: Statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition}
    rcps = [rcp]
    if rng.random() < 0.4:  # and nobody outside touches other buckets
        rcps.append({**rcp, "Condition": mine, "NotResource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"]})
        rcps[1].pop("Resource")
    space = _trusting(guarded_by([], rcps, "O1", action, "aws"), service_accounts=(entry,))
    drawn = []
    for account in (_LOGS, PARTNER, STRANGER):
        for name in ("Logs", "Others", "x/Logs"):
            for bucket in ("acme-logs", "acme-data"):
                principal, keys = role_of(account, name=name)
                keys = {**BASE, **keys, **owner_keys(APP), "aws:SourceIp": "198.51.100.9", "s3:ResourceAccount": APP}
                drawn.append(sample_of(
                    principal, keys, action, f"arn:aws:s3:::{bucket}/AWSLogs/a", APP, kind="role", temporary=True,
                    path="public",
                ))  # fmt: skip
    return World(space, "s3", "O1", tuple(drawn), reading=rng.choice(("exact", "over")))


def published_buckets(rng: Random) -> World:
    """Packages come from buckets of AWS: a pattern that is too wide lets in whoever takes a name that it matches."""
    pattern = rng.choice(
        (_BUCKETS[0], "amazonlinux-2-repos-us-east-1*", "*amazonlinux-2-repos-us-east-1", "amazonlinux*")
    )
    trusted = rng.choice((_BUCKETS[0], _BUCKETS[0], "amazonlinux-2-repos-us-east-1*", "amazonlinux*"))
    entry = TrustedResource(
        arns=(f"arn:aws:s3:::{trusted}", f"arn:aws:s3:::{trusted}/*"), actions=rng.choice((("*",), ("s3:GetObject",)))
    )
    action = rng.choice(("s3:GetObject", "s3:GetObject", "s3:PutObject"))
    scp: Statement = {
        "Effect": "Deny", "Action": "s3:*", "NotResource": [f"arn:aws:s3:::{pattern}", f"arn:aws:s3:::{pattern}/*"],
        "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": "o-myorg00001"}},
    }  # fmt: skip
    told = {"service_resources": (entry,)} if rng.random() < 0.8 else {}
    space = _trusting(guarded_by([scp], [], "O3", action, "aws"), **told)
    drawn = []
    for bucket in _BUCKETS:
        principal, keys = role_of(APP)
        owner = "aws" if bucket == _BUCKETS[0] else STRANGER
        own = {} if owner == "aws" else {**owner_keys(owner), "s3:ResourceAccount": owner}
        keys = {**BASE, **keys, **own, "aws:SourceIp": "203.0.113.7"}
        drawn.append(sample_of(
            principal, keys, action, f"arn:aws:s3:::{bucket}/a", owner, kind="role", temporary=True, path="public",
        ))  # fmt: skip
    return World(space, "s3", "O3", tuple(drawn), reading=rng.choice(("exact", "over")))


THEMES: dict[str, Callable[[Random], World]] = {
    "service-accounts": service_accounts, "published-buckets": published_buckets,
}  # fmt: skip
