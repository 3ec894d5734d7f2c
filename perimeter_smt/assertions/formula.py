"""Formulas as people write them in Python: `&`, `|`, `~`, `>>`, and the SMT-LIB text that they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from perimeter_smt.assertions.precedence import written_inline

Services = frozenset[str] | None  # None: every service


@dataclass(frozen=True, eq=False)
class Formula:
    """A statement about one request. `text` is its SMT-LIB term.

    `speaks` are the services of which it can be false, `denial` those of which its negation can be: a question about a
    formula need not look at any other. `sides` are premise and conclusion of an implication.
    """

    text: str
    speaks: Services = None
    denial: Services = None
    sides: tuple[Formula, Formula] | None = field(default=None, repr=False)

    def __and__(self, other: Formula) -> Formula:
        return _joined("and", self, other, "&")

    def __or__(self, other: Formula) -> Formula:
        return _joined("or", self, other, "|")

    def __invert__(self) -> Formula:
        return Formula(f"(not {self.text})", self.denial, self.speaks)

    def __rshift__(self, other: Formula) -> Formula:
        """Implication; TypeError for a chain, of which nobody knows how to read it."""
        as_formula(other)
        if self.sides and written_inline(sys._getframe(1), ">>", left=True):
            raise TypeError("`a >> b >> c`: expected parentheses around one of the implications")
        return implication(self, other)

    def iff(self, other: Formula) -> Formula:
        """Both or neither."""
        return all_of(implication(self, as_formula(other)), implication(other, self))

    def __eq__(self, other: object) -> bool:
        raise TypeError("`==` of formulas compares nothing: expected `.iff(...)`, or parentheses around `text == ...`")

    def __ne__(self, other: object) -> bool:
        raise TypeError("`!=` of formulas compares nothing: expected `~` and `.iff(...)`")

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError("a formula has no truth by itself: expected `&`, `|`, `~` in place of `and`, `or`, `not`")

    @property
    def services(self) -> tuple[str, ...] | None:
        """The services of which it says something, in order; None: all."""
        return None if self.speaks is None else tuple(sorted(self.speaks))

    @property
    def smtlib(self) -> str:
        """The assertion as SMT-LIB commands, without a name."""
        return f"(assert {self.text})\n"

    def __str__(self) -> str:
        return self.text


def implication(premise: Formula, conclusion: Formula) -> Formula:
    """`premise` implies `conclusion`."""
    return Formula(
        f"(=> {premise.text} {conclusion.text})",
        _all((premise.denial, conclusion.speaks)),
        _any((premise.speaks, conclusion.denial)),
        (premise, conclusion),
    )


def all_of(*formulas: Formula) -> Formula:
    """The conjunction, with every part as it stands."""
    return _many("and", formulas)


def any_of(*formulas: Formula) -> Formula:
    """The disjunction, with every part as it stands."""
    return _many("or", formulas)


def _joined(operator: str, left: Formula, right: Formula, sign: str) -> Formula:
    """Two formulas joined; an implication that stands without parentheses beside `&` or `|` takes in the other side."""
    as_formula(right)
    frame = sys._getframe(2)
    if left.sides and written_inline(frame, sign, left=True):
        if right.sides and written_inline(frame, sign, left=False):
            raise TypeError(f"two implications joined by `{sign}`: expected parentheses around each")
        return implication(left.sides[0], _many(operator, (left.sides[1], right)))
    if right.sides and written_inline(frame, sign, left=False):
        return implication(_many(operator, (left, right.sides[0])), right.sides[1])
    return _many(operator, (left, right))


def _many(operator: str, formulas: tuple[Formula, ...]) -> Formula:
    if not formulas:
        return Formula("true" if operator == "and" else "false")
    for formula in formulas:
        as_formula(formula)
    if len(formulas) == 1:
        return formulas[0]
    speaks, denial = [f.speaks for f in formulas], [f.denial for f in formulas]
    strong, weak = (_any, _all) if operator == "and" else (_all, _any)
    return Formula(f"({operator} {' '.join(f.text for f in formulas)})", strong(speaks), weak(denial))


def as_formula(value: Any) -> Formula:
    """The value, if it is a formula; TypeError otherwise."""
    if not isinstance(value, Formula):
        raise TypeError(f"`{value!s}` is no formula: expected words such as `my_iam` or `on('s3:*')`")
    return value


def _any(all_services: Iterable[Services]) -> Services:
    out: frozenset[str] = frozenset()
    for services in all_services:
        if services is None:
            return None
        out |= services
    return out


def _all(all_services: Iterable[Services]) -> Services:
    out: Services = None
    for services in all_services:
        out = services if out is None else out if services is None else out & services
    return out
