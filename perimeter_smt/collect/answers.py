"""Answers as the reader of CLI folders knows them: a policy with its resource, or the reason why it is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.collect.aws import code, reason

Answer = dict[str, Any]
_NONE = (
    "NoSuchBucketPolicy",
    "ResourceNotFoundException",
    "RepositoryPolicyNotFoundException",
    "PolicyNotFoundException",
    "NoSuchAccessPointPolicy",
    "NotFoundException",
    "EntityNotFoundException",
)


def read_policy(arn: str, member: str, call: Callable[..., Any], **parameters: Any) -> Answer:
    """The policy that a call gives, none where there is none, or why it is not known.

    `member` names it in the answer, also inside of another: `policy.document`.
    """
    try:
        found = call(**parameters)
    except Exception as error:
        if code(error) in _NONE:
            return {"ResourceArn": arn, "Policy": ""}
        return {"ResourceArn": arn, "NotKnown": reason(error)}
    first, _, rest = member.partition(".")
    inside = found.get("Attributes") or {} if first not in found else found
    policy = inside.get(first)
    found = (policy.get(rest) if rest and isinstance(policy, dict) else policy) or ""
    return {"ResourceArn": arn, "Policy": "" if found == "{}" else found}  # some services write none like this
