"""JSON as nodes that know where they stand: line and JSON path of every value (semantics 1.1).

The reader is stricter than `json.loads`: object keys are unique, nothing follows the document, `NaN` is no number.
Time and memory are linear in the text: size and depth are bounded, and paths are spelled only when asked for.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from perimeter_smt.errors import InputError
from perimeter_smt.files import printable

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STRING = json.JSONDecoder()
_WORDS: tuple[tuple[str, bool | None], ...] = (("true", True), ("false", False), ("null", None))


class Number(str):
    """A JSON number as its text, so that nothing is lost by rounding."""

    __slots__ = ()


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """A JSON value with its place. `step` leads here from `parent`: a key, an index, or None at the top."""

    value: str | Number | bool | list[Node] | dict[str, Node] | None
    line: int
    file: str
    parent: Node | None = None
    step: str | int | None = None
    known_path: str | None = None

    @property
    def path(self) -> str:
        """The JSON path, such as `$.Statement[0].Condition.Bool["aws:SecureTransport"]`; spelled once."""
        nodes: list[Node] = []
        node: Node | None = self
        while node is not None and node.known_path is None:
            nodes.append(node)
            node = node.parent
        spelled = (node.known_path or "") if node is not None else ""
        for found in reversed(nodes):
            spelled = found.known_path = spelled + _spelled(found.step)
        return spelled

    def error(self, message: str) -> InputError:
        """An input error at this place."""
        return InputError(message, file=self.file, path=clipped(self.path, 200), line=self.line)

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node.value, dict):
                stack.extend(reversed(node.value.values()))
            elif isinstance(node.value, list):
                stack.extend(reversed(node.value))

    @property
    def kind(self) -> str:
        """What a person calls this value: `an object`, `a string`, ..."""
        value = self.value
        if isinstance(value, dict):
            return "an object"
        if isinstance(value, list):
            return "a list"
        if isinstance(value, Number):
            return "a number"
        if isinstance(value, str):
            return "a string"
        return "null" if value is None else "a boolean"


def read_json(text: str, *, file: str) -> Node:
    """Read one JSON document; InputError with line and column where it is not JSON, too large or too deep."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"the text has {len(text)} characters, expected at most {MAX_CHARACTERS}", file=file)
    return _Reader(text, printable(file)).document()


def from_object(value: object, *, file: str) -> Node:
    """The same nodes from a decoded object; lines are 0. InputError for what JSON cannot hold, or too deep nesting."""
    return _node(value, Node(None, 0, printable(file)))


def quoted(text: str) -> str:
    """User input for an error message: in backticks, on one line, not too long."""
    return f"`{clipped(text, 100)}`"


def clipped(text: str, limit: int) -> str:
    """`text` on one line, control characters escaped, cut in the middle when longer than `limit`."""
    if len(text) > limit:
        text = f"{text[: limit // 2]}...{text[-(limit // 4) :]}"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class _Reader:
    """One pass over the text. Strings are read by the scanner of the standard library."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file, self.position = text, file, 0
        self.line_ends = [found.start() for found in re.finditer("\n", text)]

    def document(self) -> Node:
        node = Node(None, 0, self.file)
        self.blank()
        self.value(node, 0)
        self.blank()
        if self.position < len(self.text):
            raise self.error("unexpected text after the JSON document")
        return node

    def blank(self) -> str:
        """Skip white space; the next character, empty at the end of the text."""
        found = _BLANK.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.text[self.position : self.position + 1]

    def line(self, position: int) -> int:
        return bisect_left(self.line_ends, position) + 1

    def error(self, message: str, position: int | None = None) -> InputError:
        at = self.position if position is None else position
        line = self.line(at)
        column = at - (self.line_ends[line - 2] if line > 1 else -1)
        return InputError(f"not valid JSON: {message}, column {column}", file=self.file, line=line)

    def value(self, node: Node, depth: int) -> None:
        node.line = self.line(self.position)
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep")
        char = self.text[self.position : self.position + 1]
        if char == '"':
            node.value = self.string()
        elif char == "{":
            self.object(node, depth)
        elif char == "[":
            self.list(node, depth)
        elif found := _NUMBER.match(self.text, self.position):
            node.value, self.position = Number(found.group()), found.end()
        else:
            self.word(node)

    def word(self, node: Node) -> None:
        for word, value in _WORDS:
            if self.text.startswith(word, self.position):
                node.value, self.position = value, self.position + len(word)
                return
        if self.position >= len(self.text):
            raise self.error("the text ends where a value is expected")
        raise self.error(f"unexpected {quoted(self.text[self.position])}, expected a value")

    def string(self) -> str:
        text: str
        try:
            text, self.position = _STRING.raw_decode(self.text, self.position)
        except json.JSONDecodeError as error:
            raise self.error(error.msg[:1].lower() + error.msg[1:].removesuffix(" at"), error.pos) from None
        return text

    def object(self, node: Node, depth: int) -> None:
        members: dict[str, Node] = {}
        node.value = members
        self.position += 1
        more = self.blank() != "}"
        while more:
            if self.blank() != '"':
                self.trailing_comma("}")
                raise self.error("expected a key in double quotes")
            start = self.position
            key = self.string()
            if key in members:
                place = Node(None, self.line(start), self.file, node, key)
                raise place.error(f"duplicate key {quoted(key)}, first on line {members[key].line}")
            if self.blank() != ":":
                raise self.error(f"expected `:` after the key {quoted(key)}")
            self.position += 1
            self.blank()
            members[key] = Node(None, 0, self.file, node, key)
            self.value(members[key], depth + 1)
            more = self.more("}")
        self.position += 1

    def list(self, node: Node, depth: int) -> None:
        items: list[Node] = []
        node.value = items
        self.position += 1
        more = self.blank() != "]"
        while more:
            self.blank()
            if items:
                self.trailing_comma("]")
            items.append(Node(None, 0, self.file, node, len(items)))
            self.value(items[-1], depth + 1)
            more = self.more("]")
        self.position += 1

    def trailing_comma(self, end: str) -> None:
        """InputError at the comma where the object or list ends behind it."""
        before = self.text[: self.position].rstrip()
        if self.text.startswith(end, self.position) and before.endswith(","):
            raise self.error(f"trailing comma before `{end}`", len(before) - 1)

    def more(self, end: str) -> bool:
        """Whether a comma follows, and not the end of the object or list."""
        char = self.blank()
        if char == ",":
            self.position += 1
            return True
        if char != end:
            raise self.error(f"expected `,` or `{end}`")
        return False


def _node(value: object, node: Node, depth: int = 0) -> Node:
    if depth > MAX_DEPTH:
        raise node.error(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        members: dict[str, Node] = {}
        node.value = members
        for key, child in value.items():
            if not isinstance(key, str):
                raise node.error(f"key {quoted(str(key))} is not a string")
            members[key] = _node(child, Node(None, 0, node.file, node, key), depth + 1)
    elif isinstance(value, (list, tuple)):
        node.value = [_node(child, Node(None, 0, node.file, node, step), depth + 1) for step, child in enumerate(value)]
    elif value is None or isinstance(value, (bool, str)):
        node.value = value
    elif isinstance(value, (int, float)):
        node.value = _number(value, node)
    else:
        raise node.error(f"a value of type {quoted(type(value).__name__)} is not JSON")
    return node


def _number(value: int | float, node: Node) -> Number:
    try:
        return Number(json.dumps(value, allow_nan=False))
    except ValueError:
        raise node.error("a number is infinite, undefined or too long") from None


@lru_cache(maxsize=4096)
def _spelled(step: str | int | None) -> str:
    if step is None:
        return "$"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _NAME.fullmatch(step) else f'["{step}"]'
