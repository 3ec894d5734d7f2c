"""Pattern for the subject of a shared identity provider that fits other customers."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.issuers import Issuer, issuer_of_key, open_values, tenant_tests, trusted_issuers
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Condition, Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind


class OpenSubject(Rule):
    """Rule PL040."""

    id = "PL040"
    title = "claim pattern that fits other customers of a shared identity provider"
    text = (
        "A wildcard before the end of the name of your organization also matches organizations of strangers: "
        "`repo:*`, `repo:acme*` and `repo:*/app:*` do. Write the name in full with the separator after it, such as "
        "`repo:acme/app:*`."
    )
    source = f"{IAM_GUIDE}id_roles_providers_oidc_secure-by-default.html"
    kinds = frozenset((Kind.TRUST, Kind.RCP))
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document: in trust policies where no claim is closed, in Denies the exemptions."""
        variables = document.has_variables
        for statement in document.statements:
            if statement.effect == "Deny":
                for condition in statement.conditions:
                    issuer = issuer_of_key(condition.name)
                    if issuer is not None and condition.operator.base.negated:
                        yield from self._open(condition, issuer, variables)
                continue
            for issuer in trusted_issuers(statement):
                tests = tenant_tests(statement, issuer)
                if all(any(True for _ in open_values(test, issuer, variables=variables)) for test in tests):
                    for test in tests[:1]:
                        yield from self._open(test, issuer, variables)

    def _open(self, condition: Condition, issuer: Issuer, variables: bool) -> Iterator[Finding]:
        for value in open_values(condition, issuer, variables=variables):
            message = f"{quoted(value)} under {quoted(condition.key)} also fits other customers of {issuer.name}"
            yield self.found(message, condition.location)
