"""Why a statement does not match, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from perimeter_smt.evaluate.conditions import CompiledCondition, elements, is_null
from perimeter_smt.evaluate.pairs import NEITHER, TRUE
from perimeter_smt.evaluate.view import View
from perimeter_smt.policy.document import Element, Location, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import BaseOperator, Family, Test

_SHOWN = 3

ListsIt = Callable[[Element, View], bool]  # whether an element, taken as an Action or Resource, matches a request


class Failure(NamedTuple):
    """A part of a statement that does not match: `action`, `resource`, `principal` or `condition`, and why."""

    part: str
    text: str
    location: Location

    def __str__(self) -> str:
        return self.text


def action_failure(statement: Statement, view: View, lists: ListsIt) -> Failure:
    """The action is not among those of the statement."""
    return _element("action", view.request.action, statement.action, view, lists)


def resource_failure(statement: Statement, view: View, lists: ListsIt) -> Failure:
    """The resource is not among those of the statement."""
    element = statement.resource
    if element is None:
        return Failure("resource", f"resource {quoted(view.resource)} is not this one", statement.location)
    return _element("resource", view.resource, element, view, lists)


def principal_failure(statement: Statement, view: View) -> Failure:
    """The caller is not named, or is exempt."""
    caller = view.caller.arn or view.caller.principal.provider or view.caller.type
    element = statement.principal
    if element is not None and element.negated:
        return Failure("principal", f"principal {quoted(caller)} is exempt by `NotPrincipal`", element.location)
    values = [entry.value for entry in element.entries] if element else []
    place = element.location if element else statement.location
    return Failure("principal", f"principal {quoted(caller)} is none of {_list(values)}", place)


def condition_failure(compiled: CompiledCondition, view: View) -> Failure:
    """The condition does not hold."""
    condition = compiled.condition
    text = f"condition `{condition.operator} {condition.key}`: {_reason(compiled, view)}"
    return Failure("condition", text, condition.location)


def _element(part: str, text: str, element: Element, view: View, lists: ListsIt) -> Failure:
    if element.negated:
        alone = (replace(element, negated=False, values=(value,)) for value in element.values)
        found = [one.values[0] for one in alone if lists(one, view)]
        values = _list(found or element.values)
        return Failure(part, f"{part} {quoted(text)} is exempt by `Not{part.capitalize()}` {values}", element.location)
    return Failure(part, f"{part} {quoted(text)} is none of {_list(element.values)}", element.location)


def _reason(compiled: CompiledCondition, view: View) -> str:
    condition, base = compiled.condition, compiled.condition.operator.base
    value = view.context.get(condition.name)
    empty_is_null = "X-8" not in compiled.rivals
    if base.family is Family.NULL:
        return f"key {quoted(condition.key)} is {'absent' if is_null(value, empty_is_null) else 'present'}"
    passes_absent = base.negated or condition.operator.if_exists  # then absence is not why it failed
    if value is None and not passes_absent:
        return f"key {quoted(condition.key)} is absent"
    several = compiled.declared_multivalued or not isinstance(value, str)
    if several and condition.operator.quantifier is None:
        return f"key {quoted(condition.key)} may hold several values, which needs `ForAllValues` or `ForAnyValue`"
    values = elements(value)
    if not values:
        return f"key {quoted(condition.key)} holds no value"
    failing = next((text for text in values if not compiled.satisfied(text, view)), values[0])
    return _value_reason(compiled, failing, view)


def _value_reason(compiled: CompiledCondition, value: str, view: View) -> str:
    base = compiled.condition.operator.base
    wanted = compiled.condition.values
    if not base.negated:
        return f"value {quoted(value)} {_RELATIONS[base.test][1]} {_list(wanted)}"
    for text, test in zip(wanted, compiled.pairs, strict=True):
        outcome = test(value, view)
        if outcome == TRUE:
            return f"value {quoted(value)} {_verb(base, text)} {quoted(text)}"
        if outcome == NEITHER:
            return f"value {quoted(value)} cannot be compared with {quoted(text)}"
    return f"value {quoted(value)} fails"


def _verb(base: BaseOperator, text: str) -> str:
    if base.test is Test.LIKE and not any(mark in text for mark in ("*", "?", "${")):
        return "equals"
    return _RELATIONS[base.test][0]


_RELATIONS = {
    Test.EQUALS: ("equals", "is none of"),
    Test.EQUALS_IGNORE_CASE: ("equals, ignoring case,", "is, ignoring case, none of"),
    Test.LIKE: ("matches", "matches none of"),
    Test.LESS: ("is less than", "is not less than"),
    Test.LESS_EQUALS: ("is at most", "is not at most"),
    Test.GREATER: ("is greater than", "is not greater than"),
    Test.GREATER_EQUALS: ("is at least", "is not at least"),
    Test.IN_RANGE: ("lies in", "lies in none of"),
    Test.IS_NULL: ("is", "is none of"),
}


def _list(values: tuple[str, ...] | list[str]) -> str:
    if not values:
        return "an empty list"
    shown = ", ".join(quoted(value) for value in values[:_SHOWN])
    return f"{shown}, ..." if len(values) > _SHOWN else shown
