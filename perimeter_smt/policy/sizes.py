"""How large a policy may be (AWS quotas, read 2026-11).

AWS Organizations counts the characters of SCPs and RCPs, and its console takes white space between elements away
before it saves: a policy is refused here only if it is too large even without white space. Kinds without a row have
no quota that holds everywhere: AWS's own managed policies are larger than those of customers may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from perimeter_smt.policy.json_positions import Node, Number
from perimeter_smt.policy.kinds import Kind

_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
_VPC = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html"
_BUCKET = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"


class Quota(NamedTuple):
    """The most characters of one policy of a kind, and the page that says so."""

    characters: int
    source: str


QUOTAS: Mapping[Kind, Quota] = {
    Kind.SCP: Quota(10_240, _ORGANIZATIONS),  # 5,120 until 2026
    Kind.RCP: Quota(5_120, _ORGANIZATIONS),
    Kind.ENDPOINT: Quota(20_480, _VPC),
    Kind.ENDPOINT_GATEWAY: Quota(20_480, _VPC),
    Kind.BUCKET: Quota(20_480, _BUCKET),
    Kind.KMS: Quota(32_768, _KMS),
}


def check(node: Node, kind: Kind) -> None:
    """InputError if AWS would not save a policy of this kind for its size."""
    quota = QUOTAS.get(kind)
    if quota is not None and (found := characters(node)) > quota.characters:
        raise node.error(
            f"the policy has {found} characters without white space, a policy of kind {kind} holds at most "
            f"{quota.characters}"
        )


def characters(node: Node) -> int:
    """The characters of the shortest JSON text of a document: no white space between its elements."""
    value = node.value
    if isinstance(value, dict):
        inside = sum(_text(key) + 1 + characters(member) for key, member in value.items())
        return 2 + inside + max(0, len(value) - 1)
    if isinstance(value, list):
        return 2 + sum(map(characters, value)) + max(0, len(value) - 1)
    if isinstance(value, Number):
        return len(value)
    if isinstance(value, str):
        return _text(value)
    return len(json.dumps(value))


def _text(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False))
