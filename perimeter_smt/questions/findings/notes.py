"""What makes an answer of `who-can` or `what-can` another one than it seems: a caller or a call that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.encode.world.governs import split_arn
from perimeter_smt.errors import InputError
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request.unlisted import glob_matches


def about_caller(workspace: Workspace, principal: str) -> Iterator[str]:
    """What to know of a caller that the workspace does not list; InputError for one that cannot be.

    IAM guide, IAM and STS quotas, and General Reference, ARNs: names are unique in an account whatever their case, and
    requests do not cross partitions (W-1, W-12).
    """
    if not principal.startswith("arn:") or principal.endswith(":root"):
        return
    arn = split_arn(principal)
    partition = workspace.organization.partition
    if arn.partition != partition:
        raise InputError(f"`{principal}` is of partition `{arn.partition}`, the organization of `{partition}`")
    for account, _ in workspace.organization.accounts():
        if account.id != arn.account:
            continue
        kind, _, path = arn.name.partition("/")
        for one in account.principals:
            if one.arn == principal:
                return
            other_kind, _, other = split_arn(one.arn).name.partition("/")
            if kind == other_kind and path.rpartition("/")[2].lower() == other.rpartition("/")[2].lower():
                raise InputError(
                    f"no {kind} of account {account.id} is `{principal}`, did you mean `{one.arn}`?: "
                    "names are unique whatever their case and path"
                )
        if account.listed:
            yield (
                f"`{principal}` is not there: the lists of account {account.id} are complete and do not name it. "
                "What follows is what policies would give a caller of that name that is granted nothing itself"
            )
        else:
            yield f"`{principal}` is not listed: policies of its own are not known, and count as granting everything"


def through_points(workspace: Workspace, resource: str) -> Iterator[str]:
    """What to know of calls on buckets that access points lead to: those name the point (semantics 3.7)."""
    bucket = resource.partition("/")[0]
    if not bucket.startswith("arn:") or bucket.split(":", 5)[2:5] != ["s3", "", ""]:
        return
    for account, _ in workspace.organization.accounts():
        for point in account.resources:
            arns = (f"arn:{workspace.organization.partition}:s3:::{each.name}" for each in point.behind)
            if any(glob_matches(bucket.lower(), arn.lower()) for arn in arns):
                yield f"{point.arn} leads to it, and calls through that name it: ask about them with `{point.arn}/*`"


def no_such_call(action: str, resource: str) -> str:
    """What is told where no call fits the question, whoever makes it."""
    if resource == "*":
        return f"every call of {action} names a resource, and `*` asks about those that do not: leave it out for any"
    where = f" on {resource}" if resource else ""
    return (
        f"there is no call of {action}{where}, whoever makes it: the action takes no such resource, or complete lists "
        "do not name it"
    )
