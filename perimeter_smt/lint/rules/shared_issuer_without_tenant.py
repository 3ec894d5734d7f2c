"""Shared identity provider trusted without the claim that tells the customer."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import listed
from perimeter_smt.lint.issuers import issuer_of_key, tenant_keys, tenant_tests, trusted_issuers
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind


class SharedIssuerWithoutTenant(Rule):
    """Rule PL039."""

    id = "PL039"
    title = "shared identity provider trusted without the claim that tells the customer"
    text = (
        "Providers such as GitHub, GitLab.com or HCP Terraform issue tokens to all their customers under one URL, and "
        "give the usual audience to everybody who asks. Test the claim that names your organization there, such as "
        '`"StringLike": {"token.actions.githubusercontent.com:sub": "repo:ORGANIZATION/REPOSITORY:*"}`.'
    )
    source = f"{IAM_GUIDE}id_roles_providers_oidc_secure-by-default.html"
    kinds = frozenset((Kind.TRUST,))
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        denied = {issuer_of_key(c.name) for s in document.statements if s.effect == "Deny" for c in s.conditions}
        for statement in document.statements:
            for issuer in trusted_issuers(statement):
                if issuer not in denied and not tenant_tests(statement, issuer):
                    message = f"{issuer.name} serves everybody: none of {listed(tenant_keys(issuer))} is asked for"
                    yield self.found(message + f" with {quoted(issuer.host)}", statement.location)
