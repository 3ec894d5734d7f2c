"""Incomplete ARN in Resource."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class ShortResource(StatementRule):
    """Rule PL026."""

    id = "PL026"
    title = "incomplete ARN in Resource"
    text = (
        "A resource ARN has six fields. Left-out fields stand for any value in identity policies; in policies on "
        "resources and endpoints the entry matches nothing unless it holds a star. Write all six fields."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_resource.html"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.resource is None:
            return
        for value in statement.resource.values:
            if value.strip("*") and value.count(":") < 5 and value.startswith("arn:"):
                yield self.found(f"{quoted(value)} has fewer than six fields", statement.resource.location)
