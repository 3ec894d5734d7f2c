"""Policy that is larger than AWS saves without asking for more, or than it saves everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.lint.rules.too_large import quota_of
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


class OverDefaultSize(Rule):
    """Rule PL054."""

    id = "PL054"
    title = "policy over the usual size"
    text = (
        "A trust policy holds 2,048 characters unless Service Quotas raised that for the account, to 8,192 at most. An "
        "identity policy of more than 6,144 characters is no managed policy, and no inline policy of a user or group: "
        "all inline policies of a role may have 10,240 together. White space does not count. Check "
        "the quota of the account, or take out what another statement says."
    )
    source = f"{IAM_GUIDE}reference_iam-quotas.html"
    kinds = frozenset((Kind.TRUST, Kind.IDENTITY))
    severity = Severity.NOTE

    def check(self, document: Document) -> Iterator[Finding]:
        """The finding at the top of the document."""
        quota = quota_of(document)
        if quota is not None and quota.default < document.characters <= quota.characters:
            where = "the default quota of trust policies is" if document.kind is Kind.TRUST else "managed policies hold"
            text = f"{document.characters} characters without white space, {where} {quota.default}"
            yield self.found(text, document.location)
