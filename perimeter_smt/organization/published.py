"""Resources that AWS owns for its services and documents: the dated table `published-service-resources.json`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from perimeter_smt.organization.perimeter import TrustedResource
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.partitions import partition_of_region, partitions

_TOKENS = {"region": r"[a-z]{2}(?:-[a-z]+)+-[0-9]", "account": "[0-9]{12}", "string": "[a-z0-9]+",
           "region_joined": "[a-z]+[0-9]"}  # fmt: skip


def is_published_bucket(name: str) -> bool:
    """Whether AWS publishes a bucket of this name as one of its services, in whatever Region."""
    return any(pattern.fullmatch(name) for pattern in _bucket_names())


@lru_cache(maxsize=1)
def _bucket_names() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_pattern(name)) for name in dict.fromkeys(_names()))


@lru_cache(maxsize=8)
def bucket_names(regions: tuple[str, ...]) -> tuple[str, ...]:
    """The names of buckets that AWS publishes, whole, in these Regions; those with another open part are left out."""
    out: dict[str, None] = {}
    for text in _names():
        if re.search(r"\{(?!region(?:_joined)?\})", text):
            continue
        for region in regions if "{region" in text else ("",):
            out[text.format(region=region, region_joined=region.replace("-", ""))] = None
    return tuple(out)


def _names() -> Iterator[str]:
    yield from (str(row["name"]) for row in table_rows("published-bucket-names"))
    for row in table_rows("published-service-resources"):
        yield from (arn.split(":", 5)[5].split("/", 1)[0] for arn in row["arns"] if arn.split(":", 5)[2] == "s3")


def _pattern(name: str) -> str:
    parts = re.split(r"\{(\w+)\}", name)
    return "".join(_TOKENS[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))


def published_resources(regions: Iterable[str]) -> list[TrustedResource]:
    """One entry for each row of the table, in these Regions; none given: in every Region of the partition `aws`.

    Buckets stand with the whole names that they have in each Region: a pattern would trust whoever takes a like name.
    """
    chosen = sorted(regions) or list(partitions()["aws"].regions)
    out = []
    for row in table_rows("published-service-resources"):
        arns: dict[str, None] = {}
        for text in row["arns"]:
            for region in chosen if "{region" in text else [chosen[0]]:
                partition = partition_of_region(region) or "aws"
                arns[text.format(partition=partition, region=region, region_joined=region.replace("-", ""))] = None
        out.append(TrustedResource(arns=tuple(arns), actions=tuple(row["actions"])))
    return out
