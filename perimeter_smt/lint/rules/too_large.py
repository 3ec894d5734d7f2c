"""Policy that AWS does not save for its size."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.sizes import Quota, quotas


def quota_of(document: Document) -> Quota | None:
    """The quota of a document; of other resource policies that of the one service whose actions it names."""
    if document.kind is not Kind.RESOURCE:
        return quotas().get(document.kind)
    services = {value.partition(":")[0].lower() for s in document.statements for value in s.action.values}
    return quotas().get(f"resource of {services.pop()}") if len(services) == 1 else None


class TooLarge(Rule):
    """Rule PL053."""

    id = "PL053"
    title = "policy too large for AWS"
    text = (
        "AWS refuses to save a policy of this size, and the quota cannot be raised: what was proved of it will never "
        "hold. White space does not count. A permission boundary is a managed policy; AWS's own managed policies may "
        "be larger. Take out what another statement says, shorten Sids, use patterns, or split it (`perimeter pack` "
        "does so for SCPs)."
    )
    source = f"{IAM_GUIDE}reference_iam-quotas.html"
    severity = Severity.ERROR

    def check(self, document: Document) -> Iterator[Finding]:
        """The finding at the top of the document."""
        quota = quota_of(document)
        if quota is not None and document.characters > quota.characters:
            text = f"{document.characters} characters without white space, AWS saves at most {quota.characters}"
            yield self.found(text, document.location)
