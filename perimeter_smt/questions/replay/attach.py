"""A workspace with one more SCP or RCP attached."""

from __future__ import annotations

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import Account, Guardrails, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind


def attached(workspace: Workspace, policy: Document, target: str | None = None) -> Workspace:
    """The workspace with an SCP or RCP attached to a unit or account, by default to the root.

    InputError where no such unit or account is.
    """
    organization = workspace.organization
    root, found = _unit(organization.root, policy, target or organization.root.id)
    if not found:
        raise InputError(f"no unit and no account `{target}` in the workspace", path="--attach-to")
    changed = organization.model_copy(update={"root": root})
    return workspace.model_copy(update={"organization": changed, "name": f"{workspace.name} with {policy.name}"})


def _unit(unit: Unit, policy: Document, target: str) -> tuple[Unit, bool]:
    if unit.id == target:
        return unit.model_copy(update={"guardrails": _more(unit.guardrails, policy)}), True
    units = [_unit(child, policy, target) for child in unit.units]
    accounts = [_account(account, policy, target) for account in unit.accounts]
    changed = unit.model_copy(
        update={"units": tuple(child for child, _ in units), "accounts": tuple(account for account, _ in accounts)}
    )
    return changed, any(found for _, found in (*units, *accounts))


def _account(account: Account, policy: Document, target: str) -> tuple[Account, bool]:
    if account.id != target:
        return account, False
    return account.model_copy(update={"guardrails": _more(account.guardrails, policy)}), True


def _more(guardrails: Guardrails, policy: Document) -> Guardrails:
    name = "scps" if policy.kind is Kind.SCP else "rcps"
    return guardrails.model_copy(update={name: (*getattr(guardrails, name), policy)})
