"""CheckNoPublicAccess: does a resource policy let strangers in?

A stranger is anybody (anonymous, of any account, a service that acts for any account) whom the policy does not write
out: `pinned` says what counts as written out.  PASS holds under every open reading of AWS's documentation; only
requests that AWS can produce count.  Service principals and identity providers that are named are not public, as AWS
counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic.formula import is_text, neg
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.grants import Asking, Words, check
from perimeter_smt.questions.checks.pinned import for_everybody, not_public
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.result import Limits

WORDS = Words(
    "CheckNoPublicAccess",
    "The resource policy does not grant public access.",
    "The resource policy grants public access.",
    "Public access granted in the following statement",
)


def resource_types() -> dict[str, tuple[Kind, tuple[str, ...]]]:
    """The resource types that AWS's check takes, with the kind of policy and the services whose calls it decides."""
    return {row["type"]: (Kind(row["kind"]), tuple(row["services"])) for row in table_rows("check-resource-types")}


def kind_of(resource_type: str) -> Kind:
    """The kind of policy of a resource type; InputError for one that AWS's check does not take."""
    known = resource_types()
    if resource_type not in known:
        near = did_you_mean(resource_type, known)
        raise InputError(
            f"unknown resource type `{resource_type}`{near}: expected one such as `AWS::S3::Bucket`",
            path="--resource-type",
        )
    return known[resource_type][0]


def no_public_access(
    document: Document,
    *,
    resource_type: str | None = None,
    limits: Limits | None = None,
    today: date | None = None,
) -> Check:
    """Whether a resource policy grants nothing to strangers; FAIL names every statement that does.

    `resource_type` such as `AWS::SQS::Queue`: only calls of its service count. Requests count that are made on
    `today` (default: the day of the call) or later.
    """
    services: Sequence[str] = ()
    if resource_type is not None:
        kind_of(resource_type)
        services = resource_types()[resource_type][1]
    given = neg(is_text("resource.account", "aws"))  # what AWS owns has no policy of mine
    day = today or date.today()
    asking = Asking(free=False, over=True, limits=limits, given=given, unsigned=True, today=day)
    return ask(document, asking, services=services)


def ask(
    document: Document,
    asking: Asking,
    *,
    services: Sequence[str] = (),
    own: Sequence[dict[str, Any]] = (),
    more: Sequence[dict[str, Any]] = (),
) -> Check:
    """The check with what a workspace adds: `own` callers that are no strangers, `more` Deny statements.

    Every Deny added bounds the question, it is no part of the policy.
    """
    kept = list(for_everybody(document))
    if not any(statement.effect == "Allow" for statement in kept):
        return Check(WORDS.check, "PASS", WORDS.passed, document.name)
    bounds = list(more)
    if services:
        bounds.append({"NotAction": [f"{service}:*" for service in services], "Resource": "*"})
    kept += _denies(bounds, len(document.statements))
    return check(WORDS, document.name, not_public(document, own), document, asking, kept=kept)


def _denies(bounds: Sequence[dict[str, Any]], first: int) -> list[Statement]:
    statements = [{"Effect": "Deny", "Principal": "*", **bound} for bound in bounds]
    if not statements:
        return []
    policy = {"Version": "2012-10-17", "Statement": statements}
    found = parse_object(policy, Kind.RESOURCE, file="(bounds)", name="bounds", strict=False).statements
    return [replace(statement, index=first + number) for number, statement in enumerate(found)]
