"""Action of another service in the policy of a bucket, an access point or a key."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import listed, services_named
from perimeter_smt.lint.rule import Finding, Rule
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

_OWN = {
    Kind.BUCKET: frozenset(("s3", "s3express")),
    Kind.ACCESS_POINT: frozenset(("s3", "s3express", "s3-object-lambda")),
    Kind.KMS: frozenset(("kms",)),
}


class ForeignAction(Rule):
    """Rule PL052."""

    id = "PL052"
    title = "action of another service in the policy of a bucket or key"
    text = (
        "A policy on a resource decides calls on that resource: actions of other services have no effect there, and "
        "AWS may refuse the policy for them. Name the actions of the service itself."
    )
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html"
    kinds = frozenset(_OWN)

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one document."""
        own = _OWN[document.kind]
        for statement in document.statements:
            foreign = (services_named(statement.action) or frozenset()) - own
            if foreign and not statement.action.negated:
                yield self.found(f"this policy holds no actions of {listed(foreign)}", statement.action.location)
