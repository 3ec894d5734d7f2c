"""Policy that limits by what it allows, and allows nothing."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import ENDPOINTS, PRIVATELINK_GUIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

_NAMES = {
    Kind.BOUNDARY: "permissions boundary",
    Kind.SESSION: "session policy",
    Kind.ENDPOINT: "endpoint policy",
    Kind.ENDPOINT_GATEWAY: "endpoint policy",
}


class WithoutAllow(Rule):
    """Rule PL046."""

    id = "PL046"
    title = "endpoint policy, boundary or session policy without Allow"
    text = (
        "What these policies do not allow is denied. Without an Allow an endpoint lets no call through, and a "
        "principal under such a boundary or session policy may do nothing. Add the Allow that the Deny statements "
        "are exceptions to."
    )
    source = f"{PRIVATELINK_GUIDE}vpc-endpoints-access.html"
    kinds = ENDPOINTS | {Kind.BOUNDARY, Kind.SESSION}
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The finding in one document."""
        if not any(statement.effect == "Allow" for statement in document.statements):
            message = f"no statement of this {_NAMES[document.kind]} allows anything, so that it stops every call"
            yield self.found(message, document.location)
