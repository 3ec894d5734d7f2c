"""The sort, depth and size of a term of a user's text, with definitions written out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic.atoms import Run
from perimeter_smt.logic.regexes import patterns
from perimeter_smt.logic.sexpr import Expr, Sequence, String, Symbol

if TYPE_CHECKING:
    from perimeter_smt.logic.reader import Script
    from perimeter_smt.logic.wellformed import Defined

BOOL, STRING, REAL, BITS = "Bool", "String", "Real", "BitVec"
MAX_DEPTH, MAX_SIZE, MAX_PATTERNS = 100, 1_000_000, 1_000
_NUMBER = re.compile(r"[0-9]{1,400}(?:\.[0-9]{1,400})?")
_VIEWS = ("number", "instant", "address", "arn")
_REAL_VIEWS = ("number", "instant")
_ORDER = ("<", "<=", ">", ">=")
# Sorts of the arguments; a last one of None repeats the one before it, at least as often as the numbers say.
_SIGNATURES: Mapping[str, tuple[str, int, int | None]] = {
    "and": (BOOL, 1, None),
    "or": (BOOL, 1, None),
    "not": (BOOL, 1, 1),
    "=>": (BOOL, 2, None),
    "ite": (BOOL, 3, 3),
    "str.++": (STRING, 1, None),
    "str.prefixof": (STRING, 2, 2),
    "str.suffixof": (STRING, 2, 2),
    "str.contains": (STRING, 2, 2),
}
_OTHERS = ("=", "distinct", "str.in_re", "parses", *_ORDER)
OPERATORS = frozenset((*_SIGNATURES, *_OTHERS, *_VIEWS, "true", "false", "!", "_", "let", "forall", "exists", "row-of"))


class Found(NamedTuple):
    """What a term is."""

    sort: str
    depth: int
    size: int


class Terms:
    """Terms over a script and what the text itself `declared` and `defined` before them."""

    def __init__(self, script: Script, file: str) -> None:
        self._script, self._file = script, file
        self.declared: dict[str, str] = {}
        self.defined: dict[str, Defined] = {}

    def in_formal_text(self, name: str) -> bool:
        """Whether the script has this name for anything."""
        script = self._script
        return (
            any(name in names for names in (script.sorts, script.formulas, script.texts, script.macros))
            or name in script.functions
            or name in script.constructors
            or name in script.catalogue_vars
        )

    def known(self, name: str) -> bool:
        """Whether the name stands for something already."""
        return name in self.declared or name in self.defined or self.in_formal_text(name)

    def term(self, expr: Expr, scope: Mapping[str, str], level: int = 0) -> Found:
        """Sort, depth and size of a term; InputError where it has none, or is too deep or too large."""
        if level > MAX_DEPTH:
            raise self._error(expr, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(expr, String):
            return Found(STRING, 1, 1)
        found = self._symbol(expr, scope) if isinstance(expr, Symbol) else self._application(expr, scope, level)
        if found.depth > MAX_DEPTH:
            raise self._error(expr, f"nested more than {MAX_DEPTH} levels deep with definitions written out")
        if found.size > MAX_SIZE:
            raise self._error(expr, f"more than {MAX_SIZE} terms with definitions written out")
        return found

    def _symbol(self, expr: Symbol, scope: Mapping[str, str]) -> Found:
        name = expr.text
        if name in scope:
            return Found(scope[name], 1, 1)
        if not expr.quoted and name in ("true", "false"):
            return Found(BOOL, 1, 1)
        if own := self.defined.get(name):
            if own.parameters:
                raise self._error(expr, f"`{name}` needs {len(own.parameters)} arguments")
            return Found(own.sort, own.depth, own.size)
        if name in self._script.catalogue_vars:
            raise self._error(expr, f'`{name}` is compared with whole names only, such as `(= {name} "...")`')
        script = self._script
        if name in script.formulas:
            return Found(BOOL, 1, 1)
        if name in script.texts:
            return Found(STRING, 1, 1)
        sort = self.declared.get(name) or script.sorts.get(name) or script.constructors.get(name)
        if sort is not None:
            return Found(sort, 1, 1)
        if not expr.quoted and _NUMBER.fullmatch(name):
            return Found(REAL, 1, 1)
        names = (*scope, *self.declared, *self.defined, *script.formulas, *script.texts, *script.sorts)
        raise self._error(expr, f"`{name}` is not declared{did_you_mean(name, names)}")

    def _application(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        head, args = expr.head, expr.items[1:]
        if head in self.defined:
            return self._own(expr, self.defined[head], scope, level)
        if head in self._script.macros:
            return self._macro(expr, scope, level)
        if head in _REAL_VIEWS:
            return self._sum(REAL, [self._variable(expr, scope, level)])
        if head in self._script.functions and head not in _VIEWS:
            return self._sum(STRING, [self._variable(expr, scope, level)])
        if head in _SIGNATURES:
            sort, least, most = _SIGNATURES[head]
            self._count(expr, least, most)
            found = [self.term(arg, scope, level + 1) for arg in args]
            for arg, each in zip(args, found, strict=True):
                self._is(arg, each, sort)
            return self._sum(STRING if head == "str.++" else BOOL, found)
        match head:
            case "=" | "distinct":
                return self._equality(expr, scope, level)
            case "str.in_re":
                return self._in_re(expr, scope, level)
            case "parses":
                self._count(expr, 2, 2)
                if not isinstance(args[1], Symbol) or args[1].text not in _VIEWS:
                    raise self._error(args[1], f"expected one of {', '.join(_VIEWS)}")
                return self._sum(BOOL, [self._variable(expr, scope, level)])
            case "<" | "<=" | ">" | ">=":
                return self._ordered(expr, scope, level)
        shown = head or "..."
        known = (*OPERATORS, *self.defined, *self._script.macros, *self._script.functions)
        raise self._error(expr, f"unknown function `{shown}`{did_you_mean(head, known) if head else ''}")

    def _own(self, expr: Sequence, own: Defined, scope: Mapping[str, str], level: int) -> Found:
        self._count(expr, len(own.parameters), len(own.parameters))
        if not own.parameters:
            raise self._error(expr, f"`{expr.head}` has no parameters, expected it without parentheses")
        found = [self.term(arg, scope, level + 1) for arg in expr.items[1:]]
        for arg, each, (_, sort) in zip(expr.items[1:], found, own.parameters, strict=True):
            self._is(arg, each, sort)
        depth = own.depth + max(each.depth for each in found)
        return Found(own.sort, depth, own.size * max(1, *(each.size for each in found)))

    def _macro(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        """A macro of the formal text, whose body is right for arguments of the right sorts."""
        macro = self._script.macros[expr.head]
        self._count(expr, len(macro.parameters), len(macro.parameters))
        found = [self.term(arg, scope, level + 1) for arg in expr.items[1:]]
        for arg, each in zip(expr.items[1:], found, strict=True):
            self._is(arg, each, STRING)
        return self._sum(BOOL, found)

    def _equality(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        self._count(expr, 2, 2)
        left, right = expr.items[1:]
        for a, b in ((left, right), (right, left)):
            if isinstance(a, Symbol) and a.text in self._script.catalogue_vars and a.text not in scope:
                if not isinstance(b, String):
                    raise self._error(b, f"`{a.text}` is compared with a text such as `s3:GetObject`")
                return Found(BOOL, 2, 3)
            if isinstance(a, Symbol) and a.text in self._script.constructors and a.text not in scope:
                sort = self._script.constructors[a.text]
                if not isinstance(b, Symbol) or b.text in scope or self._script.sorts.get(b.text) != sort:
                    raise self._error(b, f"`{a.text}` is a {sort}, expected a constant of that sort beside it")
                return Found(BOOL, 2, 3)
        found = [self.term(left, scope, level + 1), self.term(right, scope, level + 1)]
        if found[0].sort != found[1].sort:
            raise self._error(expr, f"the sides of `{expr.head}` are a {found[0].sort} and a {found[1].sort}")
        if found[0].sort == REAL:
            return self._ordered(expr, scope, level)
        if found[0].sort not in (BOOL, STRING):
            raise self._error(expr, f"a {found[0].sort} is compared with one of its values")
        return self._sum(BOOL, found)

    def _ordered(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        """A number or instant of a text against another one, or a numeral on the right."""
        self._count(expr, 2, 2)
        left, right = expr.items[1:]
        found = [self.term(arg, scope, level + 1) for arg in (left, right)]
        for arg, each in zip((left, right), found, strict=True):
            self._is(arg, each, REAL)
        if not isinstance(left, Sequence) or expr.head == "distinct":
            raise self._error(expr, "expected `(number x)` or `(instant x)` first, as in `(< (number x) 10)`")
        if isinstance(right, Sequence) and right.head != left.head:
            raise self._error(expr, f"`{left.head}` is compared with `{right.head}`")
        return self._sum(BOOL, found)

    def _in_re(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        self._count(expr, 2, 2)
        text = self.term(expr.items[1], scope, level + 1)
        self._is(expr.items[1], text, STRING)
        if self._regex_size(expr.items[2]) > MAX_PATTERNS:
            raise self._error(expr, f"a regular expression of more than {MAX_PATTERNS} alternatives")
        try:
            found = patterns(expr.items[2], self._file)
        except (IndexError, ValueError, TypeError):  # operators with too few or other arguments
            raise self._error(expr, "regular expression outside the supported subset") from None
        runs = [part for pattern in found for part in pattern if isinstance(part, Run)]
        if any(max(run.low, run.high or 0) > MAX_PATTERNS for run in runs):
            raise self._error(expr, f"a repetition of more than {MAX_PATTERNS}")
        return Found(BOOL, text.depth + 1, text.size + len(found))

    def _regex_size(self, expr: Expr, level: int = 0) -> int:
        """At most so many patterns does a regular expression have."""
        if level > MAX_DEPTH:
            raise self._error(expr, f"nested more than {MAX_DEPTH} levels deep")
        if not isinstance(expr, Sequence):
            return 1
        sizes = [self._regex_size(arg, level + 1) for arg in expr.items[1:]]
        if expr.head == "re.++":
            out = 1
            for size in sizes:
                out = min(out * size, MAX_PATTERNS + 1)
            return out
        return min(sum(sizes) + 1, MAX_PATTERNS + 1)

    def _variable(self, expr: Sequence, scope: Mapping[str, str], level: int) -> Found:
        """The first argument, which must be a string that has a name."""
        self._count(expr, 1, 2 if expr.head == "parses" else 1)
        arg = expr.items[1]
        inner = isinstance(arg, Sequence) and arg.head in self._script.functions and arg.head not in _VIEWS
        if isinstance(arg, String) or not (isinstance(arg, Symbol) or inner):
            raise self._error(arg, f"`{expr.head}` is of a string constant, expected its name")
        found = self.term(arg, scope, level + 1)
        self._is(arg, found, STRING)
        return found

    def _count(self, expr: Sequence, least: int, most: int | None) -> None:
        found = len(expr.items) - 1
        if found < least or (most is not None and found > most):
            expected = f"{least}" if most == least else f"at least {least}"
            raise self._error(expr, f"`{expr.head}` with {found} arguments, expected {expected}")

    def _is(self, expr: Expr, found: Found, sort: str) -> None:
        if found.sort != sort:
            raise self._error(expr, f"found a {found.sort}, expected a {sort}")

    def _sum(self, sort: str, found: list[Found]) -> Found:
        depth = max((each.depth for each in found), default=0) + 1
        return Found(sort, depth, sum(each.size for each in found) + 1)

    def _error(self, expr: Expr, message: str) -> InputError:
        return InputError(message, file=self._file, line=expr.line)
