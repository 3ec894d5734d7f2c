"""Action of a trust policy that its principal cannot call."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, StatementRule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import PrincipalEntry, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

_ROLE = "sts:assumerole"
_SAML = "sts:assumerolewithsaml"
_WEB = "sts:assumerolewithwebidentity"
_SHOWN = {_ROLE: "sts:AssumeRole", _SAML: "sts:AssumeRoleWithSAML", _WEB: "sts:AssumeRoleWithWebIdentity"}


def _call_of(entry: PrincipalEntry) -> str:
    """The call that this principal assumes roles with."""
    if entry.type != "Federated":
        return _ROLE
    return _SAML if ":saml-provider/" in entry.value else _WEB


class MismatchedAction(StatementRule):
    """Rule PL060."""

    id = "PL060"
    title = "action of a trust policy that its principal cannot call"
    text = (
        "SAML providers assume roles with `sts:AssumeRoleWithSAML`, other providers with "
        "`sts:AssumeRoleWithWebIdentity`, everybody else with `sts:AssumeRole`: with another action the statement "
        "gives the principal nothing. Name the action that belongs to the principal."
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"
    severity = Severity.ERROR
    kinds = frozenset((Kind.TRUST,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement: principals that no way to assume the role is named for."""
        principal = statement.principal
        if statement.effect != "Allow" or statement.action.negated or principal is None or principal.negated:
            return
        patterns = [value.lower() for value in statement.action.values]
        named = [call for call in _SHOWN if any(fnmatchcase(call, pattern) for pattern in patterns)]
        for entry in principal.entries if named else ():
            needed = _call_of(entry)
            if needed not in named:
                message = f"{quoted(entry.value)} assumes roles with {quoted(_SHOWN[needed])}, which is not named"
                yield self.found(message, statement.action.location)
