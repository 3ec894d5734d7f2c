"""What a call asks for beside its own action: an event tells of it by its parameters alone.

S3 API reference, CopyObject; STS API reference, AssumeRole (session tags, source identity, provided contexts); IAM
guide, passing a role to a service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from perimeter_smt.request.cloudtrail.parameters import Parameters
from perimeter_smt.request.cloudtrail.resources import Touched, copied_from, resources_of
from perimeter_smt.request.keys import table_rows

_SESSIONS = (
    ("tags", "sts:TagSession"),
    ("sourceIdentity", "sts:SetSourceIdentity"),
    ("providedContexts", "sts:SetContext"),
)


def beside_of(action: str, event: Mapping[str, Any]) -> tuple[tuple[str, Touched], ...]:
    """The further actions of an event, each with what it is on; `arn` None where the event does not tell that."""
    copied = copied_from(event) if action.startswith("s3:") else None
    if copied is not None:
        return (copied,)
    parameters = Parameters(event)
    if action.lower().startswith(("sts:assumerole", "sts:getfederationtoken")):
        roles = resources_of(action, event)
        return tuple((further, role) for name, further in _SESSIONS if parameters.raw.get(name) for role in roles)
    return tuple(_passed(action, parameters))


def _passed(action: str, parameters: Parameters) -> Iterator[tuple[str, Touched]]:
    """The roles that a call hands to a service (table `pass-role-paths`); a profile of instances does not tell its."""
    if action.lower() not in _passing():
        return
    for arn in dict.fromkeys(parameters.arns()):
        fields = arn.split(":", 5)
        if len(fields) == 6 and fields[2] == "iam" and fields[5].startswith("role/"):
            yield "iam:PassRole", Touched(arn, fields[4])
    if action.startswith("ec2:") and parameters.raw.get("iamInstanceProfile"):
        yield "iam:PassRole", Touched(None, None)


@lru_cache(maxsize=1)
def _passing() -> frozenset[str]:
    return frozenset(call.lower() for row in table_rows("pass-role-paths") for call in row["calls"])
