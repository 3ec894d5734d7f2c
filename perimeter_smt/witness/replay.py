"""Replay of a witness through the concrete evaluator, which shares no code with the encoding (design 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.prove.verdicts import Blame, NearMiss


@dataclass(frozen=True)
class Replayed:
    """What the concrete evaluator said: the case, the statements that let it through, the nearest denial."""

    case: dict[str, Any] = field(default_factory=dict)
    through: tuple[Blame, ...] = ()
    closest: NearMiss | None = None
