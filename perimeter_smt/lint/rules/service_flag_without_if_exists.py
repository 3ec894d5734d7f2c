"""Aws:PrincipalIsAWSService tested without IfExists."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import ENDPOINTS, IAM_GUIDE, RESOURCE_SIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family


class ServiceFlagWithoutIfExists(ConditionRule):
    """Rule PL031."""

    id = "PL031"
    title = "aws:PrincipalIsAWSService tested without IfExists"
    text = (
        "aws:PrincipalIsAWSService is absent in unsigned requests, and plain Bool is then false: anonymous "
        "callers escape the Deny. Use BoolIfExists."
    )
    of_absence = True
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalisawsservice"
    kinds = RESOURCE_SIDE | ENDPOINTS

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if at.statement.effect == "Deny" and condition.name == "aws:principalisawsservice":
            plain = condition.operator.base.family is Family.BOOL and not condition.operator.if_exists
            if plain and "false" in {value.lower() for value in condition.values}:
                yield self.found(
                    f"anonymous callers have no {quoted(condition.key)} and escape this Deny", condition.location
                )
