"""Chains of roles (C2): 1,000 roles of 50 distinct trust policies, and how the time grows with what differs.

Roles stand in tiers: those of one are taken by those of the tier before, the first by a vendor with its ExternalId.
One tier in five may extend rights, pass roles to Lambda, or rewrite trust policies of the tiers that end in its digit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import log
from typing import Any

from benchmarks.harness import Judgement, clock
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, RoleException, Vendor, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking, Mitigation

ORG, MANAGEMENT, VENDOR, SECRET = "o-acme0000001", "999988887777", "210987654321", "acme-4711"
MOST = 20.0  # seconds for 1,000 roles of 50 trust policies
_RIGHTS = ("lambda", "extends", "rewrites", "", "")  # of every tier, in turn: what else its roles may do


@dataclass(frozen=True)
class Size:
    """What is generated: `roles` in all, in `accounts`, with this many distinct trust policies in all."""

    roles: int
    trusts: int
    accounts: int = 1
    chain: int = 10  # tiers that follow each other
    rights: bool = True  # some roles may do more than take the next


def generate(size: Size) -> Workspace:
    """An organization whose roles take each other in chains; the same every time."""
    found: dict[int, list[OwnedPrincipal]] = {number: [] for number in range(size.accounts)}
    documents = [(_trust(size, tier), _identity(size, tier)) for tier in range(size.trusts)]
    for number in range(size.roles):
        tier = number % size.trusts
        trust, identity = documents[tier]
        account = _account(size, tier)
        arn = f"arn:aws:iam::{account}:role/tier-{tier:03d}-{number // size.trusts:04d}"
        one = OwnedPrincipal(arn=arn, type="role", account=account, policies=(identity,), trust=trust)
        found[tier * size.accounts // size.trusts].append(one)
    accounts = [Account(id=_number(n), principals=tuple(here), listed=True) for n, here in found.items()]
    deny = {"Effect": "Deny", "Action": ["organizations:*", "cloudtrail:StopLogging"], "Resource": "*"}
    root = Unit(
        id="r-ac01",
        guardrails=Guardrails(scps=(_document(Kind.SCP, "scp", deny),)),
        accounts=(Account(id=MANAGEMENT, listed=True), *accounts),
    )
    last = f"arn:aws:iam::*:role/tier-{size.chain - 1:03d}-*"
    perimeter = Perimeter(
        orgs=(ORG,),
        vendors=(Vendor(account=VENDOR, roles=("arn:aws:iam::*:role/tier-*0-*",)),),
        role_exceptions=(RoleException(arn=last, held_by=(f"arn:aws:iam::*:role/tier-{size.chain - 2:03d}-*",)),),
    )
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(organization=organization, perimeter=perimeter, name="chains")


def _number(account: int) -> str:
    return f"{100_000_000_000 + 7919 * account}"


def _account(size: Size, tier: int) -> str:
    return _number(tier * size.accounts // size.trusts)


def _trust(size: Size, tier: int) -> Document:
    """The roles of the tier before, by pattern; the first of a chain: a vendor."""
    if tier % size.chain == 0:
        secret = {"StringEquals": {"sts:ExternalId": f"{SECRET}-{tier}"}}
        vendor = {"Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"}, "Condition": secret}
        return _document(Kind.TRUST, f"trust-{tier}", {"Effect": "Allow", "Action": "sts:AssumeRole", **vendor})
    before = _account(size, tier - 1)
    condition = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{before}:role/tier-{tier - 1:03d}-*"}}
    by_mine = {"Principal": {"AWS": f"arn:aws:iam::{before}:root"}, "Condition": condition}
    service = {"Principal": {"Service": "lambda.amazonaws.com"}}
    statements = [{"Effect": "Allow", "Action": "sts:AssumeRole", **who} for who in (by_mine, service)[: 1 + tier % 2]]
    return _document(Kind.TRUST, f"trust-{tier}", *statements)


def _identity(size: Size, tier: int) -> Document:
    following = f"arn:aws:iam::{_account(size, min(tier + 1, size.trusts - 1))}:role/tier-{tier + 1:03d}-*"
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": following},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::tier-{tier:03d}/*"},
    ]
    here = f"arn:aws:iam::{_account(size, tier)}:role/tier-*{tier % size.chain}-*"
    more = _RIGHTS[tier % len(_RIGHTS)] if size.rights and tier % size.chain == tier // size.chain else ""
    if more == "lambda":
        statements.append({"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": here})
        statements.append({"Effect": "Allow", "Action": ["lambda:*"], "Resource": "*"})
    elif more:
        call = {"extends": "iam:PutRolePolicy", "rewrites": "iam:UpdateAssumeRolePolicy"}[more]
        statements.append({"Effect": "Allow", "Action": call, "Resource": here})
    return _document(Kind.IDENTITY, f"identity-{tier}", *statements)


def _document(kind: Kind, name: str, *statements: dict[str, Any]) -> Document:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{name}.json")


def answer(size: Size) -> tuple[float, Mitigation]:
    """Seconds for C2, and its answer."""
    workspace = generate(size)
    start = clock()
    found = QUESTIONS["C2"].ask(workspace, Asking(demanded=("C2",)))
    return clock() - start, found


def cases(*, quick: bool) -> list[Size]:
    """What is measured: the target first, then what must not cost more, and how the time grows with what differs."""
    if quick:
        return [Size(100, 10), Size(400, 10), Size(100, 20), Size(100, 20, accounts=2)]
    growing = [Size(1000, trusts) for trusts in (25, 100)]
    return [Size(1000, 50), Size(4000, 50), Size(1000, 50, accounts=10), Size(1000, 50, rights=False), *growing]


def measure(*, quick: bool) -> Judgement:
    """Processor time of C2 for each size, and the power by which it grows with the trust policies that differ."""
    facts: dict[str, Any] = {}
    lines, right = [], True
    spent: dict[Size, float] = {}
    answer(Size(20, 10))  # modules and tables are loaded
    for size in cases(quick=quick):
        taken, found = answer(size)
        undecided = sum(line.status == "unknown" for line in found.lines)
        vendor = next((line.status for line in found.lines if line.subject.startswith("vendor")), "")
        right = right and not undecided and vendor == "refuted"  # chains lead on to roles not meant for the vendor
        spent[size] = taken
        name = f"{size.roles:,} roles, {size.trusts} trust policies, {size.accounts} accounts"
        name += "" if size.rights else ", nobody may do more than take a role"
        facts[name] = {"seconds": round(taken, 2), "rows": len(found.lines), "undecided": undecided}
        lines.append(f"{name}: {taken:.1f} s of processor, {undecided} rows undecided")
    sizes = sorted((size for size in spent if size.accounts == 1 and size.rights), key=lambda size: size.trusts)
    least, most = sizes[0], sizes[-1]
    power = log(spent[most] / spent[least], most.trusts / least.trusts)
    facts["power of trust policies"] = round(power, 2)
    lines.append(
        f"{most.trusts} trust policies for {least.trusts}: {spent[most] / spent[least]:.1f} times, power {power:.1f}"
    )
    first, *others = cases(quick=quick)
    more = next(size for size in others if size.trusts == first.trusts and size.roles > first.roles)
    facts["ratio of roles"] = round(spent[more] / spent[first], 2)
    lines.append(
        f"{more.roles // first.roles} times the roles of the same trust policies: {facts['ratio of roles']} times"
    )
    if not quick:
        lines.append(
            f"target: {MOST:g} s for {first.roles:,} roles of {first.trusts} trust policies: {spent[first]:.1f} s"
        )
    return Judgement(facts, tuple(lines), right)
