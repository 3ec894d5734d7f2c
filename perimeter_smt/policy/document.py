"""Policy documents as immutable typed objects that remember where they stand (semantics 1.1).

The small parts are plain dataclasses: an organization holds millions of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Operator

Effect = Literal["Allow", "Deny"]
PrincipalType = Literal["*", "AWS", "Service", "Federated", "CanonicalUser"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file: name as the user gave it, JSON path such as `$.Statement[0].Action`, line from 1."""

    file: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """Action or Resource (or their Not forms): alternatives, in the order written.

    `written`: the values as the file has them, where some were written out (`api_resources.py`); else empty.
    """

    negated: bool
    values: tuple[str, ...]
    location: Location
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalEntry:
    """One principal: `*` alone has type `*`, `{"AWS": "*"}` has type AWS and value `*`."""

    type: PrincipalType
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalElement:
    """Principal or NotPrincipal."""

    negated: bool
    entries: tuple[PrincipalEntry, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One key under one operator; the values are alternatives, JSON booleans and numbers as their text.

    `key` is spelled as written, `name` is the key lower-cased (tag part included).
    """

    operator: Operator
    key: str
    name: str
    values: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. `resource` is None where the kind implies it (trust policies), `principal` likewise."""

    index: int
    sid: str | None
    effect: Effect
    action: Element
    resource: Element | None
    principal: PrincipalElement | None
    conditions: tuple[Condition, ...]
    location: Location

    def texts(self) -> Iterator[str]:
        """What may name an ARN, an account or a Region: resources, principals, values of conditions."""
        if self.resource is not None:
            yield from self.resource.values
        if self.principal is not None:
            yield from (entry.value for entry in self.principal.entries)
        for condition in self.conditions:
            yield from condition.values


class Document(_Frozen):
    """A policy document. `version` is `2008-10-17` where the file has none; `name` is a label for people.

    `characters`: how many it has without any white space, as IAM counts them.
    """

    kind: Kind
    version: Literal["2008-10-17", "2012-10-17"]
    id: str | None
    statements: tuple[Statement, ...]
    name: str
    location: Location
    characters: int = 0

    @property
    def has_variables(self) -> bool:
        """Policy variables exist only under version 2012-10-17 (semantics 1.7)."""
        return self.version == "2012-10-17"

    @property
    def stands_beside_full_access(self) -> bool:
        """Whether it is a guardrail that allows nothing itself: AWS's own full access stands beside it (W-36)."""
        return self.kind in (Kind.SCP, Kind.RCP) and not any(s.effect == "Allow" for s in self.statements)
