"""Cases from a file: one JSON object, an array, or JSON Lines. Lines are read one at a time, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn, TextIO

from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import Number, quoted

MAX_LINE = 64_000_000


class Value(NamedTuple):
    """A decoded value and where it stands: its line, or its path in an array."""

    value: object
    number: int
    line: int
    path: str


def read_values(stream: TextIO, file: str) -> Iterator[Value]:
    """The values of the stream in their order; InputError with file, line and column where it is not JSON."""
    try:
        yield from _values(stream, file)
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", file=file) from None


def _values(stream: TextIO, file: str) -> Iterator[Value]:
    found = 0
    for line, text in _lines(stream, file):
        if not text.strip():
            continue
        try:
            value = _decoded(text, file, line)
        except _IncompleteError as error:
            if found:
                error.report()
            yield from _whole(text + stream.read(), file, line)
            return
        if not found and isinstance(value, list):
            _only_blanks(stream, file, line)
            yield from _elements(value, line)
            return
        found += 1
        yield Value(value, found, line, "$")
    if not found:
        raise InputError("is empty, expected a case", file=file)


def _lines(stream: TextIO, file: str) -> Iterator[tuple[int, str]]:
    number = 0
    while text := stream.readline(MAX_LINE + 1):
        number += 1
        if len(text) > MAX_LINE:
            raise InputError(f"a line of more than {MAX_LINE} characters", file=file, line=number)
        yield number, text


def _whole(text: str, file: str, line: int) -> Iterator[Value]:
    """A value that spreads over several lines, the last thing in the file."""
    try:
        value = _decoded(text, file, line)
    except _IncompleteError as error:
        error.report()
    if isinstance(value, list):
        yield from _elements(value, line)
    else:
        yield Value(value, 1, line, "$")


def _elements(values: list[object], line: int) -> Iterator[Value]:
    for index, value in enumerate(values):
        yield Value(value, index + 1, line, f"$[{index}]")


def _only_blanks(stream: TextIO, file: str, line: int) -> None:
    for number, text in _lines(stream, file):
        if text.strip():
            raise InputError("text after the array of cases", file=file, line=line + number)


class _IncompleteError(Exception):
    """The text ends before the value does."""

    def __init__(self, message: str, file: str, line: int) -> None:
        super().__init__(message)
        self.message, self.file, self.line = message, file, line

    def report(self) -> NoReturn:
        """The error of a text that does not go on."""
        raise InputError(self.message, file=self.file, line=self.line) from None


def _decoded(text: str, file: str, line: int) -> object:
    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(items)
        if len(members) != len(items):
            names = [name for name, _ in items]
            again = next(name for name in names if names.count(name) > 1)
            raise InputError(f"duplicate key {quoted(again)}", file=file, line=line)
        return members

    def constant(name: str) -> Any:
        raise InputError(f"`{name}` is no JSON number", file=file, line=line)

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_int=Number, parse_float=Number, parse_constant=constant)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at").lower()
        message = f"not JSON at column {error.colno}: {what}"
        place = line + error.lineno - 1
        if error.pos >= len(text.rstrip()):
            raise _IncompleteError(message, file, place) from None
        raise InputError(message, file=file, line=place) from None
    except RecursionError:
        raise InputError("nested too deeply", file=file, line=line) from None
