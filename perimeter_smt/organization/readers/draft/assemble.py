"""A draft as an organization.

Guarantee: what is not known never takes anything away. A principal or resource whose policies are not all known is left
out, and its account is not `listed`, so that it may hold any policy; an SCP, RCP or endpoint policy that is not known
stops nothing. Each is named among the unknowns of the draft.
"""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.errors import InputError
from perimeter_smt.organization.graph import cycle_of
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.readers.draft import told
from perimeter_smt.organization.readers.draft.contents import managed_of, principals_of, resources_of
from perimeter_smt.organization.readers.draft.draft import FULL_ACCESS, Box, Control, Draft
from perimeter_smt.organization.readers.draft.place import NotKnown
from perimeter_smt.policy.document import Document

Attached = dict[str, list[tuple[str, Control | None]]]  # by target: ids of policies, and what is known of them
SOME_ROOT, SOME_MANAGEMENT = "r-root", "999999999999"


def assemble(draft: Draft, organization: str, *, management: str, complete: bool = False) -> Organization:
    """The organization with this id. `complete`: the source holds everything there is, unless it says otherwise."""
    root = _root(draft)
    if draft.delegation is not None:
        content, at = draft.delegation
        arn = f"arn:{draft.partition}:organizations::{management}:organization/{organization}"
        draft.resource(arn, management, at, policy=content or None)
    principals, resources = principals_of(draft), resources_of(draft)
    endpoints, managed = endpoints_of(draft), managed_of(draft)
    attached = _attached(draft)
    draft.torn = told.torn_attachments(draft)
    _nowhere(draft)
    ids = dict.fromkeys((*draft.accounts, *principals, *resources, *endpoints, *managed, *sorted(draft.open - {"*"})))
    children: dict[str, list[Account]] = {}
    for own in ids:
        box = draft.accounts.get(own)
        children.setdefault(_parent(draft, own, box, root), []).append(
            Account(
                id=own,
                name=box.name if box else "",
                canonical_id=draft.canonical.get(own),
                block_public_access=own in draft.restricted,
                ignore_public_acls=draft.ignores_acls.get(own, False),
                guardrails=_guardrails(draft, own, attached),
                principals=tuple(principals.get(own, ())),
                resources=tuple(resources.get(own, ())),
                endpoints=tuple(endpoints.get(own, ())),
                managed=tuple(managed.get(own, ())),
                listed=(complete or own in draft.complete) and not draft.open & {own, "*"},
            )
        )
    _dangling(draft, root, ids)
    listed = _delegates_listed(draft)
    for own, (_, at) in draft.door_policies.items():
        draft.unknown(f"endpoint `{own}`", "the source holds its policy alone", "facts", at)
    return Organization(
        id=organization,
        management_account=management,
        root=_unit(draft, root, children, _units_by_parent(draft, root), attached),
        endpoints_listed=(complete or draft.endpoints_listed) and not draft.endpoints_cut,
        delegated_administrators=tuple(sorted(draft.delegated)) if draft.delegated or listed else None,
        delegates_listed=listed or not draft.delegated,
    )


def _delegates_listed(draft: Draft) -> bool:
    """Whether all delegated administrators and all of their services are told."""
    return draft.delegates is not None and not draft.delegates_cut and draft.delegates <= draft.delegates_told


def _root(draft: Draft) -> str:
    roots = [own for own in draft.units if own.startswith("r-")]
    if draft.root is None and len(roots) > 1:
        raise InputError(f"two roots, `{roots[0]}` and `{roots[1]}`: expected one organization")
    if draft.root is None:
        above = [box.parent for box in draft.units.values() if box.parent and box.parent.startswith("r-")]
        targets = [target for _, target in draft.attachments if target.startswith("r-") and target != SOME_ROOT]
        draft.root = next(iter((*roots, *above, *targets)), None)
    return draft.root or SOME_ROOT


def _units_by_parent(draft: Draft, root: str) -> dict[str, list[Box]]:
    out: dict[str, list[Box]] = {}
    parents = {}
    for box in draft.units.values():
        if box.id == root:
            continue
        if box.parent is None or (box.parent != root and box.parent not in draft.units):
            draft.unknown(f"parent of unit `{box.id}`", "not told; SCPs and RCPs above it stop nothing", "guardrails",
                          box.at)  # fmt: skip
        parent = box.parent if box.parent in draft.units else root
        parents[box.id] = parent
        out.setdefault(parent, []).append(box)
    if cycle := cycle_of({own: above for own, above in parents.items() if above != root}):
        raise InputError(f"unit `{cycle[0]}` lies in itself")
    return out


def _parent(draft: Draft, own: str, box: Box | None, root: str) -> str:
    parent = box.parent if box else None
    if parent == root or (parent is not None and parent in draft.units):
        return parent
    if own == draft.management and parent is None:
        return root  # no SCP or RCP binds it, wherever it lies
    if len(draft.units) > (root in draft.units) or parent is not None:
        draft.unknown(f"unit of account `{own}`", "not told; SCPs and RCPs of its unit stop nothing", "guardrails",
                      box.at if box else None)  # fmt: skip
    return root


def _unit(
    draft: Draft, own: str, accounts: dict[str, list[Account]], units: dict[str, list[Box]], attached: Attached
) -> Unit:
    box = draft.units.get(own)
    return Unit(
        id=own,
        name=box.name if box else "",
        guardrails=_guardrails(draft, own, attached),
        units=tuple(_unit(draft, child.id, accounts, units, attached) for child in units.get(own, ())),
        accounts=tuple(accounts.get(own, ())),
    )


def _guardrails(draft: Draft, target: str, attachments: Attached) -> Guardrails:
    """What is attached here. One SCP that is not known may be an allow-list: then everything is taken as allowed."""
    attached = attachments.get(target, [])
    found: dict[str, list[Document]] = {"scp": [], "rcp": []}
    full_access, sure = not attached, target in draft.targets_known
    for own, control in attached:
        if (own, target) in draft.torn:
            full_access = True
            name = control.name if control else own
            draft.unknown(f"whether `{name}` is attached to `{target}`", told.TORN.reason, "guardrails",
                          draft.attachments[own, target])  # fmt: skip
            continue
        if own in FULL_ACCESS or (control and control.name in FULL_ACCESS):
            full_access |= own == "p-FullAWSAccess" or bool(control and control.name == FULL_ACCESS[0])
            continue
        if control is None or isinstance(control.policy, NotKnown):
            reason = control.policy.reason if control and isinstance(control.policy, NotKnown) else "text not told"
            full_access |= control is None or control.type == "scp"
            name = f"{control.type.upper() if control else 'policy'} `{control.name if control else own}`"
            draft.unknown(name, reason, "guardrails", draft.attachments.get((own, target)))
            continue
        found[control.type].append(control.policy)
    if sure and found["scp"] and not full_access and not any(_allows(document) for document in found["scp"]):
        full_access = True  # AWS attaches one that allows something; a list without it was cut
        draft.unknown(f"`{FULL_ACCESS[0]}` of `{target}`", "no SCP that is told there allows anything: taken to be "
                      "attached", "guardrails")  # fmt: skip
    return Guardrails(
        scps=_once(found["scp"]),
        rcps=_once(found["rcp"]),
        full_access_scp=full_access or not sure or not found["scp"],
    )


def _allows(document: Document) -> bool:
    return any(statement.effect == "Allow" for statement in document.statements)


def _once(documents: Iterable[Document]) -> tuple[Document, ...]:
    return tuple({id(document): document for document in documents}.values())


def _nowhere(draft: Draft) -> None:
    """SCPs and RCPs of which no answer tells where they are attached."""
    held = {own for own, _ in draft.attachments} | draft.targets_of.keys() | draft.cut_lists
    for own in sorted(draft.cut_lists & draft.controls.keys() - draft.targets_of.keys()):
        control = draft.controls[own]
        draft.unknown(f"targets of {control.type.upper()} `{control.name}`", "the answer has more pages: the policy "
                      "stops nothing there", "guardrails", control.at)  # fmt: skip
    for control in draft.controls.values() if draft.asks_targets else ():
        if control.id not in held and control.id not in FULL_ACCESS and control.name not in FULL_ACCESS:
            what = f"targets of {control.type.upper()} `{control.name}`"
            draft.unknown(what, "not told: the policy stops nothing", "guardrails", control.at)


def _attached(draft: Draft) -> Attached:
    out: Attached = {}
    for own, target in draft.attachments:
        out.setdefault(target, []).append((own, draft.controls.get(own)))
    return out


def _dangling(draft: Draft, root: str, accounts: Iterable[str]) -> None:
    known = {root, *draft.units, *accounts}
    for (own, target), at in draft.attachments.items():
        if target not in known:
            draft.unknown(f"target `{target}` of policy `{own}`", "no such unit or account in the source: the policy "
                          "stops nothing there", "guardrails", at)  # fmt: skip


def endpoints_of(draft: Draft) -> dict[str, list[Endpoint]]:
    """VPC endpoints by account. One whose policy is not known lets everything through."""
    out: dict[str, list[Endpoint]] = {}
    for door in draft.doors.values():
        policy = door.policy
        if isinstance(policy, NotKnown):
            draft.unknown(f"policy of endpoint `{door.id}`", policy.reason, "guardrails", door.at)
            policy = None
        out.setdefault(door.account, []).append(
            Endpoint(
                id=door.id,
                account=door.account,
                vpc=door.vpc,
                vpc_account=draft.vpcs.get((door.vpc, door.region), door.account),
                region=door.region,
                gateway=door.gateway,
                services=door.services,
                policy=policy,
            )
        )
    return out
