"""What AWS would not save of a plan or template for its size.

Sources that tell what AWS holds are not asked: AWS has saved it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft.draft import Draft, Holder, Policy
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.sizes import quotas


def check(draft: Draft) -> None:
    """InputError at the first policy, or holder of inline policies, that is over a quota that cannot be raised."""
    for kind, policy in _alone(draft):
        quota = quotas().get(kind)
        if isinstance(policy, Document) and quota is not None and policy.characters > quota.characters:
            _refuse(f"{kind} policy `{policy.name}` has", policy.characters, quota.characters, policy)
    for holder in (*draft.principals.values(), *draft.groups.values()):
        _inline(holder)


def _alone(draft: Draft) -> Iterator[tuple[str, Policy | None]]:
    """Policies whose quota is that of one policy, with the name of the quota."""
    yield from (("managed", policy) for arn, policy in draft.managed.items() if ":iam::aws:" not in arn)
    others = chain(
        (control.policy for control in draft.controls.values()),
        (thing.policy for thing in draft.resources.values()),
        (door.policy for door in draft.doors.values()),
        (holder.trust for holder in draft.principals.values()),
    )
    yield from ((policy.kind.value, policy) for policy in others if isinstance(policy, Document))


def _inline(holder: Holder) -> None:
    """All inline policies of a user, group or role together (IAM quotas); what is told twice counts once."""
    kind = holder.arn.split(":")[5].partition("/")[0]
    quota = quotas().get(f"inline of {kind}")
    by_name = {policy.name: policy for policy in holder.own if isinstance(policy, Document)}
    found = sum(policy.characters for policy in by_name.values())
    if quota is not None and found > quota.characters:
        last = next(reversed(by_name.values()))
        _refuse(f"the inline policies of `{holder.arn}` together have", found, quota.characters, last)


def _refuse(who: str, found: int, most: int, policy: Document) -> None:
    where = policy.location
    message = f"{who} {found} characters without white space, AWS saves at most {most}"
    raise InputError(message, file=where.file, line=where.line, path=where.path)
