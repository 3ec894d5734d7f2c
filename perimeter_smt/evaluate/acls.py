"""Access control lists of Amazon S3: what a bucket's and an object's list grant (semantics 3.7, S3 object ownership).

Lists only grant. Denies and guardrails win over them as over every grant.
"""

from __future__ import annotations

from functools import lru_cache

from perimeter_smt.evaluate.checks import Check
from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.principals import ACCOUNT, DIRECT, NONE, entry_test
from perimeter_smt.evaluate.view import Caller
from perimeter_smt.policy.document import PrincipalEntry
from perimeter_smt.request.case import PUBLIC_GROUPS, Acl, AclGrant
from perimeter_smt.request.keys import table_rows

_LOG_DELIVERY = "logging.s3.amazonaws.com"


def acl_hits(check: Check) -> int:
    """The kinds of hit of the lists of bucket and object; the second check of an access point asks them, too.

    Access points have no lists ("Access points don't have ACLs associated with them", S3 guide).
    """
    if check.resource_slot != "resource" or check.view.service != "s3":
        return NONE
    flags = check.case.flags
    ignored, action, caller = flags.s3_ignore_public_acls, check.view.action, check.view.caller
    bucket = _hits(flags.s3_bucket_acl, _covering("bucket", action), caller, ignored)
    return bucket | _hits(flags.s3_object_acl, _covering("object", action), caller, ignored)


@lru_cache(maxsize=1024)
def _covering(on: str, action: str) -> frozenset[str]:
    """The permissions that cover an action; FULL_CONTROL is all of them together.

    Of an object a deletion is for its owner, whom no request tells: the caller may be the one who wrote it.
    """
    rows = [row for row in table_rows("acl-actions") if row["on"] == on and action in map(fold, row["actions"])]
    return frozenset({row["permission"] for row in rows} | {"FULL_CONTROL"}) if rows else frozenset()


def _hits(acl: Acl, covering: frozenset[str], caller: Caller, ignored: bool) -> int:
    if not acl or not covering:
        return NONE
    if isinstance(acl, bool):
        return _some_grant(caller) if ignored else DIRECT
    found = NONE
    for grant in acl:
        if grant.permission in covering and not (ignored and grant.grantee in PUBLIC_GROUPS):
            found |= _grantee(grant, caller)
    return found


def _some_grant(caller: Caller) -> int:
    """The strongest hit of a grant to whom it may concern, where grants to the public are ignored."""
    if caller.is_iam:
        return ACCOUNT if caller.type != "root" else DIRECT
    named = caller.is_origin_access_identity or (caller.type == "service" and caller.arn == _LOG_DELIVERY)
    return DIRECT if named else NONE


def _grantee(grant: AclGrant, caller: Caller) -> int:
    """The kind of hit of a grantee: a group, or an account by either of its ids; users and roles cannot be grantees."""
    match grant.grantee:
        case "AllUsers":
            return DIRECT
        case "AuthenticatedUsers":
            # "All requests must be signed", as those of origin access identities of CloudFront are.
            return DIRECT if caller.is_iam or caller.is_origin_access_identity else NONE
        case "LogDelivery":
            entry = PrincipalEntry(type="Service", value=_LOG_DELIVERY)
        case account if len(account) == 12:
            entry = PrincipalEntry(type="AWS", value=account)
        case canonical:
            entry = PrincipalEntry(type="CanonicalUser", value=canonical)
    return entry_test(entry)(caller)
