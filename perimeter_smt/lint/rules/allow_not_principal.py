"""NotPrincipal in an Allow."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Statement


class AllowNotPrincipal(StatementRule):
    """Rule PL020."""

    id = "PL020"
    title = "NotPrincipal in an Allow"
    text = (
        "NotPrincipal in an Allow grants to everybody who is not listed, anonymous callers included. AWS no "
        "longer accepts it. Name the principals."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_notprincipal.html"
    severity = Severity.ERROR

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.effect == "Allow" and statement.principal is not None and statement.principal.negated:
            message = "`NotPrincipal` in an Allow grants to everybody else, anonymous callers included"
            yield self.found(message, statement.principal.location)
