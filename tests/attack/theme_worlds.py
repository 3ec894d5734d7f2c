"""What the worlds of themes are made of: guardrails about one point, and requests with all their keys."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Principal, Request
from tests.attack.cases import case_of
from tests.attack.cast import APP, DATA, MANAGEMENT, MINE, ORGANIZATIONS, PATHS
from tests.attack.estates.binding import case_of as estate_case
from tests.attack.policies import ALL_LIMITS, document
from tests.attack.worlds import Sample

Statement = dict[str, Any]
Keys = dict[str, "str | tuple[str, ...]"]
OFFICE = "203.0.113.0/24"
BASE: Keys = {
    "aws:CurrentTime": "2026-01-01T00:00:00Z", "aws:EpochTime": "1767225600", "aws:RequestedRegion": "us-east-1",
    "aws:SecureTransport": "true", "aws:UserAgent": "aws-cli/2", "aws:ViaAWSService": "false",
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """Guardrails about one point, the objective they are to hold, and the requests to try."""

    workspace: Workspace
    service: str
    objective: str
    requests: tuple[Sample, ...]
    reading: str = "exact"

    @property
    def mode(self) -> str:
        """Whether the grants of the workspace count."""
        return "grants" if self.workspace.grants_given else "guardrails"

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """A request with what binds it; `untold`: access control lists that nobody told grant the call."""
        if self.workspace.grants_given:
            return estate_case(self.workspace, drawn.request, drawn.facts, untold=untold)
        return case_of(self.workspace, drawn)

    def through(self, drawn: Sample) -> bool:
        """Whether the request gets through."""
        return decide(self.case(drawn)).allowed

    def verdicts(self) -> list[tuple[str, str]]:
        """What the program answers: statuses, each with its reason."""
        report = prove(
            self.workspace, services=[self.service], objectives=[self.objective], availability=False,
            reading=self.reading, mode=self.mode,  # type: ignore[arg-type]
        )  # fmt: skip
        return [(verdict.status, verdict.reason) for verdict in report.verdicts]

    def broken(self, drawn: Sample) -> bool:
        """Whether the request, if it gets through, breaks what is asked."""
        return breaks(self.objective, self.workspace, drawn.request, drawn.facts)


def guarded_by(
    scps: list[Statement], rcps: list[Statement], objective: str, action: str, partition: str, *, listed: bool = False
) -> Workspace:
    guards = Guardrails(
        scps=(document(Kind.SCP, "scp", scps),) if scps else (),
        rcps=(document(Kind.RCP, "rcp", rcps),) if rcps else (),
    )
    accounts = tuple(Account(id=number, listed=listed) for number in (MANAGEMENT, APP, DATA))
    root = Unit(id="r-ab12", guardrails=guards, accounts=accounts)
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=root, partition=partition)
    claims = Perimeter(orgs=(MINE,), cidrs=(OFFICE,), accepted=ALL_LIMITS, scopes={objective: Scope(actions=(action,))})
    return Workspace(organization=organization, perimeter=claims, name="theme", grants_given=listed)


def denials(rng: Random, action: str, conditions: tuple[dict[str, Any], ...], *, rcp: bool) -> list[Statement]:
    found: dict[str, Any] = {}
    for block in rng.sample(conditions, min(rng.choice((1, 1, 2)), len(conditions))):
        for operator, keys in block.items():
            found.setdefault(operator, {}).update(keys)
    statement: Statement = {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": found}
    return [{**statement, "Principal": "*"} if rcp else statement]


def path_of(account: str) -> str:
    return f"{MINE}/r-ab12/" if ORGANIZATIONS[account] == MINE else PATHS[account]


def owner_keys(account: str) -> Keys:
    org = ORGANIZATIONS[account]
    keys: Keys = {"aws:ResourceAccount": account}
    return {**keys, "aws:ResourceOrgID": org, "aws:ResourceOrgPaths": (path_of(account),)} if org else keys


def role_of(account: str, partition: str = "aws", name: str = "Worker") -> tuple[Principal, Keys]:
    arn = f"arn:{partition}:iam::{account}:role/{name}"
    session = f"arn:{partition}:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/s1"
    keys: Keys = {
        "aws:PrincipalArn": arn, "aws:PrincipalAccount": account, "aws:PrincipalType": "AssumedRole",
        "aws:PrincipalIsAWSService": "false", "aws:userid": "AROAEXAMPLE0000000001:s1",
        "aws:TokenIssueTime": "2025-12-31T23:00:00Z",
    }  # fmt: skip
    if org := ORGANIZATIONS[account]:
        keys |= {"aws:PrincipalOrgID": org, "aws:PrincipalOrgPaths": (path_of(account),)}
    return Principal(type="role-session", arn=session, account=account, role_arn=arn), keys


def sample_of(principal: Principal, keys: Keys, action: str, resource: str, owner: str, **facts: Any) -> Sample:
    accounts = {principal.account, owner, facts.get("endpoint_account")}
    known = sorted(a for a in accounts if a in ORGANIZATIONS)
    truth = Facts(
        principal_account=principal.account, resource_account=owner, source_address=keys.get("aws:SourceIp"),
        organizations={a: ORGANIZATIONS[a] for a in known}, paths={a: path_of(a) for a in known if ORGANIZATIONS[a]},
        **{"region": "us-east-1", **facts},
    )  # fmt: skip
    request = Request(principal=principal, action=action, resource=resource, resource_account=owner, context=keys)
    return Sample(request, truth, frozenset())
