"""Service principal under a condition on the account or organization of the caller, which services have none of."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import keys_of_callers_required, listed
from perimeter_smt.lint.rule import IAM_GUIDE, RESOURCE_SIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

_ANYWHERE = "rolesanywhere.amazonaws.com"  # brings what certificates say as tags (its guide, trust model)


class ServiceWithKeyOfCallers(StatementRule):
    """Rule PL055."""

    id = "PL055"
    title = "service principal under a condition that no service meets"
    text = (
        "Service principals belong to no account or organization: their calls carry no `aws:PrincipalOrgID`, "
        "`aws:PrincipalOrgPaths`, `aws:PrincipalAccount`, `aws:PrincipalTag` or `aws:username`, so that the statement "
        "gives them nothing. Ask for whom the service acts, with `aws:SourceOrgID`, `aws:SourceAccount` or "
        "`aws:SourceArn`, in a statement of its own."
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-principalorgid"
    kinds = RESOURCE_SIDE - {Kind.RCP}

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        principal = statement.principal
        if statement.effect != "Allow" or principal is None or principal.negated:
            return
        services = [entry.value for entry in principal.entries if entry.type == "Service"]
        for condition in keys_of_callers_required(statement) if services else ():
            if _ANYWHERE in services and condition.name.startswith("aws:principaltag/"):
                continue
            message = f"no call of a service carries {quoted(condition.key)}: nothing is given to {listed(services)}"
            yield self.found(message, condition.location)
