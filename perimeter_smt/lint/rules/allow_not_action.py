"""NotAction in an Allow."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement


class AllowNotAction(StatementRule):
    """Rule PL014."""

    id = "PL014"
    title = "NotAction in an Allow"
    text = (
        "NotAction in an Allow grants every action that is not listed, in every service, future ones included. "
        "List the actions that are meant."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_notaction.html"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        if statement.effect == "Allow" and statement.action.negated:
            message = "`NotAction` in an Allow grants every action outside the list, in every service"
            yield self.found(message, statement.action.location)
