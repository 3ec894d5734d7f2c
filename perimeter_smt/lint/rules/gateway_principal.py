"""Principal other than a star in a gateway endpoint policy."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import PRIVATELINK_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.kinds import Kind


class GatewayPrincipal(StatementRule):
    """Rule PL024."""

    id = "PL024"
    title = "principal other than a star in a gateway endpoint policy"
    text = (
        'In the policy of a gateway endpoint an account as principal stands for its root user only. Use `"*"` as '
        "principal and a condition on `aws:PrincipalArn` or `aws:PrincipalAccount`."
    )
    source = f"{PRIVATELINK_GUIDE}vpc-endpoints-access.html"
    kinds = frozenset((Kind.ENDPOINT_GATEWAY,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        principal = statement.principal
        if principal is not None and any(entry.value != "*" for entry in principal.entries):
            message = "a gateway endpoint takes `*` as principal only, an account means its root user"
            yield self.found(message, principal.location)
