"""One answer of the CLI, and what surrounds it: its file, and the account and Region that its folder names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.request.partitions import partition_of_region

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
POLICY_ID = re.compile(r"(?<![0-9A-Za-z])p-(?:FullAWSAccess|RCPFullAWSAccess|[0-9a-z_]{8,128})(?![0-9A-Za-z])")
TARGET = re.compile(r"(?<![0-9A-Za-z])(?:ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}|[0-9]{12})(?![0-9A-Za-z])")
_REGION = re.compile(r"(?<![0-9A-Za-z-])[a-z]{2,4}(?:-[a-z]+)+-[0-9](?![0-9A-Za-z])")
_MORE = ("NextToken", "nextToken", "NextMarker", "PaginationToken", "Marker")
_KEYS, _VALUES = ("Key", "key", "TagKey", "tagKey"), ("Value", "value", "TagValue", "tagValue")


@dataclass(frozen=True)
class Answer:
    """A decoded answer. `name` is the path of its file below the folder, without the extension."""

    value: dict[str, Any]
    at: Place
    name: str
    draft: Draft
    account: str = ""
    region: str = ""

    @property
    def partition(self) -> str:
        """Told by the Region, else by what other answers named."""
        if found := partition_of_region(self.region):
            return found
        return self.draft.partition

    @property
    def cut(self) -> bool:
        """Whether there are more pages than this one."""
        more = any(self.value.get(name) for name in _MORE)
        return more or self.value.get("IsTruncated") is True or self.value.get("Truncated") is True


def account_in(name: str) -> str:
    """The account that a path names, the last of them; empty if there is none. Ids of keys may end in twelve digits."""
    found = ACCOUNT.findall(_UUID.sub("", name))
    return found[-1] if found else ""


def region_in(name: str) -> str:
    """The Region that a path names; empty if there is none."""
    return next((r for r in reversed(_REGION.findall(name)) if partition_of_region(r)), "")


def tags_of(found: Any) -> dict[str, str]:
    """Tags as AWS's services write them: a list of keys and values, or a mapping."""
    if isinstance(found, dict):
        return {str(key): str(value) for key, value in found.items()}
    out = {}
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            continue
        key = next((item[name] for name in _KEYS if name in item), None)
        value = next((item[name] for name in _VALUES if name in item), "")
        if isinstance(key, str):
            out[key] = str(value)
    return out
