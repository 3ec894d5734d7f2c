"""Texts with wildcards and policy variables, cut into parts (semantics 1.7, 2.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Literal:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*` (any run of characters) or `?` (exactly one)."""

    char: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; `name` is the key lower-cased."""

    key: str
    name: str
    default: str | None


Part = Literal | Wildcard | Variable
Template = tuple[Part, ...]

_VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^${},'\s][^${},']*?)\s*(?:,\s*'([^']*)'\s*)?)\}")


@lru_cache(maxsize=65536)
def parse_template(text: str, *, wildcards: bool, variables: bool) -> Template:
    """Cut `text` into parts; without `variables` a `${` is plain text, without `wildcards` so are `*` and `?`.

    Broken variable text (unterminated, nested) is plain text (X-28).
    """
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(text) if variables else ():
        parts += _plain(text[position : found.start()], wildcards)
        escape, key, default = found.groups()
        parts.append(Literal(escape) if escape else Variable(key, key.lower(), default))
        position = found.end()
    parts += _plain(text[position:], wildcards)
    return _joined(parts)


def split_fields(template: Template, limit: int = 5) -> tuple[Template, ...]:
    """Cut at the first `limit` colons of the literal text (semantics 1.5.1); colons in variables do not cut."""
    fields: list[list[Part]] = [[]]
    for part in template:
        if not isinstance(part, Literal):
            fields[-1].append(part)
            continue
        pieces = part.text.split(":", limit - (len(fields) - 1))
        for number, piece in enumerate(pieces):
            if number:
                fields.append([])
            if piece:
                fields[-1].append(Literal(piece))
    return tuple(tuple(field) for field in fields)


def is_full_star(text: str) -> bool:
    """Whether `text` is `*`, `**`, ... (semantics 1.5.3)."""
    return bool(text) and not text.strip("*")


def _plain(text: str, wildcards: bool) -> list[Part]:
    if not text:
        return []
    if not wildcards:
        return [Literal(text)]
    return [Wildcard(piece) if piece in ("*", "?") else Literal(piece) for piece in re.split(r"([*?])", text) if piece]


def _joined(parts: list[Part]) -> Template:
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            out[-1] = Literal(last.text + part.text)
        else:
            out.append(part)
    return tuple(out)
