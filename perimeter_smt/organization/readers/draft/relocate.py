"""Units that a change makes, and accounts that it puts elsewhere or closes."""

from __future__ import annotations

from perimeter_smt.organization.model import Account, Organization, Unit
from perimeter_smt.organization.readers.draft.draft import Draft


def relocated(organization: Organization, change: Draft) -> Organization:
    """The organization with accounts below the parents that the change tells, and without those that it closes."""
    known: dict[str, Unit] = {}
    above: dict[str, str] = {}
    accounts: dict[str, tuple[Account, str]] = {}

    def look(unit: Unit) -> None:
        known[unit.id] = unit
        for account in unit.accounts:
            accounts[account.id] = account, unit.id
        for child in unit.units:
            above[child.id] = unit.id
            look(child)

    look(organization.root)
    moves = {own: box.parent for own, box in change.accounts.items() if own in accounts and box.parent is not None}
    for own, parent in moves.items():
        if parent not in known:
            change.unknown(f"unit of account `{own}`", f"`{parent}` is not in the organization", "facts")
    moves = {own: parent for own, parent in moves.items() if parent in known and parent != accounts[own][1]}
    gone = change.removed & accounts.keys()
    if not moves and not gone:
        return organization

    def placed(unit: Unit) -> Unit:
        stay = [a for a in unit.accounts if a.id not in moves and a.id not in gone]
        come = [accounts[own][0] for own, parent in moves.items() if parent == unit.id]
        return unit.model_copy(update={"accounts": (*stay, *come), "units": tuple(map(placed, unit.units))})

    return organization.model_copy(update={"root": placed(organization.root)})
