"""Empty list or empty text."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement


class EmptyList(StatementRule):
    """Rule PL001."""

    id = "PL001"
    title = "empty list or empty text"
    text = (
        "A statement with an empty list of actions, resources or principals has no effect, and an empty list of "
        "condition values matches nothing. An empty text matches nothing either. Write the values, or remove the "
        "statement: IAM refuses it on save."
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        for element, name in ((statement.action, "Action"), (statement.resource, "Resource")):
            if element is None:
                continue
            name = f"Not{name}" if element.negated else name
            if not element.values:
                yield self.found(f"`{name}` is empty and so matches nothing", element.location)
            if any(not value.strip() for value in element.values):
                yield self.found(f"`{name}` holds an empty text, which matches nothing", element.location)
        if statement.principal is not None and not statement.principal.entries:
            yield self.found("the list of principals is empty and so matches nobody", statement.principal.location)
        for condition in statement.conditions:
            if not condition.values:
                yield self.found(f"`{condition.operator}` has an empty list of values", condition.location)
