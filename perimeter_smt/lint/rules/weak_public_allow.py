"""Allow for everybody under conditions that do not say who calls."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.callers import closed_by_deny, everybody, limits_callers, names_callers
from perimeter_smt.lint.facts import listed
from perimeter_smt.lint.rule import RESOURCE_SIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


class WeakPublicAllow(Rule):
    """Rule PL041."""

    id = "PL041"
    title = "Allow for everybody under a condition that does not say who calls"
    text = (
        "Everybody can use TLS, send any Referer or user agent, and call at any time; a condition that an absent key "
        "satisfies, or a range that holds every address, limits nobody. The resource is public. Name the principals, "
        "or add a condition on the organization, account, network or source of the caller with fixed values."
    )
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
    kinds = RESOURCE_SIDE - {Kind.RCP}
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        variables = document.has_variables
        for statement in document.statements:
            if statement.effect != "Allow" or not everybody(statement) or not statement.conditions:
                continue
            if limits_callers(statement, variables=variables) or closed_by_deny(document, statement):
                continue
            if any(names_callers(condition, variables=variables) for condition in statement.conditions):
                continue  # PL042 speaks
            keys = listed({condition.key for condition in statement.conditions})
            message = f"the principal is everybody, and the conditions on {keys} do not say who calls"
            yield self.found(message, statement.conditions[0].location)
