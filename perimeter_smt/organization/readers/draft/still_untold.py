"""What an organization does not tell, under a change that names the same resource, role or user.

What a change does not say of it stays as it is: not known, and not empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.organization.model import Unknown
from perimeter_smt.organization.readers.draft.draft import Draft, Holder
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.policy.document import Document


def still_untold(unknowns: Sequence[Unknown], change: Draft) -> tuple[Unknown, ...]:
    """The unknowns that the change leaves as they are; those that it speaks of go on in what it says."""
    return tuple(unknown for unknown in unknowns if not (unknown.subject and _goes_on(unknown, change)))


def _goes_on(unknown: Unknown, change: Draft) -> bool:
    """Whether the change tells what was not known, or names it itself from now on."""
    if unknown.subject in change.removed:
        return False
    if unknown.known is not None:
        holder = _holder(unknown.subject, change)
        if holder is not None:
            _complete(holder, unknown)
        return False
    thing = change.resources.get(unknown.subject)
    if thing is None or unknown.holds != "resource" or not unknown.name.startswith("policy of "):
        return False
    if thing.policy is None and unknown.subject not in change.stripped:
        thing.policy = NotKnown(unknown.reason)
    return True


def _complete(holder: Holder, unknown: Unknown) -> None:
    """A role or user that was left out: what is known of it, and what is not."""
    known, reason = unknown.known, NotKnown(unknown.reason)
    if known is None:
        return
    if holder.trust is None:
        holder.trust = known.trust or (reason if known.type == "role" else None)
    if unknown.holds != "trust":
        holder.own.append(reason)
        return
    names = {policy.name for policy in holder.own if isinstance(policy, Document)}
    holder.own += [policy for policy in known.policies if policy.name not in names]


def _holder(arn: str, change: Draft) -> Holder | None:
    """The role or user of the change, also where the change leaves its path out: names are unique in an account."""
    if arn in change.principals:
        return change.principals[arn]
    start, _, path = arn.partition("/")
    name = path.rpartition("/")[2]
    return next(
        (h for own, h in change.principals.items() if h.begun and own.partition("/") == (start, "/", name)), None
    )
