"""A workspace as far as calls of some services look at what its principals are granted.

A statement whose action matches none of the calls never matches (semantics 1.4): left out of identity policies and
boundaries, it changes no answer on these calls.  What is left is often the same for many principals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from perimeter_smt.encode.world import root
from perimeter_smt.encode.world.catalogue import Calls
from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.model import Account, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Element, Statement


def in_question(workspace: Workspace, services: Sequence[str], *, generous: bool = False) -> Workspace:
    """The workspace for questions about calls of these services and no others, and for nothing that is shown.

    Documents that say the same are one, whatever they are called.  Trust and resource policies stay whole: what they
    say of other calls counts as well (session tags, whether a policy is public).
    """
    calls = Calls(tuple(services))
    left = _Left(lambda element: calls.idle(element) and root.idle(element), generous)
    organization = workspace.organization
    return workspace.model_copy(
        update={"organization": organization.model_copy(update={"root": left.unit(organization.root)})}
    )


class _Left:
    """What is left of documents, by identity, and what is left, by what it says."""

    def __init__(self, idle: Callable[[Element], bool], generous: bool) -> None:
        self._idle, self._generous = idle, generous
        self._documents: dict[int, Document] = {}
        self._kept: list[Document] = []  # keeps identities in use
        self._shared: dict[object, Document] = {}

    def unit(self, unit: Unit) -> Unit:
        accounts = tuple(map(self._account, unit.accounts))
        return unit.model_copy(update={"accounts": accounts, "units": tuple(map(self.unit, unit.units))})

    def _account(self, account: Account) -> Account:
        return account.model_copy(update={"principals": tuple(map(self._principal, account.principals))})

    def _principal(self, principal: OwnedPrincipal) -> OwnedPrincipal:
        policies = {id(left): left for left in map(self._document, principal.policies) if left.statements}
        boundary = principal.boundary and self._document(principal.boundary)
        return principal.model_copy(update={"policies": tuple(policies.values()), "boundary": boundary})

    def _document(self, document: Document) -> Document:
        found = self._documents.get(id(document))
        if found is None:
            statements = tuple(self._statements(document))
            said = (document.kind, document.version, tuple(map(statement_shape, statements)))
            left = document.model_copy(update={"statements": statements, "name": "policy"})
            found = self._documents[id(document)] = self._shared.setdefault(said, left)
            self._kept.append(document)
        return found

    def _statements(self, document: Document) -> Iterator[Statement]:
        for statement in document.statements:
            if self._idle(statement.action):
                continue
            if not self._generous:
                yield statement
            elif statement.effect == "Allow":
                everything = Element(negated=False, values=("*",), location=statement.location)
                yield replace(statement, resource=everything, conditions=())
