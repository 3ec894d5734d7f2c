"""VPC endpoint key for a service that does not supply it."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import listed, negated_on, on_keys, services_named, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request.keys import support_list

LISTS = {
    "aws:vpceorgid": "vpce-org-id-services",
    "aws:vpceorgpaths": "vpce-org-paths-services",
    "aws:vpceaccount": "vpce-account-services",
    "aws:sourcevpcarn": "source-vpc-arn-services",
}


class EndpointKeySupport(StatementRule):
    """Rule PL010."""

    id = "PL010"
    title = "VPC endpoint key for a service that does not supply it"
    text = (
        "aws:VpceOrgID, aws:VpceOrgPaths, aws:VpceAccount and aws:SourceVpcArn exist only in calls to the "
        "services of a list. For any other service the key is absent: a negated Deny stops every call, an Allow "
        "admits none. Name the services that the list holds."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-vpceorgid"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = list(on_keys(statement, LISTS))
        if statement.effect == "Deny" and negated_on(statement, LISTS):
            if tests_any(statement, ("aws:sourcevpc", "aws:sourcevpce")):
                return  # these keys, which every service supplies, decide
            found = [max(found, key=lambda condition: len(support_list(LISTS[condition.name])))]
        for condition in found:
            supported = support_list(LISTS[condition.name])
            named = services_named(statement.action)
            if named is None:
                message = f"{quoted(condition.key)} is asked of every service, {len(supported)} services supply it"
                yield self.found(message, condition.location)
            elif outside := named - supported:
                message = f"{quoted(condition.key)} is never present in calls to {listed(outside)}"
                yield self.found(message, condition.location)
