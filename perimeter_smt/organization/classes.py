"""Accounts that no question can tell apart, and the smaller organization with a few of each kind.

Why this is sound, and what tells accounts apart, is in docs/scaling.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.names import NameTests
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Condition, Document, Element, PrincipalElement, Statement
from perimeter_smt.policy.operators import Family
from perimeter_smt.resources import encodings

KEPT = 5  # of accounts alike: caller, owner of the resource, of the endpoint, of its VPC, and whom a service acts for
KEPT_OF_HOLDERS = 2  # of those that hold the same principals and resources as well: caller and owner of the resource
KEPT_PRINCIPALS = 2  # of principals alike in an account: the caller, and a role or user that is the resource
_ON_PEOPLE = ("iam", "sts")  # services whose resources are roles and users
_ID = re.compile(r"(?=(?<![0-9])([0-9]{12})(?![0-9]))")
_RUN = re.compile(r"[0-9*?]+")
_VARIABLE = re.compile(r"\$\{([^},]*)[^}]*\}")
_ANY_NETWORK = ("*", "vpc-*", "vpce-*")  # patterns that all ids of VPCs, or of endpoints, match or none
_DOCUMENTS = {"policies", "boundary", "trust", "sessions"}  # of principals: what holds documents
_MOST_TESTS = 200  # parts of patterns that ids are compared with


@dataclass(frozen=True)
class Classes:
    """The classes of accounts of an organization, each in the order of the file, and the smaller workspace.

    `removed` are the accounts, and by ARN the principals of accounts kept, that the smaller workspace lacks.
    `principals` is the number of classes of principals, 0 where the mode does not look at them.
    """

    members: tuple[tuple[str, ...], ...]
    smaller: Workspace
    removed: frozenset[str]
    reason: str = ""  # why no accounts were merged at all
    principals: int = 0


def classes(
    workspace: Workspace, mode: Literal["guardrails", "grants"], services: Sequence[str] | None = None
) -> Classes:
    """The classes of accounts and principals, and the workspace with a few of each.

    `mode` as for `prove`: guardrails alone do not look at principals and resources. `services`: no others are asked.
    """
    organization = workspace.organization
    listed = list(organization.accounts())
    grants = mode == "grants"
    alone = tuple((account.id,) for account, _ in listed)
    if not grants and len(listed) <= KEPT:
        return Classes(alone, workspace, frozenset())
    documents = list({id(d): d for d in _documents(organization, mode)}.values())
    texts = [
        *dict.fromkeys(
            [
                *(t for d in documents for t in _texts(d)),
                *_strings(workspace.perimeter.model_dump()),
                *_others(workspace),
            ]
        )
    ]
    reason = _asymmetric(documents, texts)
    tests = _tests(texts)
    if len(tests) > _MOST_TESTS:
        reason = "patterns with wildcards among digits"
    if reason:
        return Classes(alone, workspace, frozenset(), reason)
    joined = "\n".join(texts)
    named = {*_ID.findall(joined), *_formal(), organization.management_account, *_of_others(listed, mode)}
    by_path = "orgpaths" in joined.lower() or bool(workspace.perimeter.paths)
    by_network = _network_patterns(documents, texts)
    names = NameTests([*texts, *(_own_texts(listed) if grants else ())])
    shapes = _Shapes(listed, grants, joined, names)
    found: dict[object, list[Account]] = {}  # by all that an account is and holds
    alike: dict[object, list[Account]] = {}  # without principals and resources
    for account, path in listed:
        key: object = account.id
        if account.id not in named and not (by_network and account.endpoints):
            shape = shapes.account(account)
            if shape is not None:
                place = tuple(unit.id for unit in path) if by_path else shapes.chain(path)
                key = (place, shape, tuple(bool(test.fullmatch(account.id)) for test in tests))
        found.setdefault((key, shapes.holdings(account)) if grants else key, []).append(account)
        alike.setdefault(key, []).append(account)
    people = services is None or any(service in _ON_PEOPLE for service in services)
    kept = _kept(found.values(), alike.values(), people=people) if grants else _kept((), alike.values(), people=people)
    removed = {account.id for account, _ in listed if account.id not in kept}
    gone = {p.arn for account, _ in listed if account.id in kept for p in shapes.surplus(account)} if grants else set()
    smaller = without(organization, removed, gone) if removed or gone else organization
    return Classes(
        tuple(tuple(account.id for account in members) for members in (found if grants else alike).values()),
        workspace.model_copy(update={"organization": smaller}) if removed or gone else workspace,
        frozenset(removed | gone),
        principals=shapes.kinds_of_principals if grants else 0,
    )


def _kept(holders: Iterable[list[Account]], alike: Iterable[list[Account]], *, people: bool) -> set[str]:
    """The accounts that are kept: of those alike up to what they hold, and of those alike altogether."""
    out: set[str] = set()
    for members in holders:
        few = KEPT_OF_HOLDERS if people or members[0].resources else 1
        out.update(account.id for account in members[:few])
    for members in alike:
        missing = KEPT - sum(account.id in out for account in members)
        out.update([account.id for account in members if account.id not in out][: max(0, missing)])
    return out


def without(organization: Organization, removed: Set[str], gone: Set[str] = frozenset()) -> Organization:
    """The organization without some accounts, and without some principals by ARN."""

    def left(account: Account) -> Account:
        if not any(principal.arn in gone for principal in account.principals):
            return account
        kept = tuple(principal for principal in account.principals if principal.arn not in gone)
        return account.model_copy(update={"principals": kept})

    def pruned(unit: Unit) -> Unit:
        kept = tuple(left(account) for account in unit.accounts if account.id not in removed)
        return unit.model_copy(update={"accounts": kept, "units": tuple(map(pruned, unit.units))})

    return organization.model_copy(update={"root": pruned(organization.root)})


def _documents(organization: Organization, mode: str) -> Iterator[Document]:
    """The documents that the mode looks at."""
    seen: set[str] = set()
    for account, path in organization.accounts():
        above = [unit for unit in path if unit.id not in seen]
        seen.update(unit.id for unit in above)
        for level in (*(unit.guardrails for unit in above), account.guardrails):
            yield from (*level.scps, *level.rcps)
        yield from (endpoint.policy for endpoint in account.endpoints if endpoint.policy)
        if mode == "grants":
            for principal in account.principals:
                yield from (*principal.policies, *principal.limits(), *((principal.trust,) if principal.trust else ()))
            yield from (resource.policy for resource in account.resources if resource.policy)


def _texts(document: Document) -> Iterator[str]:
    """Every text of a document that a request is compared with."""
    for statement in document.statements:
        yield from statement.action.values
        yield from statement.resource.values if statement.resource else ()
        yield from (entry.value for entry in statement.principal.entries) if statement.principal else ()
        for condition in statement.conditions:
            yield condition.key
            yield from condition.values


def _strings(value: object) -> Iterator[str]:
    """Every text inside nested data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, BaseModel):
        yield from _strings(value.model_dump())


def _others(workspace: Workspace) -> Iterator[str]:
    """Texts of the organization outside its tree, and what was not told of it."""
    yield from _strings(workspace.organization.model_dump(exclude={"root"}))
    yield from (repr(unknown) for unknown in workspace.unknowns)


def _asymmetric(documents: Iterable[Document], texts: Iterable[str]) -> str:
    """Why ids of accounts cannot be exchanged at all; empty: they can."""
    for text in texts:
        if any(map(_of_account, _VARIABLE.findall(text))) and not _whole_fields(text):
            return f"`{text}` puts an account inside a name"
    for document in documents:
        for statement in document.statements:
            for condition in statement.conditions:
                ordered = condition.operator.base.family in (Family.NUMERIC, Family.DATE)
                if ordered and (_of_account(condition.name) or "tag" in condition.name):
                    return f"`{condition.key}` is compared by size"
    return ""


def _network_patterns(documents: Iterable[Document], texts: Iterable[str]) -> bool:
    """Whether a pattern or a variable may tell the ids of two VPCs or endpoints apart without naming them."""
    for text in texts:
        wild = "*" in text or "?" in text
        if "${aws:sourcevpc" in text.lower() or (wild and "vpc" in text.lower() and text not in _ANY_NETWORK):
            return True
    return any(
        "vpc" in condition.name and any(("*" in v or "?" in v) and v not in _ANY_NETWORK for v in condition.values)
        for document in documents
        for statement in document.statements
        for condition in statement.conditions
    )


def _of_account(name: str) -> bool:
    """Whether values of a condition key may hold ids of accounts."""
    lowered = name.lower()
    return any(part in lowered for part in ("account", "arn", "userid", "tag"))


def _whole_fields(text: str) -> bool:
    """Whether the variables of a text stand for whole fields of it, between colons."""
    marked = _VARIABLE.sub("\0", text)
    return all(field == "\0" or "\0" not in field for field in marked.split(":"))


def _tests(texts: Iterable[str]) -> list[re.Pattern[str]]:
    """Patterns that an id has to be compared with: the parts of runs of digits and wildcards.

    A star or question mark may reach over the ends of the id, so every part between two of them counts.
    """
    found: dict[str, None] = {}
    for text in texts:
        for run in _RUN.findall(text) if "*" in text or "?" in text else ():
            if not re.search("[0-9]", run) or not re.search("[*?]", run):
                continue
            marks = [i for i, char in enumerate(run) if char in "*?"]
            starts = [0, *marks, *(i + 1 for i in marks)]
            ends = [len(run), *marks, *(i + 1 for i in marks)]
            found.update(
                dict.fromkeys(run[a:b] for a in starts for b in ends if a < b and re.search("[0-9]", run[a:b]))
            )
            if len(found) > _MOST_TESTS:
                break
    return [re.compile("".join({"*": ".*", "?": "."}.get(char, char) for char in part)) for part in found]


def _of_others(listed: Iterable[tuple[Account, object]], mode: str) -> Iterator[str]:
    """Accounts that something of another account names: owners of shared VPCs, grantees of keys, tags."""
    for account, _ in listed:
        yield from (e.vpc_account for e in account.endpoints if e.vpc_account != account.id)
        if mode == "grants":
            data: list[object] = [v for p in account.principals for n, v in p.__dict__.items() if n not in _DOCUMENTS]
            data += [r.model_dump(exclude={"policy"}) for r in account.resources]
            yield from (found for found in _ID.findall("\n".join(_strings(data))) if found != account.id)


def _own_texts(listed: Iterable[tuple[Account, object]]) -> Iterator[str]:
    """Texts of what accounts hold that may name principals: tags, grants of keys."""
    for account, _ in listed:
        for principal in account.principals:
            yield from principal.tags.values()
            yield from (session.name for session in principal.sessions)
        for resource in account.resources:
            yield from _strings(resource.model_dump(exclude={"policy"}))


@lru_cache(maxsize=1)
def _formal() -> frozenset[str]:
    """Accounts that the formal text and its tables name."""
    root = encodings()
    files = [*root.iterdir(), *root.joinpath("environment").iterdir(), *root.joinpath("keys").iterdir()]
    return frozenset(n for file in files if file.is_file() for n in _ID.findall(file.read_text(encoding="utf-8")))


class _Shapes:
    """What accounts hold, up to ids, as values that are equal where nothing tells them apart."""

    def __init__(
        self, listed: Sequence[tuple[Account, Sequence[Unit]]], grants: bool, texts: str, names: NameTests
    ) -> None:
        self._grants, self._texts, self._names = grants, texts, names
        self._documents: dict[int, object] = {}
        self._numbers: dict[object, int] = {}  # of shapes of principals
        self._principals: dict[int, int] = {}  # principal, by identity, to the number of its shape
        endpoints = [endpoint for account, _ in listed for endpoint in account.endpoints]
        self._owners: dict[str, set[str]] = {}
        for endpoint in endpoints:
            for name in (endpoint.id, endpoint.vpc):
                self._owners.setdefault(name, set()).add(endpoint.account)

    @property
    def kinds_of_principals(self) -> int:
        """How many shapes principals have."""
        return len(self._numbers)

    def chain(self, path: Sequence[Unit]) -> object:
        """The guardrails above an account."""
        return tuple(self._level(unit.guardrails) for unit in path if unit.guardrails != Guardrails())

    def account(self, account: Account) -> object | None:
        """What an account holds; None: it holds what no other account can."""
        buckets = any(resource.arn.split(":", 5)[2:3] == ["s3"] for resource in account.resources)
        doors = self._endpoints(account)
        if doors is None or buckets or account.canonical_id or any(r.vpc for r in account.resources):
            return None
        # A name that is taken is spelled as it is listed, whatever is granted (W-12).
        taken = {_name(p.arn) for p in account.principals if not self._grants and self._names.speaks_of(_last(p.arn))}
        shape = (self._level(account.guardrails), doors, account.block_public_access, account.listed)
        return (*shape, frozenset(taken))

    def holdings(self, account: Account) -> object:
        """The principals and resources of an account; of many principals alike the few that matter."""
        count = Counter(map(self._number, account.principals))
        most = KEPT_PRINCIPALS if account.listed else len(account.principals)
        principals = frozenset((number, min(n, most)) for number, n in count.items())
        return principals, tuple(map(self._resource, account.resources))

    def surplus(self, account: Account) -> Iterator[OwnedPrincipal]:
        """The principals that others of the account stand for; where there may be more than listed, there is none."""
        count = Counter[int]()
        for principal in account.principals if account.listed else ():
            number = self._number(principal)
            count[number] += 1
            if count[number] > KEPT_PRINCIPALS:
                yield principal

    def _number(self, principal: OwnedPrincipal) -> int:
        found = self._principals.get(id(principal))
        if found is None:
            shape = self._principal(principal)
            found = self._principals[id(principal)] = self._numbers.setdefault(shape, len(self._numbers))
        return found

    def _level(self, level: Guardrails) -> object:
        scps, rcps = (tuple(map(self._document, documents)) for documents in (level.scps, level.rcps))
        return scps, rcps, level.full_access_scp

    def _document(self, document: Document | None) -> object:
        """A document by what it says, not by where it stands."""
        if document is None:
            return None
        found = self._documents.get(id(document))
        if found is None:
            statements: object = tuple((s.sid, *statement_shape(s)) for s in document.statements)
            found = self._documents[id(document)] = (document.kind, document.version, document.name, statements)
        return found

    def _endpoints(self, account: Account) -> object | None:
        """The endpoints of an account; None if their ids or VPCs are known elsewhere."""
        vpcs: dict[str, int] = {}
        out = []
        for endpoint in account.endpoints:
            shared = any(len(self._owners[name]) > 1 for name in (endpoint.id, endpoint.vpc))
            if (
                shared
                or endpoint.vpc_account != account.id
                or endpoint.id in self._texts
                or endpoint.vpc in self._texts
            ):
                return None
            out.append((self._endpoint(endpoint), vpcs.setdefault(endpoint.vpc, len(vpcs))))
        return tuple(out)

    def _endpoint(self, endpoint: Endpoint) -> object:
        rest = endpoint.model_dump(exclude={"id", "account", "vpc", "vpc_account", "policy"})
        return _fixed(rest), self._document(endpoint.policy)

    def _principal(self, principal: OwnedPrincipal) -> object:
        rest = principal.model_dump(exclude={"arn", "account", *_DOCUMENTS})
        return (
            self._names.signature(_last(principal.arn)),
            _fixed(rest),
            tuple(map(self._document, principal.policies)),
            self._document(principal.boundary),
            self._document(principal.trust),
            tuple((s.name, tuple(map(self._document, s.policies))) for s in principal.sessions),
        )

    def _resource(self, resource: OwnedResource) -> object:
        rest = resource.model_dump(exclude={"arn", "account", "policy"})
        return _name(resource.arn), _fixed(rest), self._document(resource.policy)


def statement_shape(statement: Statement) -> tuple[object, ...]:
    """What a statement says, not where it stands nor what it is called, as a value that can be compared."""
    return (
        statement.effect,
        _element(statement.action),
        _element(statement.resource),
        _who(statement.principal),
        tuple(map(_condition, statement.conditions)),
    )


def _element(element: Element | None) -> object:
    return element and (element.negated, element.values)


def _who(element: PrincipalElement | None) -> object:
    return element and (element.negated, tuple((entry.type, entry.value) for entry in element.entries))


def _condition(condition: Condition) -> object:
    return repr(condition.operator), condition.key, condition.values


def _name(arn: str) -> object:
    """An ARN without its account."""
    fields = arn.split(":", 5)
    return (*fields[:4], *fields[5:])


def _last(arn: str) -> str:
    """The name of a role or user with its path, without the kind."""
    return arn.split(":", 5)[-1].partition("/")[2]


def _fixed(value: object) -> object:
    """Nested data as a value that can be compared."""
    return repr(sorted(value.items())) if isinstance(value, dict) else repr(value)
