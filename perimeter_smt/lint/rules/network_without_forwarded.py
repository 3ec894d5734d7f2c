"""Network Deny without an exemption for forwarded calls."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import exempts_forwarded, outside_network
from perimeter_smt.lint.rule import CALLER_SIDE, IAM_GUIDE, RESOURCE_SIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class NetworkWithoutForwarded(StatementRule):
    """Rule PL008."""

    id = "PL008"
    title = "network Deny without an exemption for forwarded calls"
    text = (
        "A service that acts with the credentials of the caller calls from its own network, without the keys of "
        'the caller\'s VPC endpoint. A Deny on network keys then stops the service. Add `"BoolIfExists": '
        '{"aws:ViaAWSService": "false"}`.'
    )
    source = f"{IAM_GUIDE}access_forward_access_sessions.html"
    loosens = True
    kinds = CALLER_SIDE | RESOURCE_SIDE

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = outside_network(statement)
        if statement.effect == "Deny" and found and not exempts_forwarded(statement):
            message = f"the Deny on {quoted(found[0].key)} also stops services that call on behalf of the caller"
            yield self.found(message, found[0].location)
