"""Exemption for a range that holds every address."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.callers import every_address
from perimeter_smt.lint.facts import listed
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted


class EveryAddress(ConditionRule):
    """Rule PL047."""

    id = "PL047"
    title = "Deny that exempts every address"
    text = (
        "A Deny for calls from outside ranges that together hold (nearly) every address stops nobody. Write the ranges "
        "of your networks."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-sourceip"
    severity = Severity.ERROR

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if at.statement.effect == "Deny" and condition.name == "aws:sourceip" and condition.operator.base.negated:
            if every_address(condition.values):
                message = f"{listed(condition.values)} under {quoted(condition.key)} exempts the whole internet"
                yield self.found(message, condition.location)
