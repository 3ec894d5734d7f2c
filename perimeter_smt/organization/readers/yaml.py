"""YAML as nodes that know where they stand.

Scalars stay the text that was written: `012345678901` is an account id, not a number in base eight, and `no` is a
word. Time and memory are bounded: size, depth and the size after aliases are followed. Tags, merge keys, several
documents in one file and keys that are no scalars are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from perimeter_smt.errors import InputError
from perimeter_smt.files import printable, read_text
from perimeter_smt.policy.json_positions import clipped, quoted

MAX_CHARACTERS = 4_000_000
MAX_DEPTH = 50
MAX_NODES = 1_000_000

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """A value with its place. `plain`: a scalar without quotes; `size` counts the nodes with aliases followed.

    `step` leads here from `parent`: a key, an index, or None at the top; `key_line` is the line of that key.
    """

    value: str | list[Node] | dict[str, Node]
    line: int
    file: str
    parent: Node | None = None
    step: str | int | None = None
    key_line: int = 0
    plain: bool = False
    size: int = 1

    @property
    def path(self) -> str:
        """The way here from the top, such as `$.root.units[0].id`."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None:
            step = node.step
            steps.append("$" if step is None else f"[{step}]" if isinstance(step, int) else f".{step}")
            node = node.parent
        return "".join(reversed(steps))

    @property
    def is_null(self) -> bool:
        """Nothing was written, or `~` or `null`."""
        return self.plain and isinstance(self.value, str) and self.value in _NULL

    @property
    def flag(self) -> bool | None:
        """The truth value of a plain `true` or `false`, otherwise None."""
        return _TRUTH.get(self.value) if self.plain and isinstance(self.value, str) else None

    @property
    def shown(self) -> str:
        """What a person calls this value."""
        if isinstance(self.value, str):
            return "nothing" if self.is_null else quoted(self.value)
        return "a mapping" if isinstance(self.value, dict) else "a list"

    def error(self, message: str) -> InputError:
        """An input error at this place."""
        return InputError(message, file=self.file, path=clipped(self.path, 200), line=self.line)

    def key_error(self, message: str) -> InputError:
        """An input error at the key that leads here."""
        return InputError(message, file=self.file, path=clipped(self.path, 200), line=self.key_line or self.line)


def read_yaml(path: Path) -> Node:
    """Read one YAML document; InputError with the line where it is not YAML, too large or too deep."""
    return parse_yaml(read_text(path, MAX_CHARACTERS, "one file of YAML"), file=str(path))


def parse_yaml(text: str, *, file: str) -> Node:
    """As `read_yaml`, from the text; `file` is the name for messages."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"the text has {len(text)} characters, expected at most {MAX_CHARACTERS}", file=file)
    if found := next((i for i, char in enumerate(text) if not (char.isprintable() or char in "\t\n\r\x85")), None):
        line = text.count("\n", 0, found) + 1
        raise InputError(f"character U+{ord(text[found]):04X} is not allowed", file=file, line=line)
    try:
        return _Builder(printable(file)).document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "unexpected text").split())
        raise InputError(f"not YAML: {clipped(what, 150)}", file=file, line=mark.line + 1 if mark else 0) from None
    except (YAMLError, Warning, ValueError) as error:
        raise InputError(f"not YAML: {clipped(' '.join(str(error).split()), 150)}", file=file) from None


class _Builder:
    """Nodes from parser events, without recursion. `open` holds the collections that have not ended."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: list[Node] = []
        self.keys: list[Node | None] = []  # per open collection: the key that waits for its value
        self.anchors: dict[str, Node] = {}
        self.top: Node | None = None

    def document(self, events: Iterator[Event]) -> Node:
        """The one document of the stream."""
        for event in events:
            if isinstance(event, DocumentStartEvent) and self.top is not None:
                raise self.error(event, "a second document, expected one")
            if isinstance(event, AliasEvent):
                self.place(self.alias(event), event)
            elif isinstance(event, ScalarEvent):
                self.check_tag(event)
                self.place(self.scalar(event), event)
            elif isinstance(event, CollectionStartEvent):
                self.check_tag(event)
                self.start(event)
            elif self.open and type(event).__name__.endswith(("SequenceEndEvent", "MappingEndEvent")):
                self.end(event)
        return self.top or Node("", 1, self.file, plain=True)

    def scalar(self, event: ScalarEvent) -> Node:
        node = Node(event.value, event.start_mark.line + 1, self.file, plain=event.style is None)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: AliasEvent) -> Node:
        node = self.anchors.get(event.anchor)
        if node is None:
            raise self.error(event, f"unknown alias {quoted('*' + event.anchor)}")
        if node in self.open:
            raise self.error(event, f"alias {quoted('*' + event.anchor)} contains itself")
        return node

    def start(self, event: CollectionStartEvent) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self.error(event, f"nested deeper than {MAX_DEPTH} levels")
        mapping = isinstance(event, MappingStartEvent)
        node = Node({} if mapping else [], event.start_mark.line + 1, self.file)
        self.check_key(event)
        if self.open:  # known already, so that paths in messages are complete
            self.link(node)
        if event.anchor:
            self.anchors[event.anchor] = node
        self.open.append(node)
        self.keys.append(None)

    def end(self, event: Event) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.place(node, event)

    def check_key(self, event: Event) -> None:
        if self.open and isinstance(self.open[-1].value, dict) and self.keys[-1] is None:
            raise self.error(event, "a key that is a list or a mapping, expected a word")

    def place(self, node: Node, event: Event) -> None:
        """Put a complete node where it belongs."""
        if not self.open:
            self.top = node
            return
        holder = self.open[-1]
        if isinstance(holder.value, dict) and self.keys[-1] is None:
            self.take_key(node, event, holder.value)
            return
        self.link(node)
        holder.size += node.size
        if holder.size > MAX_NODES:
            raise self.error(event, f"aliases make this larger than {MAX_NODES} values")
        if isinstance(holder.value, dict):
            key = self.keys[-1]
            assert key is not None
            holder.value[str(key.value)] = node
            self.keys[-1] = None
        elif isinstance(holder.value, list):
            holder.value.append(node)

    def link(self, node: Node) -> None:
        """Tell a new node where it stands; an aliased one keeps the place of its anchor."""
        if node.parent is not None:
            return
        holder, key = self.open[-1], self.keys[-1]
        node.parent = holder
        if key is not None:
            node.step, node.key_line = str(key.value), key.line
        else:
            node.step = len(holder.value)

    def take_key(self, node: Node, event: Event, members: dict[str, Node]) -> None:
        if not isinstance(node.value, str):
            raise self.error(event, "a key that is a list or a mapping, expected a word")
        if node.value == "<<" and node.plain:
            raise self.error(event, "merge key `<<` is not supported, write the members out")
        if node.value in members:
            first = members[node.value].key_line
            raise self.error(event, f"duplicate member {quoted(node.value)}, first on line {first}")
        self.keys[-1] = node

    def check_tag(self, event: NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            raise self.error(event, f"tag {quoted(str(tag))} is not supported")

    def error(self, event: Event, message: str) -> InputError:
        mark = event.start_mark
        return InputError(message, file=self.file, line=mark.line + 1 if mark else 0)
