"""The errors a user can cause.

PerimeterError
├── InputError          a file, option or policy is not what it should be: exit code 2
└── InternalError       the program contradicts itself: exit code 3, with a dump to attach
"""

from __future__ import annotations


class PerimeterError(Exception):
    """Root of all errors raised on purpose."""


class InputError(PerimeterError):
    """Bad input. The message is one line: what was found (in backticks), what was expected.

    `file`, `path` (JSON path) and `line` tell the place, as far as it is known.
    """

    def __init__(self, message: str, *, file: str = "", path: str = "", line: int = 0) -> None:
        self.message, self.file, self.path, self.line = message, file, path, line
        place = f"{file}:{line}" if file and line else file
        super().__init__(": ".join(part for part in (place, path, message) if part))


class InternalError(PerimeterError):
    """A contradiction inside the program, for instance a model that does not replay; `dump` is to be attached."""

    def __init__(self, message: str, *, dump: str = "") -> None:
        self.dump = dump
        super().__init__(message)
