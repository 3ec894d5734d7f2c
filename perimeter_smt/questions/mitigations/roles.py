"""Roles and users that no question about taking them can tell apart: one stands for all of its kind.

Two roles of one account are alike if they have the same trust policy and tags, and every pattern of the input that may
look at a role's ARN matches both or neither. What lets an outsider take one of them lets him take the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property

from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom, both, disj, is_text, neg
from perimeter_smt.organization.model import Account, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.render import to_json

_NAME_VARIABLE = re.compile(r"\$\{(?!aws:(?:PrincipalTag/|PrincipalAccount|PrincipalOrg|\?|\*))[^}]*\}", re.IGNORECASE)
_ANY_SESSION: dict[str, object] = {"sessions": (), "sessions_listed": False}
_IS_STAR = atom(Member("call", "resource is star"))


@dataclass(frozen=True)
class Kind:
    """Roles of one account that are alike; the first of them stands in the smaller workspace."""

    roles: tuple[OwnedPrincipal, ...]

    @property
    def first(self) -> OwnedPrincipal:
        """The one that stands for all."""
        return self.roles[0]

    @property
    def shown(self) -> str:
        """The first by its ARN, and how many more there are."""
        more = len(self.roles) - 1
        return self.first.arn + (f" and {more} more with its trust policy" if more else "")

    @cached_property
    def here(self) -> Formula:
        """The call is on the one that stands for all."""
        return target(self.first)


def target(role: OwnedPrincipal) -> Formula:
    """The resource of the call is this role."""
    name = role.arn.split(":", 5)[5]
    there = both(is_text("resource.account", role.account), is_text("resource.name", name))
    return both(there, neg(_IS_STAR))


def any_of(kinds: Iterable[Kind]) -> Formula:
    """The call is on one of them."""
    return disj(kind.here for kind in kinds)


def kinds_of(workspace: Workspace) -> tuple[Workspace, list[Kind]]:
    """The workspace with one role of each kind, without resources and without what its principals are allowed.

    For questions about callers who are not in my organization. Where the perimeter leaves accounts of the organization
    out, all principals keep what they have.
    """
    organization, perimeter = workspace.organization, workspace.perimeter
    bare = organization.id in perimeter.orgs and not perimeter.paths
    seen_by, content = _Looks(_texts(workspace)), _Contents()
    found: list[Kind] = []

    def one(account: Account) -> Account:
        here = _alike(account, lambda p: (content(p.trust), _tags(p), seen_by(p.arn)), roles_only=True)
        found.extend(here)
        if not bare:
            return account
        kept = [_bare(kind.first) for kind in here]
        return account.model_copy(update={"principals": tuple(kept), "resources": ()})

    return each_account(workspace, one), found


def _bare(principal: OwnedPrincipal) -> OwnedPrincipal:
    return principal.model_copy(update={"policies": (), "boundary": None, **_ANY_SESSION})


def of_any_session(workspace: Workspace) -> Workspace:
    """The workspace without what it tells of sessions: who takes a role passes session policies or none."""

    def one(account: Account) -> Account:
        principals = (p.model_copy(update=_ANY_SESSION) if p.sessions else p for p in account.principals)
        return account.model_copy(update={"principals": tuple(principals)})

    return each_account(workspace, one)


def identities_of(workspace: Workspace) -> tuple[Workspace, list[Kind]]:
    """The workspace with one role or user of each kind, without resources: alike in all that they hold and are named.

    For questions about who becomes whom. Alike are principals of one account that policies allow the same, that the
    same callers may take, and that no policy of the workspace tells apart by name or tag.
    """
    content = _Contents()
    seen_by = _Looks((*_texts(workspace), *_texts_of_grants(workspace, content)))
    found: list[Kind] = []

    def key(p: OwnedPrincipal) -> object:
        held = tuple(sorted(map(content, p.policies)))
        return (p.type, held, content(p.boundary), content(p.trust), _tags(p), seen_by(p.arn))

    def one(account: Account) -> Account:
        here = _alike(account, key)
        found.extend(here)
        # The policy by which an organization delegates its administration is the only one of a resource that counts.
        delegates = tuple(r for r in account.resources if r.arn.split(":")[2] == "organizations")
        return account.model_copy(update={"principals": tuple(kind.first for kind in here), "resources": delegates})

    return each_account(workspace, one), found


def _alike(account: Account, key: Callable[[OwnedPrincipal], object], *, roles_only: bool = False) -> list[Kind]:
    kinds: dict[object, list[OwnedPrincipal]] = {}
    for principal in account.principals:
        if not principal.service_linked and (principal.type == "role" or not roles_only):
            kinds.setdefault(key(principal), []).append(principal)
    return [Kind(tuple(principals)) for principals in kinds.values()]


def each_account(workspace: Workspace, one: Callable[[Account], Account]) -> Workspace:
    """The workspace with every account changed."""

    def all_of(unit: Unit) -> Unit:
        accounts, units = tuple(map(one, unit.accounts)), tuple(map(all_of, unit.units))
        return unit.model_copy(update={"accounts": accounts, "units": units})

    organization = workspace.organization
    smaller = organization.model_copy(update={"root": all_of(organization.root)})
    return workspace.model_copy(update={"organization": smaller})


def _tags(principal: OwnedPrincipal) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(principal.tags.items()))


class _Contents:
    """What documents say, each read once: files that say the same are the same."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Document, str]] = {}  # with the document, so that its id stays in use

    def __call__(self, document: Document | None) -> str:
        """The content as text; empty without a document."""
        if document is None:
            return ""
        if id(document) not in self._found:
            self._found[id(document)] = (document, json.dumps(to_json(document), sort_keys=True))
        return self._found[id(document)][1]


class _Looks:
    """Which of some texts may mean an ARN: names of principals and patterns, coarser than any reading of policies."""

    def __init__(self, texts: Iterable[str]) -> None:
        # Variables may become anything, and stars cross fields: more is told apart than needed. A text without a colon
        # may look at a name as well: `*/admin` for `aws:PrincipalArn`, `admin-*` for `aws:username`.
        texts = list(texts)
        # What looks at a name through a variable tells every principal from every other.
        self._by_name = any(_NAME_VARIABLE.search(text) for text in texts)
        plain = {re.sub(r"\$\{[^}]*\}", "*", text) for text in texts}
        self._names = {part.lower() for text in plain for part in re.split("[/:]", text)}
        wild = sorted(text for text in plain if text.strip("*") and ("*" in text or "?" in text))
        self._patterns = [re.compile(translate(text.replace("[", "?")), re.IGNORECASE) for text in wild]

    def __call__(self, arn: str) -> object:
        """What tells this ARN from others: itself where something names it, else the patterns that it matches."""
        name = arn.rsplit("/", 1)[-1]
        if self._by_name or name.lower() in self._names:
            return arn
        return tuple(bool(pattern.match(arn) or pattern.match(name)) for pattern in self._patterns)


def _texts(workspace: Workspace) -> Iterator[str]:
    """What guardrails, endpoint policies and the perimeter may look at ARNs with."""
    organization, perimeter = workspace.organization, workspace.perimeter
    documents: dict[int, Document] = {}
    for account, path in organization.accounts():
        levels = (*(unit.guardrails for unit in path), account.guardrails)
        here = [d for level in levels for d in (*level.scps, *level.rcps)]
        here += [endpoint.policy for endpoint in account.endpoints if endpoint.policy]
        documents |= {id(document): document for document in here}
    for document in documents.values():
        yield from _in_document(document)
    for vendor in perimeter.vendors:
        yield from (*vendor.roles, *vendor.arns)
    for trusted in perimeter.third_principals:
        yield from (*trusted.resources, *trusted.arns)
    for entry in perimeter.role_exceptions:
        yield from (entry.arn, *(entry.held_by or ()))
    yield from (arn for tag in perimeter.tag_exceptions for arn in tag.held_by or ())
    yield from perimeter.administrators


def _texts_of_grants(workspace: Workspace, content: _Contents) -> Iterator[str]:
    documents: dict[str, Document] = {}
    for account, _ in workspace.organization.accounts():
        for principal in account.principals:
            held = (*principal.policies, *(d for d in (principal.boundary, principal.trust) if d))
            documents |= {content(document): document for document in held}
    for document in documents.values():
        yield from _in_document(document)


def _in_document(document: Document) -> Iterator[str]:
    for statement in document.statements:
        yield from statement.resource.values if statement.resource else ()
        yield from (entry.value for entry in statement.principal.entries) if statement.principal else ()
        yield from (value for condition in statement.conditions for value in condition.values)
