"""Which of many changes of a few texts leave a model one, for all changes at once.

A model holds some texts; each change says others for a few of them, and what has to hold then. A formula is a bit set
of changes, so that one pass over the circuit tells for which of them everything holds. Defined symbols follow their
definitions, everything else stays as it is in the model.

Guarantee: what comes out are models. Nothing is claimed about changes left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from perimeter_smt.logic.atoms import Glob, Is, Member, variables
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.interpret import Model, holds, regex
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.circuit import Circuit
from perimeter_smt.solve.question import Question, default
from perimeter_smt.solve.theories.literals import Literal

Change = tuple[Formula, Mapping[str, str]]  # what has to hold besides, and the texts that differ


class Variations:
    """Changes of models of one engine. Keep it: which texts a pattern fits is remembered."""

    def __init__(self, circuit: Circuit, everything: Question, problem: Problem) -> None:
        self._circuit, self._everything, self._problem = circuit, everything, problem
        self._bodies = everything.bodies()
        self._order: list[int] = []  # the nodes of the problem, each behind those that it depends on
        placed = set[int]()
        for root in (*everything.roots, *everything.definitions.values()):
            self._place(root, placed)
        self._seen: dict[str, list[str]] = {}  # by variable: the texts that changes have named
        self._fits: dict[int, tuple[int, list[str]]] = {}  # by leaf: how many of them were tried, and those that fit
        self._names: dict[str, int] = {}  # defined symbols, and their leaves
        for leaf in self._bodies:
            formula = circuit.leaves[leaf]
            assert formula is not None
            self._names[formula.payload] = leaf

    def models(
        self, old: Model, asked: Question, changes: Sequence[Change], demands: Sequence[Literal]
    ) -> list[Model | None]:
        """For each change the model with it, if it is one for what is asked and for what the change asks besides.

        `demands`: what the rows of the model ask of texts.
        """
        circuit, every = self._circuit, (1 << len(changes)) - 1
        values = _Values(self, old, [texts for _, texts in changes])
        true = every
        for node in (*reversed(asked.roots), *asked.definitions.values()):
            true &= values.of(node)
            if not true:
                return [None] * len(changes)
        out: list[Model | None] = []
        of_definitions = {name: values.of(leaf) for name, leaf in self._names.items()}
        symbols = dict.fromkeys(asked.mentioned.symbols, False) | dict(old.symbols)
        filled = {name: default(self._problem, name) for name in asked.mentioned.texts} | dict(old.texts)
        for number, (formula, texts) in enumerate(changes):
            if not true >> number & 1 or not values.of(circuit.node(formula)) >> number & 1:
                out.append(None)
                continue
            own = symbols | {name: bool(bits >> number & 1) for name, bits in of_definitions.items()}
            model = Model(own, {**filled, **texts}, dict(old.enums), old.members, old.rows)
            out.append(model if all(holds(x.atom, model) == x.positive for x in demands) else None)
        return out

    @property
    def order(self) -> Sequence[int]:
        """The nodes of the problem, each behind those that it depends on."""
        return self._order

    def below(self, node: int) -> tuple[int, ...]:
        """What a node depends on."""
        body = self._bodies.get(node)
        return self._circuit.arguments(node) if body is None else (body,)

    def fitting(self, leaf: int, var: str, fact: Glob) -> list[str]:
        """The texts of a variable, of those that changes have named, that a pattern fits."""
        seen = self._seen.get(var, [])
        tried, fit = self._fits.get(leaf, (0, []))
        if tried < len(seen):
            match = regex(fact.pattern).fullmatch
            fit += [text for text in seen[tried:] if match(text)]
            self._fits[leaf] = (len(seen), fit)
        return fit

    def see(self, var: str, texts: Sequence[str]) -> None:
        """Remember texts of a variable."""
        known = self._seen.setdefault(var, [])
        before = set(known)
        known += [text for text in texts if text not in before]

    def _place(self, root: int, placed: set[int]) -> None:
        stack = [(abs(root), False)]
        while stack:
            node, ready = stack.pop()
            if node in placed:
                continue
            if ready:
                placed.add(node)
                self._order.append(node)
                continue
            stack.append((node, True))
            stack.extend((abs(arg), False) for arg in self.below(node) if abs(arg) not in placed)


class _Values:
    """The truth of nodes for some changes of a model, as bit sets of changes."""

    def __init__(self, variations: Variations, old: Model, changes: Sequence[Mapping[str, str]]) -> None:
        self._variations, self._circuit, self._old, self._changes = variations, variations._circuit, old, changes
        self._every = (1 << len(changes)) - 1
        self._with: dict[str, dict[str, int]] = {}  # by variable and text: the changes that have it
        varied = dict.fromkeys(var for texts in changes for var in texts)
        for var in varied:
            by_text = self._with[var] = {}
            for number, texts in enumerate(changes):
                text = texts.get(var, old.texts.get(var, ""))
                by_text[text] = by_text.get(text, 0) | 1 << number
            variations.see(var, list(by_text))
        self._known: dict[int, int] = {}
        for node in variations.order:
            self._known[node] = self._value(node)

    def of(self, node: int) -> int:
        """The changes for which a signed node is true."""
        known, top = self._known, abs(node)
        if top not in known:
            stack = [top]
            while stack:
                here = stack[-1]
                left = [abs(arg) for arg in self._variations.below(here) if abs(arg) not in known]
                if left and here not in known:
                    stack += left
                else:
                    stack.pop()
                    known[here] = self._value(here)
        return known[top] if node > 0 else self._every ^ known[top]

    def _value(self, node: int) -> int:
        """The changes for which a node is true whose arguments are known."""
        known, every, circuit = self._known, self._every, self._circuit
        body = self._variations._bodies.get(node)
        if body is not None:
            return known[body] if body > 0 else every ^ known[-body]
        formula = circuit.leaves[node]
        if formula is not None:
            return self._leaf(node, formula)
        if circuit.is_iff(node):
            left, right = (known[a] if a > 0 else every ^ known[-a] for a in circuit.arguments(node))
            return every ^ left ^ right
        true = every
        for arg in circuit.arguments(node):
            true &= known[arg] if arg > 0 else every ^ known[-arg]
            if not true:
                break
        return true

    def _leaf(self, node: int, formula: Formula) -> int:
        fact, old = formula.payload, self._old
        if formula.op == "sym":
            return self._every if old.symbols.get(fact, False) else 0
        if isinstance(fact, Glob):
            by_text = self._with.get(fact.var)
            if by_text is None:
                return self._every if holds(fact, old) else 0
            out = 0
            for text in self._variations.fitting(node, fact.var, fact):
                out |= by_text.get(text, 0)
            return out
        if isinstance(fact, Member | Is) or self._with.keys().isdisjoint(variables(fact)):
            return self._every if holds(fact, old) else 0
        out = 0
        for number, texts in enumerate(self._changes):
            if holds(fact, replace(old, texts={**old.texts, **texts})):
                out |= 1 << number
        return out
