"""Wildcard in the partition or service of an ARN."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class PartitionWildcard(StatementRule):
    """Rule PL002."""

    id = "PL002"
    title = "wildcard in the partition or service of an ARN"
    text = (
        "AWS documents literals in the partition and service fields of a resource ARN. A wildcard there works in "
        "practice, yet it may reach resources of services that were not meant. Write `aws` and the service."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_resource.html"
    severity = Severity.NOTE

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.resource is None:
            return
        for value in statement.resource.written or statement.resource.values:
            fields = value.split(":", 5)
            for field, name in zip(fields[1:3], ("partition", "service"), strict=False):
                if len(fields) > 3 and ("*" in field or "?" in field):
                    yield self.found(f"{quoted(value)} has a wildcard in its {name}", statement.resource.location)
