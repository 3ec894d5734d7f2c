"""A change laid over an organization: what a plan or template adds, replaces and removes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Session,
    Unit,
)
from perimeter_smt.organization.readers.draft.assemble import endpoints_of
from perimeter_smt.organization.readers.draft.contents import (
    anything,
    default_key_policy,
    is_key,
    principals_of,
    resources_of,
    without_statements,
)
from perimeter_smt.organization.readers.draft.draft import FULL_ACCESS, Draft
from perimeter_smt.organization.readers.draft.permission_sets import known_by_their_names
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.organization.readers.draft.relocate import relocated
from perimeter_smt.organization.readers.draft.rewrite import Rewrites
from perimeter_smt.organization.sharing import actions_of, sharing_policy
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


def overlay(base: Organization, change: Draft) -> Organization:
    """`base` with what the draft says put in place of what it names.

    Principals and resources are known by ARN, endpoints by id, SCPs and RCPs by name, policies that a plan changes by
    what they said before. Accounts and units that `base` does not have come where the draft says, or below its root.
    """
    rewrites = Rewrites(change.rewrites)
    known_by_their_names(base, change)
    _stand_ins(base, change)
    _complete_from(base, change, rewrites)
    out = relocated(_Overlay(base, change, rewrites).organization(), change)
    _not_found(change, rewrites)
    return out


def _stand_ins(base: Organization, change: Draft) -> None:
    """Endpoints whose id a template does not tell: the only one of the same VPC and service is taken to be this one.

    A template does not tell whether it updates an endpoint or makes one, so that this counts as a fact not known.
    """
    there = [door for account, _ in base.accounts() for door in account.endpoints if door.id not in change.doors]
    for door in [found for found in change.doors.values() if found.stands_for]:
        alike = [e for e in there if (e.account, e.vpc, e.region, e.gateway) == (door.account, door.vpc, door.region,
                 door.gateway) and set(e.services) == set(door.services)]  # fmt: skip
        if len(alike) == 1:
            del change.doors[door.id]
            reason = f"taken to be `{alike[0].id}`, which lies in the same VPC for the same service"
            change.unknown(f"id of endpoint `{door.at.steps[-1]}`", reason, "facts", door.at)
            door.id = alike[0].id
            change.doors[door.id] = door


def _not_found(change: Draft, rewrites: Rewrites) -> None:
    """What the plan changes and the organization does not hold: one of the two is not up to date."""
    for found in rewrites.unused():
        reason = "the organization holds no policy of that text, so that what the plan makes of it does not show"
        change.unknown(f"what `{found.address}` changes", reason, "facts", found.at)
    for own, (_, at) in change.door_policies.items():
        reason = "the organization holds no such endpoint, so that its policy does not show"
        change.unknown(f"policy of endpoint `{own}`", reason, "facts", at)
    members = {name for holder in change.principals.values() for name in holder.groups}
    for key, group in change.groups.items():
        if group.grown and (group.begun or key not in members):
            change.unknown(f"members of `{group.arn}`", "the organization does not tell them", "facts", group.at)


def _complete_from(base: Organization, change: Draft, rewrites: Rewrites) -> None:
    """A plan may add a policy to a role that stands elsewhere: the rest of the role is that of the organization."""
    known = {p.arn: p for account, _ in base.accounts() for p in account.principals}
    for arn, holder in change.principals.items():
        before = None if arn in change.removed else known.get(arn)  # one that is made anew begins with nothing
        if before is not None:  # no plan says which sessions there are
            holder.sessions, holder.sessions_listed = sessions_after(before, rewrites), before.sessions_listed
        if before is not None and (change.tells_before or (holder.trust is None and before.type == "role")):
            holder.trust = holder.trust or before.trust
            holder.attached = [own for own in holder.attached if own not in holder.stays or own in change.managed]
            names = {p.name for p in holder.own if isinstance(p, Document)}
            kept = [p for p in before.policies if p.name not in names]
            if not change.tells_before and any(s.effect == "Deny" for p in kept for s in p.statements):
                reason = "it is taken to keep its other policies: which of them this one replaces is not told"
                change.unknown(f"policies of `{arn}`", reason, "facts", holder.at)
            holder.own += rewritten(kept, rewrites, before)
            stays = isinstance(holder.boundary, str) and holder.boundary in holder.stays
            if (stays and holder.boundary not in change.managed) or (holder.boundary is None and not holder.whole):
                holder.boundary = before.boundary
            holder.tags = holder.tags if holder.whole else {**before.tags, **holder.tags}
    resources = {r.arn: r for account, _ in base.accounts() for r in account.resources}
    for arn, thing in change.resources.items():
        if (found := resources.get(arn)) and arn not in change.removed:
            thing.account = thing.account or found.account
            if arn not in change.stripped:
                thing.policy = thing.policy or without_statements(unshared(found, change), thing.lost)
            if thing.block_public_access is None:
                thing.block_public_access = found.block_public_access and arn not in change.unblocked
            if not thing.whole:
                thing.tags = {**found.tags, **thing.tags}
            thing.abac = found.abac if thing.abac is None else thing.abac
            if thing.acls is None:
                thing.acls, thing.acl = found.acls, found.acl if thing.acl is None else thing.acl
            if thing.ignore_public_acls is None:
                thing.ignore_public_acls = found.ignore_public_acls and arn not in change.unblocked
            thing.grants = found.grants if thing.grants is None else thing.grants
            if thing.granted and thing.grants is None:
                reason = "the organization does not tell which grants the key has, so that a new one does not show"
                change.unknown(f"grants of `{arn}`", reason, "facts", thing.at)
            if thing.origin is None:
                thing.origin, thing.vpc = found.origin, found.vpc
            thing.bucket = thing.bucket or found.bucket
            thing.buckets = thing.buckets or found.buckets


def unshared(resource: OwnedResource, change: Draft) -> Document | None:
    """The policy of a resource without what it was shared with parties that lose it."""
    policy, gone = resource.policy, change.unshared.get(resource.arn)
    if policy is None or not gone:
        return policy
    sharing = sharing_policy(resource.arn, resource.account, list(gone), actions_of(resource.arn), file="")
    shapes = {statement_shape(s) for s in sharing.statements}
    kept = tuple(s for s in policy.statements if statement_shape(s) not in shapes)
    return policy.model_copy(update={"statements": kept}) if kept else None


def rewritten(
    documents: Sequence[Document], rewrites: Rewrites, principal: OwnedPrincipal
) -> list[Document | NotKnown]:
    """Policies of a user or role after the change."""
    out: list[Document | NotKnown] = []
    for document in documents:
        found = rewrites.of(document, principal.account, principal.arn)
        if found is None:
            out.append(document)
        elif found.after is not None:
            out.append(found.after)
    return out


def sessions_after(principal: OwnedPrincipal, rewrites: Rewrites) -> tuple[Session, ...]:
    """Sessions with their policies after the change; one whose text is not known any more limits nothing."""

    def after(document: Document) -> Document | NotKnown | None:
        found = rewrites.of(document, principal.account)
        return document if found is None else found.after

    out = []
    for session in principal.sessions:
        policies = [after(document) for document in session.policies]
        known = [p.model_copy(update={"kind": Kind.SESSION}) for p in policies if isinstance(p, Document)]
        surely = not any(isinstance(p, NotKnown) for p in policies)
        out.append(session.model_copy(update={"policies": tuple(known) if surely else ()}))
    return tuple(out)


def _in_iam(change: Draft) -> set[str]:
    """Accounts in which the change touches policies of principals: who has which version of them is no longer known."""
    arns = (*change.principals, *change.groups, *change.managed, *change.removed)
    changed = {arn.split(":", 5)[4] for arn in arns if arn.count(":") >= 5}
    return changed | {found.target for found in change.rewrites if found.kind is Kind.IDENTITY}


class _Overlay:
    def __init__(self, base: Organization, change: Draft, rewrites: Rewrites) -> None:
        self.base, self.change, self.rewrites = base, change, rewrites
        self.principals = principals_of(change)
        self.resources = resources_of(change)
        self.endpoints = endpoints_of(change)
        self.named = {*change.principals, *change.resources, *change.removed}
        self.doors = {*change.doors, *change.removed}
        self.controls = {(control.type, control.name): control for control in change.controls.values()}
        self.iam = _in_iam(change)
        self.targets: dict[str, list[str]] = {}
        for own, target in change.attachments:
            self.targets.setdefault(target, []).append(own)

    def organization(self) -> Organization:
        ids = [account.id for account, _ in self.base.accounts()]
        known = (*self.change.accounts, *self.principals, *self.resources, *self.endpoints)
        fresh = dict.fromkeys((*known, *sorted(self.change.open - {"*"})))
        more = [self.account(Account(id=own)) for own in fresh if own not in ids]
        for own in known:
            if own not in ids and own not in self.change.accounts:
                reason = "the organization does not hold it: it is taken to lie below its root"
                self.change.unknown(f"account `{own}`", reason, "facts")
        self._dangling({*ids, *fresh})
        root = self.unit(self.base.root)
        administrators = self.base.delegated_administrators
        if administrators is not None:
            administrators = tuple(sorted({*administrators, *self.change.delegated}))
        return self.base.model_copy(
            update={
                "root": root.model_copy(update={"accounts": (*root.accounts, *more)}),
                "delegated_administrators": administrators,
            }
        )

    def _dangling(self, accounts: Iterable[str]) -> None:
        """Name targets of SCPs and RCPs that are nowhere in the organization."""
        known, units = set(accounts), [self.base.root]
        while units:
            unit = units.pop()
            known.add(unit.id)
            units.extend(unit.units)
        for (own, target), at in self.change.attachments.items():
            if target not in known:
                reason = "the organization holds no such unit or account: the policy stops nothing there"
                self.change.unknown(f"target `{target}` of policy `{own}`", reason, "guardrails", at)

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
        kept = [p for p in map(self.principal, account.principals) if p is not None]
        principals = (*(p for p in kept if p.arn not in self.named), *self.principals.get(own, ()))
        resources = (*self.kept(account.resources), *self.resources.get(own, ()))
        blocked = own in self.change.restricted or (account.block_public_access and own not in self.change.unblocked)
        return account.model_copy(
            update={
                "guardrails": self.guardrails(own, account.guardrails),
                "block_public_access": blocked,
                "ignore_public_acls": self.change.ignores_acls.get(
                    own, account.ignore_public_acls and own not in self.change.unblocked
                ),
                "principals": principals,
                "resources": resources,
                "endpoints": self.doors_of(account.endpoints, self.endpoints.get(own, ())),
                "managed": None if own in self.iam else account.managed,
                "listed": account.listed and not self.change.open & {own, "*"},
            }
        )

    def principal(self, principal: OwnedPrincipal) -> OwnedPrincipal | None:
        """A user or role that the change does not name, with its policies as they will be; None: they are not known."""
        if principal.arn in self.named:
            return principal
        policies = rewritten(principal.policies, self.rewrites, principal)
        boundary: Document | None = principal.boundary
        found = self.rewrites.of(boundary, principal.account) if boundary else None
        if found is not None:
            boundary = (
                found.after.model_copy(update={"kind": Kind.BOUNDARY}) if isinstance(found.after, Document) else None
            )
        unknown = [p for p in policies if isinstance(p, NotKnown)]
        for policy in unknown:
            self.change.unknown(
                f"policy of `{principal.arn}`", policy.reason, "grants", account=principal.account, holds="caller",
                subject=principal.arn, known=principal.model_copy(update={"policies": (anything(),)}),
            )  # fmt: skip
        if unknown:
            return None
        known = tuple(p for p in policies if isinstance(p, Document))
        sessions = sessions_after(principal, self.rewrites)
        return principal.model_copy(update={"policies": known, "boundary": boundary, "sessions": sessions})

    def kept(self, before: Sequence[OwnedResource]) -> list[OwnedResource]:
        """The resources that the change does not name, without the policies that it takes from them."""
        out = []
        for item in before:
            if item.arn in self.named:
                continue
            blocked = item.block_public_access and item.arn not in self.change.unblocked
            policy = unshared(item, self.change)
            if item.arn in self.change.stripped:
                policy = default_key_policy(item.arn, item.account) if is_key(item.arn) else None
            ignored = item.ignore_public_acls and item.arn not in self.change.unblocked
            update = {"policy": policy, "block_public_access": blocked, "ignore_public_acls": ignored}
            out.append(item.model_copy(update=update))
        return out

    def doors_of(self, before: Sequence[Endpoint], after: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
        kept = (door for door in before if door.id not in self.doors)
        return (*map(self.door, kept), *after)

    def door(self, door: Endpoint) -> Endpoint:
        """An endpoint of the organization with the policy that the change gives it, if it does."""
        policy = door.policy
        if door.id in self.change.stripped:
            policy = None
        if door.id in self.change.door_policies:
            found, at = self.change.door_policies.pop(door.id)
            if isinstance(found, NotKnown):
                self.change.unknown(f"policy of endpoint `{door.id}`", found.reason, "guardrails", at)
                policy = None
            else:
                policy = found.model_copy(update={"kind": Kind.ENDPOINT_GATEWAY if door.gateway else Kind.ENDPOINT})
        return door.model_copy(update={"policy": policy})

    def guardrails(self, target: str, before: Guardrails) -> Guardrails:
        """Policies of the same name or former text are replaced, those that the change attaches are added."""
        full_access = before.full_access_scp and target not in self.change.closed
        found: dict[str, list[Document]] = {"scp": [], "rcp": []}
        for kind, documents in (("scp", before.scps), ("rcp", before.rcps)):
            for document in documents:
                again = self.rewrites.of(document, target)
                control = self.controls.get((kind, document.name))
                if control is not None and control.everywhere and (control.id, target) not in self.change.attachments:
                    reason = f"the template does not list `{target}` for it: it is taken to be gone there"
                    name = f"{kind.upper()} `{control.name}`"
                    self.change.unknown(name, reason, "guardrails", control.at)
                    continue
                if again is not None:
                    if isinstance(again.after, NotKnown):
                        self.change.unknown(f"{kind.upper()} `{document.name}`", again.after.reason, "guardrails")
                        full_access |= kind == "scp"
                    elif again.after is not None:
                        found[kind].append(again.after)
                elif control is None:
                    found[kind].append(document)
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
        for kind in self.change.disabled:
            found[kind] = []
            full_access |= kind == "scp"
        return Guardrails(scps=_once(found["scp"]), rcps=_once(found["rcp"]), full_access_scp=full_access)


def _once(documents: Sequence[Document]) -> tuple[Document, ...]:
    return tuple({id(document): document for document in documents}.values())
