"""Order between variables some of which carry other conditions too (a text, a pattern, a second view).

Variables with conditions of one view only are solved as numbers.  The others are pinned to texts one after the
other: to the only text they can have, if a literal says so, else to a few that satisfy their own conditions.
Guarantee: a conflict is proved; pins that were only tried leave the question `Undecided` when none works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perimeter_smt.logic.atoms import Compare, Order, Parses
from perimeter_smt.solve.theories import numbers, unary
from perimeter_smt.solve.theories.classes import Classes
from perimeter_smt.solve.theories.literals import Conflict, Literal, Undecided, instant, number
from perimeter_smt.solve.theories.work import Work

_TRIES = 64  # combinations of pinned texts
_EACH = 4  # texts per variable beyond the first


@dataclass(frozen=True, slots=True)
class Placed:
    """What an ordered class is given: a text (None: one that denotes nothing), and the view it was solved in."""

    text: str | None
    view: str


def solve(
    literals: Sequence[Literal], classes: Classes, hints: Mapping[str, tuple[str, ...]], work: Work
) -> dict[str, Placed] | Conflict | Undecided:
    """Texts for the classes that `Order` literals speak about."""
    orders = [x for x in literals if isinstance(x.atom, Order)]
    if not orders:
        return {}
    free = _place(orders, literals, classes, {})
    if isinstance(free, Conflict):
        return free
    spoken: dict[str, set[str]] = {}
    for literal in orders:
        assert isinstance(literal.atom, Order)
        for variable in literal.variables:
            spoken.setdefault(classes.names[variable], set()).add(literal.atom.view)
    burdened = [
        name
        for name, views in sorted(spoken.items())
        if len(views) > 1 or any(literal.kind not in views for literal in classes.unary[name])
    ]
    if not burdened:
        return free
    options: list[list[str]] = []
    only: list[Literal] = []
    for name in burdened:
        own = classes.unary[name]
        for order in orders:  # an order that holds needs a text that denotes a value
            if order.positive and name in (classes.names[v] for v in order.variables):
                assert isinstance(order.atom, Order)
                needed = unary.find([*own, Literal(Parses("", order.atom.view), True, -1)], (), (), work)
                if isinstance(needed, Conflict):
                    return classes.explain([*needed.literals, order])
        whole = next((x for x in own if x.positive and x.language and x.language.exact is not None), None)
        alone = unary.find(own, classes.hints(name, hints), (), work)
        if isinstance(alone, Conflict):
            return classes.explain(alone.literals)
        if whole is not None and isinstance(alone, str):
            only.append(whole)
            options.append([alone])
        else:
            texts = _options(own, free.get(name), sorted(spoken[name]), work)
            options.append([*texts, alone] if isinstance(alone, str) else texts)
    failed: Conflict | None = None
    for tried, pins in enumerate(_products(options)):
        if tried >= _TRIES:
            break
        placed = _place(orders, literals, classes, dict(zip(burdened, pins, strict=True)))
        if not isinstance(placed, Conflict):
            return placed
        failed = placed
    if failed is not None and len(only) == len(burdened):
        return classes.explain([*failed.literals, *only])
    listed = ", ".join(f"`{name}`" for name in burdened)
    return Undecided(f"no texts found for {listed}, which are ordered and have other conditions")


def _options(own: Sequence[Literal], placed: Placed | None, views: Sequence[str], work: Work) -> list[str]:
    """Texts worth pinning a class to, each satisfying its own conditions."""
    found: list[str] = []
    if placed is not None and placed.text is not None:
        value = (number if placed.view == "number" else instant)(placed.text)
        assert value is not None
        texts = numbers.spellings(value, placed.view)
        found += [text for text in texts if all(literal.accepts(text) for literal in own)]
    for view in views:
        more = [*own, Literal(Parses("", view), True, -1)]  # type: ignore[arg-type]
        for _ in range(_EACH):
            text = unary.find(more, (), found, work)
            if not isinstance(text, str):
                break
            found.append(text)
    return found


def _products(options: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The first combinations, in the order that changes the last choice first."""
    out: list[tuple[str, ...]] = [()]
    for texts in options:
        out = [(*before, text) for before in out for text in texts][: 4 * _TRIES]
    return out


def _place(
    orders: Sequence[Literal], literals: Sequence[Literal], classes: Classes, pins: Mapping[str, str]
) -> dict[str, Placed] | Conflict:
    """The solution per view, with some classes held at a text."""
    out: dict[str, Placed] = {}
    for view in ("number", "instant"):
        mine = [x for x in orders if isinstance(x.atom, Order) and x.atom.view == view]
        if not mine:
            continue
        spoken = {classes.names[variable] for literal in mine for variable in literal.variables}
        rows = [*mine, *(x for x in literals if x.kind == view and classes.names[x.variables[0]] in spoken)]
        for name, text in pins.items():
            value = (number if view == "number" else instant)(text)
            if name not in spoken:
                continue
            if value is not None:
                rows.append(Literal(Compare(name, view, "=", value), True, -1))
                continue
            wrong = [x for x in mine if x.positive and name in (classes.names[v] for v in x.variables)]
            if wrong:
                return Conflict((wrong[0],))
        solved = numbers.solve(rows, classes.names)
        if isinstance(solved, Conflict):
            return classes.explain(solved.literals)
        for name in sorted(spoken):
            if name in pins:
                out[name] = Placed(pins[name], view)
            elif name in solved:
                out[name] = Placed(numbers.spellings(solved[name], view)[0], view)
            else:
                out[name] = Placed(None, view)
    return out
