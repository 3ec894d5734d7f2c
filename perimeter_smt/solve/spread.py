"""To which other rows of a catalogue one model extends, for all rows at once.

Given a model, every row is tried in place of the chosen one, with everything else left as it is but for one text:
the one that rows demand a shape of (`Catalogue.varies`, the name of the resource).  A formula is then a bit set of
rows, and one pass over the circuit tells for which rows all formulas hold.

Guarantee: `result(row)` is a model, checked like any other.  Nothing is claimed about rows left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from perimeter_smt.logic.atoms import Glob, Is, Member, Text, variables
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.interpret import Model, holds, regex
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.circuit import Circuit
from perimeter_smt.solve.errors import ModelMismatchError
from perimeter_smt.solve.question import Question
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.solve.theories import unary
from perimeter_smt.solve.theories.catalogue import Table
from perimeter_smt.solve.theories.literals import Literal
from perimeter_smt.solve.theories.work import OutOfWorkError, Work

_REMEMBERED = 4096  # sets of rows, by atom and texts


class Names:
    """A text of the varying variable for every row, fit for what the row demands of it."""

    def __init__(self, table: Table, problem: Problem, limits: Limits) -> None:
        self.table, self.var = table, table.catalogue.varies
        self.hints = problem.hints.get(self.var, ("",))
        self.rows: dict[str, int] = {}  # text to rows
        self.text: dict[int, str] = {}  # group of rows to text
        self.others: dict[tuple[Literal, ...], int] = {}  # demands on other variables to rows
        self.shapes: dict[tuple[Literal, ...], int] = {}  # demands on the varying one to rows
        known: dict[tuple[Literal, ...], str] = {}
        for group, requires in enumerate(table.requires):
            rows = table.rows[group]
            if not rows:
                continue
            own = tuple(x for x in requires if x.variables == (self.var,))
            other = tuple(x for x in requires if x.variables != (self.var,))
            self.others[other] = self.others.get(other, 0) | rows
            self.shapes[own] = self.shapes.get(own, 0) | rows
            if own not in known:
                known[own] = self._text(own, limits)
            self.text[group] = known[own]
            self.rows[known[own]] = self.rows.get(known[own], 0) | rows
        self._bits: dict[int, int] = {}
        self._linked: dict[tuple[int, tuple[str, ...]], int] = {}  # by the texts that an atom compares, too
        self._fitting: dict[str, int] = {}

    def _text(self, demands: Sequence[Literal], limits: Limits) -> str:
        """A hint that satisfies the demands, else the plainest text that does."""
        if not demands:
            return self.hints[0]
        if len(demands) == 1 and demands[0].positive and (form := demands[0].language) is not None:
            for hint in self.hints:
                if hint.startswith(form.prefix) and regex(form.pattern).fullmatch(hint):
                    return hint
            if all(isinstance(part, Text) or not part.low or "a" in part.chars for part in form.pattern):
                return "".join(part.text if isinstance(part, Text) else "a" * part.low for part in form.pattern)
        try:
            found = unary.find(demands, self.hints, (), Work(limits.states, limits.work))
        except OutOfWorkError:
            return ""
        return found if isinstance(found, str) else ""

    def allowed(self, model: Model) -> int:
        """The rows whose demands on other variables hold in the model."""
        return _union(rows for demands, rows in self.others.items() if all(_true(x, model) for x in demands))

    def fitting(self, model: Model) -> int:
        """The rows whose demands on the varying variable hold in the model as it is."""
        text = model.texts.get(self.var, "")
        if text not in self._fitting:
            fit = (rows for demands, rows in self.shapes.items() if all(x.accepts(text) for x in demands))
            self._fitting[text] = _union(fit)
        return self._fitting[text]

    def bits(self, formula: Formula, model: Model) -> int:
        """The rows for whose text an atom holds, all other texts being those of the model."""
        fact = formula.payload
        if isinstance(fact, Glob):
            found = self._bits.get(id(formula))
            if found is None:
                match = regex(fact.pattern).fullmatch
                found = self._bits[id(formula)] = _union(rows for text, rows in self.rows.items() if match(text))
            return found
        others = tuple(model.texts.get(name, "") for name in variables(fact) if name != self.var)
        key = (id(formula), others)
        found = self._linked.get(key)
        if found is None:
            texts = dict(model.texts)
            trial = replace(model, texts=texts)
            found = 0
            for text, rows in self.rows.items():
                texts[self.var] = text
                if holds(fact, trial):
                    found |= rows
            if len(self._linked) >= _REMEMBERED:
                self._linked.clear()
            self._linked[key] = found
        return found


_AND, _SYMBOL, _ROWS, _BODY, _IFF, _VARIES, _LEAF = range(7)  # how nodes are evaluated


class Spreader:
    """Spreads models of one engine. Keep it: the order of evaluation and the texts of rows are remembered."""

    def __init__(self, circuit: Circuit, everything: Question, names: Names, var: str) -> None:
        self._circuit, self._names, self._var = circuit, names, var
        self._everything = everything
        self._bodies = everything.bodies()
        self._order: list[tuple[int, int, Any]] = []  # node, how it is evaluated, and from what
        self._varying: dict[int, tuple[int, int, Any]] = {}  # those of nodes that look at the varying text, in order
        self._placed: set[int] = set()

    def spread(self, result: Result, asked: Question) -> Spread:
        """The rows to which the model of `result`, found for `asked`, extends."""
        assert result.model is not None
        for node in (*asked.roots, *asked.definitions.values()):
            self._place(node)
        return Spread(self, result.model, tuple(asked.roots), asked)

    def _place(self, root: int) -> None:
        """Schedule `root` behind everything it depends on."""
        stack = [(abs(root), False)]
        while stack:
            node, ready = stack.pop()
            if node in self._placed:
                continue
            if ready:
                self._placed.add(node)
                step = (node, *self._step(node))
                self._order.append(step)
                if self._looks(node):
                    self._varying[node] = step
                continue
            stack.append((node, True))
            stack.extend((abs(arg), False) for arg in self._below(node) if abs(arg) not in self._placed)

    def _below(self, node: int) -> tuple[int, ...]:
        body = self._bodies.get(node)
        return self._circuit.arguments(node) if body is None else (body,)

    def _looks(self, node: int) -> bool:
        """Whether a node behind everything that it depends on looks at the varying text."""
        leaf = self._circuit.leaves[node]
        if leaf is not None and node not in self._bodies:
            fact = leaf.payload
            return leaf.op != "sym" and not isinstance(fact, Member | Is) and self._names.var in variables(fact)
        return any(abs(arg) in self._varying for arg in self._below(node))

    def values(self, model: Model, refit: Mapping[int, int] | None = None) -> dict[int, int]:
        """Every scheduled node as the rows for which it is true, if each row has the text chosen for it.

        With `refit`, which is that, the varying text stays as it is in the model: few nodes look at it.
        """
        table, names = self._names.table, self._names
        every = table.all
        out = dict(refit or {})
        own = refit is not None
        symbols = model.symbols
        for node, way, told in self._order if refit is None else self._varying.values():
            if way == _AND:
                true = every
                for arg in told:
                    true &= out[arg] if arg > 0 else every ^ out[-arg]
                    if not true:
                        break
            elif way == _SYMBOL:
                true = every if symbols.get(told, False) else 0
            elif way == _ROWS:
                true = told
            elif way == _BODY:
                true = out[told] if told > 0 else every ^ out[-told]
            elif way == _IFF:
                left, right = (out[a] if a > 0 else every ^ out[-a] for a in told)
                true = every ^ left ^ right
            elif way == _VARIES and not own:
                true = names.bits(told, model)
            else:
                true = every if holds(told.payload, model) else 0
            out[node] = true
        return out

    def _step(self, node: int) -> tuple[int, Any]:
        """How a node is evaluated, and from what."""
        body = self._bodies.get(node)
        if body is not None:
            return _BODY, body
        if self._circuit.is_iff(node):
            return _IFF, self._circuit.arguments(node)
        leaf = self._circuit.leaves[node]
        if leaf is None:
            return _AND, self._circuit.arguments(node)
        fact = leaf.payload
        if leaf.op == "sym":
            return _SYMBOL, fact
        if isinstance(fact, Member):
            return _ROWS, self._names.table.catalogue.sets.get(fact.name, 0)
        varies = not isinstance(fact, Is) and self._names.var in variables(fact)
        return (_VARIES if varies else _LEAF), leaf

    def members(self, row: int) -> Mapping[str, frozenset[str]]:
        """The sets that hold a row, as models have them."""
        return {self._var: self._names.table.inside(row)}

    def text(self, row: int) -> str:
        """The text chosen for a row."""
        return self._names.text[self._names.table.group[row]]

    def demands(self, row: int) -> Sequence[Literal]:
        """What a row demands of texts."""
        table = self._names.table
        return table.requires[table.group[row]]


class Spread:
    """The rows to which one model extends: `rows` is a bit set."""

    def __init__(self, spreader: Spreader, model: Model, roots: Sequence[int], asked: Question) -> None:
        self._spreader, self._model, self._roots, self._asked = spreader, model, roots, asked
        names = spreader._names
        allowed = names.allowed(model)
        self._refit = spreader.values(model)
        self._kept = spreader.values(model, self._refit)
        self._as_is = self._holding(self._kept) & allowed & names.fitting(model)
        self._refitted = self._holding(self._refit) & allowed & ~self._as_is
        self.rows = self._as_is | self._refitted

    def _holding(self, values: Mapping[int, int]) -> int:
        every = self._spreader._names.table.all
        out = every
        for node in self._roots:
            out &= values[node] if node > 0 else every ^ values[-node]
        return out

    def true(self, formula: Formula) -> int:
        """The rows, of those that the model extends to, for which a formula of the problem is true."""
        node = self._spreader._circuit.node(formula)
        if abs(node) not in self._kept:
            return 0
        as_is, refit = self._kept[abs(node)], self._refit[abs(node)]
        if node < 0:
            as_is, refit = ~as_is, ~refit
        return (as_is & self._as_is) | (refit & self._refitted)

    def result(self, row: int) -> Result:
        """The model for one of `rows`, checked."""
        spreader, old = self._spreader, self._model
        texts = dict(old.texts)
        refitted = not self._as_is >> row & 1
        if refitted:
            texts[spreader._names.var] = spreader.text(row)
        values = self._refit if refitted else self._kept
        symbols = dict(old.symbols)
        for node in spreader._bodies:
            leaf = spreader._circuit.leaves[node]
            if node in values and leaf is not None:
                symbols[leaf.payload] = bool(values[node] >> row & 1)
        model = Model(symbols, texts, dict(old.enums), spreader.members(row), {spreader._var: row})
        if not all(_true(literal, model) for literal in spreader.demands(row)) or not self._asked.is_model(model):
            raise ModelMismatchError("a model does not extend to a row that it should", dump=f"row {row}\n{model!r}")
        return Result("sat", model)


def _true(literal: Literal, model: Model) -> bool:
    return holds(literal.atom, model) == literal.positive


def _union(sets: Iterable[int]) -> int:
    out = 0
    for bits in sets:
        out |= bits
    return out
