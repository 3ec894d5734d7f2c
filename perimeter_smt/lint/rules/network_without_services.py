"""Network Deny in an RCP without an exemption for AWS services."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import NETWORK_KEYS, negated_on, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

_SERVICE_KEYS = ("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist")


class NetworkWithoutServices(StatementRule):
    """Rule PL038."""

    id = "PL038"
    title = "network Deny on resources without an exemption for AWS services"
    text = (
        "RCPs bind AWS service principals, whose calls carry no network keys of yours. A Deny on network keys then "
        'stops log delivery, notifications and the like. Add `"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`.'
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalisawsservice"
    kinds = frozenset({Kind.RCP})

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = negated_on(statement, NETWORK_KEYS)
        if statement.effect == "Deny" and found and not tests_any(statement, _SERVICE_KEYS):
            message = f"the Deny on {quoted(found[0].key)} also stops AWS services that act on my behalf"
            yield self.found(message, found[0].location)
