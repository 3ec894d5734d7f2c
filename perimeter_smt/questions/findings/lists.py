"""Access control lists of buckets in `findings`, `who-can`, `what-can` and `public`: their words, and what nobody told.

A list stands beside the bucket policy (S3 guide, access control list overview).  Those of objects no source tells, and
of many buckets nobody says whether lists count: where they could let somebody in, an answer names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal as Choice

from perimeter_smt.encode.world.acl import ignoring, named
from perimeter_smt.encode.world.governs import is_bucket, reach, split_arn
from perimeter_smt.encode.world.keys import NO_UNKNOWN
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import Formula, both, neg, sym
from perimeter_smt.organization.model import AclGrant, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.findings.literals import Literal, fact
from perimeter_smt.request.case import PUBLIC_GROUPS
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.engine import Engine

Untold = Choice["AE7.acl-entry", "AE7.acl"]
_UNLISTED = sym("acl.unlisted")
_NAMES = "an access control list names the caller, as "
_MAY = (
    "access control lists that no source tells, such as those of objects, may let callers in beside ({}): "
    "`object_ownership: BucketOwnerEnforced` disables them"
)
PRESUMED = (
    "access control lists: no source tells whether they count for some bucket; they are presumed to be disabled, as "
    "in every new bucket (AE7.acl): `object_ownership` says it"
)


def may(name: Untold) -> str:
    """Why an answer that hangs on an axiom about lists is not decided."""
    return _MAY.format(name)


def doubting(workspace: Workspace) -> Workspace:
    """The workspace with a doubt in AE7.acl, where some bucket does not say whether its lists count.

    What is presumed is no question otherwise; the chosen readings hold it as before.
    """
    perimeter = workspace.perimeter
    unsaid = any(bucket.acls is None for bucket in buckets_of(workspace))
    if not unsaid or "AE7.acl" in perimeter.doubts:
        return workspace
    doubts = (*perimeter.doubts, "AE7.acl")
    return workspace.model_copy(update={"perimeter": perimeter.model_copy(update={"doubts": doubts})})


def buckets_of(workspace: Workspace) -> list[OwnedResource]:
    """The buckets whose lists are not known to be disabled."""
    owned = (resource for account, _ in workspace.organization.accounts() for resource in account.resources)
    return [resource for resource in owned if counts(resource)]


def counts(resource: OwnedResource) -> bool:
    """Whether the resource is a bucket whose lists are not known to be disabled."""
    return resource.acls is not False and is_bucket(split_arn(resource.arn))


def ignored(workspace: Workspace) -> frozenset[str]:
    """The buckets that ignore what their lists grant to everybody."""
    return ignoring(account for account, _ in workspace.organization.accounts())


def entries_of(bucket: OwnedResource, ignored: frozenset[str]) -> list[AclGrant]:
    """The entries of a bucket's own list that count."""
    return [e for e in bucket.acl or () if bucket.arn not in ignored or e.grantee not in PUBLIC_GROUPS]


def actions_told(workspace: Workspace) -> tuple[str, ...]:
    """The actions that lists of buckets tell apart; none where no list has an entry."""
    if not any(bucket.acl for bucket in buckets_of(workspace)):
        return ()
    return tuple(action for row in table_rows("acl-actions") if row["on"] == "bucket" for action in row["actions"])


def facts_of(workspace: Workspace) -> Iterator[Literal]:
    """Which bucket a call is on, and whom its list names."""
    without = ignored(workspace)
    for bucket in buckets_of(workspace):
        entries = entries_of(bucket, without)
        if entries:
            at = reach(bucket).surely
            yield from fact(f"the call is on {bucket.arn}", f"the call is not on {bucket.arn}", at)
        for entry in entries:
            if entry.grantee == "AllUsers":
                continue
            words = f"{_NAMES}{entry.grantee}"
            yield from fact(words, words.replace(" names ", " does not name ", 1), named(entry).any)


def publicity_of(besides: Iterable[str]) -> Choice["yes", "no"] | None:
    """Whether a set that rests on an entry of a list is public; None: it rests on no entry that names somebody.

    S3 guide, the meaning of "public": a list is public if it grants to AllUsers or AuthenticatedUsers.
    """
    found = [words.removeprefix(_NAMES) for words in besides if words.startswith(_NAMES)]
    return ("yes" if set(found) <= set(PUBLIC_GROUPS) else "no") if found else None


def relaxed(world: World, name: Untold) -> Formula:
    """The chosen readings, with a list that nobody told granting the call."""
    return both(world.exact(leave_out=(name, NO_UNKNOWN)), _UNLISTED)


def may_add(engine: Engine, world: World, name: Untold, access: Sequence[Formula], covered: Sequence[Formula]) -> bool:
    """Whether lists that nobody told may give access beyond what was found; where the engine gives up, they may."""
    asked = [*access, relaxed(world, name), *(neg(cube) for cube in covered)]
    return engine.check(asked).status != "unsat"


def untold(workspace: Workspace, services: Sequence[str]) -> tuple[Untold, ...]:
    """On which of the axioms about lists an answer about calls of these services may hang."""
    if "s3" not in services:
        return ()
    found = buckets_of(workspace)
    counted: tuple[Untold, ...] = ("AE7.acl-entry",) if any(bucket.acls for bucket in found) else ()
    return (*counted, "AE7.acl") if any(bucket.acls is None for bucket in found) else counted
