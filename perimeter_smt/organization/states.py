"""Two states of one organization: what of them is the same, and the smaller pair that stands for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from perimeter_smt.organization.classes import KEPT, classes, statement_shape, without
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document

Shape = tuple[object, ...]


def document_shape(document: Document) -> Shape:
    """What a document says, wherever it stands."""
    return document.kind, document.version, tuple(map(statement_shape, document.statements))


def shared(before: Organization, after: Organization) -> Organization:
    """`before`, in which every document that `after` holds likewise is the same object."""
    known = {document_shape(document): document for document in after.documents()}
    return with_documents(before, lambda document: known.get(document_shape(document), document))


def with_documents(organization: Organization, change: Callable[[Document], Document]) -> Organization:
    """The organization with every document replaced by what `change` makes of it; one object stays one."""
    found: dict[int, Document] = {}

    def one(document: Document) -> Document:
        if id(document) not in found:
            found[id(document)] = change(document)
        return found[id(document)]

    def all_of(documents: Iterable[Document]) -> tuple[Document, ...]:
        return tuple(map(one, documents))

    def maybe(document: Document | None) -> Document | None:
        return None if document is None else one(document)

    def level(at: Guardrails) -> Guardrails:
        return at.model_copy(update={"scps": all_of(at.scps), "rcps": all_of(at.rcps)})

    def account(own: Account) -> Account:
        principals = (
            p.model_copy(
                update={
                    "policies": all_of(p.policies),
                    "boundary": maybe(p.boundary),
                    "trust": maybe(p.trust),
                    "sessions": tuple(s.model_copy(update={"policies": all_of(s.policies)}) for s in p.sessions),
                }
            )
            for p in own.principals
        )
        resources = (r.model_copy(update={"policy": maybe(r.policy)}) for r in own.resources)
        doors = (e.model_copy(update={"policy": maybe(e.policy)}) for e in own.endpoints)
        return own.model_copy(
            update={
                "guardrails": level(own.guardrails),
                "principals": tuple(principals),
                "resources": tuple(resources),
                "endpoints": tuple(doors),
            }
        )

    def unit(at: Unit) -> Unit:
        return at.model_copy(
            update={
                "guardrails": level(at.guardrails),
                "accounts": tuple(map(account, at.accounts)),
                "units": tuple(map(unit, at.units)),
            }
        )

    return organization.model_copy(update={"root": unit(organization.root)})


def smaller(
    before: Workspace, after: Workspace, mode: Literal["guardrails", "grants"]
) -> tuple[Workspace, Workspace, frozenset[str]]:
    """Both with a few accounts of each kind, and the accounts left out (docs/scaling.md).

    Two accounts are of one kind if neither state tells them apart.
    """
    groups: list[dict[str, int]] = []
    for workspace in (before, after):
        found = classes(workspace, mode)
        groups.append({own: number for number, members in enumerate(found.members) for own in members})
    kinds: dict[tuple[int, ...], list[str]] = {}
    for own in dict.fromkeys((*groups[1], *groups[0])):
        kinds.setdefault(tuple(group.get(own, -1) for group in groups), []).append(own)
    removed = frozenset(own for members in kinds.values() for own in members[KEPT:])
    if not removed:
        return before, after, removed
    one, other = (w.model_copy(update={"organization": without(w.organization, removed)}) for w in (before, after))
    return one, other, removed
