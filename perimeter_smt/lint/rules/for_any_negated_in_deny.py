"""ForAnyValue with a negated operator in a Deny."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import about_several_values
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Quantifier


class ForAnyNegatedInDeny(ConditionRule):
    """Rule PL006."""

    id = "PL006"
    title = "ForAnyValue with a negated operator in a Deny"
    text = (
        "ForAnyValue is false for an absent key, even with a negated operator: callers without the key, such as "
        "principals of no organization, escape the Deny. Use ForAllValues with the negated operator."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        operator = condition.operator
        if at.statement.effect == "Deny" and operator.quantifier is Quantifier.FOR_ANY and operator.base.negated:
            if not operator.if_exists and about_several_values(condition):
                message = f"requests without {quoted(condition.key)} escape this Deny: `{operator}` is false for them"
                yield self.found(message, condition.location)
