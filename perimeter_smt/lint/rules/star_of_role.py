"""A star alone as principal of a trust policy."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.kinds import Kind


class StarOfRole(StatementRule):
    """Rule PL062."""

    id = "PL062"
    title = "star alone as principal of a trust policy"
    text = (
        'IAM refuses to save a trust policy with `"Principal": "*"`. It is read as everybody, the widest that can be '
        'meant. Name the principals, or write `{"AWS": "*"}` with a condition on who calls.'
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"
    severity = Severity.ERROR
    kinds = frozenset((Kind.TRUST,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement: IAM refuses it with either effect."""
        principal = statement.principal
        if principal is not None and any(entry.type == "*" for entry in principal.entries):
            yield self.found("the principal is `*`, which IAM refuses in trust policies", principal.location)
