"""Allow that an absent key satisfies."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import (
    IDENTITY_KEYS,
    NETWORK_KEYS,
    ORGANIZATION_OF_CALLER,
    RESOURCE_OWNER_KEYS,
    SOURCE_KEYS,
    on_keys,
    requires,
)
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Quantifier

GUARDS = (
    *IDENTITY_KEYS,
    *NETWORK_KEYS,
    *RESOURCE_OWNER_KEYS,
    *SOURCE_KEYS,
    "aws:sourcearn",
    "aws:principalarn",
    "sts:externalid",
)

_OF_CALLER = ("aws:principalarn", "aws:principalaccount")


def _always_present(statement: Statement) -> frozenset[str]:
    """Keys that every request carries which the statement can match otherwise: ARN and account of a named caller, or of
    one that has an organization; where there is no Principal element callers are principals of accounts.
    """
    principal = statement.principal
    named = principal is None or not any(
        principal.negated or entry.value == "*" or entry.type != "AWS" for entry in principal.entries
    )
    if requires(statement, ORGANIZATION_OF_CALLER):
        return frozenset((*_OF_CALLER, *ORGANIZATION_OF_CALLER))
    return frozenset(_OF_CALLER) if named or requires(statement, _OF_CALLER) else frozenset()


class AllowPassesAbsent(StatementRule):
    """Rule PL029."""

    id = "PL029"
    title = "Allow that an absent key satisfies"
    text = (
        "IfExists and negated operators are true when the key is absent. In an Allow this admits every request "
        "without the key, such as anonymous ones without `aws:PrincipalOrgID`. Use the positive operator without "
        "IfExists."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_condition_operators.html#Conditions_IfExists"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.effect != "Allow":
            return
        present = _always_present(statement)
        for condition in on_keys(statement, GUARDS):
            operator = condition.operator
            passes = operator.if_exists or (operator.base.negated and operator.quantifier is not Quantifier.FOR_ANY)
            if condition.name in present:
                continue
            if passes and operator.quantifier is not Quantifier.FOR_ALL and not requires(statement, (condition.name,)):
                message = f"requests without {quoted(condition.key)} pass: `{operator}` is true for them"
                yield self.found(message, condition.location)
