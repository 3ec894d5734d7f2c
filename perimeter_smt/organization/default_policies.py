"""Policies that AWS puts in the place of one that a resource does not have (semantics 3.4)."""

from __future__ import annotations

from functools import lru_cache

from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

_NAME = "default file system policy"


def in_force(arn: str, policy: Document | None) -> Document | None:
    """The policy that decides calls on a resource: its own, or what AWS grants while it has none.

    EFS guide, using IAM to control file system data access: the default policy grants full access to any anonymous
    client that can connect to the file system by a mount target, and is in effect whenever no other is.
    """
    parts = arn.split(":", 5)
    if policy is not None or parts[2] != "elasticfilesystem" or not parts[5].startswith("file-system/"):
        return policy
    return _of_file_systems()


@lru_cache(maxsize=1)
def _of_file_systems() -> Document:
    statement = {
        "Sid": "AnyClientOfAMountTarget",
        "Effect": "Allow",
        "Principal": "*",
        "Action": [f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess")],
        "Resource": "*",
        "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    }
    content = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(content, Kind.RESOURCE, file=_NAME, name=_NAME)
