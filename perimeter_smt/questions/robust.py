"""A question with open points read the other way: whether a request gets through under both readings.

`Flipped.of(formula, "X-1")` is true of a request iff `formula` is when X-1, and nothing else, is read the other way.
Symbols that are defined from the input and depend on the point get a second definition, which goes with the question.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, both, iff, rebuilt, sym, walk


@dataclass
class Flipped:
    """Formulas of one world under rival readings; what was built once is used again."""

    world: World
    _definitions: dict[str, Formula] = field(default_factory=dict)
    _depends: dict[tuple[str, str], bool] = field(default_factory=dict)
    _kept: list[Formula] = field(default_factory=list)

    def __post_init__(self) -> None:
        for assertion in self.world.assertions:
            formula = assertion.formula
            if formula.op == "iff" and formula.args[0].op == "sym":
                self._definitions[str(formula.args[0].payload)] = formula.args[1]

    def of(self, formula: Formula, point: str) -> Formula:
        """`formula` with `point` read the other way, together with the definitions that it needs."""
        needed: dict[str, Formula] = {}
        turned = self._turn(formula, point, needed)
        return both(turned, *needed.values())

    def _turn(self, root: Formula, point: str, needed: dict[str, Formula]) -> Formula:
        rival = self.world.workspace.perimeter.readings.get(point) == "rival"
        done: dict[int, Formula] = {}
        for node in walk(root):
            done[id(node)] = self._one(node, point, FALSE if rival else TRUE, done, needed)
        self._kept.append(root)
        return done[id(root)]

    def _one(
        self, node: Formula, point: str, value: Formula, done: dict[int, Formula], needed: dict[str, Formula]
    ) -> Formula:
        if node.op == "sym":
            name = str(node.payload)
            if name == point:
                return value
            if not self._depends_on(name, point):
                return node
            turned = f"{name} under the rival of {point}"
            if turned not in needed:
                needed[turned] = TRUE  # definitions do not go in circles; the place keeps the order stable
                needed[turned] = iff(sym(turned), self._turn(self._definitions[name], point, needed))
            return sym(turned)
        if not node.args:
            return node
        args = [done[id(arg)] for arg in node.args]
        return rebuilt(node, args)

    def _depends_on(self, name: str, point: str) -> bool:
        key = (name, point)
        if key not in self._depends:
            body = self._definitions.get(name)
            self._depends[key] = False
            if body is not None:
                symbols = {str(node.payload) for node in walk(body) if node.op == "sym"}
                self._depends[key] = point in symbols or any(self._depends_on(s, point) for s in symbols)
        return self._depends[key]
