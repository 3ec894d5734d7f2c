"""Access control lists of buckets: random ones, and what AWS says they let through, told as statements of a policy.

Written from the S3 guide (access control list overview: who is a grantee, mapping of ACL permissions and access policy
permissions; controlling ownership of objects); neither `encodings/keys` nor the evaluator's reading was read for it.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.public import is_public
from perimeter_smt.organization.model import AclGrant, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.render import to_json
from perimeter_smt.request import case as cases
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts
from tests.attack.cast import APP, DATA, PARTNER, STRANGER
from tests.attack.policies import document

# Canonical user ids, one for each account.
CANONICAL = {number: f"{index:x}" * 64 for index, number in enumerate((APP, DATA, PARTNER, STRANGER), start=10)}
_PUBLIC = ("AllUsers", "AuthenticatedUsers")
_LOGS = "logging.s3.amazonaws.com"
# "The following table shows how each ACL permission maps to the corresponding access policy permissions" (buckets).
_BUCKET = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject",),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
# Calls that the list of an object grants; which entries it has no configuration tells.
_OBJECT = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
)  # fmt: skip
_OF_BUCKETS = tuple(action for actions in _BUCKET.values() for action in actions)


def drawn(rng: Random) -> dict[str, Any]:
    """What is told of the lists of a bucket: nothing, disabled, or enabled with or without the bucket's own."""
    acls = rng.choice((None, None, False, True, True, True))
    acl = None
    if acls and rng.random() < 0.8:
        names = (
            "AllUsers", "AllUsers", "AuthenticatedUsers", "AuthenticatedUsers", "LogDelivery", PARTNER, STRANGER, APP,
            DATA, *CANONICAL.values(),
        )  # fmt: skip
        acl = tuple(
            AclGrant(grantee=rng.choice(names), permission=rng.choice((*_BUCKET, "READ", "FULL_CONTROL")))  # type: ignore[arg-type]
            for _ in range(rng.choice((0, 1, 1, 2)))
        )
    return {"acls": acls, "acl": acl, "ignore_public_acls": rng.random() < 0.25}


def identified(case: Case, facts: Facts) -> Case:
    """The case with the canonical id of the caller's account, where the request does not show one."""
    who = case.request.principal
    found = CANONICAL.get(facts.principal_account or "")
    if who.canonical_id or found is None:
        return case
    principal = who.model_copy(update={"canonical_id": found})
    return replace(case, request=case.request.model_copy(update={"principal": principal}))


def flags(workspace: Workspace, bucket: OwnedResource | None, *, untold: bool = False) -> dict[str, Any]:
    """The lists that bind a call; `untold`: whatever nobody told grants it."""
    if bucket is None or bucket.acls is False or not bucket.arn.startswith("arn:aws:s3:::"):
        return {}
    owner = next(account for account, _ in workspace.organization.accounts() if account.id == bucket.account)
    told = tuple(cases.AclGrant(grantee=entry.grantee, permission=entry.permission) for entry in bucket.acl or ())
    return {
        "s3_bucket_acl": True if untold and bucket.acl is None else told or None,
        "s3_object_acl": True if untold else None,
        "s3_ignore_public_acls": bucket.ignore_public_acls or owner.ignore_public_acls,
    }


def _principal(entry: AclGrant, facts: Facts, canonical_id: str | None, ignored: bool) -> Any:
    """The principal of a policy that an entry amounts to for this caller; None: it does not name the caller.

    "AWS accounts can delegate their permissions to users": an entry for an account lets in what the account lets.
    """
    signed = facts.kind in ("user", "role", "feduser", "root")
    match entry.grantee:
        case group if group in _PUBLIC and ignored:
            return None
        case "AllUsers":
            return "*"
        case "AuthenticatedUsers":  # "all requests must be signed"
            return "*" if signed else None
        case "LogDelivery":
            return {"Service": _LOGS} if facts.kind == "service" and facts.service == _LOGS else None
        case name:
            mine = signed and name in (facts.principal_account, canonical_id)
            return {"AWS": facts.principal_account} if mine else None


def allowed(bucket: OwnedResource | None, ignored: bool, case: Case, facts: Facts) -> bool:
    """Whether the call gets through, with the bucket's own list told as statements of the bucket policy.

    The lists are no part of the policy, so that they do not make it public; where it is, RestrictPublicBuckets leaves
    its bucket to "only AWS service principals and authorized users within the bucket owner's account".
    """
    alone = case.flags.model_copy(update={"s3_bucket_acl": None, "s3_object_acl": None})
    if decide(replace(case, flags=alone)).allowed:
        return True
    if bucket is None or bucket.acls is False or not bucket.acl:
        return False
    action, out = case.request.action, []
    for entry in bucket.acl:
        given = _OF_BUCKETS if entry.permission == "FULL_CONTROL" else _BUCKET[entry.permission]
        who = _principal(entry, facts, case.request.principal.canonical_id, ignored)
        if who is not None and action in given:
            resource = [bucket.arn, f"{bucket.arn}/*"]
            out.append({"Effect": "Allow", "Principal": who, "Action": action, "Resource": resource})
    public = case.flags.s3_restrict_public_buckets and bucket.policy is not None and is_public(bucket.policy)
    if not out or (public and facts.kind != "service" and facts.principal_account != bucket.account):
        return False
    denials = to_json(bucket.policy)["Statement"] if bucket.policy else []
    denials = [statement for statement in denials if statement["Effect"] == "Deny"]
    open_ = alone.model_copy(update={"s3_restrict_public_buckets": False})
    return decide(replace(case, resource=document(Kind.BUCKET, "list", [*denials, *out]), flags=open_)).allowed


def may_be_granted(bucket: OwnedResource | None, action: str) -> bool:
    """Whether a list that nobody told could grant the call."""
    if bucket is None or bucket.acls is False or not bucket.arn.startswith("arn:aws:s3:::"):
        return False
    return action in _OBJECT or (bucket.acl is None and action in _OF_BUCKETS)
