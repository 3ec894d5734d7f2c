"""Which resource types may let somebody in, of CloudFormation and of Terraform's provider: read, named, or why not.

The two tables beside hold every type whose name or properties speak of policies, permissions, grants, sharing,
principals or other accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import orjson


@dataclass(frozen=True, slots=True)
class AccessType:
    """A type that lets somebody in without a policy.

    `members`: only where one of these is written, at any depth, with another text than `unless`; none: always.
    `affects`: how it counts. `once`: what it does is done where it is made or changed. `holds`: whether it says who may
    use resources, what callers may do, or (empty) either.
    """

    type: str
    does: str
    members: tuple[str, ...] = ()
    unless: frozenset[str] = frozenset()
    affects: Literal["grants", "facts"] = "grants"
    once: bool = False
    holds: Literal["", "caller", "resource"] = "resource"

    def given(self, found: Iterable[Any]) -> bool:
        """Whether one of these values of a member lets somebody in; None stands for nothing written."""
        return any(leaf not in self.unless for value in found for leaf in _leaves(value))


@lru_cache(maxsize=4)
def table(form: str) -> Mapping[str, Any]:
    """The whole table of `cloudformation` or `terraform`."""
    found: Mapping[str, Any] = orjson.loads(files(__package__).joinpath(f"{form}.json").read_bytes())
    return found


@lru_cache(maxsize=4)
def named(form: str) -> Mapping[str, AccessType]:
    """Types that let somebody in and are not read, by type; those of the provider `awscc` are CloudFormation's."""
    rows = table(form)["named"]
    out = {row["type"]: _row(row) for row in rows}
    if form == "terraform":
        for row in named("cloudformation").values():
            own = awscc(row.type)
            out[own] = AccessType(
                own, row.does, tuple(map(snake, row.members)), row.unless, row.affects, holds=row.holds
            )
    return out


@lru_cache(maxsize=4)
def holding(form: str) -> Mapping[str, str]:
    """Types that hold a policy that is not read, with the attribute or property that holds it."""
    found: dict[str, str] = dict(table(form)["policy"])
    if form == "terraform":
        found |= {awscc(kind): snake(name) for kind, name in holding("cloudformation").items()}
    return found


@lru_cache(maxsize=4)
def harmless(form: str) -> frozenset[str]:
    """Types of which a document that looks like a policy lets nobody in."""
    found = frozenset(kind for kinds in table(form)["none"].values() for kind in kinds)
    return found if form == "cloudformation" else found | {awscc(kind) for kind in harmless("cloudformation")}


def awscc(kind: str) -> str:
    """How the provider `awscc` calls a type of CloudFormation, as `awscc_s3_access_grant`."""
    _, service, name = kind.split("::")[:3]
    return f"awscc_{service.lower()}_{snake(name)}"


def snake(text: str) -> str:
    """A name in small letters with underscores between its words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text).lower()


def members(value: Any, names: Iterable[str]) -> Iterator[Any]:
    """The values under these names, at any depth."""
    wanted = frozenset(names)
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in wanted:
                yield inner
            else:
                yield from members(inner, wanted)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, wanted)


def _row(row: Mapping[str, Any]) -> AccessType:
    return AccessType(row["type"], row["does"], tuple(row.get("with", ())), frozenset(row.get("unless", ())),
                      row.get("affects", "grants"), row.get("once", False), row.get("holds", "resource"))  # fmt: skip


def _leaves(value: Any) -> Iterator[Any]:
    """What is written in a value; empty texts and lists, `false` and null are nothing."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif value not in (None, "", False, "false"):
        yield value
