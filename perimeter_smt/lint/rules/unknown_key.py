"""Condition key that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request.keys import key_info, nearest_key


class UnknownKey(ConditionRule):
    """Rule PL017."""

    id = "PL017"
    title = "condition key that does not exist"
    text = (
        "Neither the global condition keys nor the service authorization reference hold this key. If it is "
        "misspelled it is never present: a positive condition never holds, a negated one always does. Write the key as "
        "AWS spells it, or leave the condition out."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if not key_info(condition.key).known:
            near = nearest_key(condition.key)
            yield self.found(f"unknown condition key {quoted(condition.key)}{near}", condition.location)
