"""What a plan holds and no reader reads, although it may let somebody in: it is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from perimeter_smt.organization.readers import access_types
from perimeter_smt.organization.readers.access_types import AccessType
from perimeter_smt.organization.readers.terraform.identity import Here
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

_PROVIDERS = ("aws_", "awscc_")
_ATTRIBUTES = (
    "policy", "policy_document", "resource_policy", "access_policy", "access_policies", "inline_policy", "key_policy",
    "policy_text", "repository_policy_text", "assume_role_policy_document", "repository_policy",
    "delivery_destination_policy", "destination_policy",
)  # fmt: skip
# Policies without which everybody in the network is let in (EFS guide, default file system policy).
_OPEN_WITHOUT = {"aws_efs_file_system_policy"}


def read(here: Here, known: frozenset[str]) -> None:
    """Name resources of types that are not `known` and hold a policy, or give access without one."""
    giving, known = access_types.named("terraform"), known | access_types.harmless("terraform")
    for resource in here.plan.resources.values():
        if resource.data or resource.address in here.stacks:
            continue
        row = giving.get(resource.type)
        if row is not None and _counts(here, resource, row):
            reason = f"`{resource.type}` {row.does}, which is not read"
            if row.affects == "facts":
                here.draft.unknown(f"what `{resource.address}` changes", reason, "facts", resource.at)
            else:
                here.draft.unknown(f"what `{resource.address}` gives", reason, "grants", resource.at,
                                   account=here.account_of(resource), holds=row.holds)  # fmt: skip
        elif (row is None or row.members) and (found := _policy(resource, known)):
            reason = f"`{resource.type}` is no type whose `{found}` is read"
            here.draft.unknown(f"policy of `{resource.address}`", reason, "grants", resource.at,
                               account=here.account_of(resource))  # fmt: skip
    for resource in here.plan.before:
        if resource.ended and resource.address not in here.plan.resources:
            row = giving.get(resource.type)
            found = "" if row is not None else _policy(resource, known - _OPEN_WITHOUT)
            if found or (row is not None and row.affects == "facts" and _lets_in(resource, row)):  # others only give
                what = row.does if row is not None else f"held a `{found}`"
                reason = f"`{resource.type}` {what}, which is not read: what is open without it is not told"
                here.draft.unknown(f"what `{resource.address}` takes away", reason, "facts", resource.at)


def _counts(here: Here, resource: Resource, row: AccessType) -> bool:
    """Whether a resource gives access here; what stays in an organization that is told elsewhere stays what it is."""
    stays = row.once or (here.plan.changes and here.draft.over)
    return (resource.changes or not stays) and _lets_in(resource, row)


def _lets_in(resource: Resource, row: AccessType) -> bool:
    """Whether a resource of a type that may give access gives some, or may after apply."""
    if not row.members or row.given(access_types.members(resource.values, row.members)):
        return True
    return any(name in row.members for name, _ in _masks(resource.unknown, resource))


def _policy(resource: Resource, known: frozenset[str]) -> str:
    """The attribute of a resource of a type that is not read in which a policy stands, or may stand after apply."""
    if resource.type in known or not resource.type.startswith(_PROVIDERS):
        return ""
    named = [name for name, value in resource.values.items() if any(map(_is_policy, _texts(value)))]
    named += [name for name, mask in _masks(resource.unknown, resource) if name in _attributes(resource)]
    return next(iter(named), "")


def _attributes(resource: Resource) -> tuple[str, ...]:
    return (*_ATTRIBUTES, access_types.holding("terraform").get(resource.type, ""))


def _masks(unknown: dict[str, Any], resource: Resource) -> Iterator[tuple[str, Any]]:
    """Attributes known after apply that are written, and those in blocks below."""
    for name, mask in unknown.items():
        if is_unknown(mask) and resource.writes(name):
            yield name, mask
        if isinstance(mask, list | dict) and resource.writes(name):
            yield from ((inner, True) for inner in _inside(mask))


def _inside(mask: Any) -> Iterator[str]:
    """Names of attributes known after apply, at any depth."""
    for item in mask if isinstance(mask, list) else (mask,):
        if isinstance(item, dict):
            for name, found in item.items():
                if is_unknown(found):
                    yield name
                if isinstance(found, list | dict):
                    yield from _inside(found)


def _texts(value: Any) -> Iterator[Any]:
    """Every text and object of a value, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _texts(item)
    else:
        yield value


def _is_policy(value: Any) -> bool:
    """Whether a text or object is a policy document."""
    if isinstance(value, dict):
        return isinstance(value.get("Statement"), list | dict)
    if not isinstance(value, str) or not value.lstrip().startswith("{") or '"Statement"' not in value:
        return False
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and "Statement" in found
