"""Principal keys asked of a sign-in, before anybody is known."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import covers, requires, services_named
from perimeter_smt.lint.rule import Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Condition, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family

_ACTION = "signin:Authenticate"
_ABSENT = (
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:multifactorauth",
    "aws:federatedprovider",
    "aws:sourceidentity",
    "aws:tokenissuetime",
    "aws:viaawsservice",
    "aws:calledvia",
    "aws:vpceorg",
    "aws:vpceaccount",
    "aws:sourcevpcarn",
)


class SignInPrincipalKey(StatementRule):
    """Rule PL048."""

    id = "PL048"
    title = "key asked of a sign-in that no sign-in carries"
    text = (
        "`signin:Authenticate` is evaluated before anybody is authenticated. It carries `aws:SourceIp`, "
        "`aws:SourceVpc`, `aws:SourceVpce`, `aws:VpcSourceIp`, `aws:RequestedRegion` and `signin:PrincipalArn`, and no "
        "`aws:Principal` key: negated operators and IfExists then hold for everybody, others for nobody. Use the "
        "network keys or `signin:PrincipalArn`, and leave the action out of Denies on the organization."
    )
    source = "https://docs.aws.amazon.com/signin/latest/userguide/reference-signin-condition-keys.html"
    kinds = frozenset((Kind.RCP, Kind.RESOURCE))
    severity = Severity.ERROR

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement: where sign-in is named, or its Deny stops everybody's."""
        if not covers(statement.action, _ACTION):
            return
        named = "signin" in (services_named(statement.action) or ())
        for condition in statement.conditions:
            if not condition.name.startswith(_ABSENT) or condition.operator.base.family is Family.NULL:
                continue
            operator = condition.operator
            holds = operator.base.negated or operator.if_exists
            if statement.effect == "Deny" and holds:
                if operator.base.family is Family.BOOL or requires(statement, (condition.name,)):
                    continue  # exempts services only, or never speaks of a sign-in
                if named and _network_too(statement):
                    message = f"{quoted(condition.key)} exempts nobody: no `{_ACTION}` carries it"
                elif named:
                    message = f"the Deny on {quoted(condition.key)} stops every sign-in: no `{_ACTION}` carries it"
                else:
                    continue
                yield self.found(message, condition.location)
            elif named:
                effect = "stops no sign-in" if statement.effect == "Deny" else "admits no sign-in"
                effect = "admits every sign-in" if statement.effect == "Allow" and holds else effect
                yield self.found(_never(condition, effect), condition.location)


def _never(condition: Condition, effect: str) -> str:
    return f"the condition on {quoted(condition.key)} {effect}: no `{_ACTION}` carries it"


def _network_too(statement: Statement) -> bool:
    keys = ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "signin:principalarn")
    return any(condition.name in keys for condition in statement.conditions)
