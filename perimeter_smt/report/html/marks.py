"""The lines of a policy's text that a report points at: what of the statement did not match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_CONDITION = re.compile(r"condition `(\S+) ([^`]+)`")
_ELEMENT = re.compile(r"(action|resource|principal) ")
_NEGATED = re.compile(r"is exempt by `(Not\w+)`")


def marked(text: str, failed: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The lines of a statement, written with an indent of two, each with whether it is what `failed` speaks of."""
    lines = text.split("\n") if text else []
    found = {number for reason in failed for number in _lines_of(lines, reason)}
    return tuple((line, number in found) for number, line in enumerate(lines))


def _lines_of(lines: Sequence[str], reason: str) -> Iterator[int]:
    if condition := _CONDITION.match(reason):
        for number in _members(lines, condition[1], 4):
            inside = range(number + 1, _end(lines, number))
            for key in (n for n in inside if lines[n].lower().startswith(f'      "{condition[2].lower()}":')):
                yield from range(key, _end(lines, key) + 1)
        return
    negated, element = _NEGATED.search(reason), _ELEMENT.match(reason)
    name = negated[1] if negated else element[1].capitalize() if element else None
    for number in _members(lines, name, 2) if name else ():
        yield from range(number, _end(lines, number) + 1)


def _members(lines: Sequence[str], name: str, indent: int) -> list[int]:
    return [n for n, line in enumerate(lines) if line.startswith(f'{" " * indent}"{name}":')]


def _end(lines: Sequence[str], start: int) -> int:
    """The last line of the value that begins on a line."""
    if not lines[start].endswith(("{", "[")):
        return start
    indent = len(lines[start]) - len(lines[start].lstrip())
    closing = (" " * indent + "}", " " * indent + "]")
    return next((n for n in range(start + 1, len(lines)) if lines[n].startswith(closing)), start)
