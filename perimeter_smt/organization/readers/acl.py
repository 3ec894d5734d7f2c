"""Access control lists of a bucket, as `organization.yaml` and AWS's answers tell them (S3 guide, ACL overview)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from perimeter_smt.organization.model import AclGrant
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.fields import flag, items, members, required, text
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.json_positions import quoted

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.draft.draft import Thing

Permission = Literal["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]
PERMISSIONS: tuple[str, ...] = get_args(Permission)
_GROUPS = ("AllUsers", "AuthenticatedUsers", "LogDelivery")
# S3 guide, canned ACLs, for buckets; `aws-exec-read` lets Amazon EC2 read, which no id is published of.
_CANNED = {
    "private": (), "bucket-owner-read": (), "bucket-owner-full-control": (),
    "public-read": (("AllUsers", "READ"),),
    "public-read-write": (("AllUsers", "READ"), ("AllUsers", "WRITE")),
    "authenticated-read": (("AuthenticatedUsers", "READ"),),
    "log-delivery-write": (("LogDelivery", "WRITE"), ("LogDelivery", "READ_ACP")),
}  # fmt: skip
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


def tell(
    thing: Thing, *, ownership: object = None, entries: tuple[AclGrant, ...] | None = None, ignored: object = None
) -> None:
    """Note what a source tells of a bucket: its object ownership, its list, and whether IgnorePublicAcls is on.

    A list with entries for others is possible only where lists count (S3 guide, prerequisites for disabling ACLs).
    """
    if isinstance(ownership, str) and ownership in OWNERSHIPS:
        thing.acls = ownership != ENFORCED
    if entries is not None:
        thing.acl = entries
        thing.acls = True if entries else thing.acls
    if ignored is not None:
        thing.ignore_public_acls = ignored in (True, "true")


def canned(name: object) -> tuple[AclGrant, ...] | None:
    """The entries that a canned list adds to its owner's own; None: not known."""
    found = _CANNED.get(name) if isinstance(name, str) else None
    return None if found is None else tuple(_entry(grantee, permission) for grantee, permission in found)


def canned_words(name: object) -> object:
    """The canned list as CloudFormation writes it (`PublicRead`) in the words of the API."""
    if not isinstance(name, str):
        return name
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def entries(grants: Iterable[Mapping[str, Any]], owner: object) -> tuple[AclGrant, ...] | None:
    """The entries of a list in the form of the API, of AWS Config or of Terraform; None: one of them is not known.

    Those of the owner itself are left out: an entry gives its account nothing that its own policies do not.
    """
    out = []
    for grant in grants:
        grantee, permission = (
            grant.get("Grantee", grant.get("grantee")),
            grant.get("Permission", grant.get("permission")),
        )
        told = grantee[0] if isinstance(grantee, list) and grantee else grantee
        name = _grantee(told)
        if name is None or not isinstance(permission, str):
            return None
        words = _PERMISSIONS.get(permission.replace("_", "").lower())
        if words is None:
            return None
        if name != owner:
            out.append(_entry(name, words))
    return tuple(dict.fromkeys(out))


_PERMISSIONS = {name.replace("_", "").lower(): name for name in PERMISSIONS}


def _grantee(told: object) -> str | None:
    """A group by its address or name, an account by its canonical id; by its mail address it is not known."""
    if isinstance(told, str):
        return told if told in _GROUPS else None
    if not isinstance(told, Mapping):
        return None
    group = str(told.get("URI") or told.get("uri") or "").rsplit("/", 1)[-1]
    if group in _GROUPS:
        return group
    found = told.get("ID") or told.get("id")
    return found if isinstance(found, str) and len(found) in (64, 96) else None


def _entry(grantee: str, permission: str) -> AclGrant:
    return AclGrant(grantee=grantee, permission=cast(Permission, permission))
