"""Whose bucket lies behind an access point of mine, as far as the workspace tells (semantics 5.2, AR15.mine).

S3 guide, access points for buckets in another account: an access point may be made for a bucket of somebody else, who
grants it.  A call through it reaches that bucket, and no page says whether keys on the resource tell its owner.
"""

from __future__ import annotations

from perimeter_smt.encode.language.keys import Space, sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world.access_points import THROUGH, any_bucket, carried
from perimeter_smt.encode.world.accounts import account_is_mine
from perimeter_smt.encode.world.buckets import behind_point
from perimeter_smt.encode.world.governs import is_access_point, is_bucket, reach, split_arn
from perimeter_smt.encode.world.perimeter import declared_behind
from perimeter_smt.logic.formula import Formula, both, disj, either, implies, neg, sym
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Workspace

UNTOLD, FOREIGN = "point.on-untold", "point.on-foreign"


def definitions(workspace: Workspace, keys: Space, script: Script, *, free_grants: bool) -> dict[str, Formula]:
    """The calls through access points on buckets of whoever, and on listed buckets that are neither mine nor declared.

    What is listed counts with grants only: without them an organization has more resources than those.
    """
    perimeter = workspace.perimeter
    told = [] if free_grants else list(_listed(workspace))
    foreign = []
    for point, bucket in told:
        leaf = behind_point(split_arn(point.arn).name, split_arn(bucket.arn).name)
        declared = declared_behind(perimeter, keys, script, leaf, bucket.account)
        mine = account_is_mine(perimeter, workspace, bucket.account)
        foreign.append(both(reach(point).surely, neg(either(mine, declared))))
    known = disj(reach(point).surely for point, _ in told)
    declared = declared_behind(perimeter, keys, script, any_bucket)
    return {UNTOLD: both(THROUGH, neg(known), neg(declared)), FOREIGN: both(THROUGH, disj(foreign))}


def guards(keys: Space, *, free_grants: bool) -> Formula:
    """What a call through an access point carries, and what one on a bucket of another account needs.

    There the caller's own account has to allow the call, as for any resource of another account: the word of the access
    point alone is not enough.
    """
    out = [*carried(keys)]
    if not free_grants:
        abroad = both(sym(UNTOLD), sym("resource.mine"), neg(sym("behind.own")), neg(sym("behind.trusted")), IAM)
        out.append(implies(abroad, either(sym_is("root"), formal_text().formulas["bounded"])))
    return implies(THROUGH, both(*out))


def _listed(workspace: Workspace) -> list[tuple[OwnedResource, OwnedResource]]:
    """The access points of which the bucket is told, and listed."""
    resources = [r for account, _ in workspace.organization.accounts() for r in account.resources]
    buckets = {split_arn(r.arn).name: r for r in resources if is_bucket(split_arn(r.arn))}
    points = (r for r in resources if is_access_point(split_arn(r.arn)) and r.bucket is not None)
    named = ((point, buckets.get((point.bucket or "").rsplit(":", 1)[-1])) for point in points)
    return [(point, bucket) for point, bucket in named if bucket is not None]
