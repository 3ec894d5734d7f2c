"""Atoms: the facts about request variables that theories decide.

Every variable holds a text.  A typed atom speaks about a *view* of that text: the number, instant or
address it denotes.  A typed atom is false when the text does not denote a value of that type.
`logic.interpret` defines the meaning of each atom on concrete texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

View = Literal["number", "instant", "address", "arn"]
Relation = Literal["<", "<=", "="]


@dataclass(frozen=True, slots=True)
class CharSet:
    """A set of characters: those listed, or (negated) all others."""

    chars: str = ""
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return (char in self.chars) != self.negated


ANY = CharSet("", True)
NOT_COLON = CharSet(":", True)
DIGITS = CharSet("0123456789")


@dataclass(frozen=True, slots=True)
class Text:
    """A literal piece of text; `fold` compares it without case (one-to-one folding)."""

    text: str
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Between `low` and `high` (None: unbounded) characters, each from `chars`."""

    chars: CharSet
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of another variable, taken literally; `fold` compares it without case."""

    var: str
    fold: bool = False


STAR = Run(ANY)
ONE = Run(ANY, 1, 1)

Token = Text | Run
Pattern = tuple[Token, ...]
Template = tuple[Text | Run | Ref, ...]


@dataclass(frozen=True, slots=True)
class Glob:
    """The text of `var` matches the whole of `pattern`."""

    var: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Match:
    """The text of `var` matches the whole of `template`, which holds at least one reference."""

    var: str
    template: Template


@dataclass(frozen=True, slots=True)
class Equal:
    """Two variables hold the same text. Build it with `equal`, which orders the sides."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Compare:
    """The number or instant (epoch seconds) denoted by `var` stands in `relation` to a constant."""

    var: str
    view: Literal["number", "instant"]
    relation: Literal["<", "<=", "=", ">", ">="]
    bound: Fraction


@dataclass(frozen=True, slots=True)
class Order:
    """The instants (or numbers) denoted by two variables stand in `relation`."""

    left: str
    right: str
    view: Literal["number", "instant"]
    relation: Relation


@dataclass(frozen=True, slots=True)
class Within:
    """`var` denotes an address of `family` (4 or 6) whose first `prefix` bits equal those of `network`."""

    var: str
    family: Literal[4, 6]
    network: int
    prefix: int


@dataclass(frozen=True, slots=True)
class Parses:
    """The text of `var` denotes a value of `view`."""

    var: str
    view: View


@dataclass(frozen=True, slots=True)
class Is:
    """The enumeration variable `var` has `value`; its values are declared with the problem."""

    var: str
    value: str


@dataclass(frozen=True, slots=True)
class Member:
    """The chosen row of catalogue `var` lies in the catalogue's set `name`."""

    var: str
    name: str


Atom = Glob | Match | Equal | Compare | Order | Within | Parses | Is | Member


def variables(atom: Atom) -> tuple[str, ...]:
    """The text variables that `atom` speaks about (none for enumerations and catalogues)."""
    match atom:
        case Equal(left=left, right=right) | Order(left=left, right=right):
            return (left, right)
        case Match(var=var, template=template):
            return (var, *(part.var for part in template if isinstance(part, Ref)))
        case Is() | Member():
            return ()
        case _:
            return (atom.var,)
