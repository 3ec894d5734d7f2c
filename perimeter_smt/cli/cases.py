"""Cases from a file: one JSON object, an array, or JSON Lines. Lines are read one at a time, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import Number, quoted

MAX_LINE = 64_000_000


class Value(NamedTuple):
    """A decoded value and where it stands: its line, or its path in an array. `error`: there is none, and why."""

    value: object
    number: int
    line: int
    path: str
    error: InputError | None = None


class _Lines:
    """Lines with their numbers, as texts; a line is decoded by itself, so that a bad one does not spoil the others."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self.file, self.number = stream, file, 0

    def __iter__(self) -> Iterator[bytes]:
        while line := self._stream.readline(MAX_LINE + 1):
            self.number += 1
            yield line

    def rest(self) -> bytes:
        """Everything that is left, and no more than a line may have."""
        return self._stream.read(MAX_LINE + 1)

    def text(self, data: bytes) -> str:
        """A line as text; InputError if it is none, or too long."""
        if len(data) > MAX_LINE:
            raise InputError(f"more than {MAX_LINE} bytes in one case", file=self.file, line=self.number)
        try:
            return data.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError("not UTF-8 text", file=self.file, line=self.number) from None


def read_values(stream: BinaryIO, file: str) -> Iterator[Value]:
    """The values of the stream in their order. What is not JSON is a value with an error that tells file and line.

    InputError if there is nothing at all, or a line that never ends.
    """
    lines, found = _Lines(stream, file), 0
    for data in lines:
        if not data.strip():
            continue
        line = lines.number
        try:
            value = _decoded(lines.text(data), file, line)
        except _IncompleteError as error:
            if not found:
                yield from _whole(data, lines)
                return
            value = error.error
        except InputError as error:
            value = error
        if not found and isinstance(value, list):
            yield from _elements(value, line)
            yield from _after_array(lines, len(value))
            return
        found += 1
        if isinstance(value, InputError):
            yield Value(None, found, line, "$", value)
            if len(data) > MAX_LINE:
                return
        else:
            yield Value(value, found, line, "$")
    if not found:
        raise InputError("is empty, expected a case", file=file)


def _whole(first: bytes, lines: _Lines) -> Iterator[Value]:
    """A value that spreads over several lines, the last thing in the file."""
    line = lines.number
    try:
        value = _decoded(lines.text(first + lines.rest()), lines.file, line)
    except (_IncompleteError, InputError) as error:
        yield Value(None, 1, line, "$", error.error if isinstance(error, _IncompleteError) else error)
        return
    if isinstance(value, list):
        yield from _elements(value, line)
    else:
        yield Value(value, 1, line, "$")


def _elements(values: list[object], line: int) -> Iterator[Value]:
    for index, value in enumerate(values):
        yield Value(value, index + 1, line, f"$[{index}]")


def _after_array(lines: _Lines, count: int) -> Iterator[Value]:
    for data in lines:
        if data.strip():
            error = InputError("text after the array of cases", file=lines.file, line=lines.number)
            yield Value(None, count + 1, lines.number, "$", error)
            return


class _IncompleteError(Exception):
    """The text ends before the value does; `error` says so if nothing follows."""

    def __init__(self, error: InputError) -> None:
        super().__init__(str(error))
        self.error = error


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
        found = InputError(message, file=file, line=place)
        if error.pos >= len(text.rstrip()):
            raise _IncompleteError(found) from None
        raise found from None
    except RecursionError:
        raise InputError("nested too deeply", file=file, line=line) from None
