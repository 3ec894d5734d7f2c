"""Associations of EKS Pod Identity as what sessions of their roles carry.

An association gives a role to a service account of a cluster; its `policy` is a session policy: what the pods may do is
the intersection of the role's policies and this one (EKS API reference, PodIdentityAssociation).  Where a role can be
taken in no other way, all of its associations carry a policy, and the source holds everything there is, all sessions of
the role carry one of them.  Else its sessions may be unrestricted, and the role is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perimeter_smt.organization.model import Session
from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.organization.readers.draft.profiles import taken_by_alone
from perimeter_smt.organization.readers.draft.rewrite import shape_of
from perimeter_smt.policy.document import Document

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.draft.draft import Draft, Holder, Policy

_SERVICE = "pods.eks.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Association:
    """An association by name, its role by ARN, its session policy (None: none), and another role that its pods get."""

    name: str
    role: str
    policy: Policy | None
    target: str
    at: Place


def sessions_of(draft: Draft, holder: Holder) -> tuple[Session, ...]:
    """What the sessions of a role carry by its associations; nothing where that is not sure."""
    found = [a for a in draft.associations if holder.arn in (a.role, a.target)]
    if not any(association.policy is not None for association in found):
        return ()
    policies = {shape_of(a.policy): a.policy for a in found if isinstance(a.policy, Document)}
    unread = next((a.policy for a in found if isinstance(a.policy, NotKnown)), None)
    reason = ""
    if not taken_by_alone(holder.trust, _SERVICE) or any(a.target for a in found):
        reason = "others than EKS Pod Identity may take the role, or its pods get another one"
    elif any(not a.role for a in draft.associations):
        reason = "the role of another association is not known"
    elif unread is not None:
        reason = f"a session policy is not known ({unread.reason})"
    elif any(a.policy is None for a in found) or len(policies) > 1:
        reason = "its associations have different session policies, or none"
    elif not draft.whole:
        reason = "it may have other associations: say `--complete` where the source holds all"
    if reason:
        named = ", ".join(f"`{association.name}`" for association in found if association.policy is not None)
        draft.unknown(f"session policies of `{holder.arn}` by association {named}",
                      f"{reason}, so that its sessions count as unrestricted", "grants", found[0].at)  # fmt: skip
        return ()
    return (Session(name="*", policies=tuple(policies.values())),)
