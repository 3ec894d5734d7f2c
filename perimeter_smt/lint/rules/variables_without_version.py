"""Policy variable under the old language version."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.template import Variable, parse_template


class VariablesWithoutVersion(Rule):
    """Rule PL018."""

    id = "PL018"
    title = "policy variable under the old language version"
    text = (
        'Policy variables exist only under `"Version": "2012-10-17"`. Under 2008-10-17, which is also the '
        "default, `${...}` is plain text. Add the version."
    )
    source = f"{IAM_GUIDE}reference_policies_variables.html"

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        for statement in document.statements:
            if document.has_variables:
                return
            places = [(condition.values, condition.location) for condition in statement.conditions]
            if statement.resource is not None:
                places.append((statement.resource.values, statement.resource.location))
            for values, location in places:
                for value in values:
                    if any(
                        isinstance(part, Variable) for part in parse_template(value, wildcards=False, variables=True)
                    ):
                        yield self.found(
                            f"the variable in {quoted(value)} is plain text under version 2008-10-17", location
                        )
