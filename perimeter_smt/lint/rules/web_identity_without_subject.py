"""Web identity trusted without subject or audience."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.issuers import shared_issuers, trusted_providers
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Condition, Statement
from perimeter_smt.policy.kinds import Kind

_CLAIMS = (":sub", ":aud", ":app_id", ":user_id")


def _says_something(condition: Condition) -> bool:
    return condition.name.endswith(_CLAIMS) and any(value.strip("*") for value in condition.values)


class WebIdentityWithoutSubject(StatementRule):
    """Rule PL036."""

    id = "PL036"
    title = "web identity trusted without subject or audience"
    text = (
        "Identity providers such as public build systems serve many customers. A trust policy for "
        "AssumeRoleWithWebIdentity without a condition on the subject or audience lets tokens of strangers assume "
        "the role. Add conditions on both claims, such as those that end in `:sub` and `:aud`."
    )
    source = f"{IAM_GUIDE}id_roles_create_for-idp_oidc.html"
    kinds = frozenset((Kind.TRUST,))
    severity = Severity.ERROR

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        providers = [host for host in trusted_providers(statement) if host not in shared_issuers()]
        if providers and not any(_says_something(condition) for condition in statement.conditions):
            yield self.found("no condition on the subject or audience of the token", statement.location)
