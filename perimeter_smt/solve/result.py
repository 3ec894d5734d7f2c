"""What an engine answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from perimeter_smt.logic.interpret import Model


@dataclass(frozen=True)
class Limits:
    """Work limits, deterministic first: per check, theory conflicts and steps of automata; states of automata per
    search; Z3 units.

    `seconds` is a last resort against runaway input and is None by default.
    """

    conflicts: int = 20_000
    states: int = 200_000
    work: int = 4_000_000
    rlimit: int = 200_000_000
    seconds: float | None = None


@dataclass(frozen=True)
class Result:
    """`sat` with a model, `unsat` with the names of the assertions used, or `unknown` with a reason.

    `needed` are the places of the assumptions that an `unsat` rests on: it holds without the others. `shapes`: it rests
    on what rows of a catalogue demand of texts.
    """

    status: Literal["sat", "unsat", "unknown"]
    model: Model | None = None
    core: tuple[str, ...] = ()
    reason: str = ""
    needed: tuple[int, ...] = ()
    shapes: bool = False

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The names of the assertions used, and `names` for what rows of a catalogue demand of texts."""
        return (*self.core, "names") if self.shapes else self.core
