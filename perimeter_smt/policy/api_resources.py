"""The short form of API Gateway: `execute-api:/stage/METHOD/path` is a method of the API that the policy belongs to.

API Gateway writes the full ARN when it saves the policy, with its Region, the account and the id of the API (API
Gateway guide, resource policy examples, read 2026-11-27; x-amazon-apigateway-policy, for definitions, read 2026-11-28).
Where the API is not known, stars stand for these: a policy decides about its own API only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from perimeter_smt.policy.document import Document, Element
from perimeter_smt.policy.kinds import Kind

SHORT = "execute-api:/"
_ANY = "arn:*:execute-api:*:*:*"


def expanded(values: Sequence[str], api: str = _ANY) -> tuple[str, ...]:
    """The full ARNs of resource texts; what is no short form stays as it is."""
    return tuple(api + value.removeprefix("execute-api:") if value.startswith(SHORT) else value for value in values)


def of_api(document: Document | None, arn: str, account: str = "") -> Document | None:
    """The policy of an API with its short forms written out: `arn` is that of the API, or of a part of it."""
    api = _api(arn, account)
    if document is None or api is None or document.kind is not Kind.RESOURCE:
        return document
    if not any(statement.resource and statement.resource.written for statement in document.statements):
        return document
    statements = tuple(
        replace(statement, resource=_told(statement.resource, api)) if statement.resource else statement
        for statement in document.statements
    )
    return document.model_copy(update={"statements": statements})


def _told(element: Element, api: str) -> Element:
    return replace(element, values=expanded(element.written, api)) if element.written else element


def _api(arn: str, account: str) -> str | None:
    """`arn:aws:execute-api:REGION:ACCOUNT:ID` of the ARN of an API for calls, or for its administration."""
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn":
        return None
    _, partition, service, region, owner, name = fields
    if service == "apigateway" and name.startswith("/restapis/"):
        name = name.removeprefix("/restapis/")
    elif service != "execute-api":
        return None
    own = name.partition("/")[0]
    return f"arn:{partition}:execute-api:{region}:{owner or account or '*'}:{own}" if own else None
