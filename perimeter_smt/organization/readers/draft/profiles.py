"""Profiles of IAM Roles Anywhere as what sessions of their roles carry.

A profile names roles and the session policies that their sessions get: one inline, any number of managed ones
(Roles Anywhere API reference, ProfileDetail; user guide, CreateSession).  Where a role can be taken in no other way,
and by one profile only, all of its sessions carry them.  Else its sessions may be unrestricted, and it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perimeter_smt.organization.model import Session
from perimeter_smt.organization.readers.draft.place import NotKnown, Place
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.draft.draft import Draft, Holder, Policy

_SERVICE = "rolesanywhere.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile: roles by ARN (None: not all are known), its session policy (None: none), managed ones by ARN."""

    name: str
    roles: tuple[str, ...] | None
    policy: Policy | None
    managed: tuple[str, ...]
    at: Place
    enabled: bool = True

    @property
    def restricts(self) -> bool:
        """Whether its sessions carry session policies."""
        return self.policy is not None or bool(self.managed)


def sessions_of(draft: Draft, holder: Holder) -> tuple[Session, ...]:
    """What the sessions of a role carry by its profile; nothing where that is not sure."""
    found = [p for p in draft.profiles if p.enabled and (p.roles is None or holder.arn in p.roles)]
    if holder.sessions or not any(profile.restricts for profile in found):
        return holder.sessions
    policies, reason = _carried(draft, found, holder)
    if reason:
        named = ", ".join(f"`{profile.name}`" for profile in found if profile.restricts)
        what = f"session policies of `{holder.arn}` by profile {named}"
        draft.unknown(what, f"{reason}, so that its sessions count as unrestricted", "grants", found[0].at)
        return ()
    return (Session(name="*", policies=tuple(policies)),)


def _carried(draft: Draft, found: list[Profile], holder: Holder) -> tuple[list[Document], str]:
    """The policies, or why they do not hold for every session."""
    if not taken_by_alone(holder.trust, _SERVICE):
        return [], "others than IAM Roles Anywhere may take the role"
    if len(found) > 1 or found[0].roles is None:
        return [], "several profiles may take it" if len(found) > 1 else "the roles of the profile are not known"
    from perimeter_smt.organization.readers.draft.contents import named_policy

    (profile,) = found
    held = [profile.policy] if profile.policy is not None else []
    held += [named_policy(draft, arn) for arn in profile.managed]
    unknown = next((policy for policy in held if isinstance(policy, NotKnown)), None)
    if unknown is not None:
        return [], f"a policy of the profile is not known ({unknown.reason})"
    return [p.model_copy(update={"kind": Kind.SESSION}) for p in held if isinstance(p, Document)], ""


def taken_by_alone(trust: Policy | None, service: str) -> bool:
    """Whether a trust policy lets one service alone take the role."""
    if not isinstance(trust, Document):
        return False
    allows = [statement for statement in trust.statements if statement.effect == "Allow"]
    return bool(allows) and all(
        statement.principal is not None
        and not statement.principal.negated
        and [entry.value for entry in statement.principal.entries] == [service]
        for statement in allows
    )
