"""Regular expressions of SMT-LIB that are unions of patterns: what the formal text uses."""

from __future__ import annotations

from perimeter_smt.errors import InputError
from perimeter_smt.logic.atoms import ANY, ONE, STAR, CharSet, Pattern, Run, Text
from perimeter_smt.logic.sexpr import Expr, Sequence, String, Symbol


def patterns(expr: Expr, file: str) -> list[Pattern]:
    """The union of patterns equal to the expression; InputError for operators outside the subset."""
    if isinstance(expr, Symbol):
        match expr.text:
            case "re.all":
                return [(STAR,)]
            case "re.allchar":
                return [(ONE,)]
            case "re.none":
                return []
    if isinstance(expr, Sequence):
        args = expr.items[1:]
        match expr.head:
            case "str.to_re" if isinstance(args[0], String):
                return [(Text(args[0].text),) if args[0].text else ()]
            case "any-case" if isinstance(args[0], String):
                return [(Text(args[0].text, fold=True),)]
            case "re.++":
                out: list[Pattern] = [()]
                for arg in args:
                    out = [(*before, *after) for before in out for after in patterns(arg, file)]
                return out
            case "re.union":
                chars = _chars(expr)
                return [(Run(chars, 1, 1),)] if chars else [p for arg in args for p in patterns(arg, file)]
            case "re.opt":
                return [(), *patterns(args[0], file)]
            case "re.range":
                chars = _chars(expr)
                if chars:
                    return [(Run(chars, 1, 1),)]
            case "re.*" | "re.+":
                chars = _chars(args[0])
                if chars:
                    return [(Run(chars, 0 if expr.head == "re.*" else 1),)]
        first = expr.items[0]
        if isinstance(first, Sequence) and [getattr(i, "text", "") for i in first.items[:2]] == ["_", "re.loop"]:
            chars = _chars(args[0])
            low, high = (int(getattr(i, "text", "0")) for i in first.items[2:4])
            if chars:
                return [(Run(chars, low, high),)]
            return [p for times in range(low, high + 1) for p in _times(patterns(args[0], file), times)]
    raise InputError("regular expression outside the supported subset", file=file, line=expr.line)


def _times(once: list[Pattern], times: int) -> list[Pattern]:
    """A union of patterns, repeated."""
    out: list[Pattern] = [()]
    for _ in range(times):
        out = [(*before, *after) for before in out for after in once]
    return out


def _chars(expr: Expr) -> CharSet | None:
    """The character set that a single-character expression denotes."""
    if isinstance(expr, Symbol) and expr.text == "re.allchar":
        return ANY
    if not isinstance(expr, Sequence):
        return None
    args = expr.items[1:]
    match expr.head:
        case "re.range" if isinstance(args[0], String) and isinstance(args[1], String):
            return CharSet("".join(map(chr, range(ord(args[0].text), ord(args[1].text) + 1))))
        case "str.to_re" if isinstance(args[0], String) and len(args[0].text) == 1:
            return CharSet(args[0].text)
        case "re.union":
            parts = [_chars(arg) for arg in args]
            if all(part and not part.negated for part in parts):
                return CharSet("".join(sorted({c for part in parts if part for c in part.chars})))
        case "re.diff" if isinstance(args[0], Symbol) and args[0].text == "re.allchar":
            inner = _chars(args[1])
            return CharSet(inner.chars, not inner.negated) if inner else None
    return None
