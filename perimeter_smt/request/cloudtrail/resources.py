"""The resources of an event: the ARNs that it lists, and those that its parameters name by the ARN of the type.

Service authorization reference, resource types; CloudTrail guide, `resources` and `requestParameters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from perimeter_smt.request.actions import ResourceUse, action_info, of_stars, resource_type
from perimeter_smt.request.cloudtrail.parameters import Parameters
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.partitions import partition_of_region

_PART = re.compile(r"\$\{([^}]*)\}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_PLACES = ("Partition", "Region", "Account")
_POINT = re.compile(r"arn:[^:]+:s3:[^:]*:[0-9]{12}:accesspoint/[^/]+")
_HOST = re.compile(r"\.(?:s3-accesspoint(?:-fips)?(?:\.dualstack)?\.[a-z0-9-]+|accesspoint\.s3-global)\.amazonaws\.com")
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
    asked = _Asked(event, Parameters(event), account, listed)
    given = list(_given(asked))
    out: dict[str, Touched] = {}
    missing = False
    for use, shape, named, rivals in _shapes(action):
        if shape is None:
            missing = missing or use.required
            continue
        if shape.open and of_stars(info.service, use.type):  # how AWS writes a prefix behind it is not told here
            missing = missing or _mapping(event.get("requestParameters")).get("pathPrefix", "/") != "/"
            continue
        found = [touched for touched in given if shape.regex.fullmatch(touched.arn or "")]
        # What has no name is what a call is on only where it always is: the root user is one user of many.
        if not found and (use.required or shape.open or not named or _by_root(use.type, asked)):
            found = [] if rivals else [Touched(arn, _owner(arn)) for arn in _filled(shape, asked)]
        missing = missing or (use.required and not found)
        for touched in found:
            written = touched._replace(arn=_written(action, use.type, touched.arn))
            out.setdefault(written.arn or "", written)
    if missing or not out or _by_untold_point(action, event, out):
        out[""] = Touched(None, None)
    buckets = {touched.arn: touched.account for touched in given if touched.account}
    return tuple(_with_bucket_owner(touched, buckets) for touched in out.values())


def _written(action: str, kind: str, arn: str | None) -> str | None:
    """The ARN as policies are asked about it where that is never the one of the service reference: log groups (W-5)."""
    service = action.partition(":")[0].lower()
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


@lru_cache(maxsize=16384)
def _shapes(action: str) -> tuple[tuple[ResourceUse, _Shape | None, bool, bool], ...]:
    """The types of an action with their ARNs; whether some type has a name; whether the name may be of another type."""
    info, service = action_info(action), action.partition(":")[0].lower()
    shapes = [(use, _shape(service, use.type)) for use in (info.resource_types if info is not None else ())]
    named = any(shape is not None and shape.open and not of_stars(service, use.type) for use, shape in shapes)
    return tuple((use, shape, named, _has_rivals(use, shape, shapes)) for use, shape in shapes)


def _has_rivals(use: ResourceUse, shape: _Shape | None, shapes: list[tuple[ResourceUse, _Shape | None]]) -> bool:
    if shape is None or not shape.open or shape.tells:
        return False
    return any(other and of.type != use.type and other.open == shape.open for of, other in shapes)


class _Shape(NamedTuple):
    template: str
    regex: re.Pattern[str]
    parts: tuple[str, ...]

    @property
    def open(self) -> frozenset[str]:
        """The parts beside those that every ARN has."""
        return frozenset(self.parts).difference(_PLACES)

    @property
    def tells(self) -> bool:
        """Whether names tell the type from others with the same parts: instances of EC2 and managed ones do."""
        return self.open == {"InstanceId"}


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


class _Asked(NamedTuple):
    event: Mapping[str, Any]
    parameters: Parameters
    account: str | None
    listed: Listed


def _by_root(kind: str, asked: _Asked) -> bool:
    """Whether a root user calls for himself, of which a call on users says nothing."""
    identity = _mapping(asked.event.get("userIdentity"))
    return kind == "root" and identity.get("type") == "Root" and asked.parameters.one("userName") is None


def _by_untold_point(action: str, event: Mapping[str, Any], told: Iterable[str]) -> bool:
    """Whether the call came through an access point whose ARN the event leaves out: its host name tells that much.

    S3 guide, logging of access points and of Multi-Region Access Points (read 2026-11-28): events list the access point
    in `resources`; requests through a Multi-Region Access Point appear with its host name.
    """
    host = _mapping(event.get("requestParameters")).get("Host")
    through = action.lower().startswith("s3:") and isinstance(host, str) and _HOST.search(host.lower()) is not None
    return through and not any(":accesspoint/" in arn for arn in told)


def _given(asked: _Asked) -> Iterator[Touched]:
    """The ARNs that the event lists, with their owners, without what a copy reads."""
    event, copied = asked.event, copied_from(asked.event)
    written = asked.parameters.one("bucketName"), asked.parameters.one("key")
    read = (
        copied[1].arn
        if copied
        and copied[1].arn
        != f"arn:{_partition(str(event.get('awsRegion')))}:s3:::" + "/".join(text or "" for text in written)
        else None
    )
    items = event.get("resources")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            arn = item.get("ARN") or item.get("arn")
            account = item.get("accountId")
            if isinstance(arn, str) and arn.startswith("arn:") and arn != read:
                owner = account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else _owner(arn)
                yield Touched(arn, owner)
                if _POINT.fullmatch(arn) and written[1] is not None:  # what policies of the point are asked about
                    yield Touched(f"{arn}/object/{written[1]}", owner)
    for arn in asked.parameters.arns():
        yield Touched(arn, _owner(arn))


def _filled(shape: _Shape, asked: _Asked) -> list[str]:
    """The ARNs of a type with the parameters of the event; none if one of them is not there."""
    region = asked.event.get("awsRegion")
    if not isinstance(region, str):
        return []
    alone = sum(part not in _PLACES for part in shape.parts) == 1
    out = [shape.template]
    for part in shape.parts:
        values: tuple[str | None, ...]
        if part == "Partition":
            values = (_partition(region),)
        elif part == "Region":
            values = (region,)
        elif part == "Account":
            values = (asked.parameters.account() or asked.account,)
        elif part.lower().endswith(_PATHS):
            values = (_named(shape.template, part, asked),)
        else:
            values = asked.parameters.values(part.lower(), alone=alone)
            if part == "InstanceId":
                start = "mi-" if ":managed-instance/" in shape.template else "i-"
                values = tuple(value for value in values if str(value).startswith(start))
        if not values or None in values or (len(values) > 1 and len(out) > 1):
            return []
        out = [arn.replace("${" + part + "}", str(value), 1) for arn in out for value in values]
    return out


def _named(template: str, part: str, asked: _Asked) -> str | None:
    """Name with path of a user or role: that is made, that the source lists, or the caller's own.

    IAM API reference: a path that is left out is `/`, a user name that is left out is the caller's.
    """
    kind = part.lower().removesuffix("namewithpath")
    name, event = asked.parameters.one(f"{kind}Name"), asked.event
    if asked.account is None or f":{kind}/" not in template:
        return None
    if name is None and (kind != "user" or event.get("errorCode")):
        return None
    if event.get("eventName") == f"Create{kind.title()}":
        return (asked.parameters.one("path") or "/")[1:] + str(name) if name else None
    identity = _mapping(event.get("userIdentity"))
    arns = [identity.get("arn"), _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer")).get("arn")]
    if name is not None:
        arns.append(asked.listed(asked.account, kind, name))
    for arn in arns:
        start, found, path = str(arn).partition(f":{kind}/")
        if found and start.endswith(f":iam::{asked.account}") and name in (None, path.rsplit("/", 1)[-1]):
            return path
    return None


def _owner(arn: str) -> str | None:
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 and _ACCOUNT.fullmatch(fields[4]) else None


@lru_cache(maxsize=256)
def _partition(region: str) -> str:
    return partition_of_region(region) or "aws"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
