"""Conditions: absent keys, several values, set operators, IfExists, Null (semantics 2.1, 2.3 to 2.5)."""

from __future__ import annotations

from collections.abc import Callable

from perimeter_smt.evaluate.pairs import FALSE, TRUE, Pair, pair
from perimeter_smt.evaluate.view import Rivals, Value, View
from perimeter_smt.policy.document import Condition
from perimeter_smt.policy.operators import Family, Quantifier
from perimeter_smt.request.keys import key_info


class CompiledCondition:
    """A condition ready to be asked: `holds(view)`. `pairs` belong to the policy values, in their order."""

    __slots__ = ("condition", "declared_multivalued", "holds", "pairs", "rivals")

    def __init__(self, condition: Condition, *, has_variables: bool, rivals: Rivals) -> None:
        base = condition.operator.base
        self.condition, self.rivals = condition, rivals
        self.declared_multivalued = key_info(condition.key).multivalued
        self.pairs = tuple(
            pair(base, text, condition.name, has_variables=has_variables, rivals=rivals) for text in condition.values
        )
        self.holds: Callable[[View], bool] = self._null() if base.family is Family.NULL else self._compare()

    def satisfied(self, value: str, view: View) -> bool:
        """One request value against the whole list: some value for positive operators, none for negated ones."""
        return _satisfied(self.pairs, self.condition.operator.base.negated, value, view)

    def _null(self) -> Callable[[View], bool]:
        name, pairs = self.condition.name, self.pairs
        empty_is_null = "X-8" not in self.rivals
        if self.condition.operator.quantifier and "X-30" in self.rivals:
            return lambda _: False

        def holds(view: View) -> bool:
            text = "true" if is_null(view.context.get(name), empty_is_null) else "false"
            return any(test(text, view) for test in pairs)

        return holds

    def _compare(self) -> Callable[[View], bool]:
        operator, name = self.condition.operator, self.condition.name
        negated, if_exists, multivalued = operator.base.negated, operator.if_exists, self.declared_multivalued
        pairs, satisfied = self.pairs, _satisfied
        if operator.quantifier is Quantifier.FOR_ALL:
            return self._for_all()
        for_any = self._for_any()
        if operator.quantifier is Quantifier.FOR_ANY:
            return for_any
        any_value = "X-6" in self.rivals
        if multivalued and not any_value:
            return lambda _: False  # without a set operator nothing matches, not even absence

        def holds(view: View) -> bool:
            value = view.context.get(name)
            if value is None or value == ():
                return (negated or if_exists) and (value is None or any_value)
            if isinstance(value, str):
                return satisfied(pairs, negated, value, view)
            return any_value and for_any(view)

        return holds

    def _for_all(self) -> Callable[[View], bool]:
        name, negated, pairs = self.condition.name, self.condition.operator.base.negated, self.pairs
        empty_is_null = "X-8" not in self.rivals

        def holds(view: View) -> bool:
            values = elements(view.context.get(name))
            return all(_satisfied(pairs, negated, value, view) for value in values if value or not empty_is_null)

        return holds

    def _for_any(self) -> Callable[[View], bool]:
        operator, name, pairs = self.condition.operator, self.condition.name, self.pairs
        negated = operator.base.negated
        without = operator.if_exists and "X-5" not in self.rivals

        def holds(view: View) -> bool:
            values = elements(view.context.get(name))
            if not values:
                return without
            return any(_satisfied(pairs, negated, value, view) for value in values)

        return holds


def elements(value: Value | None) -> tuple[str, ...]:
    """The values of a key: none if it is absent, one if it is single-valued."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def is_null(value: Value | None, empty_is_null: bool) -> bool:
    """Whether `Null` counts a key as absent: an empty text is null, so is a list without other elements (X-8)."""
    values = elements(value)
    return not values or (empty_is_null and not any(values))


def _satisfied(pairs: tuple[Pair, ...], negated: bool, value: str, view: View) -> bool:
    if negated:
        return all(test(value, view) == FALSE for test in pairs)
    return any(test(value, view) == TRUE for test in pairs)
