"""Aws:SourceVpc without a Region."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import negated_on, on_keys, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.json_positions import quoted


class VpcWithoutRegion(Rule):
    """Rule PL009."""

    id = "PL009"
    title = "aws:SourceVpc without a Region"
    text = (
        "VPC ids are unique within a Region only, so that a foreign VPC of another Region can carry the same id. "
        "A condition on `aws:RequestedRegion` tells them apart only where no endpoint serves another Region, as those "
        "of S3, KMS, Lambda and others may. Use `aws:SourceVpcArn`, `aws:VpceAccount` or `aws:VpceOrgID` where the "
        "service supports them, else add a condition on `aws:RequestedRegion`."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-sourcevpc"

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document: a Deny of its own may pin the Region of a VPC, as in AWS's samples."""
        guards = ("aws:requestedregion", "aws:sourcevpcarn", "aws:sourcevpce")
        pinned = {vpc for statement in document.statements for vpc in _pinned(statement)}
        for statement in document.statements:
            for condition in on_keys(statement, ("aws:sourcevpc",)):
                if not tests_any(statement, guards) and not pinned.issuperset(condition.values):
                    message = f"{quoted(condition.key)} is unique per Region only, and no Region is asked for"
                    yield self.found(message, condition.location)


def _pinned(statement: Statement) -> Iterator[str]:
    """The VPCs from which a Deny stops calls to every Region but those that it names."""
    if statement.effect == "Deny" and negated_on(statement, ("aws:requestedregion",)):
        for condition in on_keys(statement, ("aws:sourcevpc",)):
            if not condition.operator.base.negated:
                yield from condition.values
