"""The resources of an event: the ARNs that it lists, and those that its parameters name by the ARN of the type.

Service authorization reference, resource types; CloudTrail guide, `resources` and `requestParameters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from perimeter_smt.request.actions import action_info, resource_type
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.partitions import partition_of_region

_PART = re.compile(r"\$\{([^}]*)\}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ALIASES = {
    "objectname": ("key",),
    "bucketname": ("bucketName", "bucket"),
    "keyid": ("keyId",),
    "secretid": ("secretId",),
    "clustername": ("clusterName", "cluster", "name"),
    "repositoryname": ("repositoryName",),
    "loggroupname": ("logGroupName",),
}
_PLACES = ("Partition", "Region", "Account")
_PATHS = "withpath"  # names of users and roles with their path, which no event tells

Listed = Callable[[str, str, str], str | None]


class Touched(NamedTuple):
    """A resource of a call; `arn` None: not told. `account` owns it, None: not told."""

    arn: str | None
    account: str | None


def resources_of(action: str, event: Mapping[str, Any], listed: Listed = lambda *_: None) -> tuple[Touched, ...]:
    """The resources that an action of an event is checked on; `*` where it has no resource types.

    `listed(account, type, name)` tells the ARN of a principal whose path the event leaves out.
    """
    info = action_info(action)
    account = event.get("recipientAccountId") or _mapping(event.get("userIdentity")).get("accountId")
    account = account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else None
    if info is None:
        return (Touched(None, None),)
    if not info.resource_types:
        return (Touched("*", account),)
    types = tuple((use.type, use.required) for use in info.resource_types)
    service = action.partition(":")[0].lower()
    given = list(_given(event))
    out: dict[str, Touched] = {}
    missing = False
    for name, required in types:
        shape = _shape(service, name)
        if shape is None:
            missing = missing or required
            continue
        found = [touched for touched in given if shape.regex.fullmatch(touched.arn or "")]
        if not found and (arn := _filled(shape, event, account, listed)):
            found = [Touched(arn, _owner(arn))]
        missing = missing or (required and not found)
        for touched in found:
            written = touched._replace(arn=_written(action, service, name, touched.arn))
            out.setdefault(written.arn or "", written)
    if missing or not out:
        out[""] = Touched(None, None)
    buckets = {touched.arn: touched.account for touched in given if touched.account}
    return tuple(_with_bucket_owner(touched, buckets) for touched in out.values())


def _written(action: str, service: str, kind: str, arn: str | None) -> str | None:
    """The ARN as policies are asked about it where that is never the one of the service reference: log groups (W-5)."""
    for row in table_rows("qualified-names"):
        if (row["service"], row["type"]) == (service, kind) and row.get("instead") and action not in row["but"]:
            ending = row["name"].rpartition("}")[2]
            return arn if arn is None or arn.endswith(ending) else f"{arn}{ending}"
    return arn


def copied_from(event: Mapping[str, Any]) -> tuple[str, Touched] | None:
    """What a copy reads, which S3 asks a permission for as well: the action, and the object that the event names.

    S3 API reference, CopyObject, `x-amz-copy-source`: `BUCKET/KEY` or the ARN of an object behind an access point, with
    `?versionId=` where one version is meant; encoded as in addresses.
    """
    region, text = event.get("awsRegion"), _mapping(event.get("requestParameters")).get("x-amz-copy-source")
    if event.get("eventName") not in ("CopyObject", "UploadPartCopy") or not isinstance(text, str):
        return None
    name, version, _ = text.lstrip("/").partition("?versionId=")
    name = unquote(name)
    if not name.startswith("arn:"):
        if "/" not in name or not isinstance(region, str):
            return None
        name = f"arn:{_partition(region)}:s3:::{name}"
    return "s3:GetObjectVersion" if version else "s3:GetObject", Touched(name, _owner(name))


def _with_bucket_owner(touched: Touched, buckets: Mapping[str | None, str | None]) -> Touched:
    """An object belongs to the account that owns its bucket."""
    if touched.account or not touched.arn:
        return touched
    return Touched(touched.arn, buckets.get(touched.arn) or buckets.get(touched.arn.partition("/")[0]))


class _Shape(NamedTuple):
    template: str
    regex: re.Pattern[str]
    parts: tuple[str, ...]


@lru_cache(maxsize=8192)
def _shape(service: str, name: str) -> _Shape | None:
    found = resource_type(service, name)
    if found is None:
        return None
    parts = tuple(_PART.findall(found.arn))
    pieces = _PART.split(found.arn)
    regex = "".join(
        re.escape(piece) if number % 2 == 0 else _free(piece, number, len(pieces))
        for number, piece in enumerate(pieces)
    )
    return _Shape(found.arn, re.compile(regex, re.DOTALL), parts)


def _free(part: str, number: int, count: int) -> str:
    if part in _PLACES:
        return "[^:]*"
    return ".+" if number == count - 2 and part != "BucketName" else "[^:/]+"


def _given(event: Mapping[str, Any]) -> Iterator[Touched]:
    """The ARNs that the event lists, with their owners."""
    items = event.get("resources")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            arn = item.get("ARN") or item.get("arn")
            account = item.get("accountId")
            if isinstance(arn, str) and arn.startswith("arn:"):
                owner = account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else _owner(arn)
                yield Touched(arn, owner)
    for value in _mapping(event.get("requestParameters")).values():
        if isinstance(value, str) and value.startswith("arn:"):
            yield Touched(value, _owner(value))


def _filled(shape: _Shape, event: Mapping[str, Any], account: str | None, listed: Listed) -> str | None:
    """The ARN of a type with the parameters of the event; None if one of them is not there."""
    region = event.get("awsRegion")
    if not isinstance(region, str):
        return None
    parameters = {name.lower(): value for name, value in _mapping(event.get("requestParameters")).items()}
    out = shape.template
    for part in shape.parts:
        value: str | None
        if part == "Partition":
            value = _partition(region)
        elif part == "Region":
            value = region
        elif part == "Account":
            value = _queue_owner(parameters) or account
        elif part.lower().endswith(_PATHS):
            value = _named(shape.template, part, parameters, account, listed)
        else:
            value = _parameter(part.lower(), parameters, alone=sum(p not in _PLACES for p in shape.parts) == 1)
        if value is None:
            return None
        out = out.replace("${" + part + "}", value, 1)
    return out


def _parameter(part: str, parameters: Mapping[str, Any], *, alone: bool) -> str | None:
    """The value of an open part; `name` is meant by calls on a resource whose ARN has no other."""
    own = ("name",) if alone and part.endswith("name") and part != "bucketname" else ()
    for name in (part, *(alias.lower() for alias in _ALIASES.get(part, ())), *own):
        value = parameters.get(name)
        if isinstance(value, str) and value and not value.startswith(("arn:", "http")):
            return value
    url = parameters.get("queueurl")
    if part == "queuename" and isinstance(url, str):
        return url.rsplit("/", 1)[-1]
    return None


def _queue_owner(parameters: Mapping[str, Any]) -> str | None:
    """The account in the address of a queue: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."""
    url = parameters.get("queueurl")
    owner = url.split("/")[-2:-1] if isinstance(url, str) else []
    return owner[0] if owner and _ACCOUNT.fullmatch(owner[0]) else None


def _named(template: str, part: str, parameters: Mapping[str, Any], account: str | None, listed: Listed) -> str | None:
    """Name with path of a user or role that the source lists."""
    kind = part.lower().removesuffix("namewithpath")
    name = parameters.get(f"{kind}name")
    if account is None or not isinstance(name, str) or f":{kind}/" not in template:
        return None
    arn = listed(account, kind, name)
    return arn.split(f":{kind}/", 1)[1] if arn else None


def _owner(arn: str) -> str | None:
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 and _ACCOUNT.fullmatch(fields[4]) else None


@lru_cache(maxsize=256)
def _partition(region: str) -> str:
    return partition_of_region(region) or "aws"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
