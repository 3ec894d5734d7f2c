"""Tags of resources: those of the file (W-7); of S3 buckets they count only with ABAC enabled on the bucket (W-9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.encode.world.governs import Arn, is_access_point, is_bucket, itself, split_arn
from perimeter_smt.encode.world.keys import file_has
from perimeter_smt.encode.world.people import targets
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom, disj, neg, sym
from perimeter_smt.organization.model import Account, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace

BY_BUCKET = atom(Member("call", "tags need abac"))


def tag_of_resource(name: str) -> bool:
    """Whether a key, lower case, is a tag of what is called, such as `aws:resourcetag/x` or `ecr:resourcetag/x`."""
    return ":resourcetag/" in name or name.startswith("s3:buckettag/")


def tag_of(arn: Arn, name: str) -> bool:
    """Whether such a key is a tag of this resource, whatever its service calls it (service reference)."""
    own = (f"{arn.service}:resourcetag/", *(("s3:buckettag/",) if is_bucket(arn) else ()))
    return name.startswith(("aws:resourcetag/", *own))


def hidden_tag(key: str) -> str:
    """The symbol for: the bucket has this tag, and policies do not see it."""
    return f"bucket has tag {key}"


def definitions(workspace: Workspace) -> dict[str, Formula]:
    """The symbols of environment/resource.smt2 that the organization file defines."""
    accounts = [account for account, _ in workspace.organization.accounts()]
    told = (r for account in accounts for r in account.resources if r.abac is not None)
    buckets = [resource for resource in told if is_bucket(split_arn(resource.arn))]
    at = [(disj(map(itself, (bucket, *points_on(bucket, accounts)))), bucket.abac) for bucket in buckets]
    # Of several buckets behind a Multi-Region Access Point one whose tags count is enough: which is called is open.
    names = {split_arn(bucket.arn).name for bucket in buckets if bucket.abac}
    several = (p for a in accounts for p in a.resources if len(p.behind) > 1)
    at += [(itself(point), True) for point in several if names.intersection(b.name for b in point.behind)]
    return {
        "bucket.says-abac": disj(here for here, abac in at if abac is True),
        "bucket.says-no-abac": disj(here for here, abac in at if abac is False),
        "bucket.of-others": neg(sym("resource.mine")),
    }


def points_on(bucket: OwnedResource, accounts: Iterable[Account]) -> list[OwnedResource]:
    """The access points on a bucket in its account; calls through them carry `s3:BucketTag` of the bucket, too.

    Not those on several buckets: which of them a call is routed to, and so whose tags it carries, is open.
    """
    arn = split_arn(bucket.arn)
    if not is_bucket(arn):
        return []
    return [
        point
        for account in accounts
        if account.id == bucket.account
        for point in account.resources
        if [b.name for b in point.behind] == [arn.name] and is_access_point(split_arn(point.arn))
    ]


def listed(workspace: Workspace, tested: Iterable[str]) -> dict[str, Formula]:
    """Which calls are on a listed resource, role or user that has a tag, by tested key `aws:resourcetag/...` (W-7)."""
    names = [name for name in sorted(tested) if name.startswith("aws:resourcetag/")]
    owned = list(_tagged(workspace)) if names else []
    return {file_has(name): disj(_have(name.split("/", 1)[1], owned)) for name in names}


def _tagged(workspace: Workspace) -> Iterator[OwnedPrincipal | OwnedResource]:
    for account, _ in workspace.organization.accounts():
        yield from (r for r in account.resources if r.tags and not is_bucket(split_arn(r.arn)))
        yield from (p for p in account.principals if p.tags)


def _have(tag: str, owned: Iterable[OwnedPrincipal | OwnedResource]) -> Iterator[Formula]:
    having = [one for one in owned if tag in (name.lower() for name in one.tags)]
    yield from (itself(one) for one in having if isinstance(one, OwnedResource))
    yield targets([one for one in having if isinstance(one, OwnedPrincipal)])
