"""What several answers tell whole, each of the same thing: a folder of two days, an export beside answers.

Guarantee: where they differ nothing of it is taken, neither what the one grants nor what the other denies, and it is
named.  Answers that tell the same, however they spell it, count once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.organization.readers.draft.rewrite import shape_of
from perimeter_smt.policy.document import Document

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.draft.draft import Door, Draft, Holder, Policy

TORN = NotKnown("several answers tell different things of it: keep those of one day")


def principal(draft: Draft, arn: str, at: Place, **told: Any) -> None:
    """A user, role or group with everything that it holds."""
    where, key = draft.place_of_principal(arn)
    known = where.pop(key, None)
    fresh = draft.principal(arn, at, **told)
    if known is None:
        return
    where[key] = known
    if TORN not in known.own and _held(known) != _held(fresh):
        known.own.append(TORN)
        known.boundary = None


def _held(holder: Holder) -> object:
    return (
        sorted(map(said, holder.own), key=repr),
        sorted(set(holder.attached)),
        sorted(set(holder.groups)),
        holder.boundary if isinstance(holder.boundary, str) else said(holder.boundary),
        said(holder.trust),
        holder.tags,
    )


def said(policy: Policy | None) -> object:
    """What a policy says, to be compared."""
    return shape_of(policy) if isinstance(policy, Document) else policy


def managed_policy(draft: Draft, arn: str, name: str, versions: Iterable[tuple[str, object, bool, Place]]) -> None:
    """A managed policy with all of its versions."""
    known = draft.managed.get(arn)
    draft.managed_policy(arn, name, versions)
    if known is TORN or (isinstance(known, Document) and said(known) != said(draft.managed[arn])):
        draft.managed[arn] = TORN
        draft.versions.pop(arn, None)


def policy_of(draft: Draft, arn: str, policy: object, at: Place) -> Policy | None:
    """The policy of a resource (None: it has none), or why it is not known."""
    found = draft.policy_of_resource(arn, policy, at)
    if isinstance(policy, NotKnown):
        return found
    before = draft.told.setdefault(arn, found)
    if before is not found and said(before) != said(found):
        draft.told[arn] = TORN
    return TORN if draft.told[arn] is TORN else found


def door(known: Door, fresh: Door) -> None:
    """An endpoint that was told before: one whose policy is told in two ways lets everything through."""
    same = said(known.policy) == said(fresh.policy) and (known.vpc, known.account) == (fresh.vpc, fresh.account)
    if known.policy is TORN or not same:
        fresh.policy = TORN


def block(before: bool | None, now: bool) -> bool:
    """Whether public access is blocked: only where every answer says so."""
    return now and before is not False


def targets(draft: Draft, control: str, found: Iterable[str]) -> None:
    """All targets of an SCP or RCP, by one answer."""
    draft.targets_of.setdefault(control, []).append(frozenset(found))


def policies(draft: Draft, target: str, kind: str, found: Iterable[str]) -> None:
    """All policies of a kind of a target, by one answer."""
    draft.policies_of.setdefault((target, kind), []).append(frozenset(found))


def torn_attachments(draft: Draft) -> set[tuple[str, str]]:
    """Policies and targets of which one answer tells that they belong together, and another that they do not."""
    out = set()
    for own, target in draft.attachments:
        lists = draft.targets_of.get(own, []) if own not in draft.cut_lists else []
        control = draft.controls.get(own) if target not in draft.cut_lists else None
        lists_of_target = draft.policies_of.get((target, control.type), []) if control else []
        if any(target not in found for found in lists) or any(own not in found for found in lists_of_target):
            out.add((own, target))
    return out
