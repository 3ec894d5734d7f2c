"""What was read from a source: how much of what, and what in it looks left over or broken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from perimeter_smt.organization.model import Account, Guardrails, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Collected, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.request.case import PUBLIC_GROUPS

# Unique ids stand in policies where the principal was deleted (IAM guide, unique identifiers).
_TYPES = 5  # names of types in one remark
_DELETED = re.compile(r"A(?:ROA|IDA|GPA|NPA)[A-Z0-9]{12,}")


@dataclass(frozen=True)
class Remark:
    """Something to look at; no verdict depends on it."""

    text: str
    place: str = ""


@dataclass(frozen=True)
class Inventory:
    """Counts by name, in the order to show them, and remarks."""

    name: str
    organization: str
    management_account: str
    partition: str
    collected: Collected | None
    counts: dict[str, int]
    policies: dict[str, int]
    distinct: int
    resources: dict[str, int]
    remarks: tuple[Remark, ...]


def inventory(workspace: Workspace) -> Inventory:
    """Count what a workspace holds."""
    organization = workspace.organization
    accounts = [account for account, _ in organization.accounts()]
    held = list(attached(organization.root))
    principals = [p for account in accounts for p in account.principals]
    resources = Counter(r.arn.split(":", 5)[2] for account in accounts for r in account.resources)
    counts = {
        "accounts": len(accounts),
        "accounts listed whole": sum(account.listed for account in accounts),
        "units": sum(1 for _ in _units(organization.root)),
        "users": sum(p.type == "user" for p in principals),
        "roles": sum(p.type == "role" for p in principals),
        "service-linked roles": sum(p.service_linked for p in principals),
        "resources": sum(resources.values()),
        "VPC endpoints": sum(len(account.endpoints) for account in accounts),
        "managed policies": sum(len(account.managed or ()) for account in accounts),
        "managed policies attached to nobody": len(_idle(accounts)),
        "accounts of which nothing is told": len(_bare(accounts)),
        "unknowns": len(workspace.unknowns),
    }
    return Inventory(
        name=workspace.name,
        organization=organization.id,
        management_account=organization.management_account,
        partition=organization.partition,
        collected=workspace.collected,
        counts=counts,
        policies=dict(sorted(Counter(document.kind.value for document in held).items())),
        distinct=len({id(document) for document in held}),
        resources=dict(sorted(resources.items())),
        remarks=tuple(_remarks(workspace, accounts, held)),
    )


def attached(root: Unit) -> Iterator[Document]:
    """Every policy as often as it is attached."""
    for unit in _units(root, with_root=True):
        yield from _guarding(unit.guardrails)
        for account in unit.accounts:
            yield from _guarding(account.guardrails)
            yield from (endpoint.policy for endpoint in account.endpoints if endpoint.policy)
            yield from (resource.policy for resource in account.resources if resource.policy)
            for principal in account.principals:
                yield from principal.policies
                yield from (*principal.limits(), *((principal.trust,) if principal.trust else ()))


def _guarding(found: Guardrails) -> Iterator[Document]:
    yield from found.scps
    yield from found.rcps


def _units(root: Unit, *, with_root: bool = False) -> Iterator[Unit]:
    stack = [root] if with_root else list(root.units)
    while stack:
        unit = stack.pop(0)
        yield unit
        stack += unit.units


def _remarks(workspace: Workspace, accounts: list[Account], held: list[Document]) -> Iterator[Remark]:
    root = workspace.organization.root
    for arn, count in workspace.versions:
        versions = f"{count} version{'' if count == 1 else 's'}"
        yield Remark(f"`{arn}` has {versions} beside the default one, which alone counts")
    if workspace.others:
        items, types = sum(count for _, count in workspace.others), len(workspace.others)
        shown = ", ".join(name for name, _ in workspace.others[:_TYPES])
        more = f" and {types - _TYPES} more" if types > _TYPES else ""
        kinds = f"{types} type{'' if types == 1 else 's'}"
        yield Remark(f"{items} item{'' if items == 1 else 's'} of {kinds} without a policy: {shown}{more}")
    for text, place in workspace.taken:
        yield Remark(text, place)
    if workspace.unread:
        files = "1 file holds" if len(workspace.unread) == 1 else f"{len(workspace.unread)} files hold"
        shown = ", ".join(f"`{name}`" for name in workspace.unread[:_TYPES])
        more = f" and {len(workspace.unread) - _TYPES} more" if len(workspace.unread) > _TYPES else ""
        yield Remark(f"{files} nothing that is read: {shown}{more}")
    yield from _lists(accounts)
    for arn in _idle(accounts):
        yield Remark(f"managed policy `{arn}` is attached to nobody that the source tells, and counts nowhere")
    if bare := _bare(accounts):
        shown = ", ".join(f"`{own}`" for own in bare[:_TYPES])
        more = f" and {len(bare) - _TYPES} more" if len(bare) > _TYPES else ""
        one = len(bare) == 1
        yield Remark(f"{'1 account' if one else f'{len(bare)} accounts'} of which nothing but the id is told, so that "
                     f"{'it' if one else 'each'} may hold anything: {shown}{more}")  # fmt: skip
    above = {id(document) for document in _guarding(root.guardrails)}
    for unit in _units(root):
        for document in _guarding(unit.guardrails):
            if id(document) in above:
                yield Remark(f"policy `{document.name}` is attached to the root and to `{unit.name or unit.id}` again")
    known = {p.arn for account in accounts for p in account.principals}
    listed = {account.id for account in accounts if account.listed}
    seen: set[tuple[str, str]] = set()
    for document in {id(d): d for d in held}.values():
        for statement in document.statements:
            for entry in statement.principal.entries if statement.principal else ():
                where = str(document.location)
                if (entry.value, where) in seen:
                    continue
                seen.add((entry.value, where))
                if _DELETED.fullmatch(entry.value):
                    yield Remark(f"deleted principal `{entry.value}` in `{document.name}`", where)
                elif _is_dangling(entry.value, known, listed):
                    yield Remark(f"no principal `{entry.value}`, which `{document.name}` names", where)


def _idle(accounts: list[Account]) -> list[str]:
    """Managed policies of customers that nobody has."""
    return [policy.arn for account in accounts for policy in account.managed or () if not policy.attached_to]


def _bare(accounts: list[Account]) -> list[str]:
    """Accounts of which the source tells neither what is in them nor that nothing is."""
    return [a.id for a in accounts if not (a.listed or a.principals or a.resources or a.endpoints or a.managed)]


def _lists(accounts: list[Account]) -> Iterator[Remark]:
    """Buckets whose access control lists count, and what each grants to others than its owner."""
    for account in accounts:
        for resource in account.resources:
            if not resource.acls:
                continue
            grants = ", ".join(f"{entry.permission} to `{entry.grantee}`" for entry in resource.acl or ())
            told = f"its own grants {grants or 'nothing to others'}" if resource.acl is not None else "none is told"
            ignored = " (what it grants to everybody is ignored)" if _ignores(account, resource) else ""
            yield Remark(f"access control lists count in `{resource.arn}`: {told}{ignored}")


def _ignores(account: Account, bucket: OwnedResource) -> bool:
    public = any(entry.grantee in PUBLIC_GROUPS for entry in bucket.acl or ())
    return public and (bucket.ignore_public_acls or account.ignore_public_acls)


def _is_dangling(value: str, known: set[str], listed: set[str]) -> bool:
    fields = value.split(":", 5)
    named = len(fields) == 6 and fields[2] == "iam" and fields[5].startswith(("role/", "user/"))
    return named and fields[4] in listed and value not in known and "*" not in value
