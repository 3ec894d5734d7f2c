"""Which open points an answer can depend on: those that were looked at on the way to it.

The evaluator asks of an open point only whether it is among the rivals. An answer on whose way a point was not looked
at is the same with that point read the other way, and need not be sought again.
"""

from __future__ import annotations

from perimeter_smt.evaluate.view import Rivals


class Watched(Rivals):
    """Open points read the other way, which remember of what points it was asked whether they are among them."""

    __slots__ = ("consulted",)

    consulted: set[str]

    def __new__(cls, rivals: Rivals = frozenset()) -> Watched:
        """The same points, of none of which anybody asked yet."""
        made = super().__new__(cls, rivals)
        made.consulted = set()
        return made

    def __contains__(self, point: object) -> bool:
        """Whether the point is read the other way; from now on it counts as looked at."""
        self.consulted.add(str(point))
        return super().__contains__(point)
