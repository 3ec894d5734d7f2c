"""Access control lists of S3 as formulas (semantics 3.7, S3 object ownership; S3 guide, ACL overview).

A list only grants: it stands beside the bucket policy, and every Deny wins over it.  The lists of buckets can be told
in `organization.yaml`; those of objects cannot, so that where lists count they may grant what they can (AE7.acl-entry).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM, Hits, canonical_user, principal_named
from perimeter_smt.encode.world.governs import is_access_point, is_bucket, reach, split_arn
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, atom, both, disj, either, is_text, neg, sym
from perimeter_smt.organization.model import Account, AclGrant, OwnedResource
from perimeter_smt.request.keys import table_rows

_EVERYBODY = ("AllUsers", "AuthenticatedUsers")  # what IgnorePublicAcls takes away
# S3 guide, server access logging: the log delivery group.
_LOGS = both(sym_is("aws-service"), is_text("principal.service", "logging.s3.amazonaws.com"))


def ignoring(accounts: Iterable[Account]) -> frozenset[str]:
    """The ARNs of buckets for which IgnorePublicAcls is on, by themselves or by their account."""
    return frozenset(r.arn for a in accounts for r in a.resources if r.ignore_public_acls or a.ignore_public_acls)


def hits(bucket: OwnedResource, ignored: frozenset[str]) -> Hits:
    """How the bucket's own list names the caller of a call that its entries cover. `ignored`: see `ignoring`."""
    return _hits(bucket, ignored=bucket.arn in ignored)


def _hits(bucket: OwnedResource, *, ignored: bool) -> Hits:
    entries = [e for e in bucket.acl or () if not (ignored and e.grantee in _EVERYBODY)]
    found = [(_calls("bucket", entry.permission), named(entry)) for entry in entries]
    return Hits(
        direct=disj(both(calls, who.direct) for calls, who in found),
        account=disj(both(calls, who.account) for calls, who in found),
    )


def definitions(accounts: Sequence[Account]) -> dict[str, Formula]:
    """Which calls a list that nobody told may grant: calls on buckets, and through access points on them."""
    buckets = [r for a in accounts for r in a.resources if is_bucket(split_arn(r.arn)) and r.acls is not False]
    points = [p for a in accounts for p in a.resources if buckets and is_access_point(split_arn(p.arn))]
    through = disj(reach(p).surely for p in points)
    ignored = ignoring(accounts)

    def at(found: Iterable[OwnedResource]) -> Formula:
        return disj(both(reach(r).surely, _not_told(r)) for r in found)

    # Behind an access point lies a bucket of either kind: what may be granted there hangs on both axioms.
    counted, unknown = [r for r in buckets if r.acls], [r for r in buckets if r.acls is None]
    return {
        "acl.at-bucket": at(buckets),
        "acl.enabled": either(at(counted), through if counted else FALSE),
        "acl.not-told": either(at(unknown), through if unknown else FALSE),
        "acl.public-ignored": disj(reach(r).surely for r in buckets if r.arn in ignored),
    }


def behind_point(bucket: OwnedResource, *, ignored: bool) -> Hits:
    """How lists of the bucket behind an access point, told or not, name the caller. `ignored`: IgnorePublicAcls."""
    told = _hits(bucket, ignored=ignored)
    if bucket.acls is False:
        return told
    counts = TRUE if bucket.acls else neg(sym("acl.disabled"))
    perhaps = both(sym("acl.unlisted"), counts, _not_told(bucket))
    direct = either(sym_is("root"), _LOGS) if ignored else TRUE
    return Hits(direct=either(told.direct, both(perhaps, direct)), account=either(told.account, both(perhaps, IAM)))


def _not_told(bucket: OwnedResource) -> Formula:
    """The calls that a list of the bucket or of its objects may grant and nobody told."""
    return _calls("object") if bucket.acl is not None else either(_calls("object"), _calls("bucket"))


def _calls(on: str, permission: str = "FULL_CONTROL") -> Formula:
    rows = [row for row in table_rows("acl-actions") if row["on"] == on]
    names = (name for row in rows if permission in (row["permission"], "FULL_CONTROL") for name in row["actions"])
    return disj(atom(Member("call", f"action={name.lower()}")) for name in names)


def named(entry: AclGrant) -> Hits:
    """Whom an entry names: a group of S3 directly, an account for its identities' own policies."""
    match entry.grantee:
        case "AllUsers":
            return Hits(direct=TRUE)
        case "AuthenticatedUsers":
            return Hits(direct=IAM)
        case "LogDelivery":
            return Hits(direct=_LOGS)
        case account if len(account) == 12:
            return principal_named(account)
        case canonical:
            who = both(canonical_user(canonical), IAM)
            return Hits(direct=both(who, sym_is("root")), account=both(who, neg(sym_is("root"))))
