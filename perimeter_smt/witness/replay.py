"""Replay of a witness through the concrete evaluator, which shares no code with the encoding (design 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.encode.world import World
from perimeter_smt.prove.verdicts import Blame, FindingKind, NearMiss
from perimeter_smt.request.request import Facts, Request


@dataclass(frozen=True)
class Replayed:
    case: dict[str, Any] = field(default_factory=dict)
    through: tuple[Blame, ...] = ()
    closest: NearMiss | None = None


def replay(world: World, objective: str, request: Request, facts: Facts, kind: FindingKind, *, exact: bool) -> Replayed:
    return Replayed()
