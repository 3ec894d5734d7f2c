"""A question with open points read another way: whether a request gets through under both readings.

`Flipped.of(formula, "X-1")` is true of a request iff `formula` is when X-1, and nothing else, is read the other way.
Symbols that are defined from the input and depend on the point get a second definition, which goes with the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, both, iff, rebuilt, sym, walk
from perimeter_smt.logic.problem import Assertion


@dataclass
class Fixed:
    """Formulas of one problem with some symbols replaced by what they stand for; what was built once is used again.

    `label` is put after the names of second definitions: one for each choice of `values` in a problem.
    """

    definitions: Mapping[str, Formula]
    values: Mapping[str, Formula]
    label: str
    _depends: dict[str, bool] = field(default_factory=dict)
    _kept: list[Formula] = field(default_factory=list)

    def of(self, formula: Formula) -> Formula:
        """`formula` with the symbols replaced, together with the definitions that it needs."""
        needed: dict[str, Formula] = {}
        turned = self._turn(formula, needed)
        return both(turned, *needed.values())

    def _turn(self, root: Formula, needed: dict[str, Formula]) -> Formula:
        done: dict[int, Formula] = {}
        for node in walk(root):
            done[id(node)] = self._one(node, done, needed)
        self._kept.append(root)
        return done[id(root)]

    def _one(self, node: Formula, done: dict[int, Formula], needed: dict[str, Formula]) -> Formula:
        if node.op == "sym":
            name = str(node.payload)
            if name in self.values:
                return self.values[name]
            if not self._depends_on(name):
                return node
            turned = f"{name} {self.label}"
            if turned not in needed:
                needed[turned] = TRUE  # definitions do not go in circles; the place keeps the order stable
                needed[turned] = iff(sym(turned), self._turn(self.definitions[name], needed))
            return sym(turned)
        if not node.args:
            return node
        args = [done[id(arg)] for arg in node.args]
        return rebuilt(node, args)

    def _depends_on(self, name: str) -> bool:
        if name not in self._depends:
            body = self.definitions.get(name)
            self._depends[name] = False
            if body is not None:
                symbols = {str(node.payload) for node in walk(body) if node.op == "sym"}
                self._depends[name] = any(s in self.values or self._depends_on(s) for s in symbols)
        return self._depends[name]


def defined(assertions: Iterable[Assertion]) -> dict[str, Formula]:
    """The symbols that a problem defines, and what each stands for."""
    out: dict[str, Formula] = {}
    for assertion in assertions:
        formula = assertion.formula
        if formula.op == "iff" and formula.args[0].op == "sym":
            out[str(formula.args[0].payload)] = formula.args[1]
    return out


@dataclass
class Flipped:
    """Formulas of one world under rival readings, one point at a time."""

    world: World
    _points: dict[str, Fixed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._definitions = defined(self.world.assertions)

    def of(self, formula: Formula, point: str) -> Formula:
        """`formula` with `point` read the other way, together with the definitions that it needs."""
        if point not in self._points:
            rival = self.world.workspace.perimeter.readings.get(point) == "rival"
            values = {point: FALSE if rival else TRUE}
            self._points[point] = Fixed(self._definitions, values, f"under the rival of {point}")
        return self._points[point].of(formula)
