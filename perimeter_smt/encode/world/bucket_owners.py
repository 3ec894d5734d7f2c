"""Whose bucket lies behind an access point of mine, as far as the workspace tells (semantics 5.2, AR15.mine).

S3 guide, access points for buckets in another account: an access point may be made for a bucket of somebody else, who
grants it.  A call through it reaches that bucket, and no page says whether keys on the resource tell its owner.
"""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.encode.language.keys import KeySpace, Space, sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world.access_points import (
    BUCKET,
    THROUGH,
    AskedBehind,
    any_bucket,
    behind_points,
    carried,
    name_resources,
)
from perimeter_smt.encode.world.accounts import account_is_mine
from perimeter_smt.encode.world.buckets import behind_point, denied_by_own
from perimeter_smt.encode.world.governs import is_access_point, is_bucket, reach, split_arn
from perimeter_smt.encode.world.perimeter import declared_behind
from perimeter_smt.logic.atoms import CharSet, Run
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, implies, is_text, neg, sym
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Workspace

AXIOM = "AR15.mine"
DEFINED = UNTOLD, FOREIGN = "point.on-untold", "point.on-foreign"


def definitions(
    workspace: Workspace, policies: Policies, keys: KeySpace, script: Script, *, free_grants: bool
) -> dict[str, Formula]:
    """The calls through access points on buckets of whoever, and on listed buckets that are neither mine nor declared.

    Access points that are listed count with grants only: without them an organization has more resources than those.
    Names of buckets are unique, so that a listed bucket is nobody else's in either case.
    """
    perimeter = workspace.perimeter
    told = [] if free_grants else _told(workspace)
    foreign = []
    for point, bucket in told:
        leaf = behind_point(split_arn(point.arn).name, split_arn(bucket.arn).name)
        declared = declared_behind(perimeter, keys, script, leaf, bucket.account)
        foreign.append(both(reach(point).surely, neg(either(_mine(workspace, bucket), declared))))
    untold = [
        neg(disj(reach(point).surely for point, _ in told)),
        neg(declared_behind(perimeter, keys, script, any_bucket)),
    ]
    if name_resources(workspace, policies):  # otherwise no bucket is distinct from another
        named = (both(is_text(BUCKET, name), _mine(workspace, each)) for name, each in _buckets(workspace).items())
        untold += [neg(disj(named)), glob(BUCKET, (Run(CharSet("/", True), 1),))]  # no bucket's name has a slash
    if not free_grants:  # complete lists except the keys that AWS manages, and those are no access points
        untold.append(neg(sym("resource.aws-managed-key")))
    return {UNTOLD: both(THROUGH, *untold), FOREIGN: both(THROUGH, disj(foreign))}


def guards(workspace: Workspace, policies: Policies, keys: Space, *, free_grants: bool) -> Formula:
    """What calls through access points carry, and with grants what those on buckets of other accounts need.

    There the caller's own account has to allow the call, as for any resource of another account: the word of the access
    point alone is not enough. Guardrails are asked about the bucket as without grants.
    """
    out = [implies(THROUGH, both(*carried(keys)))]
    if not free_grants and AXIOM in workspace.perimeter.doubts:  # otherwise there are no such calls
        abroad = both(sym(UNTOLD), sym("resource.mine"), neg(sym("behind.own")), neg(sym("behind.trusted")))
        allowed = either(neg(IAM), sym_is("root"), formal_text().formulas["bounded"])
        names = [implies(reach(point).surely, is_text(BUCKET, _bucket_name(point))) for point in _points(workspace)]
        seen = policies.seen(any_bucket, " behind the access point")
        denied = denied_by_own(workspace, AskedBehind(policies), seen)
        out.append(implies(abroad, both(allowed, neg(denied), behind_points(workspace, policies), *names)))
    return both(*out)


def _mine(workspace: Workspace, bucket: OwnedResource) -> Formula:
    return account_is_mine(workspace.perimeter, workspace, bucket.account)


def _told(workspace: Workspace) -> list[tuple[OwnedResource, OwnedResource]]:
    """The access points of which the bucket is told, and listed."""
    buckets = _buckets(workspace)
    named = ((point, buckets.get(_bucket_name(point))) for point in _points(workspace))
    return [(point, bucket) for point, bucket in named if bucket is not None]


def _points(workspace: Workspace) -> list[OwnedResource]:
    """The access points of which the bucket is told."""
    return [r for r in _resources(workspace) if is_access_point(split_arn(r.arn)) and r.bucket is not None]


def _bucket_name(point: OwnedResource) -> str:
    return (point.bucket or "").rsplit(":", 1)[-1]


def _buckets(workspace: Workspace) -> dict[str, OwnedResource]:
    return {split_arn(r.arn).name: r for r in _resources(workspace) if is_bucket(split_arn(r.arn))}


def _resources(workspace: Workspace) -> Iterator[OwnedResource]:
    return (r for account, _ in workspace.organization.accounts() for r in account.resources)
