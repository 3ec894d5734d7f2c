"""Partitions of AWS and their Regions: the dated table `encodings/keys/partitions.json` (W-1, W-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from perimeter_smt.request.keys import table_rows


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition. `global_region`: where the control plane of global services answers; `dns_suffix` of its names."""

    name: str
    dns_suffix: str
    global_region: str
    regions: tuple[str, ...]


@lru_cache(maxsize=1)
def partitions() -> Mapping[str, Partition]:
    """Every partition by name, in the order of the table, which begins with `aws`."""
    return {
        row["partition"]: Partition(
            row["partition"], str(row["dns_suffix"]), str(row["global_region"]), tuple(row["regions"])
        )
        for row in table_rows("partitions")
    }


@lru_cache(maxsize=1)
def _by_region() -> Mapping[str, str]:
    return {region: partition.name for partition in partitions().values() for region in partition.regions}


def partition_of_region(region: str) -> str | None:
    """The partition that a Region lies in; None for what is no Region."""
    return _by_region().get(region)
