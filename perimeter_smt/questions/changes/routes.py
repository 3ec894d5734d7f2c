"""Calls through access points by the bucket that they go to: what opens towards one, whatever others let through.

A call through a Multi-Region Access Point names the point, and AWS chooses the bucket (semantics 3.7). A point that
gains a bucket opens calls that go there, though calls on the point got through before. So of every bucket behind a
point two states are asked in which the point leads to that bucket alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from perimeter_smt.encode.world.access_points import ABOUT_POINTS
from perimeter_smt.encode.world.governs import is_access_point, reach, split_arn
from perimeter_smt.logic.formula import Formula, both, neg
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.changes.answer import Change, Difference, Status
from perimeter_smt.questions.obligations.granted import mapped

_ORDER: tuple[Status, ...] = ("found", "unknown", "conditional", "none")


@dataclass(frozen=True)
class Route:
    """A bucket behind an access point of both states, and the states in which it alone lies there.

    In a state in which it does not the point is left out. `through` are the calls through the point.
    """

    point: str
    bucket: str
    before: Workspace
    after: Workspace
    through: Formula


def routes(before: Workspace, after: Workspace) -> Iterator[Route]:
    """The buckets told behind access points of both states that lead to several, or to others than before.

    Of a point that leads to the same bucket alone in both, a call names the bucket, too.
    """
    old, new = (_points(workspace) for workspace in (before, after))
    for arn in sorted(old.keys() & new.keys()):
        behind = dict.fromkeys(each.name for each in (*old[arn].behind, *new[arn].behind))
        if len(behind) < 2 or not (old[arn].behind and new[arn].behind):
            continue
        through = both(reach(new[arn]).surely, neg(ABOUT_POINTS))
        for name in behind:
            yield Route(arn, name, _leading_to(before, arn, name), _leading_to(after, arn, name), through)


def not_told(found: Difference, before: Workspace, after: Workspace) -> Difference:
    """That nothing is different, as far as both states tell what lies behind their access points."""
    old, new = (_points(workspace) for workspace in (before, after))
    hidden = [arn for arn in sorted(old.keys() & new.keys()) if bool(old[arn].behind) != bool(new[arn].behind)]
    if found.status != "none" or not hidden:
        return found
    return replace(found, status="conditional", reason=f"one state does not tell what lies behind {', '.join(hidden)}")


def of_route(found: Difference, route: Route) -> Difference:
    """What is different for calls that go to one bucket, told as such."""
    return replace(found, changes=tuple(_told(change, route) for change in found.changes))


def together(first: Difference, others: Sequence[Difference]) -> Difference:
    """The answer about all calls, and those about calls by their bucket that tell more than it does."""
    every = (first, *others)
    status = min((one.status for one in every), key=_ORDER.index)
    known = set(map(_kind, first.changes))
    changes = list(first.changes) if first.status == status else []
    for change in (c for one in others if one.status == status for c in one.changes):
        if (kind := _kind(change)) not in known:
            known.add(kind)
            changes.append(change)
    return Difference(
        status,
        tuple(changes),
        tuple(dict.fromkeys(a for one in every for a in one.assumptions)) if status == "none" else first.assumptions,
        tuple(dict.fromkeys(b for one in every for b in one.used)) if status == "none" else first.used,
        reason="; ".join(dict.fromkeys(one.reason for one in every if one.status == status and one.reason)),
    )


def bucket_of(change: Change) -> str:
    """The bucket or object that a call through an access point goes to; empty for other calls."""
    case = change.request.case
    through = case is not None and case.flags.via_access_point is not None
    return case.request.resource if case is not None and through else ""


def _kind(change: Change) -> tuple[object, ...]:
    return change.objective, change.callers, change.because, bucket_of(change).partition("/")[0]


def _told(change: Change, route: Route) -> Change:
    if change.denied.exists:
        return change
    why = f"bucket {route.bucket} is not behind {route.point}"
    return replace(change, because=(), denied=replace(change.denied, why=why))


def _points(workspace: Workspace) -> dict[str, OwnedResource]:
    resources = (r for account, _ in workspace.organization.accounts() for r in account.resources)
    return {r.arn: r for r in resources if is_access_point(split_arn(r.arn))}


def _leading_to(workspace: Workspace, arn: str, bucket: str) -> Workspace:
    """The state in which one bucket alone lies behind a point; without the point where the bucket does not."""

    def one(resource: OwnedResource) -> OwnedResource | None:
        if resource.arn != arn:
            return resource
        kept = tuple(each for each in resource.behind if each.name == bucket)
        if not kept or resource.buckets is None:
            return resource if kept else None
        return resource.model_copy(update={"buckets": kept})

    return mapped(
        workspace,
        lambda account: (
            account.model_copy(
                update={"resources": tuple(kept for r in account.resources if (kept := one(r)) is not None)}
            )
            if any(r.arn == arn for r in account.resources)
            else account
        ),
    )
