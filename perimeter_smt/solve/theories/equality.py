"""Variables linked by equality, disequality and order.

Positive equalities merge variables into classes; a class must satisfy what is said of any of its members.
Disequalities need distinct texts: a class with more texts than neighbours can always be given one last, so
only classes with few texts are searched, and those texts are listed completely.  Guarantee: exact for
equalities over patterns, over addresses of family 4 and over numbers or instants with order; where patterns
meet order or disequal texts of other kinds, the answer may be `Undecided`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from perimeter_smt.logic.atoms import Parses
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.solve.theories import numbers, ordered, unary
from perimeter_smt.solve.theories.classes import Classes
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal, Realised, Undecided
from perimeter_smt.solve.theories.ordered import Placed
from perimeter_smt.solve.theories.work import Work


def decide(literals: Sequence[Literal], hints: Mapping[str, tuple[str, ...]], work: Work) -> Answer:
    """Texts for the variables of `literals` (no templates among them), or a conflict."""
    classes = Classes(literals)
    for literal in literals:
        if literal.kind == "equal" and not literal.positive:
            left, right = literal.variables
            if classes.names[left] == classes.names[right]:
                return Conflict((literal, *classes.path(left, right)))
    placed = ordered.solve(literals, classes, hints, work)
    if isinstance(placed, Conflict | Undecided):
        return placed
    texts: dict[str, str] = {}
    views: dict[str, str] = {}
    for name in classes.members:
        found = _text(name, placed.get(name), classes, classes.hints(name, hints), work)
        if isinstance(found, Conflict):
            return classes.explain(found.literals)
        if isinstance(found, Undecided):
            return found
        texts[name], view = found
        if view:
            views[name] = view
    colours = _distinct(literals, classes, texts, views, hints, work)
    if not isinstance(colours, dict):
        return colours
    values = {variable: colours[name] for variable, name in classes.names.items()}
    model = Model(texts=values)
    for literal in literals:
        if holds(literal.atom, model) != literal.positive:
            return Undecided(f"no texts found for {_list(classes.names)}, which are compared with each other")
    return Realised(values)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _text(
    name: str, place: Placed | None, classes: Classes, hints: Sequence[str], work: Work
) -> tuple[str, str] | Conflict | Undecided:
    """A first text for a class, and the view in which it may be spelled otherwise ("" if it may not)."""
    own = classes.unary[name]
    if place is not None and place.text is not None:
        return place.text, place.view if all(literal.kind == place.view for literal in own) else ""
    extra = [Literal(Parses("", place.view), False, -1)] if place is not None else []  # type: ignore[arg-type]
    result = unary.find([*own, *extra], hints, (), work)
    if extra and not isinstance(result, str):
        result = unary.find(own, hints, (), work)
    return (result, "") if isinstance(result, str) else result


def _distinct(
    literals: Sequence[Literal],
    classes: Classes,
    texts: dict[str, str],
    views: Mapping[str, str],
    hints: Mapping[str, tuple[str, ...]],
    work: Work,
) -> dict[str, str] | Conflict | Undecided:
    """Texts of the classes, changed where disequalities ask for it."""
    apart: dict[str, set[str]] = {}
    sources = [x for x in literals if x.kind == "equal" and not x.positive]
    for literal in sources:
        left, right = (classes.names[variable] for variable in literal.variables)
        apart.setdefault(left, set()).add(right)
        apart.setdefault(right, set()).add(left)
    if all(texts[name] != texts[other] for name, others in apart.items() for other in others):
        return texts
    choices: dict[str, list[str]] = {}
    scarce: list[str] = []
    open_ends = False
    for name in sorted(apart):
        options = [texts[name]]
        while len(options) <= len(apart[name]):
            if name in views:
                options.append(numbers.respell(texts[name], views[name], options))
                continue
            more = unary.find(classes.unary[name], classes.hints(name, hints), options, work)
            if not isinstance(more, str):
                open_ends = open_ends or isinstance(more, Undecided)
                scarce.append(name)
                break
            options.append(more)
        choices[name] = options
    chosen = dict(texts)
    if not _colour(scarce, choices, apart, chosen):
        if open_ends:
            return Undecided(f"not enough texts found for {_list(apart)}, which must differ")
        return classes.explain([*sources, *(x for name in scarce for x in classes.unary[name])])
    for name in sorted(set(apart) - set(scarce)):
        chosen.pop(name)
    for name in sorted(set(apart) - set(scarce)):
        used = {chosen[other] for other in apart[name] if other in chosen}
        chosen[name] = next(text for text in choices[name] if text not in used)
    return chosen


def _colour(
    names: Sequence[str], choices: Mapping[str, list[str]], apart: Mapping[str, set[str]], out: dict[str, str]
) -> bool:
    """Backtracking over the classes whose texts are all listed; writes the choice to `out`."""
    fixed: dict[str, str] = {}

    def place(at: int) -> bool:
        if at == len(names):
            out.update(fixed)
            return True
        name = names[at]
        used = {fixed[other] for other in apart[name] if other in fixed}
        for text in choices[name]:
            if text not in used:
                fixed[name] = text
                if place(at + 1):
                    return True
                del fixed[name]
        return False

    return place(0)
