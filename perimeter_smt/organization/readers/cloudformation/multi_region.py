"""Multi-Region Access Points of templates: their policy names them by name, their ARN has an alias that AWS makes."""

from __future__ import annotations

from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown, multi_region
from perimeter_smt.organization.readers.draft.draft import Thing

POINT = "AWS::S3::MultiRegionAccessPoint"


def tell(item: Item, thing: Thing) -> None:
    """Buckets and Block Public Access of a point; whether something of it is there is not known with a doubt."""
    regions = item.items("Regions")
    found = None if isinstance(regions, NotKnown) else [item.plain(node) for node in regions]
    if item.doubt is not None:
        found = None
    blocked = item.get("PublicAccessBlockConfiguration")
    multi_region.tell(thing, found, NotKnown(item.doubt) if item.doubt is not None else blocked)


def arn_of_name(item: Item, name: str) -> str | None:
    """The ARN of the point that a policy names: one of the template, else told by the resources of the policy."""
    return _in_template(item.stack, name) or multi_region.named_in(item.get("Policy"))


def _in_template(stack: Stack, name: str) -> str | None:
    names = stack.resolver.names
    for point in stack.of(POINT):
        arn = point.arn()
        if arn is not None and names.name(point.logical, stack.resolver) == name:
            return arn
    return None
