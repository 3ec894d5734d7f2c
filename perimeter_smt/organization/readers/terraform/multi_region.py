"""Multi-Region Access Points in Terraform: everything stands in the block `details`, the alias is known after apply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from perimeter_smt.organization.readers.draft import multi_region
from perimeter_smt.organization.readers.draft.draft import Thing
from perimeter_smt.organization.readers.terraform.documents import policy_of
from perimeter_smt.organization.readers.terraform.identity import MULTI_REGION, Here
from perimeter_smt.organization.readers.terraform.plan import Resource

_POLICY = "aws_s3control_multi_region_access_point_policy"
TYPES = (MULTI_REGION, _POLICY)
Torn = Callable[[Here, Thing, object, Resource], object]


def read(here: Here, torn: Torn) -> None:
    """The points that a plan makes or holds, and their policies."""
    for resource in here.plan.of(MULTI_REGION):
        arn = here.arn(resource)
        if arn is not None and not resource.data:
            thing = here.draft.resource(arn, here.account_of(resource), resource.at)
            thing.whole = True
            block = _details(resource)
            blocked = next(iter(block.values.get("public_access_block") or ()), None) or {}
            on = blocked.get("restrict_public_buckets") is not False  # on by default
            multi_region.tell(thing, _regions(here, block), {"RestrictPublicBuckets": on})
    for resource in here.plan.of(_POLICY):
        _policy(here, resource, torn)


def _policy(here: Here, resource: Resource, torn: Torn) -> None:
    block = _details(resource)
    policy = policy_of(here, block, "policy")
    account = here.account_of(resource)
    arn = _named(here, block, account) or multi_region.named_in(policy)
    if arn is None:
        here.draft.unknown(f"resource of `{resource.address}`", "its alias is not told", "grants", resource.at,
                           account=account, holds="resource")  # fmt: skip
        return
    thing = here.draft.resources.get(arn) or here.draft.resource(arn, account, resource.at)
    here.draft.resource(arn, thing.account, resource.at, policy=torn(here, thing, policy, resource))
    here.with_policy.add(arn)


def _named(here: Here, block: Resource, account: str) -> str | None:
    """The point that a policy names, by reference or by its name; the data source of a point tells its name, too."""
    if (found := here.plan.referred(block, "name", MULTI_REGION)) is not None:
        return here.arn(found)
    for resource in here.plan.of(MULTI_REGION):
        name = resource.text("name") or _details(resource).text("name")
        if name and name == block.text("name") and here.account_of(resource) == account:
            return here.arn(resource)
    return None


def _details(resource: Resource) -> Resource:
    """The block `details` as a resource of its own; of its references the plan does not tell where they stand."""
    blocks, unknown = resource.values.get("details"), resource.unknown.get("details")
    values = blocks[0] if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict) else {}
    mask: Any = unknown[0] if isinstance(unknown, list) and unknown else unknown
    found = resource.references.get("details", [])
    points = [name for name in found if f"{MULTI_REGION}." in name]
    policy = [name for name in found if name not in points]
    return replace(
        resource,
        values=values,
        unknown=mask if isinstance(mask, dict) else dict.fromkeys(("name", "policy", "region"), True) if mask else {},
        references={"name": points, "policy": policy, "region": policy},
    )


def _regions(here: Here, block: Resource) -> list[dict[str, Any]] | None:
    """The buckets; those that have no name yet by reference, where there are as many references as Regions."""
    regions = block.values.get("region")
    if not isinstance(regions, list) or not all(isinstance(each, dict) for each in regions):
        return None
    if all(each.get("bucket") for each in regions):
        return [{"Bucket": each["bucket"], "BucketAccountId": each.get("bucket_account_id")} for each in regions]
    named = {here.arn(found) for name in block.references["region"] if (found := _bucket(here, block, name))}
    if None in named or len(named) != len(regions):
        return None
    return [{"Bucket": str(arn).rpartition(":")[2]} for arn in sorted(map(str, named))]


def _bucket(here: Here, block: Resource, name: str) -> Resource | None:
    alone = replace(block, references={"bucket": [name]})
    return here.plan.referred(alone, "bucket", "aws_s3_bucket")
