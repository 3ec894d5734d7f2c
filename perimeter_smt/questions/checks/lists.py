"""Access control lists of buckets in `public`: does a list let strangers in?

S3 guide, the meaning of "public": a list is public if it grants something to AllUsers or AuthenticatedUsers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from perimeter_smt.encode.world.acl import hits
from perimeter_smt.encode.world.governs import reach
from perimeter_smt.logic.formula import Formula, both, neg, sym
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions import explain
from perimeter_smt.questions.checks.verdicts import Check, CheckName
from perimeter_smt.questions.findings import lists
from perimeter_smt.questions.findings.estate import Asked, Estate, Topic
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.request.case import PUBLIC_GROUPS
from perimeter_smt.solve.result import Limits

_CHECK: CheckName = "CheckNoPublicAccess"
_PASSED = "The access control list does not grant public access."
_FAILED = "The access control list grants public access."
_PRESUMED = "No source tells whether access control lists count: they are presumed to be disabled (AE7.acl)."
_HITS = ("hit.direct", "hit.role", "hit.user", "hit.account")


def public_lists(workspace: Workspace, *, limits: Limits | None = None) -> Iterator[Check]:
    """The check of the lists of every bucket that does not disable them, under all that binds its callers."""
    buckets = lists.buckets_of(workspace)
    counted = [bucket for bucket in buckets if bucket.acls or "AE7.acl" in workspace.perimeter.doubts]
    left = [bucket for bucket in buckets if bucket not in counted and bucket.policy is None]
    yield from (presuming(Check(_CHECK, "PASS", "", bucket.arn), bucket) for bucket in left)
    if not counted:
        return
    estate = Estate(workspace, ["s3"], limits)
    stranger = both(estate.outsiders("organization"), neg(sym("principal.service-linked")))
    ignored = lists.ignored(workspace)
    given = [both(stranger, reach(bucket).surely) for bucket in counted]
    told = [both(here, hits(_public_part(b), ignored).any) for here, b in zip(given, counted, strict=True)]
    parts = [*zip(counted, told, strict=True), *zip(counted, given, strict=True)]
    found = estate.ask(Topic(bucket.arn, Kind.BUCKET, here, ()) for bucket, here in parts)
    for number, bucket in enumerate(counted):
        yield _public(estate, found[number], found[len(counted) + number], bucket, ignored)


def presuming(found: Check, resource: OwnedResource) -> Check:
    """A PASS that says what it presumes of a bucket of which nobody told whether its lists count."""
    if found.result != "PASS" or resource.acls is not None or not lists.counts(resource):
        return found
    return replace(found, message=f"{found.message} {_PRESUMED}".strip(), presumed=True)


def _public_part(bucket: OwnedResource) -> OwnedResource:
    entries = tuple(entry for entry in bucket.acl or () if entry.grantee in PUBLIC_GROUPS)
    return bucket.model_copy(update={"acl": entries})


def _public(estate: Estate, told: Asked, any_: Asked, bucket: OwnedResource, ignored: frozenset[str]) -> Check:
    passed = Check(_CHECK, "PASS", _PASSED, bucket.arn)
    entries = _public_part(bucket).acl
    if bucket.arn in ignored:
        return replace(passed, held_back="IgnorePublicAcls") if entries else passed
    search = told.search
    result = search.engine.check([search.access, *search.given])
    if result.status == "sat":
        found = known(partial(explain.counterexample, estate.world, "public", result, "hole"))
        if found is None:
            return replace(passed, result="UNKNOWN", message=f"not decided: {LEFT_OPEN}")
        grants = sorted({f"{entry.permission} to {entry.grantee}" for entry in entries or ()})
        why = f"the access control list of the bucket grants {', '.join(grants)}"
        return replace(passed, result="FAIL", message=_FAILED, evidence=replace(found, why=why))
    if result.status != "unsat":
        return replace(passed, result="UNKNOWN", message=f"not decided: {result.reason}")
    search = any_.search
    by_nothing_told: Formula = both(*(neg(sym(name)) for name in _HITS))
    for name in estate.untold:
        if (name == "AE7.acl") is bool(bucket.acls):
            continue
        if lists.may_add(search.engine, estate.world, name, [search.access, *search.given[:2], by_nothing_told], ()):
            return replace(passed, result="UNKNOWN", message=lists.may(name))
    return replace(passed, held_back="RCPs or the bucket policy") if entries else passed
