"""Aws:SourceVpc without a Region."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import on_keys, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class VpcWithoutRegion(StatementRule):
    """Rule PL009."""

    id = "PL009"
    title = "aws:SourceVpc without a Region"
    text = (
        "VPC ids are unique within a Region only, so that a foreign VPC of another Region can carry the same id. "
        "Add a condition on `aws:RequestedRegion`, or use `aws:SourceVpcArn`, `aws:VpceAccount` or "
        "`aws:VpceOrgID` where the service supports them."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-sourcevpc"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        guards = ("aws:requestedregion", "aws:sourcevpcarn", "aws:sourcevpce")
        for condition in on_keys(statement, ("aws:sourcevpc",)):
            if not tests_any(statement, guards):
                message = f"{quoted(condition.key)} is unique per Region only, and no Region is asked for"
                yield self.found(message, condition.location)
