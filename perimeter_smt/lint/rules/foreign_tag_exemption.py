"""Exemption by a tag that outsiders can set."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import IDENTITY_KEYS, ORGANIZATION_OF_CALLER, negated_on, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, Rule
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.json_positions import quoted


class ForeignTagExemption(Rule):
    """Rule PL011."""

    id = "PL011"
    title = "exemption by a tag that outsiders can set"
    text = (
        "Administrators of foreign accounts choose the tags of their principals. An exemption by "
        "`aws:PrincipalTag` in a policy on resources is open to them unless an identity guard stands beside it: a "
        "Deny on `aws:PrincipalOrgID` in the same document, or a condition on the organization or account of the "
        "caller in the same statement. Write such a guard, or exempt roles by `aws:PrincipalArn` with their account."
    )
    source = f"{IAM_GUIDE}access_policies_data-perimeters.html"
    kinds = RESOURCE_SIDE

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        denies = [statement for statement in document.statements if statement.effect == "Deny"]
        if any(negated_on(statement, IDENTITY_KEYS) and not _lets_outsiders_by(statement) for statement in denies):
            return
        for statement in denies:
            if tests_any(statement, IDENTITY_KEYS) and not _lets_outsiders_by(statement):
                continue
            for condition in _tags(statement):
                message = f"outsiders can set {quoted(condition.key)} on their own principals and so are exempt"
                yield self.found(message, condition.location)


def _tags(statement: Statement) -> list[Condition]:
    """The conditions that exempt by a tag of the caller."""
    return [c for c in statement.conditions if c.name.startswith("aws:principaltag/") and c.operator.base.negated]


def _lets_outsiders_by(statement: Statement) -> bool:
    """Whether the guard on the organization itself exempts by a tag: no guard, then, for whom it was written."""
    return bool(_tags(statement) and negated_on(statement, ORGANIZATION_OF_CALLER))
