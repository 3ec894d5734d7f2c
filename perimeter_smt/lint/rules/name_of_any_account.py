"""Condition on a name that principals of every account can bear."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.callers import closed_by_deny, everybody, limits_callers, names_callers
from perimeter_smt.lint.facts import IDENTITY_KEYS, NETWORK_KEYS, negated_on
from perimeter_smt.lint.rule import ENDPOINTS, IAM_GUIDE, RESOURCE_SIDE, Finding, Rule
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Quantifier


def _exempts(statement: Statement, variables: bool) -> list[Condition]:
    """The conditions by which a Deny leaves out callers of a name; tags have a rule of their own (PL011)."""
    found = (condition for condition in statement.conditions if condition.operator.base.negated)
    return [c for c in found if names_callers(c, variables=variables) and not c.name.startswith("aws:principaltag/")]


def _about_networks(statement: Statement) -> bool:
    """Whether a Deny asks where calls come from, and leaves who calls to other policies."""
    return bool(negated_on(statement, NETWORK_KEYS)) and not negated_on(statement, IDENTITY_KEYS)


class NameOfAnyAccount(Rule):
    """Rule PL042."""

    id = "PL042"
    title = "condition on a name that every account can use"
    text = (
        "Everybody can make a role, user, session or tag of any name in an account of their own. A pattern such as "
        "`arn:aws:iam::*:role/NAME`, `aws:username` or a star before the colon of `aws:userid` says nothing about the "
        "account. Write the account into the ARN, or ask for the organization or account of the caller as well."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalarn"
    kinds = RESOURCE_SIDE | ENDPOINTS

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        variables = document.has_variables
        denies = [statement for statement in document.statements if statement.effect == "Deny"]
        # A Deny on the organization without such an exemption stops strangers, whatever their name.
        guarded = any(negated_on(one, IDENTITY_KEYS) and not _exempts(one, variables) for one in denies)
        for statement in document.statements:
            if limits_callers(statement, variables=variables):
                continue
            if statement.effect == "Deny":
                found = [] if guarded or _about_networks(statement) else _exempts(statement, variables)
            else:
                found = [] if closed_by_deny(document, statement) else self._admits(statement, variables)
            for condition in found:
                value = next(iter(condition.values), "")
                message = f"principals of any account can be {quoted(value)} in {quoted(condition.key)}"
                yield self.found(message, condition.location)

    def _admits(self, statement: Statement, variables: bool) -> list[Condition]:
        if not everybody(statement):
            return []
        return [
            condition
            for condition in statement.conditions
            if names_callers(condition, variables=variables)
            and not condition.operator.base.negated
            and condition.operator.quantifier is not Quantifier.FOR_ALL
        ]
