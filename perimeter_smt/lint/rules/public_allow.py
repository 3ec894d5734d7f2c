"""Allow for everybody without a condition."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.callers import closed_by_deny, everybody
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


class PublicAllow(Rule):
    """Rule PL037."""

    id = "PL037"
    title = "Allow for everybody without a condition"
    text = (
        "A star as principal stands for everybody, anonymous callers included. Without a condition the resource "
        "is public. Name the principals, or add a condition on the organization or account of the caller."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_principal.html#principal-anonymous"
    kinds = RESOURCE_SIDE - {Kind.RCP}
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        for statement in document.statements:
            principal = statement.principal
            if statement.effect != "Allow" or principal is None or statement.conditions or not everybody(statement):
                continue
            if not closed_by_deny(document, statement):
                yield self.found("the principal is everybody, and there is no condition", principal.location)
