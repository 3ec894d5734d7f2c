"""Where policies stand together: the levels of a chain of guardrails, the policies of one principal, one document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perimeter_smt.organization.model import Guardrails, Organization, Unit
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


@dataclass(frozen=True)
class Level:
    """Policies attached together. `open`: AWS's own full access is attached, too, so that nothing is left out."""

    documents: tuple[Document, ...]
    open: bool


@dataclass(frozen=True)
class Place:
    """Policies of one kind that decide together: every level must allow, and no Deny of any level may match.

    `label` says in words where it is.
    """

    label: str
    levels: tuple[Level, ...]

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them, in order."""
        return tuple(document for level in self.levels for document in level.documents)


def together(documents: Sequence[Document]) -> Place:
    """Documents attached at the same place; guardrails without Allow stand beside full access (W-36)."""
    beside = all(document.stands_beside_full_access for document in documents)
    return Place("these policies together", (Level(tuple(documents), beside),))


def standings(documents: Sequence[Document]) -> list[Place]:
    """Where documents attached at the same place may stand: by themselves, and SCPs beside AWS's full access besides.

    AWS attaches FullAWSAccess to everything, until somebody takes it away: an SCP with an Allow of its own may be meant
    as a list of what is allowed, or stand beside it, where its Allow decides nothing and each Deny does.
    """
    alone = together(documents)
    if alone.levels[0].open or documents[0].kind is not Kind.SCP:
        return [alone]
    return [alone, Place("these policies beside AWS's full access", (Level(tuple(documents), True),))]


def places(organization: Organization) -> list[Place]:
    """Every chain of SCPs and of RCPs, every principal's policies, every other policy: each set of documents once."""
    found: dict[tuple[tuple[int, ...], ...], Place] = {}
    for place in _places(organization.root, ()):
        if place.documents:
            key = tuple(tuple(id(document) for document in level.documents) for level in place.levels)
            found.setdefault(key, place)
    return list(found.values())


def _places(unit: Unit, above: tuple[Guardrails, ...]) -> Iterator[Place]:
    here = (*above, unit.guardrails)
    if not unit.accounts:  # one that comes is held by these, whoever else is
        yield Place(f"the SCPs of unit {unit.id}", tuple(Level(g.scps, g.full_access_scp) for g in here))
        yield Place(f"the RCPs of unit {unit.id}", tuple(Level(g.rcps, True) for g in here))
    for account in unit.accounts:
        chain = (*here, account.guardrails)
        yield Place(f"the SCPs of account {account.id}",
                    tuple(Level(g.scps, g.full_access_scp) for g in chain))  # fmt: skip
        yield Place(f"the RCPs of account {account.id}", tuple(Level(g.rcps, True) for g in chain))
        for principal in account.principals:
            yield _one(f"the policies of {principal.arn}", *principal.policies)
            yield _one(f"the boundary of {principal.arn}", principal.boundary)
            for session in principal.sessions:
                yield _one(f"the policies of sessions {session.name} of {principal.arn}", *session.policies)
            yield _one(f"the trust policy of {principal.arn}", principal.trust)
        for resource in account.resources:
            yield _one(f"the policy of {resource.arn}", resource.policy)
        for endpoint in account.endpoints:
            yield _one(f"the policy of endpoint {endpoint.id}", endpoint.policy)
    for inner in unit.units:
        yield from _places(inner, here)


def _one(label: str, *documents: Document | None) -> Place:
    return Place(label, (Level(tuple(document for document in documents if document is not None), False),))
