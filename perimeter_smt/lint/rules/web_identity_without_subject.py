"""Web identity trusted without subject or audience."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import covers
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.kinds import Kind


class WebIdentityWithoutSubject(StatementRule):
    """Rule PL036."""

    id = "PL036"
    title = "web identity trusted without subject or audience"
    text = (
        "Identity providers such as public build systems serve many customers. A trust policy for "
        "AssumeRoleWithWebIdentity without a condition on the subject or audience lets tokens of strangers assume "
        "the role."
    )
    source = f"{IAM_GUIDE}id_roles_create_for-idp_oidc.html"
    kinds = frozenset((Kind.TRUST,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.effect != "Allow" or not covers(statement.action, "sts:AssumeRoleWithWebIdentity"):
            return
        if statement.principal is None or not any(entry.type == "Federated" for entry in statement.principal.entries):
            return
        if not any(
            condition.name.endswith((":sub", ":aud", ":app_id", ":user_id")) for condition in statement.conditions
        ):
            yield self.found("no condition on the subject or audience of the token", statement.location)
