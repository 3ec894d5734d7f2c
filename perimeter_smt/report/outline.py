"""The organization of a result: the tree of units with what is attached where, and who is trusted to become whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.policy.document import Document

_MOST_ROLES = 20  # named for one trust; the count tells how many there are


def outline(organization: Organization) -> dict[str, Any]:
    """The part `organization` of `schemas/prove.json`."""
    return {
        "id": organization.id,
        "management_account": organization.management_account,
        "root": _unit(organization.root),
        "trust": _trust(organization),
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name,
        **_attached(unit.guardrails),
        "accounts": [{"id": account.id, "name": account.name, **_attached(account.guardrails)}
                     for account in sorted(unit.accounts, key=lambda account: account.id)],
        "units": [_unit(inner) for inner in unit.units],
    }  # fmt: skip


def _attached(guardrails: Guardrails) -> dict[str, list[str]]:
    return {"scps": [_label(d) for d in guardrails.scps], "rcps": [_label(d) for d in guardrails.rcps]}


def _label(document: Document) -> str:
    return document.name or document.location.file or document.id or "policy"


def _trust(organization: Organization) -> list[dict[str, Any]]:
    """Roles with the same trust together, in the order of their first role."""
    roles: dict[tuple[str, ...], list[str]] = {}
    for principal in sorted(_principals(organization.root), key=lambda principal: principal.arn):
        if principal.trust is not None:
            roles.setdefault(_trusted(principal.trust), []).append(principal.arn)
    return [
        {"trusted": list(trusted), "roles": found[:_MOST_ROLES], "count": len(found)}
        for trusted, found in sorted(roles.items(), key=lambda item: item[1][0])
    ]


def _principals(unit: Unit) -> Iterator[OwnedPrincipal]:
    accounts: list[Account] = [*unit.accounts]
    for account in accounts:
        yield from account.principals
    for inner in unit.units:
        yield from _principals(inner)


def _trusted(trust: Document) -> tuple[str, ...]:
    """Whom the Allow statements name, `if` where conditions narrow it."""
    out: dict[str, None] = {}
    for statement in trust.statements:
        if statement.effect == "Allow" and statement.principal is not None:
            words = "all but " if statement.principal.negated else ""
            narrowed = " under conditions" if statement.conditions else ""
            for entry in statement.principal.entries:
                out[f"{words}{entry.value}{narrowed}"] = None
    return tuple(sorted(out))
