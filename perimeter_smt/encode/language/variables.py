"""Policy texts with wildcards and variables as patterns over variables (semantics 1.7, 2.9)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import product

from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.logic.atoms import ANY, CharSet, Ref, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import FALSE, Formula, both, conj, disj, either, neg, sym
from perimeter_smt.policy import template as policy

_WITH_WILDCARD = ((Run(ANY), Run(CharSet("*?"), 1, 1), Run(ANY)),)


@dataclass(frozen=True)
class Choice:
    """One way the variables of a text can resolve: under `guard` the text is `parts`."""

    guard: Formula
    parts: tuple[policy.Literal | policy.Wildcard | Value, ...]


@dataclass(frozen=True)
class Value:
    """A variable that has a value: the text composed by `term`."""

    term: Template


@dataclass(frozen=True)
class Resolved:
    """All ways a text can resolve, whether it cannot (`unset`), and whether wildcards in values might act."""

    choices: tuple[Choice, ...]
    unset: Formula
    loose: Formula


def resolve(template: policy.Template, keys: KeySpace) -> Resolved:
    """Cases over the presence of the variables in `template`; a multivalued key counts as unset (C31)."""
    options: list[list[tuple[Formula, policy.Literal | policy.Wildcard | Value | None]]] = []
    unset, loose = [], []
    for part in template:
        if not isinstance(part, policy.Variable):
            options.append([(conj(()), part)])
            continue
        key = keys.key(part.name)
        if key.info.multivalued:
            options.append([(conj(()), _default(part.default))])
            unset.append(conj(()) if part.default is None else FALSE)
            continue
        ways: list[tuple[Formula, policy.Literal | policy.Wildcard | Value | None]] = [(key.has, Value(key.term))]
        if part.default is None:
            unset.append(neg(key.has))
        else:
            ways.append((neg(key.has), _default(part.default)))
        options.append(ways)
        if not keys.is_plain(part.name):
            wild = disj(glob_on(key.term, pattern) for pattern in _WITH_WILDCARD)
            loose.append(both(sym("X-42"), key.has, wild))
    choices = []
    for combination in product(*options):
        if any(part is None for _, part in combination):
            continue
        parts = tuple(part for _, part in combination if part is not None)
        choices.append(Choice(conj(guard for guard, _ in combination), parts))
    return Resolved(tuple(choices), disj(unset), disj(loose))


def plain_parts(text: str) -> tuple[policy.Literal | policy.Wildcard, ...]:
    """A text with wildcards and without variables."""
    parts = policy.parse_template(text, wildcards=True, variables=False)
    return tuple(part for part in parts if not isinstance(part, policy.Variable))


def _default(text: str | None) -> Value | None:
    """A default is a value: colons in it do not cut an ARN."""
    return None if text is None else Value((Text(text),) if text else ())


def pattern(
    parts: tuple[policy.Literal | policy.Wildcard | Value, ...], chars: CharSet = ANY, *, fold: bool = False
) -> Template:
    """The parts as a logic pattern; wildcards range over `chars`."""
    out: list[Text | Run | Ref] = []
    for part in parts:
        match part:
            case policy.Literal(text=text):
                out.append(Text(text, fold))
            case policy.Wildcard(char="*"):
                out.append(Run(chars))
            case policy.Wildcard():
                out.append(Run(chars, 1, 1))
            case Value(term=term):
                out += [_folded(p) if fold else p for p in term]
    return tuple(out)


def _folded(part: Text | Run | Ref) -> Text | Run | Ref:
    """The same part, compared without case."""
    return part if isinstance(part, Run) else replace(part, fold=True)


def matches(keys: KeySpace, term: Template, logic_pattern: Template) -> Formula:
    """`term` matches the pattern; a reference that would have to be cut goes through a text of its own."""
    try:
        return glob_on(term, logic_pattern)
    except ValueError:
        return glob_on((Ref(keys.text_variable(term)),), logic_pattern)


def loosened(keys: KeySpace, resolved: Resolved, strict: Formula, about: Hashable) -> Formula:
    """`strict`, or anything where a wildcard inside a value might act (X-42).

    `about` is what is compared with what: whatever comes of it, it comes wherever the same is compared.
    """
    if resolved.loose is FALSE:
        return strict
    return either(strict, both(resolved.loose, keys.fresh("wildcard in a value", about)))
