"""signin:CreateAccount outside endpoint policies."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import ALL_KINDS, ENDPOINTS, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted

_ACTION = "signin:createaccount"


class SignInCreateAccount(StatementRule):
    """Rule PL049."""

    id = "PL049"
    title = "signin:CreateAccount outside an endpoint policy"
    text = (
        "Whoever creates an account has none yet, so that no policy of an organization, account or principal is asked. "
        "`signin:CreateAccount` has an effect in policies of VPC endpoints only. Move it to the policy of the endpoint."
    )
    source = "https://docs.aws.amazon.com/signin/latest/userguide/console-access-control.html"
    kinds = ALL_KINDS - ENDPOINTS

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        for value in statement.action.values:
            if value.lower() == _ACTION and not statement.action.negated:
                yield self.found(f"{quoted(value)} has no effect in a policy of this kind", statement.action.location)
