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
    no_gateway,
)
from perimeter_smt.encode.world.accounts import account_is_mine
from perimeter_smt.encode.world.buckets import Listed, behind_point, denied_by_own, none_of_mine, routes
from perimeter_smt.encode.world.governs import is_access_point, reach, split_arn
from perimeter_smt.encode.world.perimeter import declared_behind
from perimeter_smt.logic.atoms import CharSet, Run
from perimeter_smt.logic.formula import TRUE, Formula, boolean, both, disj, either, glob, implies, is_text, neg, sym
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
    listed = Listed.of(workspace)
    told: list[Formula] = []
    foreign: list[Formula] = []
    for point in () if free_grants else _points(workspace):
        foreign += (
            both(reach(point).surely, goes)
            for _, goes in foreign_routes(workspace, policies, keys, script, point, listed)
        )
        elsewhere = disj(goes for _, goes in untold_routes(workspace, policies, point, listed))
        told.append(both(reach(point).surely, neg(elsewhere)))
    untold = [
        neg(disj(told)),
        neg(declared_behind(perimeter, keys, script, any_bucket)),
    ]
    if name_resources(workspace, policies):  # otherwise no bucket is distinct from another
        named = (
            both(is_text(BUCKET, name), _mine(workspace, each.resource.account, listed))
            for name, each in listed.buckets.items()
        )
        untold += [neg(disj(named)), glob(BUCKET, (Run(CharSet("/", True), 1),))]  # no bucket's name has a slash
    if not free_grants:  # complete lists except the keys that AWS manages, and those are no access points
        untold.append(neg(sym("resource.aws-managed-key")))
    return {UNTOLD: both(THROUGH, *untold), FOREIGN: both(THROUGH, disj(foreign))}


def foreign_routes(
    workspace: Workspace, policies: Policies, keys: KeySpace, script: Script, point: OwnedResource, listed: Listed
) -> Iterator[tuple[str, Formula]]:
    """The buckets told behind an access point that are neither mine nor declared, each with when calls go there.

    Where all accounts list what they have, a bucket that none of them lists is somebody else's (W-6). It may be of an
    account that the perimeter declares.
    """
    perimeter = workspace.perimeter
    declared_accounts = dict.fromkeys(e.account for e in (*perimeter.third_resources, *perimeter.service_resources))
    for name, owner, routed in _told(workspace, policies, point, listed):
        leaf = behind_point(split_arn(point.arn).name, name)
        if owner is not None:
            declared = declared_behind(perimeter, keys, script, leaf, owner)
            yield name, both(routed, neg(either(_mine(workspace, owner, listed), declared)))
        elif none_of_mine(workspace):
            owners = dict.fromkeys((None, *declared_accounts))
            declared = disj(declared_behind(perimeter, keys, script, leaf, account) for account in owners)
            yield name, both(routed, neg(declared))


def untold_routes(
    workspace: Workspace, policies: Policies, point: OwnedResource, listed: Listed
) -> Iterator[tuple[str, Formula]]:
    """The buckets told behind an access point of which nobody told the owner, each with when calls go there."""
    return ((name, routed) for name, owner, routed in _told(workspace, policies, point, listed) if owner is None)


def guards(workspace: Workspace, policies: Policies, keys: Space, *, free_grants: bool) -> Formula:
    """What calls through access points carry, and with grants what those on buckets of other accounts need.

    There the caller's own account has to allow the call, as for any resource of another account: the word of the access
    point alone is not enough. Guardrails are asked about the bucket as without grants.
    """
    out = [implies(THROUGH, both(*carried(keys))), no_gateway(workspace)]
    if not free_grants and AXIOM in workspace.perimeter.doubts:  # otherwise there are no such calls
        abroad = both(sym(UNTOLD), sym("resource.mine"), neg(sym("behind.own")), neg(sym("behind.trusted")))
        allowed = either(neg(IAM), sym_is("root"), formal_text().formulas["bounded"])
        named = [(point, disj(is_text(BUCKET, b.name) for b in point.behind)) for point in _points(workspace)]
        names = [implies(reach(point).surely, behind) for point, behind in named]
        seen = policies.seen(any_bucket, " behind the access point")
        denied = denied_by_own(workspace, AskedBehind(policies), seen)
        out.append(implies(abroad, both(allowed, neg(denied), behind_points(workspace, policies), *names)))
    return both(*out)


def _mine(workspace: Workspace, account: str, listed: Listed) -> Formula:
    if account in listed.accounts:
        return account_is_mine(workspace.perimeter, workspace, account)
    return boolean(account in workspace.perimeter.accounts)


def _told(
    workspace: Workspace, policies: Policies, point: OwnedResource, listed: Listed
) -> Iterator[tuple[str, str | None, Formula]]:
    """The buckets told behind an access point: name, owner where the bucket is listed or the point tells it, and when
    calls go there.

    A call through a Multi-Region Access Point goes to any of its buckets that lets it through.
    """
    several = point.buckets is not None
    told = routes(workspace, policies, point, listed) if several else ((bucket, TRUE) for bucket in point.behind)
    for each, passes in told:
        bucket = listed.buckets.get(each.name)
        yield each.name, bucket.resource.account if bucket else each.account, passes


def _points(workspace: Workspace) -> list[OwnedResource]:
    """The access points of which it is told what lies behind."""
    resources = (r for account, _ in workspace.organization.accounts() for r in account.resources)
    return [r for r in resources if is_access_point(split_arn(r.arn)) and r.behind]
