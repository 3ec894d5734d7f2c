"""Wildcard in the service half of an action."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class ServiceWildcard(StatementRule):
    """Rule PL003."""

    id = "PL003"
    title = "wildcard in the service half of an action"
    text = (
        "A wildcard before the colon of an action is not expanded: only `*:*` is read as `*`, anything else "
        "matches no action. Name the service."
    )
    source = f"{IAM_GUIDE}reference_policies_elements_action.html"
    severity = Severity.ERROR

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        for value in statement.action.values:
            service, colon, _ = value.partition(":")
            if colon and ("*" in service or "?" in service):
                effect = "is read as `*`" if not value.strip("*:") else "matches no action"
                yield self.found(
                    f"{quoted(value)} has a wildcard in its service, it {effect}", statement.action.location
                )
