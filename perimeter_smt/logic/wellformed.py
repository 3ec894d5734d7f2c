"""Whether a text of a user is one that the reader understands: names, numbers of arguments, sorts, depth and size.

The reader of the formal text trusts its input. A text that passes here makes it neither stumble nor mean something
else: nothing hides a name of the formal text, nothing is declared twice, every term has its sort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic import sexpr
from perimeter_smt.logic.sexpr import Expr, Sequence, Symbol
from perimeter_smt.logic.wellformed_terms import BOOL, OPERATORS, STRING, Terms

if TYPE_CHECKING:
    from perimeter_smt.logic.reader import Script

_SORTS = (BOOL, STRING)
_IGNORED = ("set-logic", "set-info", "set-option", "check-sat", "exit")
_LENGTHS = {"declare-const": 3, "declare-fun": 4, "define-fun": 5, "assert": 2}


class Defined(NamedTuple):
    """A definition of the text: sorts of its parameters, its own sort, how deep and how large it is."""

    parameters: tuple[tuple[str, str], ...]
    sort: str
    body: Expr
    depth: int
    size: int


def check(text: str, script: Script, file: str) -> None:
    """InputError with file and line for the first thing in `text` that cannot follow what `script` has read."""
    checker = _Checker(script, file)
    for command in sexpr.parse(text, file):
        if not isinstance(command, Sequence):
            raise InputError("expected a command in parentheses", file=file, line=command.line)
        checker.command(command)


class _Checker:
    def __init__(self, script: Script, file: str) -> None:
        self._script, self._file = script, file
        self._own: dict[str, int] = {}
        self._terms = Terms(script, file)
        self._names = {axiom.name for axiom in script.axioms}

    def command(self, command: Sequence) -> None:
        """One command."""
        head = command.head
        if head in _IGNORED:
            return
        if head not in _LENGTHS:
            hint = did_you_mean(head, _LENGTHS) or ", expected `assert`, `define-fun` or `declare-const`"
            raise self._error(command, f"unknown command `{head}`{hint}")
        if len(command.items) != _LENGTHS[head]:
            found, expected = len(command.items) - 1, _LENGTHS[head] - 1
            raise self._error(command, f"`{head}` with {found} arguments, expected {expected}")
        if head == "assert":
            self._assert(command.items[1])
        elif head == "define-fun":
            self._define(command)
        else:
            self._declare(command)

    def _declare(self, command: Sequence) -> None:
        name = self._name(command.items[1])
        if command.head == "declare-fun":
            parameters = command.items[2]
            if not isinstance(parameters, Sequence) or parameters.items:
                raise self._error(command, f"`{name}` has parameters, expected a constant, or `define-fun`")
        sort = self._sort(command.items[-1])
        known = self._script.sorts.get(name)
        if known != sort:  # the same again does no harm, so that other solvers can read the text alone
            self._fresh(command, name)
        self._twice(command, name)
        self._terms.declared[name] = sort

    def _define(self, command: Sequence) -> None:
        name = self._name(command.items[1])
        self._fresh(command, name)
        self._twice(command, name)
        parameters: list[tuple[str, str]] = []
        listed = command.items[2]
        if not isinstance(listed, Sequence):
            raise self._error(command, "expected a list of parameters, `()` for none")
        for item in listed.items:
            if not isinstance(item, Sequence) or len(item.items) != 2:
                raise self._error(item, "expected a parameter such as `(x String)`")
            own = self._name(item.items[0])
            if own in OPERATORS or self._terms.known(own) or own in dict(parameters):
                raise self._error(item, f"parameter `{own}` hides another name")
            parameters.append((own, self._sort(item.items[1])))
        sort, body = self._sort(command.items[3]), command.items[4]
        found, depth, size = self._terms.term(body, dict(parameters))
        if found != sort:
            raise self._error(body, f"`{name}` is a {found}, expected the {sort} that it is declared as")
        self._terms.defined[name] = Defined(tuple(parameters), sort, body, depth, size)

    def _assert(self, expr: Expr) -> None:
        body = expr
        if isinstance(expr, Sequence) and expr.head == "!":
            if len(expr.items) < 2 or len(expr.items) % 2:
                raise self._error(expr, "`!` needs a term and pairs of attribute and value")
            body = expr.items[1]
            for key, value in zip(expr.items[2::2], expr.items[3::2], strict=True):
                if not isinstance(key, Symbol) or not key.text.startswith(":"):
                    raise self._error(key, "expected an attribute such as `:named`")
                if key.text == ":named":
                    self._named(value)
        found, _, _ = self._terms.term(body, {})
        if found != BOOL:
            raise self._error(body, f"the assertion is a {found}, expected a {BOOL}")

    def _named(self, value: Expr) -> None:
        name = self._name(value)
        if name in self._names:
            raise self._error(value, f"there is an assertion named `{name}` already")
        self._names.add(name)

    def _fresh(self, command: Sequence, name: str) -> None:
        if name in OPERATORS or self._terms.in_formal_text(name):
            raise self._error(command, f"`{name}` is a name of the formal text, expected another one")

    def _twice(self, command: Sequence, name: str) -> None:
        if name in self._own:
            raise self._error(command, f"`{name}` is declared twice, first on line {self._own[name]}")
        self._own[name] = command.line

    def _sort(self, expr: Expr) -> str:
        name = self._name(expr)
        if name not in _SORTS:
            raise self._error(expr, f"unknown sort `{name}`, expected {' or '.join(_SORTS)}")
        return name

    def _name(self, expr: Expr) -> str:
        if not isinstance(expr, Symbol):
            raise self._error(expr, f"expected a name, found {'a list' if isinstance(expr, Sequence) else 'a text'}")
        return expr.text

    def _error(self, expr: Expr, message: str) -> InputError:
        return InputError(message, file=self._file, line=expr.line)
