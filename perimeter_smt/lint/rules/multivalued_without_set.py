"""Multivalued key without a set operator."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.keys import key_info


class MultivaluedWithoutSet(ConditionRule):
    """Rule PL019."""

    id = "PL019"
    title = "multivalued key without a set operator"
    text = (
        "A key that holds several values needs a set operator. Without one the condition matches nothing, so that a "
        "Deny never applies. Write ForAnyValue before a positive operator and ForAllValues before a negated one."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"
    severity = Severity.ERROR

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        operator = condition.operator
        if operator.quantifier is not None or operator.base.family is Family.NULL:
            return
        if key_info(condition.key).multivalued:
            message = (
                f"{quoted(condition.key)} holds several values, `{operator}` has no `ForAllValues` or `ForAnyValue`"
            )
            yield self.found(message, condition.location)
