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
from perimeter_smt.solve.theories import numbers, unary
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal, Realised, Undecided, named


class Classes:
    """The variables of some literals, merged by the positive equalities among them."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self.names: dict[str, str] = {}
        for literal in literals:
            for variable in literal.variables:
                self.names.setdefault(variable, variable)
        self._edges: dict[str, list[tuple[str, Literal]]] = {variable: [] for variable in self.names}
        for literal in literals:
            if literal.kind == "equal" and literal.positive:
                left, right = literal.variables
                self._edges[left].append((right, literal))
                self._edges[right].append((left, literal))
                first, second = sorted((self.names[left], self.names[right]))
                if first != second:
                    self.names = {v: first if name == second else name for v, name in self.names.items()}
        self.members: dict[str, list[str]] = {}
        for variable in sorted(self.names):
            self.members.setdefault(self.names[variable], []).append(variable)
        self.unary: dict[str, list[Literal]] = {name: [] for name in self.members}
        for literal in literals:
            if literal.unary:
                self.unary[self.names[literal.variables[0]]].append(literal)

    def path(self, left: str, right: str) -> list[Literal]:
        """The equalities of a shortest chain from `left` to `right`, members of one class."""
        came: dict[str, tuple[str, Literal]] = {}
        queue = [left]
        for node in queue:
            for target, literal in self._edges[node]:
                if target != left and target not in came:
                    came[target] = (node, literal)
                    queue.append(target)
        out: list[Literal] = []
        while right != left:
            right, literal = came[right]
            out.append(literal)
        return out

    def explain(self, literals: Sequence[Literal]) -> Conflict:
        """The conflict over `literals`, with the equalities that bring their variables together."""
        links: list[Literal] = []
        anchor: dict[str, str] = {}
        for literal in literals:
            for variable in literal.variables if literal.key >= 0 else ():
                start = anchor.setdefault(self.names[variable], variable)
                links.extend(self.path(start, variable))
        return named(list(dict.fromkeys([*literals, *links])))

    def hints(self, name: str, hints: Mapping[str, tuple[str, ...]]) -> list[str]:
        """The hints of all members of a class, in order."""
        return list(dict.fromkeys(text for member in self.members[name] for text in hints.get(member, ())))


def decide(literals: Sequence[Literal], hints: Mapping[str, tuple[str, ...]], limit: int) -> Answer:
    """Texts for the variables of `literals` (no templates among them), or a conflict."""
    classes = Classes(literals)
    for literal in literals:
        if literal.kind == "equal" and not literal.positive:
            left, right = literal.variables
            if classes.names[left] == classes.names[right]:
                return Conflict((literal, *classes.path(left, right)))
    ordered = _order(literals, classes)
    if isinstance(ordered, Conflict):
        return ordered
    texts: dict[str, str] = {}
    views: dict[str, str] = {}
    for name in classes.members:
        found = _text(name, ordered, classes, classes.hints(name, hints), limit)
        if isinstance(found, Conflict):
            return classes.explain(found.literals)
        if isinstance(found, Undecided):
            return found
        texts[name], view = found
        if view:
            views[name] = view
    colours = _distinct(literals, classes, texts, views, limit)
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


Ordered = dict[str, dict[str, str | None]]


def _order(literals: Sequence[Literal], classes: Classes) -> Ordered | Conflict:
    """Per view, a text for each class that an order speaks about; None: it need not denote a value."""
    out: Ordered = {}
    for view in ("number", "instant"):
        orders = [x for x in literals if x.kind == "order" and getattr(x.atom, "view", "") == view]
        if not orders:
            continue
        spoken = {classes.names[variable] for literal in orders for variable in literal.variables}
        typed = [x for x in literals if x.kind == view and classes.names[x.variables[0]] in spoken]
        solved = numbers.solve([*orders, *typed], classes.names)
        if isinstance(solved, Conflict):
            return classes.explain(solved.literals)
        out[view] = {
            name: numbers.spellings(solved[name], view)[0] if name in solved else None for name in sorted(spoken)
        }
    return out


def _text(
    name: str, ordered: Ordered, classes: Classes, hints: Sequence[str], limit: int
) -> tuple[str, str] | Conflict | Undecided:
    """A first text for a class, and the view in which it may be spelled otherwise ("" if it may not)."""
    own = classes.unary[name]
    extra: list[Literal] = []
    for view, found in ordered.items():
        if name not in found:
            continue
        text = found[name]
        if text is None:
            extra.append(Literal(Parses("", view), False, -1))  # type: ignore[arg-type]
            continue
        if all(literal.accepts(text) for literal in own):
            return text, view if all(literal.kind == view for literal in own) else ""
        alone = unary.find(own, (), (), limit)
        return alone if isinstance(alone, Conflict) else Undecided(f"`{name}` is ordered and has other conditions")
    result = unary.find([*own, *extra], hints, (), limit)
    if extra and not isinstance(result, str):
        result = unary.find(own, hints, (), limit)
    return (result, "") if isinstance(result, str) else result


def _distinct(
    literals: Sequence[Literal], classes: Classes, texts: dict[str, str], views: Mapping[str, str], limit: int
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
            more = unary.find(classes.unary[name], (), options, limit)
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
