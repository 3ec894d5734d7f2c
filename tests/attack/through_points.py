"""Calls through access points as the two checks that S3 makes of them (semantics 3.7).

Written from the S3 guide (permissions of access points and of Multi-Region Access Points, restrictions): the policy of
the point and that of the bucket must both permit the call; each owner's guardrails are asked about what is theirs,
those of the caller about both (X-44 as chosen).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from perimeter_smt.evaluate import decide
from perimeter_smt.policy.document import Document
from perimeter_smt.request.case import Case, Levels
from tests.attack.cast import BUCKETS


def point_of(action: str, resource: str) -> tuple[str, str] | None:
    """The access point and the key of a call on data through one; None: it is on something else."""
    name = action.lower()
    fields = resource.split(":", 5)
    if not name.startswith("s3:") or "accesspoint" in name or name.endswith("tagresource"):
        return None  # calls about the point ask no bucket
    if len(fields) < 6 or fields[2] != "s3" or not fields[4] or not fields[5].startswith("accesspoint/"):
        return None
    point, _, key = fields[5].partition("/object/")
    return ":".join((*fields[:5], point)), key


def some_bucket(owner: str, resource: str) -> str:
    """The name of a bucket of the owner that may lie behind an access point: always the same one for a resource."""
    names = [*(n for n, o in BUCKETS.items() if o == owner), f"b-{owner}", f"pub-{owner[-4:]}", "zz-behind"]
    return names[hashlib.sha256(resource.encode()).digest()[0] % len(names)]


def on_bucket(
    case: Case, bucket: str, owner: str, *, rcp: Levels | None, policy: Document | None, point_policy: Document | None
) -> Case:
    """The call on an access point as the call on the bucket behind it: both policies and the guardrails have a say."""
    found = point_of(case.request.action, case.request.resource)
    if found is None:
        raise ValueError(f"`{case.request.resource}` is no access point")
    point, key = found
    resource = f"arn:{point.split(':')[1]}:s3:::{bucket}" + (f"/{key}" if key else "")
    request = case.request.model_copy(update={"resource": resource, "resource_account": owner})
    origin = case.request.context.get("s3:AccessPointNetworkOrigin")
    flags = case.flags.model_copy(update={
        "via_access_point": point, "access_point_origin": {"VPC": "vpc", "Internet": "internet"}.get(str(origin)),
    })  # fmt: skip
    return replace(case, request=request, flags=flags, rcp=rcp, resource=policy, access_point=point_policy)


def first_denied(*cases: Case) -> Case:
    """One of the checks of a call that stops it; the last if none does."""
    return next((case for case in cases if not decide(case).allowed), cases[-1])
