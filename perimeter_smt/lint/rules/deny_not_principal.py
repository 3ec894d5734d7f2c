"""NotPrincipal in a Deny."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement


class DenyNotPrincipal(StatementRule):
    """Rule PL021."""

    id = "PL021"
    title = "NotPrincipal in a Deny"
    text = (
        "NotPrincipal exempts a caller only if every identifier of it is listed, its account among them, and "
        'never a caller that has a permissions boundary. Use a Deny for all principals with `"ArnNotEquals": '
        '{"aws:PrincipalArn": ...}`.'
    )
    source = f"{IAM_GUIDE}reference_policies_elements_notprincipal.html"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.effect == "Deny" and statement.principal is not None and statement.principal.negated:
            message = "`NotPrincipal` also denies listed callers that have a boundary or whose account is not listed"
            yield self.found(message, statement.principal.location)
