"""Aws:MultiFactorAuthPresent tested without IfExists."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family


class MfaWithoutIfExists(ConditionRule):
    """Rule PL032."""

    id = "PL032"
    title = "aws:MultiFactorAuthPresent tested without IfExists"
    text = (
        "Requests signed with long-term access keys carry no aws:MultiFactorAuthPresent, and plain Bool is then "
        "false: they escape the Deny. Use BoolIfExists."
    )
    of_absence = True
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-multifactorauthpresent"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if at.statement.effect == "Deny" and condition.name == "aws:multifactorauthpresent":
            plain = condition.operator.base.family is Family.BOOL and not condition.operator.if_exists
            if plain and "false" in {value.lower() for value in condition.values}:
                message = f"long-term access keys carry no {quoted(condition.key)} and escape this Deny"
                yield self.found(message, condition.location)
