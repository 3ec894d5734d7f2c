"""Fraction compared with a key that holds whole numbers."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family, Test
from perimeter_smt.request.keys import key_info

# Numeric keys that hold fractions; all others count, or measure in whole units.
_FRACTIONS = ("tlsversion", "spotprice", ".vcpu", ".memory", ".disk", "parameternumber/", "percentage", "percent")


def _whole(value: str) -> bool:
    try:
        return float(value).is_integer()
    except ValueError:
        return True  # PL022 speaks


class Fraction(ConditionRule):
    """Rule PL051."""

    id = "PL051"
    title = "fraction under a key that holds whole numbers"
    text = (
        "Keys that count, such as `s3:max-keys`, hold whole numbers. A fraction never equals one, and as a bound it "
        "says less clearly what the whole number below or above it says. Write that whole number."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html#Conditions_Numeric"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        info = key_info(condition.key)
        if condition.operator.base.family is not Family.NUMERIC or not info.known or info.type != "Numeric":
            return
        if any(part in condition.name for part in _FRACTIONS):
            return
        for value in condition.values:
            if not _whole(value):
                effect = "never equals" if condition.operator.base.test is Test.EQUALS else "is no bound for"
                message = f"{quoted(value)} {effect} {quoted(condition.key)}, which holds whole numbers"
                yield self.found(message, condition.location)
