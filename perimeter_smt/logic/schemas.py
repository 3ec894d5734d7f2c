"""Axioms on families of condition keys: what `:for-each` of the formal text stands for, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from perimeter_smt.logic.sexpr import Expr, Sequence, String, Symbol


@dataclass(frozen=True)
class Schema:
    """An axiom per key that fits `each` and not `but`: patterns of names in lower case, or classes of keys.

    `per_value`: one per value of the key. `beside`: a key that must be in use as well. `rows`: a table, and the value
    of a field; one axiom per row of it that has this value there and the key in its field `key`.
    """

    name: str
    body: Expr
    each: tuple[str, ...]
    but: tuple[str, ...]
    per_value: bool
    beside: str
    rows: tuple[str, str, str] | None
    strength: str
    source: str
    file: str
    line: int

    def fits(self, key: str, classes: Iterable[str]) -> bool:
        """Whether the schema speaks of a key, given in lower case."""
        kinds = set(classes)

        def named(patterns: Iterable[str]) -> bool:
            return any(p in kinds or (":" in p and fnmatchcase(key, p)) for p in patterns)

        return named(self.each) and not named(self.but)


def schema_of(name: str, body: Expr, attributes: Mapping[str, str], file: str, line: int) -> Schema | None:
    """The schema that the attributes of an assertion make of it; None for a plain axiom."""
    per_value = ":for-each-value" in attributes
    each = attributes.get(":for-each-value" if per_value else ":for-each")
    if each is None:
        return None
    return Schema(
        name,
        body,
        tuple(each.lower().split()),
        tuple(attributes.get(":except", "").lower().split()),
        per_value,
        attributes.get(":with", "").lower(),
        _rows(attributes.get(":for-each-row", "")),
        attributes.get(":strength", "hard"),
        attributes.get(":source", ""),
        file,
        line,
    )


def _rows(text: str) -> tuple[str, str, str] | None:
    """`TABLE FIELD=VALUE`, in parts."""
    table, _, which = text.partition(" ")
    field, _, value = which.partition("=")
    return (table, field, value) if table else None


def filled(expr: Expr, symbols: Mapping[str, str], texts: Mapping[str, str]) -> Expr:
    """The expression with other names of symbols and other texts."""
    match expr:
        case Symbol(text=text) if text in symbols:
            return Symbol(symbols[text], expr.line, quoted=symbols[text] != "false")
        case String(text=text) if text in texts:
            return String(texts[text], expr.line)
        case Sequence(items=items):
            return Sequence(tuple(filled(item, symbols, texts) for item in items), expr.line)
    return expr
