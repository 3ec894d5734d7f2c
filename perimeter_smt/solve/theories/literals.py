"""Literals as theories see them: an atom with its sign, compiled once, and the answers theories give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal as OneOf

from perimeter_smt.logic import interpret
from perimeter_smt.logic.atoms import (
    ANY,
    Atom,
    Compare,
    Equal,
    Glob,
    Match,
    Member,
    Order,
    Parses,
    Pattern,
    Run,
    Text,
    Within,
    variables,
)
from perimeter_smt.solve.theories.alphabet import PREFERRED, RANK, folded, rank
from perimeter_smt.solve.theories.automaton import Automaton

Kind = OneOf["glob", "number", "instant", "address", "order", "equal", "match", "member"]

number = lru_cache(maxsize=65536)(interpret.number)
instant = lru_cache(maxsize=65536)(interpret.instant)
address = lru_cache(maxsize=65536)(interpret.address)

_STAR = Run(ANY)
ARN: Pattern = (Text("arn:"), *(part for _ in range(4) for part in (_STAR, Text(":"))), _STAR)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Literals that no values satisfy together (not necessarily a smallest such set)."""

    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The theory cannot tell; the reason names the variables."""

    reason: str


@dataclass(frozen=True, slots=True)
class Realised:
    """Values for the variables of the literals that satisfy them all."""

    texts: Mapping[str, str]


Answer = Realised | Conflict | Undecided


class Language:
    """One pattern, with the shortcuts that spare the automaton: exact text, fixed prefix and suffix."""

    __slots__ = ("_automaton", "exact", "fold", "pattern", "prefix", "shape", "suffix", "weight")

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self._automaton: Automaton | None = None
        texts = [part for part in pattern if isinstance(part, Text)]
        self.weight = sum(len(part.text) for part in texts)
        plain = all(char in RANK for part in texts for char in part.text)
        self.fold = any(part.fold for part in texts)
        uniform = plain and (not self.fold or all(part.fold for part in texts))
        whole = len(texts) == len(pattern)
        self.exact = "".join(part.text for part in texts) if whole and not self.fold else None
        first, last = (pattern[0], pattern[-1]) if pattern else (None, None)
        self.prefix = first.text if isinstance(first, Text) else ""
        self.suffix = last.text if isinstance(last, Text) else ""
        if self.fold:
            self.prefix, self.suffix = self.prefix.lower(), self.suffix.lower()
        # How membership is told: a whole text, text* or *text or text*text, or the automaton.
        self.shape = ""
        if self.fold and not plain:
            self.prefix = self.suffix = ""  # lower() is not how such characters fold
        if uniform and whole:
            self.shape = "whole"
            self.prefix = self.suffix = "".join(part.text for part in texts)
            if self.fold:
                self.prefix = self.suffix = self.prefix.lower()
        elif uniform and len(pattern) - len(texts) == 1 and _STAR in pattern and len(texts) <= 2:
            position = pattern.index(_STAR)
            if (position, len(pattern)) in ((0, 1), (0, 2), (1, 2), (1, 3)):
                self.shape = "ends"

    @property
    def automaton(self) -> Automaton:
        """The automaton, built at first use; raises TooLargeError."""
        if self._automaton is None:
            self._automaton = Automaton(self.pattern)
        return self._automaton

    @property
    def shortest(self) -> str | None:
        """The plainest of the shortest texts that match; None if there is none over the alphabet."""
        out = []
        for part in self.pattern:
            if isinstance(part, Text):
                out += [min(folded(char) if part.fold else char, key=rank, default="") for char in part.text]
            else:
                out += [next((char for char in PREFERRED if char in part.chars), "")] * part.low
        return "".join(out) if all(char in RANK for char in out) else None

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole of `text`, a text over the alphabet; raises TooLargeError."""
        if not self.shape:
            return self.automaton.accepts(text)
        if self.fold:
            text = text.lower()
        if self.shape == "whole":
            return text == self.prefix
        prefix, suffix = self.prefix, self.suffix
        return len(text) >= len(prefix) + len(suffix) and text.startswith(prefix) and text.endswith(suffix)


@lru_cache(maxsize=100_000)
def language(pattern: Pattern) -> Language:
    """The compiled form of `pattern`, shared by all its uses."""
    return Language(pattern)


class Literal:
    """An atom that must hold (`positive`) or must not. Compared by identity; `key` gives a stable order.

    `unary` literals speak about one variable alone; `language` is set for patterns.
    """

    __slots__ = ("atom", "key", "kind", "language", "positive", "unary", "variables")

    def __init__(self, fact: Atom, positive: bool, key: int) -> None:
        self.atom, self.positive, self.key = fact, positive, key
        self.variables = variables(fact)
        self.language: Language | None = None
        kind: Kind
        match fact:
            case Glob(pattern=pattern):
                kind, self.language = "glob", language(pattern)
            case Parses(view="arn"):
                kind, self.language = "glob", language(ARN)
            case Parses(view=view) | Compare(view=view):
                kind = view  # type: ignore[assignment]  # the ARN view is handled above
            case Within():
                kind = "address"
            case Order():
                kind = "order"
            case Match():
                kind = "match"
            case Equal():
                kind = "equal"
            case Member():
                kind = "member"
            case _:
                raise TypeError(f"no theory for {fact!r}")
        self.kind = kind
        self.unary = kind in ("glob", "number", "instant", "address")

    def accepts(self, text: str) -> bool:
        """Whether `text`, a text over the alphabet, satisfies this unary literal; raises TooLargeError."""
        if self.language is not None:
            return self.language.matches(text) == self.positive
        return _typed(self.atom, text) == self.positive

    def __repr__(self) -> str:
        return f"{'' if self.positive else 'not '}{self.atom}"


def _typed(fact: Atom, text: str) -> bool:
    match fact:
        case Compare(view=view, relation=relation, bound=bound):
            value = number(text) if view == "number" else instant(text)
            if value is None:
                return False
            return {
                "<": value < bound,
                "<=": value <= bound,
                "=": value == bound,
                ">": value > bound,
                ">=": value >= bound,
            }[relation]
        case Within(family=family, network=network, prefix=prefix):
            found = address(text)
            shift = (32 if family == 4 else 128) - prefix
            return found is not None and found[0] == family and found[1] >> shift == network >> shift
        case Parses(view=view):
            return {"number": number, "instant": instant, "address": address}[view](text) is not None
    raise TypeError(f"not a typed atom: {fact!r}")


def excluding(texts: Sequence[str]) -> list[Literal]:
    """Anonymous literals (key -1) that rule the given texts out; conflicts never name them."""
    return [Literal(Glob("", (Text(text),) if text else ()), False, -1) for text in texts]


def named(literals: Sequence[Literal]) -> Conflict:
    """The conflict over those of `literals` that have a name."""
    return Conflict(tuple(literal for literal in literals if literal.key >= 0))
