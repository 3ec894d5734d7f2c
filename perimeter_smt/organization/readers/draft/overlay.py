"""A change laid over an organization: what a plan or template adds, replaces and removes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.readers.draft.assemble import endpoints_of
from perimeter_smt.organization.readers.draft.contents import principals_of, resources_of
from perimeter_smt.organization.readers.draft.draft import FULL_ACCESS, Draft
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.policy.document import Document

_T = TypeVar("_T", OwnedPrincipal, OwnedResource)


def overlay(base: Organization, change: Draft) -> Organization:
    """`base` with what the draft says put in place of what it names.

    Principals and resources are known by ARN, endpoints by id, SCPs and RCPs by name. Accounts and units that `base`
    does not have come below its root.
    """
    _complete_from(base, change)
    return _Overlay(base, change).organization()


def _complete_from(base: Organization, change: Draft) -> None:
    """A plan may add a policy to a role that stands elsewhere: the rest of the role is that of the organization."""
    known = {p.arn: p for account, _ in base.accounts() for p in account.principals}
    for arn, holder in change.principals.items():
        before = known.get(arn)
        if before is not None and holder.trust is None and before.type == "role":
            holder.trust = before.trust
            holder.own += before.policies
            holder.boundary = holder.boundary or before.boundary
            holder.tags = {**before.tags, **holder.tags}
    resources = {r.arn: r for account, _ in base.accounts() for r in account.resources}
    for arn, thing in change.resources.items():
        if found := resources.get(arn):
            thing.account = thing.account or found.account
            thing.policy = thing.policy or found.policy


class _Overlay:
    def __init__(self, base: Organization, change: Draft) -> None:
        self.base, self.change = base, change
        self.principals = principals_of(change)
        self.resources = resources_of(change)
        self.endpoints = endpoints_of(change)
        self.named = {*change.principals, *change.resources, *change.removed}
        self.doors = {*change.doors, *change.removed}
        self.controls = {control.name: control for control in change.controls.values()}
        self.targets: dict[str, list[str]] = {}
        for own, target in change.attachments:
            self.targets.setdefault(target, []).append(own)

    def organization(self) -> Organization:
        ids = [account.id for account, _ in self.base.accounts()]
        known = (*self.change.accounts, *self.principals, *self.resources, *self.endpoints)
        fresh = dict.fromkeys((*known, *sorted(self.change.open - {"*"})))
        more = [self.account(Account(id=own)) for own in fresh if own not in ids]
        root = self.unit(self.base.root)
        return self.base.model_copy(update={"root": root.model_copy(update={"accounts": (*root.accounts, *more)})})

    def unit(self, unit: Unit) -> Unit:
        return unit.model_copy(
            update={
                "guardrails": self.guardrails(unit.id, unit.guardrails),
                "units": tuple(self.unit(child) for child in unit.units),
                "accounts": tuple(self.account(account) for account in unit.accounts),
            }
        )

    def account(self, account: Account) -> Account:
        own = account.id
        return account.model_copy(
            update={
                "guardrails": self.guardrails(own, account.guardrails),
                "principals": self.merged(account.principals, self.principals.get(own, ())),
                "resources": self.merged(account.resources, self.resources.get(own, ())),
                "endpoints": self.doors_of(account.endpoints, self.endpoints.get(own, ())),
                "listed": account.listed and not self.change.open & {own, "*"},
            }
        )

    def merged(self, before: Sequence[_T], after: Sequence[_T]) -> tuple[_T, ...]:
        kept: list[_T] = [item for item in before if item.arn not in self.named]
        kept.extend(after)
        return tuple(kept)

    def doors_of(self, before: Sequence[Endpoint], after: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
        return (*(door for door in before if door.id not in self.doors), *after)

    def guardrails(self, target: str, before: Guardrails) -> Guardrails:
        """Policies of the same name are replaced, those that the change attaches are added."""
        full_access = before.full_access_scp
        found: dict[str, list[Document]] = {"scp": [], "rcp": []}
        for kind, documents in (("scp", before.scps), ("rcp", before.rcps)):
            for document in documents:
                control = self.controls.get(document.name)
                if control is None:
                    found[kind] += () if document.name in self.change.removed else (document,)
                elif isinstance(control.policy, NotKnown):
                    reason = control.policy.reason
                    self.change.unknown(f"{kind.upper()} `{control.name}`", reason, "guardrails", control.at)
                    full_access |= kind == "scp"
                else:
                    found[kind].append(control.policy)
        for own in self.targets.get(target, ()):
            control = self.change.controls.get(own)
            if own in FULL_ACCESS or (control is not None and control.name in FULL_ACCESS):
                full_access |= own == "p-FullAWSAccess"
            elif control is None or isinstance(control.policy, NotKnown):
                reason = control.policy.reason if control and isinstance(control.policy, NotKnown) else "text not told"
                self.change.unknown(f"policy `{control.name if control else own}`", reason, "guardrails")
                full_access |= control is None or control.type == "scp"
            else:
                found[control.type].append(control.policy)
        return Guardrails(scps=_once(found["scp"]), rcps=_once(found["rcp"]), full_access_scp=full_access)


def _once(documents: Sequence[Document]) -> tuple[Document, ...]:
    return tuple({id(document): document for document in documents}.values())
