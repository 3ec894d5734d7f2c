"""Resources that AWS owns for its services and documents: the dated table `published-service-resources.json`."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.organization.perimeter import TrustedResource
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.partitions import partition_of_region, partitions


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
