"""Incomplete ARN under an ARN operator."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.policy.template import Variable, parse_template, split_fields


class ShortArnPattern(ConditionRule):
    """Rule PL027."""

    id = "PL027"
    title = "incomplete ARN under an ARN operator"
    text = (
        "ARN operators compare six fields. A pattern with fewer matches nothing, and its negated form everything; "
        "`*` alone stands for any ARN. Write all six fields."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html#Conditions_ARN"
    severity = Severity.ERROR

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.operator.base.family is not Family.ARN:
            return
        for value in condition.values:
            template = parse_template(value, wildcards=True, variables=at.document.has_variables)
            if value.strip("*") and len(split_fields(template)) < 6 and not isinstance(template[0], Variable):
                yield self.found(
                    f"{quoted(value)} under `{condition.operator}` has fewer than six fields", condition.location
                )
