"""Statements against a request of which not everything is known: yes, no, or perhaps, and on what it depends.

A key is known with a value, known to be absent, or not known; the resource may be unknown as a whole.  `yes` and `no`
hold whatever the unknown values are; `perhaps` need not be both ways possible (Kleene's logic): conditions on one
unknown key are looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from perimeter_smt.evaluate.conditions import CompiledCondition
from perimeter_smt.evaluate.statements import CompiledStatement
from perimeter_smt.evaluate.view import View
from perimeter_smt.policy.operators import Family
from perimeter_smt.policy.template import Variable, is_full_star, parse_template
from perimeter_smt.request.cloudtrail.context import Choice

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NO_CHOICES: Mapping[str, Choice] = {}
RESOURCE = "resource"  # what an answer depends on where the resource is not known


class Truth(IntEnum):
    """Whether a statement matches."""

    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Partial:
    """The truth of a statement, the names (lower case) of the keys it depends on, and which conditions are open."""

    truth: Truth
    depends: tuple[str, ...] = ()
    open: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Looks:
    """What a statement looks at: keys of each condition with its variables, variables of its resources."""

    conditions: tuple[tuple[CompiledCondition, frozenset[str]], ...]
    resource: frozenset[str]

    @property
    def keys(self) -> frozenset[str]:
        """Every key, in lower case."""
        return self.resource.union(*(names for _, names in self.conditions))


@lru_cache(maxsize=65536)
def looks_at(statement: CompiledStatement, has_variables: bool) -> Looks:
    """The keys that a statement looks at."""
    conditions = []
    for condition in statement.conditions:
        found = {condition.condition.name}
        for value in condition.condition.values:
            found |= _variables(value, has_variables)
        conditions.append((condition, frozenset(found)))
    element = statement.statement.resource
    inside = [_variables(value, has_variables) for value in element.values] if element else []
    return Looks(tuple(conditions), frozenset().union(*inside))


def match(
    statement: CompiledStatement,
    view: View,
    absent: Set[str],
    choices: Mapping[str, Choice] = _NO_CHOICES,
    *,
    has_variables: bool,
    resource: bool = True,
) -> Partial:
    """Whether a statement matches. Keys neither in the context of `view` nor in `absent` are not known.

    `choices`: keys that have one of a few values, None for absence. `resource`: the resource of `view` is known.
    """
    if not statement.action(view):
        return Partial(Truth.NO)
    looks = looks_at(statement, has_variables)
    depends: list[str] = []
    if not resource:
        truth = _any_resource(statement)
        if truth is Truth.NO:
            return Partial(truth)
        depends += [RESOURCE] if truth is Truth.PERHAPS else []
    elif unknown := _unknown(looks.resource, view, absent):
        depends += unknown
    elif not statement.resource(view):
        return Partial(Truth.NO)
    if not statement.principal(view):
        return Partial(Truth.NO)
    left: list[int] = []
    for number, (condition, names) in enumerate(looks.conditions):
        unknown = _unknown(names, view, absent)
        truth = _condition(condition, unknown, view, choices)
        if truth is Truth.NO:
            return Partial(truth)
        if truth is Truth.PERHAPS:
            depends += unknown
            left.append(number)
    return Partial(Truth.PERHAPS, tuple(dict.fromkeys(depends)), tuple(left)) if depends else Partial(Truth.YES)


def _condition(condition: CompiledCondition, unknown: list[str], view: View, choices: Mapping[str, Choice]) -> Truth:
    if not unknown:
        return Truth.YES if condition.holds(view) else Truth.NO
    name, choice = condition.condition.name, choices.get(condition.condition.name)
    if choice is None or unknown != [name] or not _told_apart(condition, view, choice):
        return Truth.PERHAPS
    found = set()
    for value in choice.values:
        if value is not None:
            view.context[name] = value
        found.add(condition.holds(view))
        view.context.pop(name, None)
    return Truth.PERHAPS if len(found) > 1 else Truth.YES if True in found else Truth.NO


def _told_apart(condition: CompiledCondition, view: View, choice: Choice) -> bool:
    """Whether the few values stand for all others that the key may have, as far as the condition sees."""
    if condition.condition.operator.base.family is Family.NULL:
        return True

    def filled(found: re.Match[str]) -> str:
        value = view.context.get(found.group(1).strip().lower())
        return value if isinstance(value, str) else "*"

    return all(choice.tells(_VARIABLE.sub(filled, value)) for value in condition.condition.values)


def _unknown(names: frozenset[str], view: View, absent: Set[str]) -> list[str]:
    return sorted(name for name in names if name not in view.context and name not in absent)


def _any_resource(statement: CompiledStatement) -> Truth:
    """Whether the statement matches whatever the resource is, or none."""
    element = statement.statement.resource
    if element is None:
        return Truth.YES
    everything = any(is_full_star(value) for value in element.values)
    if element.negated:
        return Truth.NO if everything else Truth.PERHAPS
    return Truth.YES if everything else Truth.PERHAPS


@lru_cache(maxsize=65536)
def _variables(text: str, has_variables: bool) -> frozenset[str]:
    if not has_variables or "${" not in text:
        return frozenset()
    parts = parse_template(text, wildcards=False, variables=True)
    return frozenset(part.name for part in parts if isinstance(part, Variable))
