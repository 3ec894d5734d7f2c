"""Resource that is not of the bucket, or that no action of the statement applies to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perimeter_smt.lint.rule import Finding, Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.actions import ActionInfo, action_info

_OF_BUCKET = re.compile(r"arn:[^:]*:s3:::([^/:*?$<>\[\]{}]+)(/.*)?", re.DOTALL)
_ACCOUNT = re.compile(r"[0-9]{12}")  # stands for a bucket in AWS's guide to Multi-Region Access Points


def _of_objects(info: ActionInfo) -> bool:
    """Whether the action is asked on objects only, directly or through an access point."""
    return bool(info.resource_types) and all("object" in use.type for use in info.resource_types)


class ForeignBucket(Rule):
    """Rule PL058."""

    id = "PL058"
    title = "resource in a bucket policy that S3 refuses"
    text = (
        "S3 refuses a bucket policy with resources of two buckets (`Policy has invalid resource`), and a statement "
        "with an action that applies to none of its resources, such as `s3:GetObject` on the bucket alone. Write the "
        "ARN of this bucket, for actions on objects with `/*` behind it."
    )
    source = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"
    severity = Severity.ERROR
    kinds = frozenset((Kind.BUCKET,))

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in one bucket policy."""
        first = ""
        for statement in document.statements:
            for value in statement.resource.values if statement.resource else ():
                found = _OF_BUCKET.fullmatch(value)
                if found is None or statement.resource is None or _ACCOUNT.fullmatch(found[1]):
                    continue
                first = first or found[1]
                if found[1] != first:
                    message = f"{quoted(value)} is of another bucket than {quoted(first)}"
                    yield self.found(message, statement.resource.location)
            yield from self._not_applying(statement)

    def _not_applying(self, statement: Statement) -> Iterator[Finding]:
        resource = statement.resource
        if resource is None or resource.negated or statement.action.negated or not resource.values:
            return
        names = [_OF_BUCKET.fullmatch(value) for value in resource.values]
        if not all(name is not None and name[2] is None for name in names):
            return
        for action in statement.action.values:
            info = action_info(action)
            if info is not None and info.service == "s3" and _of_objects(info):
                message = (
                    f"{quoted(action)} applies to objects, and the statement names {quoted(resource.values[0])} alone"
                )
                yield self.found(message, resource.location)
