"""Policies inside larger files: texts or decoded objects, each parsed once however often it is attached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import Node, from_object, read_json
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_node

_ENCODED = re.compile(r"\s*%7B", re.IGNORECASE)


class Documents:
    """Reads policies. The same text of the same kind and name is one and the same document.

    Documents keep the place they were first read from: its file, and the path to the policy in it.
    """

    def __init__(self, fill: Mapping[str, str]) -> None:
        self._fill = fill
        self._read: dict[tuple[Kind, str, str | bytes], Document | NotKnown] = {}
        self._nodes: list[Document] = []  # of policies that were given as nodes
        self.distinct: set[str | bytes] = set()

    def read(self, value: object, kind: Kind, *, name: str, at: Place) -> Document | NotKnown:
        """The policy: a JSON text (URL-encoded or not), an object, or a node with its lines.

        What is no policy of this kind is not known, with what is wrong with it as the reason.
        """
        if isinstance(value, NotKnown):
            return value
        if isinstance(value, Node):
            found = self._parsed(value, kind, name)
            self._nodes += [found] if isinstance(found, Document) else []
            return found
        key: str | bytes
        if isinstance(value, str):
            key = unquote(value) if _ENCODED.match(value) else value
        else:
            try:
                key = orjson.dumps(value)
            except TypeError:
                return NotKnown("is no policy")
        known = self._read.get((kind, name, key))
        if known is None:
            known = self._read[kind, name, key] = self._fresh(key, value, kind, name, at)
            self.distinct.add(key)
        return known

    def parsed(self) -> Iterator[Document]:
        """Every policy that was read."""
        yield from (found for found in self._read.values() if isinstance(found, Document))
        yield from self._nodes

    def _fresh(self, key: str | bytes, value: object, kind: Kind, name: str, at: Place) -> Document | NotKnown:
        try:
            if isinstance(key, str):
                node = read_json(key, file=at.file)
                for found in node.walk():
                    found.line = at.line
            else:
                node = from_object(value, file=at.file)
        except InputError as error:
            return NotKnown(error.message)
        _hang(node, at)
        document = self._parsed(node, kind, name, plain=not self._fill and _is_plain(key))
        _release(node)
        return document

    def _parsed(self, node: Node, kind: Kind, name: str, *, plain: bool = False) -> Document | NotKnown:
        try:
            return parse_node(node, kind, name=name, fill=self._fill, strict=False, plain=plain)
        except InputError as error:
            return NotKnown(f"{error.path}: {error.message}" if error.path else error.message)


def _is_plain(text: str | bytes) -> bool:
    """Printable ASCII without `<`, which placeholders begin with, and without escapes of other characters."""
    if isinstance(text, str):
        return text.isascii() and "<" not in text and "\\u" not in text and "\\b" not in text and "\\f" not in text
    return text.isascii() and b"<" not in text and b"\\u" not in text and b"\\b" not in text and b"\\f" not in text


def _release(node: Node) -> None:
    """Cut the circles of parents and children, so that memory is given back without a search for circles."""
    stack = [node]
    while stack:
        value = stack[-1].value
        stack.pop().value = None
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _hang(node: Node, at: Place) -> None:
    """Let the path of a node begin at the top of its file."""
    parent: Node | None = None
    for step in (None, *at.steps[:-1]):
        parent = Node(None, at.line, at.file, parent, step)
    node.parent, node.step = (parent, at.steps[-1]) if at.steps else (None, None)
