"""CheckAccessNotGranted: does a policy allow one of these actions on one of these resources?

IAM Access Analyzer API reference, CheckAccessNotGranted: with actions alone any of them on any resource counts, with
resources alone any action on any of them, with both any of the actions on any of the resources. One access object,
100 actions and 100 resources at most (API reference, Access).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.grants import Words, asking_for, check
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.request import actions as reference
from perimeter_smt.solve.result import Limits

MOST = 100
WORDS = Words(
    "CheckAccessNotGranted",
    "The policy document does not grant access to perform the listed actions or resources.",
    "The policy document grants access to perform one or more of the listed actions or resources.",
    "One or more of the listed actions or resources in the statement",
)


def access_not_granted(
    document: Document,
    *,
    actions: Sequence[str] = (),
    resources: Sequence[str] = (),
    only_possible: bool = False,
    limits: Limits | None = None,
    today: date | None = None,
) -> Check:
    """Whether the policy allows none of `actions` on any of `resources`; FAIL names the statements that do.

    `only_possible`: only requests that AWS can produce count, made on `today` (default: the day of the call) or later.
    Patterns are those of policies. InputError for an access that names nothing, or more than AWS takes.
    """
    reference = everything_but(document.kind, actions, resources)
    return check(
        WORDS, document.name, reference, document, asking_for(only_possible=only_possible, limits=limits, today=today)
    )


def everything_but(kind: Kind, actions: Sequence[str], resources: Sequence[str]) -> Document:
    """A policy that allows everything but these actions on these resources."""
    _refuse(actions, resources)
    who: dict[str, Any] = {} if kind.is_identity_type else {"Principal": "*"}
    statements: list[dict[str, Any]] = []
    if actions:
        statements.append({"Effect": "Allow", **who, "NotAction": list(actions), "Resource": "*"})
    if resources:
        statements.append({"Effect": "Allow", **who, "Action": "*", "NotResource": list(resources)})
    kind = Kind.RESOURCE if kind.is_resource_type else kind
    policy = {"Version": "2012-10-17", "Statement": statements}
    return parse_object(policy, kind, file="(access)", name="access", strict=False)


def unheard_of(names: Sequence[str]) -> list[str]:
    """What of the actions asked about is no known action, in words, with the nearest names.

    AWS takes any text here; a name that it does not have is granted by no policy, or by patterns alone.
    """
    out = []
    for text in names:
        service, colon, name = text.partition(":")
        if not colon or any(c in service for c in "*?"):
            continue
        known = [str(info) for info in reference.actions(service.lower())]
        if not known:
            out.append(f"unknown service `{service}`{did_you_mean(service, reference.services())}")
        elif not any(fnmatchcase(one.lower(), text.lower()) for one in known):
            near = "" if any(c in name for c in "*?") else did_you_mean(text, known)
            out.append(f"unknown action `{text}`{near}")
    return out


def _refuse(actions: Sequence[str], resources: Sequence[str]) -> None:
    if not actions and not resources:
        raise InputError("no access named, expected actions or resources", path="--actions")
    for option, texts in (("--actions", actions), ("--resources", resources)):
        if len(texts) > MOST:
            raise InputError(f"{len(texts)} entries, AWS takes {MOST} at most", path=option)
    for text in actions:
        if text.strip("*") and (":" not in text or not all(text.split(":", 1))):
            raise InputError(f"`{text}` is no action, expected one such as `s3:GetObject`", path="--actions")
    for text in resources:
        wild = any(c in text for c in "*?")
        if text != "*" and (not text.startswith("arn:") or (text.count(":") < 5 and not wild)):
            raise InputError(f"`{text}` is no ARN, expected one such as `arn:aws:s3:::acme-data/*`", path="--resources")
