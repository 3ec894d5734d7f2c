"""Multi-Region Access Points as sources tell them: an alias that AWS makes, one bucket per Region, their policy.

S3 API reference, MultiRegionAccessPointReport; CloudFormation, AWS::S3::MultiRegionAccessPoint (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from perimeter_smt.organization.model import BucketBehind
from perimeter_smt.organization.readers.draft.draft import Thing
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.request.multi_region import is_multi_region


def arn_of(partition: str, account: str, alias: str) -> str:
    """The ARN of a point: its alias stands there, not its name."""
    return f"arn:{partition}:s3::{account}:accesspoint/{alias}"


def tell(thing: Thing, regions: object, blocked: object) -> None:
    """Its buckets and whether it restricts public buckets, in the spelling of the API and of CloudFormation.

    All settings of Block Public Access are on unless they are turned off (S3 guide); what is not known is taken as off.
    """
    found = behind(regions)
    thing.buckets = found if thing.buckets in (None, found) else None
    if blocked is None or isinstance(blocked, dict):
        on = blocked is None or blocked.get("RestrictPublicBuckets") in (True, "true")
        thing.block_public_access = on and thing.block_public_access is not False


def behind(regions: object) -> tuple[BucketBehind, ...] | None:
    """The buckets; None where one of them is not told."""
    out: dict[str, BucketBehind] = {}
    for item in regions if isinstance(regions, list) else ():
        name = item.get("Bucket") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            return None
        account = item.get("BucketAccountId")
        known = isinstance(account, str) and len(account) == 12 and account.isdigit()
        out[name] = BucketBehind(name=name, account=account if known else None)
    return tuple(out.values()) or None


def named_in(policy: object) -> str | None:
    """The point of which a policy is, told by the resources of its statements; None where they name no one alone."""
    if isinstance(policy, str):
        try:
            policy = orjson.loads(policy)
        except orjson.JSONDecodeError:
            return None
    found = {text.partition("/object/")[0] for text in _resources(policy)}
    return found.pop() if len(found) == 1 and is_multi_region(next(iter(found))) else None


def _resources(policy: Any) -> Iterator[str]:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        found = statement.get("Resource") if isinstance(statement, dict) else None
        yield from (str(text) for text in (found if isinstance(found, list) else [found]))


def established(found: dict[str, Any]) -> object:
    """The policy of `get-multi-region-access-point-policy`: what is proposed counts once every Region has it."""
    texts = [(found.get(name) or {}).get("Policy") or "" for name in ("Established", "Proposed")]
    if "Proposed" in found and _decoded(texts[0]) != _decoded(texts[1]):
        return NotKnown("it is under change: the established and the proposed policy differ")
    return texts[0] or None


def _decoded(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
