"""Where in a source something stands, and what stands there when nobody can say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perimeter_smt.files import printable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A file and the steps from its top: keys and indexes. Spelled only when it is shown."""

    file: str
    steps: tuple[str | int, ...] = ()
    line: int = 0

    def at(self, *steps: str | int) -> Place:
        """The place of a member."""
        return Place(self.file, (*self.steps, *steps), self.line)

    def __str__(self) -> str:
        where = printable(self.file) + (f":{self.line}" if self.line else "")
        if not self.steps:
            return where
        spelled = "".join(
            f"[{s}]" if isinstance(s, int) else f".{s}" if _NAME.fullmatch(s) else f'["{s}"]' for s in self.steps
        )
        return f"{where}: ${spelled}"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """A value that the source does not tell, with the reason."""

    reason: str
