"""The errors a user can cause.

PerimeterError
├── InputError          a file, option or policy is not what it should be: exit code 2
│   └── SeveralInputError  several of them, found in one go
└── InternalError       the program contradicts itself: exit code 3, with a dump to attach
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

_LONGEST = 400  # characters of the name of a file; longer ones are cut in the middle


def shortened(name: str) -> str:
    """The name of a file, cut in the middle where it is very long."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}...{name[-_LONGEST // 4 :]}"


class PerimeterError(Exception):
    """Root of all errors raised on purpose."""


class InputError(PerimeterError):
    """Bad input. The message is one line: what was found (in backticks), what was expected.

    `file`, `path` (JSON path) and `line` tell the place, as far as it is known.
    """

    def __init__(self, message: str, *, file: str = "", path: str = "", line: int = 0) -> None:
        self.message, self.file, self.path, self.line = message, file, path, line
        shown = shortened(file)
        place = f"{shown}:{line}" if file and line else shown
        super().__init__(": ".join(part for part in (place, path, message) if part))

    @property
    def each(self) -> tuple[InputError, ...]:
        """The single errors: this one, or those that it holds."""
        return (self,)


class SeveralInputError(InputError):
    """Several errors of one reading, in the order of the files; it reads as the first of them."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self._errors = tuple({str(single): single for error in errors for single in error.each}.values())
        first = self._errors[0]
        super().__init__(first.message, file=first.file, path=first.path, line=first.line)

    @property
    def each(self) -> tuple[InputError, ...]:
        """The single errors."""
        return self._errors


class Together:
    """Takes the errors of one reading, `with together: ...` for each of its steps, so that all are told at once."""

    __slots__ = ("errors",)

    def __init__(self) -> None:
        self.errors: list[InputError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, InputError):
            return False
        self.errors += error.each
        return True

    def done(self) -> None:
        """Raise what was taken, in the order of the lines, if anything."""
        if self.errors:
            raise SeveralInputError(sorted(self.errors, key=lambda error: error.line))


class InternalError(PerimeterError):
    """A contradiction inside the program, for instance a model that does not replay; `dump` is to be attached."""

    def __init__(self, message: str, *, dump: str = "") -> None:
        self.dump = dump
        super().__init__(message)


class LeftOpenError(InternalError):
    """A request of which it is left open what wildcards inside the value of a variable match (X-42)."""


def expect_one_of(value: object, known: Iterable[str], what: str) -> None:
    """InputError unless `value` is one of the known words: misspelled options must not pass."""
    words = tuple(known)
    if value not in words:
        expected = ", ".join(f"`{word}`" for word in words)
        raise InputError(f"unknown {what} `{value}`{did_you_mean(str(value), words)}: expected one of {expected}")


class NoTruth:
    """An answer that is no truth value by itself, so that `assert answer` cannot pass whatever it says."""

    def __bool__(self) -> NoReturn:
        """TypeError: which of its members was meant is for the caller to say."""
        said = "`.status`, `.result`, `.relation`"
        raise TypeError(f"a {type(self).__name__} is no truth value: expected a look at what it says ({said})")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest of the known names, `, did you mean ...?`, whatever its case; empty if none is near."""
    spelled: dict[str, str] = {}
    for other in known:
        spelled.setdefault(other.lower(), other)
    near = get_close_matches(name.lower(), spelled, 1) if len(name) <= 200 else []
    return f", did you mean `{spelled[near[0]]}`?" if near else ""
