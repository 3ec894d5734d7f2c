"""`organization.yaml`: the tree of units and accounts, and the guardrails attached to each.

Units and accounts stand inside the unit that holds them, or in flat lists at the top with their `parent`, or both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from perimeter_smt.errors import did_you_mean
from perimeter_smt.organization.graph import cycle_of
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.account import ACCOUNT_MEMBERS, AccountReader
from perimeter_smt.organization.readers.fields import Check, Gather, items, members, required, text
from perimeter_smt.organization.readers.policy_files import PolicyFiles
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

FULL_ACCESS_SCP = "FullAWSAccess"
FULL_ACCESS_RCP = "RCPFullAWSAccess"
MAX_UNIT_DEPTH = 5  # AWS Organizations quotas: units below the root

_UNIT = ("id", "name", "scps", "rcps", "units", "accounts")


@dataclass
class _Entry:
    """A unit or account as it was found, before the tree is put together."""

    id: str
    node: Node
    found: dict[str, Node]
    parent: str


@dataclass
class _Tree:
    """All entries in the order of the file."""

    root: _Entry
    units: dict[str, _Entry] = field(default_factory=dict)
    accounts: dict[str, _Entry] = field(default_factory=dict)
    gather: Gather = field(default_factory=Gather)

    def add_unit(self, node: Node, parent: str | None) -> None:
        """A unit with everything inside it; without `parent` it names its own."""
        names = _UNIT if parent else ("parent", *_UNIT)
        found = members(node, names, "a unit")
        entry = self._entry(node, found, parent, values.unit_id, "a unit")
        if not entry.id.startswith(f"ou-{self.root.id.removeprefix('r-')}-"):
            raise found["id"].error(
                f"unit {quoted(entry.id)} is of another root, expected `ou-{self.root.id.removeprefix('r-')}-...` "
                f"below `{self.root.id}`"
            )
        if first := self.units.get(entry.id):
            raise found["id"].error(f"duplicate unit {quoted(entry.id)}, first on line {first.node.line}")
        self.units[entry.id] = entry
        self.add_contents(entry)

    def add_account(self, node: Node, parent: str | None) -> None:
        """An account; without `parent` it names its own."""
        names = ACCOUNT_MEMBERS if parent else ("parent", *ACCOUNT_MEMBERS)
        found = members(node, names, "an account")
        entry = self._entry(node, found, parent, values.account_id, "an account")
        if first := self.accounts.get(entry.id):
            raise found["id"].error(f"duplicate account {quoted(entry.id)}, first on line {first.node.line}")
        self.accounts[entry.id] = entry

    def add_contents(self, entry: _Entry) -> None:
        """The units and accounts that stand inside an entry."""
        self.add_all(entry.found.get("accounts"), lambda item: self.add_account(item, entry.id))
        self.add_all(entry.found.get("units"), lambda item: self.add_unit(item, entry.id))

    def add_all(self, node: Node | None, add: Callable[[Node], None]) -> None:
        """Every element of a list; what is wrong with one does not hide the others."""
        self.gather.each(self.gather(lambda: items(node), []), add)

    def _entry(self, node: Node, found: dict[str, Node], parent: str | None, check: Check, what: str) -> _Entry:
        own = text(required(found, "id", node, what), check)
        above = parent or text(required(found, "parent", node, what), values.any_text)
        return _Entry(own, node, found, above)


def read_organization(node: Node, policies: PolicyFiles) -> Organization:
    """The organization; InputError for anything unknown, of another form, named twice, or a tree that is none."""
    what = "an organization"
    names = ("id", "management_account", "root", "units", "accounts", "partition", "delegated_administrators")
    found = members(node, names, what)
    organization = text(required(found, "id", node, what), values.organization_id)
    management = text(required(found, "management_account", node, what), values.account_id)
    if "partition" in found:
        text(found["partition"], values.partition)  # with what the rest tells: `partition.told`
    tree = _tree(required(found, "root", node, what), found)
    _check_parents(tree)
    reader = AccountReader(policies, frozenset((*tree.accounts, management)))
    root = _assemble(tree, policies, reader)
    reader.check_owners()
    told = found.get("delegated_administrators")
    administrators = None if told is None else tuple(_administrator(item, tree) for item in items(told))
    return Organization(
        id=organization, management_account=management, root=root, delegated_administrators=administrators
    )


def _administrator(node: Node, tree: _Tree) -> tuple[str, str]:
    """A delegated administrator: a member account, and the service principal that it administers."""
    what = "a delegated administrator"
    found = members(node, ("account", "service"), what)
    account = text(required(found, "account", node, what), values.account_id)
    if account not in tree.accounts:
        raise found["account"].error(f"account {quoted(account)} is not in the organization")
    return account, text(required(found, "service", node, what), values.service_principal)


def _tree(root: Node, top: dict[str, Node]) -> _Tree:
    found = members(root, _UNIT, "a root")
    own = text(required(found, "id", root, "a root"), values.root_id)
    tree = _Tree(_Entry(own, root, found, ""))
    tree.add_contents(tree.root)
    tree.add_all(top.get("units"), lambda item: tree.add_unit(item, None))
    tree.add_all(top.get("accounts"), lambda item: tree.add_account(item, None))
    tree.gather.done()
    return tree


def _check_parents(tree: _Tree) -> None:
    """Every parent exists, no unit lies in itself, none deeper than AWS allows."""
    known = {tree.root.id, *tree.units}
    for entry in (*tree.units.values(), *tree.accounts.values()):
        if entry.parent not in known:
            hint = did_you_mean(entry.parent, known) or ", expected the root or a unit"
            tree.gather.add(entry.found["parent"].error(f"unknown parent {quoted(entry.parent)}{hint}"))
    tree.gather.done()
    parents = {entry.id: entry.parent for entry in tree.units.values()}
    if cycle := cycle_of(parents):
        first = tree.units[min(cycle, key=lambda unit: tree.units[unit].node.line)]
        way = " in ".join(quoted(unit) for unit in _from(first.id, cycle))
        raise first.found["parent"].error(f"unit {quoted(first.id)} lies in itself: {way}")
    for entry in tree.units.values():
        depth, above = 1, entry.parent
        while above != tree.root.id:
            depth, above = depth + 1, parents[above]
            if depth > MAX_UNIT_DEPTH:
                raise entry.found["id"].error(
                    f"unit {quoted(entry.id)} lies deeper than {MAX_UNIT_DEPTH} units below the root"
                )


def _from(start: str, cycle: list[str]) -> list[str]:
    at = cycle.index(start)
    return [*cycle[at:], *cycle[:at], start]


def _assemble(tree: _Tree, policies: PolicyFiles, reader: AccountReader) -> Unit:
    accounts: dict[str, list[Account]] = {}
    gather = tree.gather
    for entry in tree.accounts.values():
        guardrails = gather(partial(_guardrails, entry.found, policies), Guardrails())
        account = gather(partial(reader.read, entry.id, entry.found, guardrails), None)
        if account is not None:
            accounts.setdefault(entry.parent, []).append(account)
    children: dict[str, list[_Entry]] = {}
    for entry in tree.units.values():
        children.setdefault(entry.parent, []).append(entry)

    def build(entry: _Entry) -> Unit:
        name = entry.found.get("name")
        return Unit(
            id=entry.id,
            name=gather(lambda: text(name, values.any_text), "") if name else "",
            guardrails=gather(lambda: _guardrails(entry.found, policies), Guardrails()),
            units=tuple(build(child) for child in children.get(entry.id, ())),
            accounts=tuple(accounts.get(entry.id, ())),
        )

    root = build(tree.root)
    gather.done()
    return root


def _guardrails(found: dict[str, Node], policies: PolicyFiles) -> Guardrails:
    """The SCPs and RCPs of one entry; without `scps` AWS's `FullAWSAccess` is attached."""
    scps = items(found.get("scps"))
    named = [item for item in scps if item.value != FULL_ACCESS_SCP]
    gather = Gather()
    documents = gather.each(named, lambda item: policies.load(item, Kind.SCP))
    rcps = [item for item in items(found.get("rcps")) if item.value != FULL_ACCESS_RCP]
    attached = gather.each(rcps, lambda item: policies.load(item, Kind.RCP))
    gather.done()
    full_access = "scps" not in found or len(named) < len(scps)
    if not full_access and not any(s.effect == "Allow" for document in documents for s in document.statements):
        raise found["scps"].key_error(
            f"these SCPs allow nothing, so that every call is denied: add `{FULL_ACCESS_SCP}`"
        )
    return Guardrails(
        scps=documents,
        rcps=attached,
        full_access_scp=full_access,
    )
