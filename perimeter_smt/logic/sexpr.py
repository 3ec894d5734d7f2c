"""S-expressions of SMT-LIB 2.6: reading with line numbers, and quoting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from perimeter_smt.errors import InputError

_TOKEN = re.compile(
    r"""(?P<space>\s+|;[^\n]*)|(?P<open>\()|(?P<close>\))|"(?P<string>(?:[^"]|"")*)"|\|(?P<quoted>[^|\\]*)\|"""
    r"""|(?P<atom>[^\s()"|;]+)""",
)
_SIMPLE = re.compile(r"[A-Za-z~!@$%^&*_\-+=<>.?/][A-Za-z0-9~!@$%^&*_\-+=<>.?/]*")
_RESERVED = {"let", "forall", "exists", "match", "par", "as", "_", "!", "assert"}
_ESCAPE = re.compile(r"\\u(?:\{([0-9a-fA-F]{1,5})\}|([0-9a-fA-F]{4}))")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol, keyword or numeral, without quoting bars."""

    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class String:
    """A string literal, escapes resolved."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A parenthesised list."""

    items: tuple[Expr, ...]
    line: int

    @property
    def head(self) -> str:
        """The first symbol's text, or the empty text."""
        first = self.items[0] if self.items else None
        return first.text if isinstance(first, Symbol) else ""


Expr = Symbol | String | Sequence


def parse(text: str, file: str) -> Iterator[Expr]:
    """The top-level expressions of `text`; InputError with file and line on unbalanced or foreign text."""
    stack: list[tuple[list[Expr], int]] = []
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise InputError(f"cannot read `{text[position : position + 20]}`", file=file, line=line)
        item: Expr | None = None
        if found["open"]:
            stack.append(([], line))
        elif found["close"]:
            if not stack:
                raise InputError("`)` without `(`", file=file, line=line)
            items, start = stack.pop()
            item = Sequence(tuple(items), start)
        elif found["string"] is not None:
            item = String(unescape(found["string"].replace('""', '"')), line)
        elif found["quoted"] is not None:
            item = Symbol(found["quoted"], line, quoted=True)
        elif found["atom"]:
            item = Symbol(found["atom"], line)
        if item is not None:
            if stack:
                stack[-1][0].append(item)
            else:
                yield item
        line += found[0].count("\n")
        position = found.end()
    if stack:
        raise InputError("`(` is never closed", file=file, line=stack[-1][1])


def unescape(text: str) -> str:
    """Resolve the escapes of SMT-LIB string literals."""
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


def quote_symbol(name: str) -> str:
    """`name` as an SMT-LIB symbol, in bars where needed (bars and backslashes are replaced)."""
    if _SIMPLE.fullmatch(name) and name not in _RESERVED:
        return name
    return "|" + name.replace("\\", "\u00a6").replace("|", "\u00a6") + "|"


def quote_string(text: str) -> str:
    """`text` as an SMT-LIB string literal."""
    out = "".join(c if " " <= c <= "~" and c != "\\" else f"\\u{{{ord(c):x}}}" for c in text)
    return '"' + out.replace('"', '""') + '"'
