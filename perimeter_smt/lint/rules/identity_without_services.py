"""Organization Deny without an exemption for AWS services."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import ORGANIZATION_OF_CALLER, negated_on, requires, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family

SERVICE_KEYS = ("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist")


def _is_narrow(statement: Statement) -> bool:
    """Whether another condition picks out certain requests, such as those that pass certain tags."""
    operators = (condition.operator for condition in statement.conditions)
    return any(not op.base.negated and not op.if_exists and op.base.family is not Family.NULL for op in operators)


class IdentityWithoutServices(StatementRule):
    """Rule PL030."""

    id = "PL030"
    title = "organization Deny without an exemption for AWS services"
    text = (
        "AWS service principals have no `aws:PrincipalOrgID`, and a negated operator is true for the absent key: "
        'the Deny stops services that deliver logs, events and the like. Add `"BoolIfExists": '
        '{"aws:PrincipalIsAWSService": "false"}`.'
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalisawsservice"
    loosens = True
    kinds = RESOURCE_SIDE

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = negated_on(statement, ORGANIZATION_OF_CALLER)
        if statement.effect != "Deny" or not found or requires(statement, ORGANIZATION_OF_CALLER):
            return
        if not tests_any(statement, SERVICE_KEYS) and not _is_narrow(statement):
            message = f"the Deny on {quoted(found[0].key)} also stops AWS services, which have no organization"
            yield self.found(message, found[0].location)
