"""Organization Deny that stops federated sign-in."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import ORGANIZATION_OF_CALLER, covers, listed, negated_on, requires
from perimeter_smt.lint.rule import ORGANIZATIONS_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

FEDERATED = ("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")


class FederatedSignInDenied(StatementRule):
    """Rule PL034."""

    id = "PL034"
    title = "organization Deny that stops federated sign-in"
    text = (
        "Callers of AssumeRoleWithSAML and AssumeRoleWithWebIdentity have no organization yet, and a negated "
        "operator on `aws:PrincipalOrgID` is true for them. Leave these actions out, and guard them by conditions "
        "on the provider."
    )
    source = f"{ORGANIZATIONS_GUIDE}orgs_manage_policies_rcps_examples.html"
    loosens = True
    kinds = frozenset((Kind.RCP,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = negated_on(statement, ORGANIZATION_OF_CALLER)
        if statement.effect != "Deny" or not found or requires(statement, ORGANIZATION_OF_CALLER):
            return
        stopped = [action for action in FEDERATED if covers(statement.action, action)]
        if stopped:
            message = f"the Deny on {quoted(found[0].key)} also stops {listed(stopped)}, which have no organization"
            yield self.found(message, found[0].location)
