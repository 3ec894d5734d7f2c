"""Confused-deputy Deny without a Null part."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import SOURCE_KEYS, negated_on, requires
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted


class DeputyWithoutNull(StatementRule):
    """Rule PL013."""

    id = "PL013"
    title = "confused-deputy Deny without a Null part"
    text = (
        "aws:SourceOrgID, aws:SourceOrgPaths and aws:SourceAccount are absent when a service does not call on "
        'behalf of a resource, and a negated operator is then true: the Deny stops those calls too. Add `"Null": '
        '{"aws:SourceAccount": "false"}`.'
    )
    source = f"{IAM_GUIDE}confused-deputy.html"
    loosens = True

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = negated_on(statement, SOURCE_KEYS)
        if statement.effect == "Deny" and found and not requires(statement, (*SOURCE_KEYS, "aws:sourcearn")):
            message = f"the Deny also stops calls without {quoted(found[0].key)}, no `Null` part leaves them out"
            yield self.found(message, found[0].location)
