"""Resource in the policy of a queue, topic, secret or key that is of another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

_OPEN = re.compile(r"[*?$<>\[\]{}]")
_VARIABLE = re.compile(r"\$\{[^}]*\}")  # its colon cuts no ARN
# One policy each, and nothing below them that has an ARN of its own; other policies speak of parts or of many.
_WHAT = {"sqs": "queue", "sns": "topic", "secretsmanager": "secret", "kms": "key"}


def _fields(value: str) -> tuple[str, ...]:
    found = tuple(_VARIABLE.sub("*", value).split(":", 5))
    return found if len(found) == 6 and found[0] == "arn" else ()


def _may_be_one(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether some ARN may be meant by both."""
    return all(a == b or _OPEN.search(a) or _OPEN.search(b) for a, b in zip(left, right, strict=True))


class ForeignResource(Rule):
    """Rule PL059."""

    id = "PL059"
    title = "resource of another queue, topic, secret or key"
    text = (
        "The policy of a queue, topic, secret or key is asked about that one alone: a statement on another resource "
        "matches nothing, so that a Deny there stops nobody. Write the ARN of this resource."
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"
    severity = Severity.ERROR
    kinds = frozenset((Kind.RESOURCE, Kind.KMS))

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one policy: what cannot be the resource that the first full ARN names."""
        first: tuple[str, ...] = ()
        written = ""
        for statement in document.statements:
            resource = statement.resource
            for value in resource.values if resource is not None and not resource.negated else ():
                fields = _fields(value)
                if not fields or _OPEN.search(fields[2]):
                    continue
                if not first:
                    if fields[2] not in _WHAT:
                        return
                    first, written = fields, value
                elif resource is not None and not _may_be_one(first, fields):
                    message = f"{quoted(value)} is not the {_WHAT[first[2]]} {quoted(written)}: it matches nothing"
                    yield self.found(message, resource.location)
