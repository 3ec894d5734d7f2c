"""String pattern on a key that holds an ARN."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import has_wildcard
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.keys import key_info


class StringPatternOnArn(ConditionRule):
    """Rule PL005."""

    id = "PL005"
    title = "string pattern on a key that holds an ARN"
    text = (
        "StringLike and StringNotLike run over the colons of an ARN, so that a pattern can match an ARN of "
        "another account or service. Use ArnLike or ArnNotLike, which compare field by field."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html#Conditions_ARN"
    narrows = True

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.operator.base.family is not Family.STRING or not condition.operator.base.wildcards:
            return
        if key_info(condition.name).type != "ARN":
            return
        for value in condition.values:
            if value.strip("*") and has_wildcard(value, variables=at.document.has_variables):
                message = f"`{condition.operator}` on {quoted(condition.key)} lets {quoted(value)} cross ARN fields"
                yield self.found(message, condition.location)
