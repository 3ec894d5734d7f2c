"""ForAllValues in an Allow."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import about_several_values, requires
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family, Quantifier


class ForAllInAllow(ConditionRule):
    """Rule PL007."""

    id = "PL007"
    title = "ForAllValues in an Allow"
    text = (
        "ForAllValues is true when the key is absent or its list is empty, so that the Allow then applies without "
        'any check. Add `"Null": {key: "false"}` to the statement, or use ForAnyValue or no set operator.'
    )
    source = f"{IAM_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if at.statement.effect != "Allow" or not about_several_values(condition):
            return
        if condition.operator.quantifier is Quantifier.FOR_ALL:
            if condition.operator.base.family is not Family.NULL and not requires(at.statement, (condition.name,)):
                message = f"requests without {quoted(condition.key)} pass: `{condition.operator}` is true for them"
                yield self.found(message, condition.location)
