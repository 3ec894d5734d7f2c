"""One question: what must hold, what it speaks about, and how an assignment of literals becomes a checked model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from perimeter_smt.logic.atoms import Glob
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.interpret import Model, holds, regex
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.solve.circuit import Circuit
from perimeter_smt.solve.errors import ModelMismatchError
from perimeter_smt.solve.theories.alphabet import is_value


def definitions(assertions: Sequence[Assertion]) -> dict[int, tuple[Formula, Formula]]:
    """Assertions of the form `symbol <-> body` that may be left aside until the symbol is used.

    By index: the symbol and its body.  Each symbol has one definition, no definition depends on itself, and
    each comes after those that its body mentions.
    """
    out: dict[int, tuple[Formula, Formula]] = {}
    below: dict[str, set[str]] = {}  # a defined symbol, and those its body mentions

    def reaches(start: Formula, goal: str) -> bool:
        todo = list(Vocabulary.of(start).symbols)
        seen: set[str] = set()
        while todo:
            name = todo.pop()
            if name == goal:
                return True
            if name not in seen:
                seen.add(name)
                todo.extend(below.get(name, ()))
        return False

    for index, assertion in enumerate(assertions):
        formula = assertion.formula
        if formula.op != "iff":
            continue
        for symbol, body in (formula.args, formula.args[::-1]):
            if symbol.op == "sym" and symbol.payload not in below and not reaches(body, symbol.payload):
                out[index] = (symbol, body)
                below[symbol.payload] = set(Vocabulary.of(body).symbols)
                break
    return {index: out[index] for index in _ordered({s.payload: i for i, (s, _) in out.items()}, below)}


def _ordered(index: Mapping[str, int], below: Mapping[str, set[str]]) -> list[int]:
    """The definitions, each after those that its body mentions."""
    done: dict[str, None] = {}
    for root in index:
        stack = [(root, False)]
        while stack:
            name, ready = stack.pop()
            if ready:
                done.setdefault(name)
            elif name not in done:
                stack.append((name, True))
                stack.extend((other, False) for other in sorted(below[name]) if other in index and other not in done)
    return [index[name] for name in done]


def default(problem: Problem, variable: str) -> str:
    """The text of a variable that nothing is asked of: the first hint, or the empty text."""
    return next((text for text in problem.hints.get(variable, ()) if is_value(text)), "")


@dataclass
class Assignment:
    """What a justified Boolean model and the theories have fixed."""

    symbols: dict[str, bool] = field(default_factory=dict)
    enums: dict[str, str] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)  # values that an enumeration must not have
    texts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def assign(self, formula: Formula, positive: bool) -> None:
        """Set the truth of a symbol or of an enumeration atom."""
        fact = formula.payload
        if formula.op == "sym":
            self.symbols[fact] = positive
        elif positive:
            self.enums[fact.var] = fact.value
        else:
            self.refused.setdefault(fact.var, set()).add(fact.value)


@dataclass(frozen=True, slots=True)
class Placed:
    """An assertion in the circuit; of a definition also its symbol, and the nodes of that and of its body."""

    node: int
    vocabulary: Vocabulary
    symbol: str = ""
    leaf: int = 0
    body: int = 0


def placed(
    assertions: Sequence[Assertion], circuit: Circuit, defined: Mapping[int, tuple[Formula, Formula]]
) -> list[Placed]:
    """The assertions, as questions take them."""
    out = []
    for index, assertion in enumerate(assertions):
        vocabulary = Vocabulary.of(assertion.formula)
        if index in defined:
            symbol, body = defined[index]
            leaf = circuit.node(symbol)
            node = circuit.node(assertion.formula)
            out.append(Placed(node, vocabulary, symbol.payload, leaf, circuit.node(body)))
        else:
            out.append(Placed(circuit.node(assertion.formula), vocabulary))
    return out


class Question:
    """Formulas that must hold together."""

    def __init__(self, circuit: Circuit, defined: Mapping[int, tuple[Formula, Formula]]) -> None:
        self._circuit, self._defined = circuit, defined
        self._bodies: dict[str, int] = {}  # symbols with a definition, and the nodes of their bodies
        self.roots: list[int] = []
        self.definitions: dict[int, int] = {}  # leaf of a defined symbol, and the node of its definition
        self.mentioned = Vocabulary()

    def copy(self) -> Question:
        """The same question, to be added to."""
        other = Question(self._circuit, self._defined)
        other._bodies, other.definitions = self._bodies, self.definitions
        other.roots = list(self.roots)
        other.mentioned.include(self.mentioned)
        return other

    def add(self, formula: Formula) -> None:
        """One more formula that must hold."""
        self.roots.append(self._circuit.node(formula))
        self.mentioned.include(Vocabulary.of(formula))

    def add_assertions(self, assertions: Iterable[Placed]) -> None:
        """Some assertions; definitions wait until their symbol is used."""
        for one in assertions:
            if one.leaf:
                self.definitions[one.leaf] = one.node
                self._bodies[one.symbol] = one.body
            else:
                self.roots.append(one.node)
            self.mentioned.include(one.vocabulary)

    def model(self, assignment: Assignment, problem: Problem, inside: Mapping[str, frozenset[str]]) -> Model:
        """The model that extends `assignment` to everything mentioned; raises ModelMismatchError if it is none."""
        model, wrong = self._extended(assignment, problem, inside)
        if wrong:
            raise ModelMismatchError("a model does not satisfy its formulas", dump=f"{wrong}\n{model!r}")
        return model

    def _extended(
        self, assignment: Assignment, problem: Problem, inside: Mapping[str, frozenset[str]]
    ) -> tuple[Model, int]:
        """The assignment extended to everything mentioned, and a node that is false then, or 0.

        What the assignment leaves open gets a value that harms nothing: the first hint or the empty text, the first
        value of an enumeration, false; defined symbols get the truth of their definition.
        """
        texts, enums = assignment.texts, assignment.enums
        for variable in self.mentioned.texts:
            if variable not in texts:
                texts[variable] = default(problem, variable)
        for variable in self.mentioned.enums:
            if variable not in enums:
                refused = assignment.refused.get(variable, ())
                enums[variable] = next(v for v in (*problem.enums.get(variable, ()), "") if v not in refused)
        symbols = dict.fromkeys(self.mentioned.symbols, False)
        symbols.update(assignment.symbols)
        model = Model(symbols, texts, enums, inside, assignment.rows)
        known: dict[int, bool] = {}
        circuit, leaf = self._circuit, self._leaf(model, assignment.symbols, known)
        for symbol, _ in self._defined.values():  # in an order that keeps the recursion shallow
            body = self._bodies.get(symbol.payload)
            if body is not None and symbol.payload not in assignment.symbols:
                symbols[symbol.payload] = circuit.evaluate(body, known, leaf)
        for node in (*self.roots, *self.definitions.values()):
            if not circuit.evaluate(node, known, leaf):
                return model, node
        return model, 0

    def bodies(self) -> dict[int, int]:
        """Leaves of the symbols that have a definition, and the nodes of their bodies."""
        return {
            self._circuit.node(s): self._bodies[s.payload]
            for s, _ in self._defined.values()
            if s.payload in self._bodies
        }

    def is_model(self, model: Model) -> bool:
        """Whether a complete model satisfies everything asked."""
        known: dict[int, bool] = {}
        leaf = self._leaf(model, model.symbols, known)
        nodes = (*self.roots, *self.definitions.values())
        return all(self._circuit.evaluate(node, known, leaf) for node in nodes)

    def _leaf(self, model: Model, fixed: Mapping[str, bool], known: dict[int, bool]) -> Callable[[int], bool]:
        """The truth of leaves in a model; symbols that are not `fixed` follow their definitions."""
        return _Leaves(self._circuit, self._bodies, model, fixed, known).true


class _Leaves:
    """The truth of leaves in a model. No closure, which would refer to itself and keep all of this for long."""

    __slots__ = ("_bodies", "_circuit", "_fixed", "_known", "_model", "_texts")

    def __init__(
        self,
        circuit: Circuit,
        bodies: Mapping[str, int],
        model: Model,
        fixed: Mapping[str, bool],
        known: dict[int, bool],
    ) -> None:
        self._circuit, self._bodies, self._model, self._fixed, self._known = circuit, bodies, model, fixed, known
        self._texts = model.texts

    def true(self, number: int) -> bool:
        """The truth of a leaf."""
        circuit = self._circuit
        glob = circuit.globs.get(number)
        if glob is not None:  # as `holds` has it, without looking for the expression again
            return glob[1](self._texts.get(glob[0], "")) is not None
        formula = circuit.leaves[number]
        assert formula is not None
        fact = formula.payload
        if formula.op != "sym":
            if isinstance(fact, Glob):
                circuit.globs[number] = (fact.var, regex(fact.pattern).fullmatch)
            return holds(fact, self._model)
        if fact not in self._fixed and fact in self._bodies:
            return circuit.evaluate(self._bodies[fact], self._known, self.true)  # known, in the order of definitions
        return self._model.symbols.get(fact, False)
