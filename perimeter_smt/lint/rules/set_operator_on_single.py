"""Set operator on a key that holds one value."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import requires
from perimeter_smt.lint.rule import IAM_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family, Quantifier
from perimeter_smt.request.keys import key_info

# Lists in calls, though the service reference calls them texts: the guides use them with set operators.
_SEVERAL = ("ram:principal",)


class SetOperatorOnSingle(ConditionRule):
    """Rule PL045."""

    id = "PL045"
    title = "set operator on a key that holds one value"
    text = (
        "ForAllValues and ForAnyValue are for keys that hold several values. On others ForAllValues is true and "
        "ForAnyValue false where the key is absent, which is seldom meant: an Allow then passes, or a Deny is "
        "escaped. Leave the set operator out, and use IfExists where an absent key is to pass."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        operator = condition.operator
        if operator.quantifier is None or operator.base.family is Family.NULL:
            return
        info = key_info(condition.key)
        if not info.known or info.multivalued or condition.name in _SEVERAL:
            return
        message = f"{quoted(condition.key)} holds one value, `{operator}` is for keys with several"
        if not requires(at.statement, (condition.name,)) and operator.quantifier is Quantifier.FOR_ALL:
            message += f"; requests without it {'pass' if at.statement.effect == 'Allow' else 'are denied'}"
        elif operator.base.negated and at.statement.effect == "Deny" and not operator.if_exists:
            message += "; requests without it escape this Deny"
        yield self.found(message, condition.location)
