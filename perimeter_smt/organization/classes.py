"""Accounts that no question can tell apart, and the smaller organization with a few of each kind.

Why this is sound, and what tells accounts apart, is in docs/scaling.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from perimeter_smt.organization.model import Account, Endpoint, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.operators import Family
from perimeter_smt.resources import encodings

KEPT = 5  # of a class: caller, owner of the resource, of the endpoint, of its VPC, and whom a service acts for
_ID = re.compile(r"(?=(?<![0-9])([0-9]{12})(?![0-9]))")
_RUN = re.compile(r"[0-9*?]+")
_VARIABLE = re.compile(r"\$\{([^},]*)[^}]*\}")
_ANY_NETWORK = ("*", "vpc-*", "vpce-*")  # patterns that all ids of VPCs, or of endpoints, match or none
_MOST_TESTS = 200  # parts of patterns that ids are compared with


@dataclass(frozen=True)
class Classes:
    """The classes of accounts of an organization, each in the order of the file, and the smaller workspace."""

    members: tuple[tuple[str, ...], ...]
    smaller: Workspace
    removed: frozenset[str]
    reason: str = ""  # why no accounts were merged at all


def classes(workspace: Workspace, mode: Literal["guardrails", "grants"], extra: Sequence[str] = ()) -> Classes:
    """The classes of accounts, and the workspace with at most `KEPT` accounts of each.

    `mode` as for `prove`: guardrails alone do not look at principals and resources.  `extra` are further texts that
    may name accounts, such as assertions of the user's own.
    """
    organization = workspace.organization
    listed = list(organization.accounts())
    if len(listed) <= KEPT:
        return Classes(tuple((account.id,) for account, _ in listed), workspace, frozenset())
    documents = list({id(d): d for d in _documents(organization, mode)}.values())
    texts = [
        *dict.fromkeys(
            [*(t for d in documents for t in _texts(d)), *_strings(workspace.perimeter.model_dump()), *extra]
        )
    ]
    reason = _asymmetric(documents, texts)
    tests = _tests(texts)
    if len(tests) > _MOST_TESTS:
        reason = "patterns with wildcards among digits"
    if reason:
        return Classes(tuple((account.id,) for account, _ in listed), workspace, frozenset(), reason)
    joined = "\n".join(texts)
    named = {*_ID.findall(joined), *_formal(), organization.management_account, *_of_others(listed, mode)}
    by_path = "orgpaths" in joined.lower() or bool(workspace.perimeter.paths)
    by_network = _network_patterns(documents, texts)
    found: dict[object, list[str]] = {}
    for account, path in listed:
        key: object = account.id
        if account.id not in named and not account.canonical_id and not (by_network and account.endpoints):
            shape = _shape(account, mode, joined)
            if shape is not None:
                place = tuple(unit.id for unit in path) if by_path else _chain(path)
                key = (place, shape, tuple(bool(test.fullmatch(account.id)) for test in tests))
        found.setdefault(key, []).append(account.id)
    removed = frozenset(member for members in found.values() for member in members[KEPT:])
    smaller = workspace.model_copy(update={"organization": without(organization, removed)}) if removed else workspace
    return Classes(tuple(map(tuple, found.values())), smaller, removed)


def without(organization: Organization, removed: frozenset[str]) -> Organization:
    """The organization without some accounts."""

    def pruned(unit: Unit) -> Unit:
        kept = tuple(account for account in unit.accounts if account.id not in removed)
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
                yield from (*principal.policies, *(d for d in (principal.boundary, principal.trust) if d))
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
            data = [*(p.model_dump(exclude={"policies", "boundary", "trust"}) for p in account.principals)]
            data += [r.model_dump(exclude={"policy"}) for r in account.resources]
            yield from (n for text in _strings(data) for n in _ID.findall(text) if n != account.id)


@lru_cache(maxsize=1)
def _formal() -> frozenset[str]:
    """Accounts that the formal text and its tables name."""
    root = encodings()
    files = [*root.iterdir(), *root.joinpath("environment").iterdir(), *root.joinpath("keys").iterdir()]
    return frozenset(n for file in files if file.is_file() for n in _ID.findall(file.read_text(encoding="utf-8")))


def _chain(path: Sequence[Unit]) -> object:
    return tuple(_level(unit.guardrails) for unit in path if unit.guardrails != type(unit.guardrails)())


def _level(level: object) -> object:
    scps, rcps, full = (getattr(level, name) for name in ("scps", "rcps", "full_access_scp"))
    return tuple(map(id, scps)), tuple(map(id, rcps)), full


def _shape(account: Account, mode: str, texts: str) -> object | None:
    """What an account holds, up to ids; None: it holds what no other account can."""
    doors = _endpoints(account, texts)
    if doors is None or any(_is_bucket(resource.arn) for resource in account.resources):
        return None
    shape: list[object] = [_level(account.guardrails), doors, account.block_public_access, account.listed]
    if mode == "grants":
        shape += [tuple(_principal(p) for p in account.principals), tuple(_resource(r) for r in account.resources)]
    return tuple(shape)


def _endpoints(account: Account, texts: str) -> object | None:
    vpcs: dict[str, int] = {}
    out = []
    for endpoint in account.endpoints:
        if endpoint.id in texts or endpoint.vpc in texts:
            return None
        out.append(_endpoint(endpoint, vpcs.setdefault(endpoint.vpc, len(vpcs))))
    return tuple(out)


def _endpoint(endpoint: Endpoint, vpc: int) -> object:
    policy = id(endpoint.policy) if endpoint.policy else None
    own = endpoint.vpc_account == endpoint.account
    return vpc, own, endpoint.region, endpoint.gateway, endpoint.services, endpoint.except_services, policy


def _principal(principal: OwnedPrincipal) -> object:
    attached = tuple(map(id, principal.policies)), id(principal.boundary), id(principal.trust)
    name = principal.arn.replace(principal.account, "")
    return name, principal.type, attached, tuple(sorted(principal.tags.items())), principal.service_linked


def _resource(resource: OwnedResource) -> object:
    data = resource.model_dump(exclude={"policy", "arn", "account", "tags", "grants"})
    grants = None if resource.grants is None else tuple(repr(grant) for grant in resource.grants)
    name = resource.arn.replace(resource.account, "")
    return name, id(resource.policy), tuple(sorted(resource.tags.items())), grants, tuple(sorted(data.items(), key=str))


def _is_bucket(arn: str) -> bool:
    return arn.split(":", 5)[2:3] == ["s3"]
