"""Service principal allowed for whomever it acts."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.callers import open_account
from perimeter_smt.lint.facts import SOURCE_KEYS, keys_of_callers_required, listed, negated_on
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, Rule
from perimeter_smt.policy.document import Condition, Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family, Quantifier

_ARNS = ("aws:sourcearn",)
# Keys of services that name the owner of what the service acts for.
_OWNERS = (*SOURCE_KEYS, "aws:sourceowner", "kms:calleraccount", "lambda:eventsourcetoken")
_CONTEXT = "kms:encryptioncontext:"


class ServiceWithoutSource(Rule):
    """Rule PL043."""

    id = "PL043"
    title = "service principal allowed without asking for whom it acts"
    text = (
        "A service acts for all its customers: a stranger can have the service call this resource (the confused "
        "deputy). Trust policies are not meant: roles are passed within the account. Add a condition on "
        "`aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths` with fixed values."
    )
    source = f"{IAM_GUIDE}confused-deputy.html"
    kinds = RESOURCE_SIDE - {Kind.RCP, Kind.TRUST}

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        variables = document.has_variables
        denies = (statement for statement in document.statements if statement.effect == "Deny")
        if any(negated_on(statement, (*SOURCE_KEYS, *_ARNS)) for statement in denies):
            return
        for statement in document.statements:
            principal = statement.principal
            if statement.effect != "Allow" or principal is None or principal.negated:
                continue
            services = [entry.value for entry in principal.entries if entry.type == "Service"]
            if any(keys_of_callers_required(statement)):
                continue  # gives services nothing (PL055)
            if services and not _source_named(statement, variables):
                message = f"{listed(services)} may act here for every account: no condition says for whom"
                yield self.found(message, principal.location)


def _source_named(statement: Statement, variables: bool) -> bool:
    return any(_names_source(condition, variables) for condition in statement.conditions)


def _names_source(condition: Condition, variables: bool) -> bool:
    operator = condition.operator
    if operator.base.negated or operator.if_exists or operator.base.family is Family.NULL:
        return False
    if operator.quantifier is Quantifier.FOR_ALL or not condition.values:
        return False
    if condition.name in _ARNS or condition.name.startswith(_CONTEXT):
        arns = [value for value in condition.values if value.startswith("arn:") or not value.strip("*")]
        return not any(open_account(value, variables=variables) for value in arns)
    return condition.name in _OWNERS and all(value.strip("*") for value in condition.values)
