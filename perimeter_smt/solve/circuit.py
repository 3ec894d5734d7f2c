"""Formulas as a graph of conjunctions with signed edges, for evaluation and justification.

A Boolean model fixes every atom, but a formula rarely needs them all: `justify` picks, from the roots down,
literals that suffice to make the roots true whatever the other symbols and atoms are.  Only these go to
the theories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from perimeter_smt.logic.atoms import Equal, Glob, Is, Match, Member, Order
from perimeter_smt.logic.formula import Formula, walk

_LEAF, _AND, _IFF, _TRUE = range(4)
_MOST = 1 << 40  # costs are capped, since shared nodes are counted once per path


class Circuit:
    """The nodes of all formulas met. A node is a positive number; a negative number is its negation."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._kept: list[Formula] = []
        self._kind = [_TRUE]
        self._args: list[tuple[int, ...]] = [()]
        self._when_true = [0]
        self._when_false = [0]
        self.leaves: list[Formula | None] = [None]
        self.globs: dict[int, tuple[str, Callable[[str], object]]] = {}  # leaf, its variable and what matches it

    def node(self, root: Formula) -> int:
        """The number of `root`, adding what is new below it."""
        found = self._numbers.get(id(root))
        if found is None:
            for part in walk(root, self._numbers):
                self._numbers[id(part)] = self._new(part)
                self._kept.append(part)
            found = self._numbers[id(root)]
        return found

    def _new(self, part: Formula) -> int:
        numbers = [self._numbers[id(arg)] for arg in part.args]
        match part.op:
            case "not":
                return -numbers[0]
            case "and":
                return self._append(_AND, tuple(numbers), None)
            case "or":
                return -self._append(_AND, tuple(-number for number in numbers), None)
            case "iff":
                return self._append(_IFF, tuple(numbers), None)
            case "sym" | "atom":
                return self._append(_LEAF, (), part)
        number = self._append(_TRUE, (), None)
        return number if part.op == "true" else -number

    def _append(self, kind: int, args: tuple[int, ...], leaf: Formula | None) -> int:
        if kind == _LEAF and leaf is not None:
            yes, no = _cost(leaf)
        elif kind == _AND:
            args = tuple(sorted(args, key=lambda arg: self.cost(-arg)))  # cheapest to falsify first
            yes = min(sum(self.cost(arg) for arg in args), _MOST)
            no = self.cost(-args[0])
        else:
            both = [min(self.cost(arg), self.cost(-arg)) for arg in args]
            yes = no = min(sum(both), _MOST)
        self._kind.append(kind)
        self._args.append(args)
        self._when_true.append(yes)
        self._when_false.append(no)
        self.leaves.append(leaf)
        return len(self._kind) - 1

    def arguments(self, node: int) -> tuple[int, ...]:
        """The signed arguments of a node; none for leaves."""
        return self._args[node]

    def is_iff(self, node: int) -> bool:
        """Whether a node is an equivalence; with arguments and none, it is a conjunction."""
        return self._kind[node] == _IFF

    def cost(self, node: int) -> int:
        """An estimate of how much theory work it takes to make `node` true."""
        return self._when_true[node] if node > 0 else self._when_false[-node]

    def evaluate(self, node: int, known: dict[int, bool], leaf: Callable[[int], bool]) -> bool:
        """The truth of `node`; `leaf` gives the truth of leaves, `known` remembers what was computed."""
        number = node if node > 0 else -node
        value = known.get(number)
        if value is None:
            try:
                value = self._compute(number, known, leaf)
            except RecursionError:
                value = self._compute_deep(number, known, leaf)
        return value == (node > 0)

    def _compute(self, node: int, known: dict[int, bool], leaf: Callable[[int], bool]) -> bool:
        """The truth of a positive node that is not known yet, by recursion: the fast way for usual depths."""
        kinds = self._kind
        kind = kinds[node]
        if kind == _LEAF:
            value = leaf(node)
        elif kind == _AND:
            value = True
            kinds = self._kind
            for arg in self._args[node]:
                number = arg if arg > 0 else -arg
                found = known.get(number)
                if found is None:
                    if kinds[number] == _LEAF:
                        found = known[number] = leaf(number)
                    else:
                        found = self._compute(number, known, leaf)
                if found != (arg > 0):
                    value = False
                    break
        elif kind == _IFF:
            left, right = self._args[node]
            value = self.evaluate(left, known, leaf) == self.evaluate(right, known, leaf)
        else:
            value = True
        known[node] = value
        return value

    def _compute_deep(self, goal: int, known: dict[int, bool], leaf: Callable[[int], bool]) -> bool:
        """The same with a stack of its own, for formulas nested deeper than Python's stack."""
        kinds, arguments = self._kind, self._args
        stack = [(goal, 0)]  # a node, and the first of its arguments not looked at yet
        while stack:
            top, position = stack.pop()
            if top in known:
                continue
            kind = kinds[top]
            if kind == _LEAF:
                known[top] = leaf(top)
                continue
            args = arguments[top]
            result = True
            for place in range(position, len(args)):
                arg = args[place]
                number = arg if arg > 0 else -arg
                value = known.get(number)
                if value is None:
                    if kinds[number] != _LEAF:
                        stack.append((top, place))
                        stack.append((number, 0))
                        break
                    value = known[number] = leaf(number)
                if kind == _AND and value != (arg > 0):
                    known[top] = False
                    break
            else:
                if kind == _IFF:
                    left, right = args
                    result = (known[abs(left)] == (left > 0)) == (known[abs(right)] == (right > 0))
                known[top] = result
        return known[goal]

    def justify(
        self, roots: Iterable[int], leaf: Callable[[int], bool], definitions: Mapping[int, int]
    ) -> tuple[list[int], int]:
        """Leaves, signed by their truth, that suffice for all `roots`; and 0, or a root that is false.

        `definitions` maps a leaf to a node that must hold as soon as that leaf is used.
        """
        known: dict[int, bool] = {}
        wanted: set[int] = set()
        todo: list[int] = []
        later: list[int] = []
        out: list[int] = []
        for root in roots:
            if not self.evaluate(root, known, leaf):
                return [], root
            todo.append(root)
        kinds, arguments, evaluate = self._kind, self._args, self.evaluate
        while todo or later:
            node = todo.pop() if todo else later.pop()
            if node in wanted and kinds[abs(node)] != _AND:
                continue
            number = abs(node)
            kind = kinds[number]
            if kind == _AND and node < 0:
                # Some argument is false: one that is wanted false anyway, else the cheapest.
                if node not in wanted:
                    wanted.add(node)
                    later.append(node)
                    continue
                pick = 0
                for arg in arguments[number]:
                    if -arg in wanted:
                        pick = 0
                        break
                    if not pick:
                        below = arg if arg > 0 else -arg
                        value = known.get(below)
                        if value is None:
                            value = evaluate(below, known, leaf)
                        if value != (arg > 0):
                            pick = -arg
                if pick:
                    todo.append(pick)
                continue
            if node in wanted:
                continue
            wanted.add(node)
            if kind == _AND:
                todo.extend(arguments[number])
            elif kind == _IFF:
                todo.extend(arg if evaluate(arg, known, leaf) else -arg for arg in arguments[number])
            elif kind == _LEAF:
                out.append(node)
                definition = definitions.get(number)
                if definition is not None:
                    if not evaluate(definition, known, leaf):
                        return [], definition
                    todo.append(definition)
        return out, 0


def _cost(leaf: Formula) -> tuple[int, int]:
    """The cost of a leaf when true and when false: free for Z3, more for theories, most for linked variables."""
    if leaf.op == "sym" or isinstance(leaf.payload, Is):
        return 1, 1
    match leaf.payload:
        case Member():
            return 2, 2
        case Match() | Equal() | Order():
            return 16, 12
        case Glob():
            return 8, 4
    return 10, 4
