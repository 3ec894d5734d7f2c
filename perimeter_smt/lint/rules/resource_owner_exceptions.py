"""Resource-owner Deny on actions without the owner keys."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import RESOURCE_OWNER_KEYS, covers, listed, negated_on, requires
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request.keys import support_list

_SOMETIMES = ("events:PutEvents",)


def _stops(statement: Statement, action: str) -> bool:
    if action in _SOMETIMES:
        return False
    example = action.replace("*", "GetSnapshotBlock")  # `ebs:*` stands for every action of the service
    return covers(statement.action, example)


class ResourceOwnerExceptions(StatementRule):
    """Rule PL035."""

    id = "PL035"
    title = "resource-owner Deny on actions without the owner keys"
    text = (
        "Some actions never carry aws:ResourceOrgID, aws:ResourceOrgPaths or aws:ResourceAccount, and a negated "
        'operator is then true: the Deny stops them always. Leave them out with NotAction, or add `"Null": {key: '
        '"false"}`.'
    )
    source = f"{IAM_GUIDE}reference_policies_condition-keys.html#condition-keys-resourceorgid"
    loosens = True

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        found = negated_on(statement, RESOURCE_OWNER_KEYS)
        if statement.effect != "Deny" or not found or requires(statement, RESOURCE_OWNER_KEYS):
            return
        if statement.resource is not None and not (statement.resource.negated or "*" in statement.resource.values):
            return  # the exceptions are about other resources
        stopped = [
            action for action in sorted(support_list("no-resource-account-actions")) if _stops(statement, action)
        ]
        if stopped:
            message = f"{quoted(found[0].key)} is never present in {listed(stopped)}, which this Deny always stops"
            yield self.found(message, found[0].location)
