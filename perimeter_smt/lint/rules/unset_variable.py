"""Policy variable that is never set."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.template import Literal, Variable, parse_template
from perimeter_smt.request.keys import key_info


class UnsetVariable(Rule):
    """Rule PL023."""

    id = "PL023"
    title = "policy variable that is never set"
    text = (
        "A variable must name a single-valued condition key. Anything else is never set, and its value then "
        "equals nothing. A `${` without a name and a closing brace is no variable at all: it stands for itself, or AWS "
        "refuses it. Name a condition key, and fill in what is a placeholder of a sample, such as `${Account}`."
    )
    source = f"{IAM_GUIDE}reference_policies_variables.html"

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        for statement in document.statements:
            if not document.has_variables:
                return
            places = [(condition.values, condition.location) for condition in statement.conditions]
            if statement.resource is not None:
                places.append((statement.resource.values, statement.resource.location))
            for values, location in places:
                for value in values:
                    for part in parse_template(value, wildcards=False, variables=True):
                        if not isinstance(part, Variable):
                            if isinstance(part, Literal) and "${" in part.text:
                                yield self.found(f"{quoted(value)} holds a `${{` that begins no variable", location)
                            continue
                        info = key_info(part.key)
                        shown = quoted("${" + part.key + "}")
                        if info.multivalued:
                            yield self.found(
                                f"the variable {shown} names a key with several values and is never set", location
                            )
                        elif not info.known:
                            yield self.found(f"the variable {shown} names no known condition key", location)
