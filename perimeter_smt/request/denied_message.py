"""AWS's access denied messages, read as they are pasted.

IAM guide, troubleshoot access denied error messages: `User: ARN is not authorized to perform: ACTION on resource: ARN`
followed by `because no TYPE policy allows the ACTION action` or `with an explicit deny in a TYPE policy`, to which AWS
adds the policy's ARN within an account and an organization; `Encoded authorization failure message` can be decoded by
AWS alone (sts:DecodeAuthorizationMessage).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from perimeter_smt.errors import InputError
from perimeter_smt.request.request import CallerType, Principal

_SUBJECT = re.compile(
    r"(?:User|Principal|Role|IAM Entity)?:?\s*(?P<who>arn:[^\s]+|anonymous|[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?)\s+"
    r"is not authorized to perform:?\s+(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9]+)",
    re.IGNORECASE,
)
# How the console writes it: one line for each part.
_LISTED = re.compile(r"User:\s*(?P<who>arn:\S+)\s+Action:\s*(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9]+)", re.IGNORECASE)
_RESOURCE = re.compile(r"on resource(?:\(s\))?:\s*[\"\'`]?(?P<resource>arn:[^\s\"\'`]+|\*)", re.IGNORECASE)
_EXPLICIT = re.compile(
    r"(?:with|due to) an explicit deny(?: in (?:an?|the) (?P<type>[A-Za-z -]+?))?(?=[.:,]|\s+arn:|\s*\(|\s*$)"
    r"|context: (?:an? |the )?(?P<listed>[A-Za-z -]+?) explicitly denies",
    re.I,
)
# A guide of AWS writes `because the role trust policy allows` of a trust policy that does not.
_IMPLICIT = re.compile(
    r"(?:because|context:) (?:no|the(?= role trust)) (?P<type>[A-Za-z -]+?) (?:policy |policies )?allows? (?:the )?",
    re.IGNORECASE,
)
# Reasons that are no policies: settings such as S3 Block Public Access, and what KMS says of keys elsewhere.
_REASON = re.compile(r"because (?P<reason>.+?)(?=\s*\((?:Service|Request)|\.\s|\.?\s*$)", re.IGNORECASE)
_POLICY = re.compile(r"(?:policy|boundary)(?: with ARN)?:\s+(?P<arn>arn:[^\s,]+)", re.IGNORECASE)
_ENCODED = re.compile(r"encoded authorization failure message", re.IGNORECASE)
# Words of the messages, and the slot of cases that they mean.
_SLOTS = (
    ("service control", "scp"),
    ("resource control", "rcp"),
    ("vpc endpoint", "vpce"),
    ("permissions boundary", "boundary"),
    ("session", "session"),
    ("identity-based", "identity"),
    ("identity based", "identity"),
    ("role trust", "resource"),
    ("resource-based", "resource"),
    ("resource based", "resource"),
)


@dataclass(frozen=True)
class DeniedMessage:
    """What a message tells. `slot`: the type of policy that it blames, None if it names none; `explicit`: a Deny
    statement (True), a missing Allow (False), not told (None); `policy`: the ARN of the policy; `reason`: AWS's
    words for what is no statement of a policy.
    """

    principal: Principal
    action: str
    resource: str | None
    slot: str | None = None
    explicit: bool | None = None
    policy: str | None = None
    encoded: bool = False
    reason: str | None = None


def is_message(text: str) -> bool:
    """Whether a text looks like an access denied message."""
    found = text.lower()
    return (
        "not authorized" in found
        or bool(_LISTED.search(text))
        or "access denied" in found
        or "accessdenied" in found
        or bool(_ENCODED.search(text))
    )


def is_encoded(text: str) -> bool:
    """Whether a text holds an encoded authorization message, which AWS alone can decode."""
    return _ENCODED.search(text) is not None


def read_message(text: str) -> DeniedMessage:
    """Read a message; InputError that says what it does not tell."""
    text = " ".join(text.split())
    subject = _SUBJECT.search(text) or _LISTED.search(text)
    encoded = _ENCODED.search(text)
    if subject is None:
        if encoded:
            raise InputError(
                "only an encoded authorization message, which AWS alone can decode: run "
                "`aws sts decode-authorization-message`, or paste the CloudTrail event"
            )
        raise InputError(
            "the message tells no caller and no action, expected `User: ARN is not authorized to perform: ACTION`; "
            "paste the CloudTrail event instead"
        )
    rest = text[subject.end() : encoded.start() if encoded else None].strip()
    resource = _RESOURCE.search(rest)
    explicit, implicit = _EXPLICIT.search(rest), _IMPLICIT.search(rest)
    blamed = explicit or implicit
    policy = _POLICY.search(rest)
    reason = None if blamed else _REASON.search(rest)
    return DeniedMessage(
        _principal(subject.group("who")),
        subject.group("action"),
        resource.group("resource").rstrip(".,;") if resource else None,
        _slot(_type(blamed) if blamed else None),
        True if explicit else False if implicit else None,
        policy.group("arn").rstrip(".") if policy else None,
        encoded is not None,
        reason.group("reason") if reason else None,
    )


def _type(blamed: re.Match[str]) -> str | None:
    return next((text for text in blamed.groupdict().values() if text), None)


def _slot(words: str | None) -> str | None:
    found = (words or "").lower()
    return next((slot for text, slot in _SLOTS if text in found), None)


def _principal(who: str) -> Principal:
    if who.lower() == "anonymous":
        return Principal(type="anonymous")
    if not who.startswith("arn:"):
        return Principal(type="service", arn=who)
    fields = who.split(":", 5)
    if len(fields) < 6:
        raise InputError(f"`{who}` is no ARN of a caller")
    account, name = fields[4], fields[5]
    if name == "root":
        return Principal(type="root", arn=who, account=account)
    kinds: dict[str, CallerType] = {
        "user": "user",
        "assumed-role": "role-session",
        "federated-user": "federated-user",
        "role": "role-session",
    }
    kind = kinds.get(name.partition("/")[0])
    if kind is None:
        raise InputError(f"`{who}` is no ARN of a user or role")
    role = who if name.startswith("role/") else None
    return Principal(type=kind, arn=None if role else who, account=account, role_arn=role)
