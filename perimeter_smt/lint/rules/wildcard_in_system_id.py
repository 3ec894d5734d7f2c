"""Wildcard in an identifier that AWS assigns."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import has_wildcard
from perimeter_smt.lint.rule import PRIVATELINK_GUIDE, ConditionRule, Finding, Place
from perimeter_smt.policy.json_positions import quoted

SYSTEM_IDS = (
    "aws:principalorgid",
    "aws:principalaccount",
    "aws:resourceorgid",
    "aws:resourceaccount",
    "aws:sourceorgid",
    "aws:sourceaccount",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceorgid",
    "aws:vpceaccount",
)


class WildcardInSystemId(ConditionRule):
    """Rule PL033."""

    id = "PL033"
    title = "wildcard in an identifier that AWS assigns"
    text = (
        "Organization, account, VPC and endpoint ids are random: a wildcard in one matches ids of strangers. "
        "Write the whole id."
    )
    source = f"{PRIVATELINK_GUIDE}vpc-endpoints-access.html"
    narrows = True

    def condition(self, at: Place) -> Iterator[Finding]:
        """The findings in one condition."""
        condition = at.condition
        if condition.name not in SYSTEM_IDS or not condition.operator.base.wildcards:
            return
        for value in condition.values:
            if value.strip("*") and has_wildcard(value, variables=at.document.has_variables):
                yield self.found(
                    f"{quoted(value)} also matches the {quoted(condition.key)} of strangers", condition.location
                )
