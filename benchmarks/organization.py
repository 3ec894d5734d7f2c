"""Generated organizations: cost must follow what differs, not what is repeated; planted holes must be found."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness import SEED, clock
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedPrincipal, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import Mode, prove

ORG, ROOT, MANAGEMENT = "o-acme0000001", "r-ac01", "999988887777"
ACCEPTED = (
    *("management-account", "service-linked-roles", "services-outside-rcp", "service-principals"),
    *("kms-retire-grant", "aws-managed-keys", "forward-access-sessions", "no-endpoint", "always-allowed"),
)
SERVICES = ("s3", "sqs", "kms", "secretsmanager", "dynamodb")


@dataclass(frozen=True)
class Size:
    """What is generated. `holes` are objectives with a planted hole in one unit; all others hold."""

    accounts: int
    principals: int = 5  # of each account
    policies: int = 20  # distinct identity policies
    units: int = 4  # chains of guardrails
    endpoints: int = 0  # of each account
    holes: tuple[str, ...] = ()
    changed: bool = False  # one identity policy says something else


def generate(size: Size, seed: int = SEED) -> Workspace:
    """An organization of this size; the same every time."""
    rng = random.Random(seed)
    identity = [_identity(number) for number in range(size.policies)]
    if size.changed:
        identity[0] = _document(Kind.IDENTITY, "identity-0", {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"})
    trust = _document(
        Kind.TRUST,
        "trust",
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    )
    door = _door()
    units = []
    for number in range(size.units):
        own = range(number, size.accounts, size.units)
        accounts = tuple(_account(size, index, identity, trust, door) for index in own)
        weak = size.holes if number == size.units - 1 else ()
        units.append(Unit(id=f"ou-ac01-{number:08d}", guardrails=_guardrails(number, weak), accounts=accounts))
    rng.shuffle(units)
    root = Unit(id=ROOT, units=tuple(units), accounts=(Account(id=MANAGEMENT, listed=True),))
    organization = Organization(id=ORG, management_account=MANAGEMENT, root=root)
    return Workspace(
        organization=organization,
        perimeter=Perimeter(orgs=(ORG,), cidrs=("203.0.113.0/24",), accepted=ACCEPTED, service_networks=True),
        name="generated",
    )


def _account(size: Size, index: int, identity: Sequence[Document], trust: Document, door: Document) -> Account:
    account = f"{100_000_000_000 + 7919 * index}"
    kinds = max(1, len(identity) // size.principals)  # of accounts: each has its own policies
    first = (index // size.units) % kinds * size.principals
    principals = tuple(
        OwnedPrincipal(
            arn=f"arn:aws:iam::{account}:role/Role{number}",
            type="role",
            account=account,
            policies=(identity[(first + number) % len(identity)],),
            trust=trust,
        )
        for number in range(size.principals)
    )
    endpoints = tuple(
        Endpoint(
            id=f"vpce-{index:012x}{number:05x}",
            account=account,
            vpc=f"vpc-{index:012x}{number:05x}",
            vpc_account=account,
            region="eu-west-1",
            services=("s3",),
            policy=door,
        )
        for number in range(size.endpoints)
    )
    return Account(id=account, principals=principals, endpoints=endpoints, listed=True)


def _guardrails(number: int, weak: Sequence[str]) -> Guardrails:
    """The perimeter of one unit, without what the objectives in `weak` need."""
    scps, rcps = [], []
    if "O3" not in weak:
        scps.append(_deny({"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}))
    if "O5" not in weak:
        network = {
            "NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24"]},
            "BoolIfExists": {"aws:ViaAWSService": "false"},
        }
        scps.append(_deny(network))
    if "O1" not in weak:
        person = {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        }
        rcps.append(_deny(person, rcp=True))
    service = {
        "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG},
        "Null": {"aws:SourceAccount": "false"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    }
    rcps.append(_deny(service, rcp=True))
    return Guardrails(
        scps=(_document(Kind.SCP, f"scp-{number}", *scps),) if scps else (),
        rcps=(_document(Kind.RCP, f"rcp-{number}", *rcps),),
    )


def _deny(condition: dict[str, object], *, rcp: bool = False) -> dict[str, object]:
    who = {"Principal": "*"} if rcp else {}
    actions = [f"{service}:*" for service in SERVICES]
    return {"Effect": "Deny", **who, "Action": actions, "Resource": "*", "Condition": condition}


def _identity(number: int) -> Document:
    return _document(
        Kind.IDENTITY,
        f"identity-{number}",
        {
            "Effect": "Allow",
            "Action": ["s3:Get*", "s3:List*"],
            "Resource": f"arn:aws:s3:::team-{chr(97 + number % 26)}-{number}/*",
        },
        {"Effect": "Allow", "Action": f"{SERVICES[number % len(SERVICES)]}:*", "Resource": "*"},
    )


def _door() -> Document:
    condition = {"StringEquals": {"aws:PrincipalOrgID": ORG, "aws:ResourceOrgID": ORG}}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}
    return _document(Kind.ENDPOINT, "endpoint", allow)


def _document(kind: Kind, name: str, *statements: dict[str, object]) -> Document:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{name}.json")


def run(size: Size, mode: Mode, *, merge: bool = True) -> tuple[float, set[str]]:
    """Seconds for O1 and O3 to be decided, and the objectives refuted."""
    workspace = generate(size)
    start = clock()
    report = prove(workspace, objectives=["O1", "O3"], services=SERVICES, mode=mode, availability=False, merge=merge)
    return clock() - start, {v.objective for v in report.verdicts if v.status == "refuted"}
