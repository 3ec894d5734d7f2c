"""How much work searches may do, counted so that the same question ends in the same place on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

STATES = 200_000
TOTAL = 4_000_000
UNITS = 200_000_000
MOMENT = 200_000  # of those units


class TooLargeError(Exception):
    """One search is too large: its question stays undecided."""


class OutOfWorkError(Exception):
    """The work for everything that was asked is used up."""


class Work:
    """An account of automaton states: a state that a search reaches costs one per automaton that it runs."""

    def __init__(self, states: int = STATES, total: int = TOTAL, units: int = UNITS) -> None:
        """`states` bounds each search, `total` all together, `units` the work of a string solver at a time."""
        self.states, self.total, self.units = states, total, units
        self.left = total

    @property
    def spent(self) -> int:
        """What was used so far."""
        return self.total - self.left

    def charge(self, amount: int) -> None:
        """Use up some of it; raises OutOfWorkError."""
        self.left -= amount
        if self.left < 0:
            raise OutOfWorkError(f"more than {self.total} steps of automata")

    @contextmanager
    def at_most(self, amount: int) -> Iterator[None]:
        """Within the context, work as if no more than `amount` were left, and string solvers only for a moment."""
        kept, units = max(0, self.left - amount), self.units
        self.left -= kept
        self.units = min(units, MOMENT)
        try:
            yield
        finally:
            self.left = max(self.left, 0) + kept
            self.units = units
