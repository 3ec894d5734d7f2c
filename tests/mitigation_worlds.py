"""Small workspaces for the tests of mitigations: roles with trust and identity policies in one or two accounts."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

ORG, MINE, OTHER, MANAGEMENT = "o-acme0000001", "111122223333", "444455556666", "999900001111"
VENDOR, STRANGER = "210987654321", "999988887777"


def policy(kind: Kind, *statements: dict[str, Any], name: str = "") -> Document:
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file=f"{name or kind.value}.json", name=name or kind.value)


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    out = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**out, "Condition": condition} if condition else out


def trusts(principal: Any, action: Any = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    out = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**out, "Condition": condition} if condition else out


def arn(name: str, account: str = MINE) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def role(name: str, *trust: dict[str, Any], account: str = MINE, may: tuple[dict[str, Any], ...] = (), tags=()):
    return OwnedPrincipal(
        arn=arn(name, account),
        type="role",
        account=account,
        policies=(policy(Kind.IDENTITY, *may, name=name),) if may else (),
        trust=policy(Kind.TRUST, *trust, name=f"trust of {name}") if trust else None,
        tags=dict(tags),
    )


def workspace(*principals: OwnedPrincipal, scps=(), rcps=(), listed: bool = True, **perimeter: Any) -> Workspace:
    """Two accounts below a root with these guardrails, and nothing else."""

    def account(number: str) -> Account:
        here = tuple(p for p in principals if p.account == number)
        return Account(id=number, principals=here, listed=listed)

    at_root = Guardrails(
        scps=tuple(policy(Kind.SCP, statement, name="scp") for statement in scps),
        rcps=tuple(policy(Kind.RCP, statement, name="rcp") for statement in rcps),
    )
    root = Unit(id="r-ac00", guardrails=at_root, accounts=tuple(map(account, (MANAGEMENT, MINE, OTHER))))
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(organization=organization, perimeter=Perimeter(orgs=(ORG,), **perimeter), name="test")
