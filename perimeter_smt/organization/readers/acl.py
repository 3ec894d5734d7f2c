"""Access control lists of a bucket, as `organization.yaml` and AWS's answers tell them (S3 guide, ACL overview)."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args

from perimeter_smt.organization.model import AclGrant
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.fields import flag, items, members, required, text
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.json_positions import quoted

Permission = Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]
PERMISSIONS: tuple[str, ...] = get_args(Permission)
GROUPS = ("AllUsers", "AuthenticatedUsers", "LogDelivery")
ENFORCED = "BucketOwnerEnforced"
OWNERSHIPS = (ENFORCED, "BucketOwnerPreferred", "ObjectWriter")


def read(found: dict[str, Node]) -> dict[str, Any]:
    """The members `acls`, `acl` and `ignore_public_acls` of a resource. InputError where one is no such value."""
    acls = _counts(found["object_ownership"]) if "object_ownership" in found else None
    if "acl" in found and acls is False:
        raise found["acl"].key_error(f"a bucket with `object_ownership: {ENFORCED}` has no access control list")
    return {
        "acls": True if "acl" in found else acls,
        "acl": tuple(_grant(item) for item in items(found["acl"])) if "acl" in found else None,
        "ignore_public_acls": flag(found.get("ignore_public_acls"), False),
    }


def _counts(node: Node) -> bool:
    if node.value not in OWNERSHIPS:
        raise node.error(f"found {node.shown}, expected one of {', '.join(map(quoted, OWNERSHIPS))}")
    return node.value != ENFORCED


def _grant(node: Node) -> AclGrant:
    what = "an entry of an access control list"
    found = members(node, ("grantee", "permission"), what)
    permission = required(found, "permission", node, what)
    if permission.value not in PERMISSIONS:
        raise permission.error(f"found {permission.shown}, expected one of {', '.join(map(quoted, PERMISSIONS))}")
    return AclGrant(
        grantee=text(required(found, "grantee", node, what), values.acl_grantee),
        permission=cast(Permission, permission.value),
    )
