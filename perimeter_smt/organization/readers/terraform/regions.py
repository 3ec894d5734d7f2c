"""The Region of a provider, where its configuration does not tell it: by what it makes and looks up.

A provider may take its Region from the environment, or from a local value, which no plan holds.  What it makes then
names it all the same: keys, zones, services of endpoints.  Only where all of that says one Region is it told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from perimeter_smt.organization.readers.terraform.plan import Plan, Resource
from perimeter_smt.request.partitions import partition_of_region

_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:([a-z0-9-]+):[0-9]*:[^\s{}\"]+")
_SERVICE = re.compile(r"(?:[a-z]+\.)?[a-z]+\.amazonaws\.([a-z0-9-]+)\..+")
_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9])[a-z]")
_CALLED = re.compile(r"(?:aws_|primary_|main_|default_|deploy_|deployment_)?region")
# Attributes whose ARNs lie in the Region of what has them; others may lead elsewhere (certificates of CloudFront,
# primary keys, copies).
_NEAR = frozenset((
    "kms_key_id", "kms_key_arn", "kms_key", "kms_master_key_id", "layers", "target_group_arn", "target_group_arns",
    "load_balancer_arn", "listener_arn", "cluster", "cluster_arn",
))  # fmt: skip
_ZONES = ("availability_zone", "availability_zones")


def in_use(resources: Iterable[Resource]) -> str:
    """The one Region that values of these resources name; empty where they name none, or several."""
    found = {region for resource in resources for region in _named(resource)}
    return found.pop() if len(found) == 1 else ""


def of_variables(plan: Plan, expression: Any) -> str:
    """The Region of the variable that is called so, where a provider takes its own from what the plan does not hold."""
    references = expression.get("references") if isinstance(expression, dict) else None
    if not references:
        return ""
    values = {value for name, value in plan.variables.items()
              if _CALLED.fullmatch(name.lower()) and isinstance(value, str) and partition_of_region(value)}  # fmt: skip
    return values.pop() if len(values) == 1 else ""


def _named(resource: Resource) -> Iterator[str]:
    """The Regions that ARNs, zones, and services of endpoints among the values name; texts of policies tell none."""
    own = resource.text("region")
    if partition_of_region(own) is not None:
        yield own
    if resource.type == "aws_vpc_endpoint" and (found := _SERVICE.fullmatch(resource.text("service_name"))):
        yield from _known(found[1])
    for name, value in resource.values.items():
        if name not in _ZONES and name not in _NEAR and not (resource.data and name == "arn"):
            continue
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str) and (found := (_ZONE if name in _ZONES else _ARN).fullmatch(each)):
                yield from _known(found[1])


def _known(region: str) -> Iterator[str]:
    if partition_of_region(region) is not None:
        yield region
