"""Wildcard under an operator that compares literally."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import has_wildcard
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family, Test

_STARS = ("lambda:principal",)  # keys that hold a star themselves: the principal of a permission for everybody


class EqualsWithWildcard(ConditionRule):
    """Rule PL004."""

    id = "PL004"
    title = "wildcard under an operator that compares literally"
    text = (
        "StringEquals, StringNotEquals and their IgnoreCase forms take `*` and `?` as plain characters. Use "
        "StringLike or StringNotLike, or write the wildcard as `${*}` where the character is meant."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html#Conditions_String"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.operator.base.test not in (Test.EQUALS, Test.EQUALS_IGNORE_CASE):
            return
        if condition.operator.base.family is not Family.STRING:
            return
        for value in condition.values:
            if value == "*" and condition.name in _STARS:
                continue
            if has_wildcard(value, variables=at.document.has_variables):
                message = f"`{condition.operator}` takes the wildcard in {quoted(value)} literally"
                yield self.found(message, condition.location)
