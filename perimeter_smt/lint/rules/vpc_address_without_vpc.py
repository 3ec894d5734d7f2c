"""aws:VpcSourceIp without the VPC."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import on_keys, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted

_VPC = (
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
)


class VpcAddressWithoutVpc(StatementRule):
    """Rule PL050."""

    id = "PL050"
    title = "aws:VpcSourceIp without the VPC"
    text = (
        "Everybody can use the same private addresses in a VPC of their own. Use `aws:VpcSourceIp` together with "
        "`aws:SourceVpc`, `aws:SourceVpce` or another key of the endpoint, in the same statement."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-vpcsourceip"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        for condition in on_keys(statement, ("aws:vpcsourceip",)):
            if not tests_any(statement, _VPC):
                yield self.found(f"{quoted(condition.key)} is asked without a VPC or endpoint", condition.location)
