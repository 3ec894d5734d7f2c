"""Network Deny in an RCP without an exemption for AWS services."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import IDENTITY_KEYS, NETWORK_KEYS, outside_network, requires, tests_any
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family

_CALLER_KEYS = (*IDENTITY_KEYS, "aws:principalarn", "aws:principaltype", "aws:userid", "aws:username")
_SERVICE_KEYS = ("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist")


def _speaks_of_services(statement: Statement) -> bool:
    """Whether service principals are among those denied: all are meant, and no key of accounts is asked for."""
    principal = statement.principal
    if principal is not None and not principal.negated:
        if not any(entry.value == "*" or entry.type == "Service" for entry in principal.entries):
            return False
    return not requires(statement, _CALLER_KEYS)


def _of_services_only(statement: Statement) -> bool:
    """Whether the statement asks that a service calls: it then stops services, and nobody else."""
    return any(
        condition.name == "aws:principalisawsservice"
        and condition.operator.base.family is Family.BOOL
        and {value.lower() for value in condition.values} == {"true"}
        for condition in statement.conditions
    )


class NetworkWithoutServices(StatementRule):
    """Rule PL038."""

    id = "PL038"
    title = "network Deny on resources without an exemption for AWS services"
    text = (
        "RCPs and policies on resources bind AWS service principals, whose calls carry no network keys of yours. A "
        "Deny on network keys then stops log delivery, notifications and the like. Add "
        '`"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`.'
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalisawsservice"
    loosens = True
    kinds = RESOURCE_SIDE

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = outside_network(statement)
        if statement.effect != "Deny" or not found or not _speaks_of_services(statement):
            return
        if _of_services_only(statement):
            message = f"the Deny on {quoted(found[0].key)} stops AWS services, not strangers: it asks for a service"
            yield self.found(message, found[0].location)
        elif not tests_any(statement, _SERVICE_KEYS) and not requires(statement, NETWORK_KEYS):
            message = f"the Deny on {quoted(found[0].key)} also stops AWS services that act on my behalf"
            yield self.found(message, found[0].location)
