"""Formulas: immutable, shared, built only by the smart constructors below, which fold constants.

Equal formulas are the same object, so identity comparison and dictionary look-ups are cheap.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Literal
from weakref import WeakValueDictionary

from perimeter_smt.logic.atoms import Atom, Equal, Glob, Match, Pattern, Ref, Run, Template, Text

Op = Literal["true", "false", "sym", "atom", "not", "and", "or", "iff"]


class Formula:
    """A node: an operator, its arguments, and for symbols and atoms a payload."""

    __slots__ = ("__weakref__", "args", "op", "payload")
    op: Op
    args: tuple[Formula, ...]
    payload: Any

    def __repr__(self) -> str:
        if self.op in ("sym", "atom"):
            return f"{self.payload}"
        return f"({self.op}{''.join(f' {arg!r}' for arg in self.args)})"


_TABLE: WeakValueDictionary[tuple[Any, ...], Formula] = WeakValueDictionary()


def _make(op: Op, args: tuple[Formula, ...] = (), payload: Any = None) -> Formula:
    key = (op, tuple(map(id, args)), payload)
    found = _TABLE.get(key)
    if found is None:
        found = object.__new__(Formula)
        found.op, found.args, found.payload = op, args, payload
        _TABLE[key] = found
    return found


TRUE = _make("true")
FALSE = _make("false")


def boolean(value: bool) -> Formula:
    """The constant formula for `value`."""
    return TRUE if value else FALSE


def sym(name: str) -> Formula:
    """The Boolean symbol `name`."""
    return _make("sym", payload=name)


def atom(fact: Atom) -> Formula:
    """The formula that states `fact`."""
    return _make("atom", payload=fact)


def neg(arg: Formula) -> Formula:
    """Negation."""
    if arg.op == "not":
        return arg.args[0]
    if arg is TRUE:
        return FALSE
    if arg is FALSE:
        return TRUE
    return _make("not", (arg,))


def _join(op: Literal["and", "or"], args: Iterable[Formula]) -> Formula:
    unit, zero = (TRUE, FALSE) if op == "and" else (FALSE, TRUE)
    seen: dict[int, Formula] = {}
    negated: set[int] = set()  # what the negations among them negate
    for arg in args:
        for part in arg.args if arg.op == op else (arg,):
            if part is zero or id(part) in negated:
                return zero
            if part.op == "not":
                inner = id(part.args[0])
                if inner in seen:
                    return zero
                negated.add(inner)
            if part is not unit:
                seen[id(part)] = part
    parts = tuple(seen.values())
    if not parts:
        return unit
    return parts[0] if len(parts) == 1 else _make(op, parts)


def conj(args: Iterable[Formula]) -> Formula:
    """Conjunction of any number of formulas (of none: true)."""
    return _join("and", args)


def rebuilt(node: Formula, args: Sequence[Formula]) -> Formula:
    """A connective with other arguments, simplified; a leaf as it is."""
    match node.op:
        case "not":
            return neg(args[0])
        case "and":
            return conj(args)
        case "or":
            return disj(args)
        case "iff":
            return iff(args[0], args[1])
    assert not node.args, node.op
    return node


def disj(args: Iterable[Formula]) -> Formula:
    """Disjunction of any number of formulas (of none: false)."""
    return _join("or", args)


def both(*args: Formula) -> Formula:
    """Conjunction of the arguments."""
    return _join("and", args)


def either(*args: Formula) -> Formula:
    """Disjunction of the arguments."""
    return _join("or", args)


def implies(premise: Formula, conclusion: Formula) -> Formula:
    """Implication."""
    return either(neg(premise), conclusion)


def iff(left: Formula, right: Formula) -> Formula:
    """Equivalence."""
    if left is right:
        return TRUE
    if left is neg(right):
        return FALSE
    for a, b in ((left, right), (right, left)):
        if a is TRUE:
            return b
        if a is FALSE:
            return neg(b)
    return _make("iff", (left, right))


def ite(test: Formula, then: Formula, other: Formula) -> Formula:
    """If-then-else."""
    return both(implies(test, then), either(test, other))


def equal(left: str, right: str) -> Formula:
    """Equality of the texts of two variables."""
    if left == right:
        return TRUE
    return atom(Equal(min(left, right), max(left, right)))


def is_text(var: str, text: str, *, fold: bool = False) -> Formula:
    """`var` holds exactly `text`."""
    return atom(Glob(var, (Text(text, fold and text.lower() != text.upper()),) if text else ()))


def glob(var: str, pattern: Template) -> Formula:
    """`var` matches `pattern`, simplified; references make it a linked atom."""
    parts = normal(pattern)
    if len(parts) == 1:
        if parts[0] == Run(parts[0].chars) if isinstance(parts[0], Run) else False:
            if isinstance(parts[0], Run) and parts[0].chars.negated and not parts[0].chars.chars:
                return TRUE
        if isinstance(parts[0], Ref) and not parts[0].fold:
            return equal(var, parts[0].var)
    if any(isinstance(part, Ref) for part in parts):
        return atom(Match(var, parts))
    plain: Pattern = tuple(part for part in parts if not isinstance(part, Ref))
    return atom(Glob(var, plain))


def normal(pattern: Template) -> Template:
    """The same language with adjacent texts joined, empty texts dropped and repeated stars merged."""
    out: list[Text | Run | Ref] = []
    for part in pattern:
        if isinstance(part, Text):
            if not part.text:
                continue
            part = Text(part.text, part.fold and part.text.lower() != part.text.upper())
            last = out[-1] if out else None
            if isinstance(last, Text) and last.fold == part.fold:
                out[-1] = Text(last.text + part.text, part.fold)
                continue
        elif isinstance(part, Run) and part.high is None and part.low == 0 and out and out[-1] == part:
            continue
        out.append(part)
    return tuple(out)


def walk(root: Formula, known: Container[int] = ()) -> Iterator[Formula]:
    """Every distinct node below `root`, arguments before users; nothing below nodes whose identity is `known`."""
    seen = {id(root)}
    stack = [(root, iter(root.args))]
    while stack:
        node, rest = stack[-1]
        for arg in rest:
            if id(arg) not in seen and id(arg) not in known:
                seen.add(id(arg))
                if arg.args:
                    stack.append((arg, iter(arg.args)))
                    break
                yield arg
        else:
            stack.pop()
            yield node


def atoms_of(root: Formula) -> tuple[Atom, ...]:
    """The distinct atoms below `root`, in a stable order."""
    return tuple(node.payload for node in walk(root) if node.op == "atom")
