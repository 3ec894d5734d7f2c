"""Themes about what no other part draws: session policies, endpoints of some services, what is shared by attribute.

Written from AWS's pages: IAM guide, session policies; VPC guide, gateway endpoints and endpoint policies; EC2 guide,
sharing snapshots (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from perimeter_smt.organization.model import Endpoint, OwnedPrincipal, OwnedResource, Session
from perimeter_smt.organization.perimeter import TrustedPrincipal, Workspace
from perimeter_smt.organization.sharing import actions_of, sharing_policy
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case
from tests.attack.cast import APP, ENDPOINTS, LONER, MINE, ORGANIZATIONS, PARTNER, PATHS, STRANGER
from tests.attack.estates.binding import caller
from tests.attack.policies import document
from tests.attack.theme_worlds import BASE, Keys, Statement, World, guarded_by, owner_keys, path_of, role_of, sample_of
from tests.attack.worlds import Sample

_QUEUE = f"arn:aws:sqs:us-east-1:{STRANGER}:orders"
_ROLE = f"arn:aws:iam::{APP}:role/Worker"


def _with(space: Workspace, **update: Any) -> Workspace:
    """The workspace with more of the account APP."""
    root = space.organization.root
    accounts = tuple(a.model_copy(update=update) if a.id == APP else a for a in root.accounts)
    root = root.model_copy(update={"accounts": accounts})
    return space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})


@dataclass(frozen=True)
class _Sessions(World):
    """Sessions with the policies that are told of their name: the first entry that fits."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """A session may do what its role may and a session policy allows."""
        found = super().case(drawn, untold=untold)
        own = caller(self.workspace, drawn.request)
        name = (drawn.request.principal.arn or "").rsplit("/", 1)[-1]
        entry = next((s for s in own.sessions if fnmatchcase(name, s.name)), None) if own else None
        return replace(found, session=entry.policies if entry and entry.policies else None)


def session_policies(rng: Random) -> World:
    """A role that may do everything, and sessions that may do less: which of them reaches a stranger's queue?"""

    def policy(number: int) -> Any:
        effect = rng.choice(("Allow", "Allow", "Deny"))
        st: Statement = {"Effect": effect, "Action": rng.choice(("sqs:*", "sqs:ReceiveMessage", "s3:*", "*")),
                         "Resource": rng.choice(("*", _QUEUE, f"arn:aws:sqs:*:{APP}:*"))}  # fmt: skip
        if rng.random() < 0.3:
            st["Condition"] = rng.choice((
                {"StringEquals": {"aws:ResourceOrgID": MINE}}, {"StringNotEquals": {"aws:ResourceOrgID": MINE}},
                {"StringEquals": {"aws:ResourceAccount": STRANGER}}))  # fmt: skip
        rest = [{"Effect": "Allow", "Action": "*", "Resource": "*"}] if effect == "Deny" else []
        return document(Kind.SESSION, f"session{number}", [st, *rest])

    sessions = tuple(
        Session(name=name, policies=tuple(policy(n) for n in range(rng.choice((0, 1, 1, 2)))))
        for name in rng.sample(("ci-*", "ci-1", "*", "ops", "c?-1"), rng.choice((1, 1, 2, 3)))
    )
    listed = rng.random() < 0.6
    own = OwnedPrincipal(
        arn=_ROLE, type="role", account=APP, sessions=sessions, sessions_listed=listed,
        policies=(document(Kind.IDENTITY, "all", [{"Effect": "Allow", "Action": "*", "Resource": "*"}]),),
    )  # fmt: skip
    space = _with(guarded_by([], [], "O3", "sqs:SendMessage", "aws", listed=True), principals=(own,))
    # Service-linked roles, roots and federated users of the root are no business of this theme.
    stop = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
        "ArnNotEquals": {"aws:PrincipalArn": _ROLE}}}  # fmt: skip
    guards = space.organization.root.guardrails.model_copy(update={"scps": (document(Kind.SCP, "scp", [stop]),)})
    root = space.organization.root.model_copy(update={"guardrails": guards})
    space = space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})
    out = []
    for name in ("ci-1", "ci-2", "ops", "anna"):
        if listed and not any(fnmatchcase(name, s.name) for s in sessions):
            continue  # the role has no such sessions
        principal, keys = role_of(APP)
        principal = principal.model_copy(update={"arn": f"arn:aws:sts::{APP}:assumed-role/Worker/{name}"})
        keys = {**BASE, **keys, **owner_keys(STRANGER), "aws:userid": f"AROAEXAMPLE0000000001:{name}",
                "aws:SourceIp": "198.51.100.9"}  # fmt: skip
        asked: dict[str, Any] = {"kind": "role", "temporary": True, "path": "public"}
        out.append(sample_of(principal, keys, "sqs:SendMessage", _QUEUE, STRANGER, **asked))
    return _Sessions(space, "sqs", "O3", tuple(out))


@dataclass(frozen=True)
class _Doors(World):
    """Calls over one of several endpoints, each of some services."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """Gateway endpoints read an account in Principal as its root user alone."""
        found = super().case(drawn, untold=untold)
        ends = {e.id: e for account, _ in self.workspace.organization.accounts() for e in account.endpoints}
        end = ends[drawn.facts.endpoint or ""]
        flags = found.flags.model_copy(update={"vpce_type": "gateway" if end.gateway else "interface"})
        return replace(found, endpoint=end.policy, flags=flags)


def endpoint_services(rng: Random) -> World:
    """Endpoints for S3, for SQS, for everything: a call comes only over those of its service, by their own policy."""
    objective = rng.choice(("O2", "O4"))
    action = rng.choice(("s3:GetObject", "sqs:SendMessage"))
    service = action.partition(":")[0]
    mine = {"StringEquals": {"aws:PrincipalOrgID" if objective == "O2" else "aws:ResourceOrgID": MINE}}

    def policy(gateway: bool) -> Any:
        kind = Kind.ENDPOINT_GATEWAY if gateway else Kind.ENDPOINT
        st: Statement = {"Effect": "Allow", "Principal": rng.choice(("*", "*", {"AWS": APP}, {"AWS": STRANGER})),
                         "Action": rng.choice(("*", "s3:*", "sqs:*")), "Resource": "*"}  # fmt: skip
        if rng.random() < 0.7:
            st["Condition"] = mine
        return document(kind, "endpoint", [st])

    ends = []
    for name, of in zip(("a", "b"), rng.sample((("s3",), ("sqs",), (), ("s3", "sqs")), 2), strict=True):
        end, gateway = ENDPOINTS[name], of == ("s3",) and rng.random() < 0.5
        ends.append(Endpoint(
            id=end.id, account=APP, vpc=end.vpc, vpc_account=APP, region="us-east-1", services=of, gateway=gateway,
            policy=policy(gateway) if rng.random() < 0.85 else None,
        ))  # fmt: skip
    space = _with(guarded_by([], [], objective, action, "aws"), endpoints=tuple(ends))
    out = []
    for end in ends:
        if end.services and service not in end.services:
            continue  # no call of this service comes here
        for account, owner in ((STRANGER, APP), (APP, STRANGER), (STRANGER, STRANGER)):
            principal, keys = role_of(account)
            wire: Keys = {"aws:SourceVpce": end.id, "aws:SourceVpc": end.vpc, "aws:VpcSourceIp": "10.0.0.9"}
            if service == "s3":
                wire |= {"aws:VpceAccount": APP, "aws:VpceOrgPaths": (path_of(APP),), "s3:ResourceAccount": owner,
                         "aws:SourceVpcArn": f"arn:aws:ec2:us-east-1:{APP}:vpc/{end.vpc}"}  # fmt: skip
            wire["aws:VpceOrgID"] = str(ORGANIZATIONS[APP])
            there = f"arn:aws:s3:::b-{owner}/x" if service == "s3" else f"arn:aws:sqs:us-east-1:{owner}:orders"
            out.append(sample_of(
                principal, {**BASE, **keys, **owner_keys(owner), **wire}, action, there, owner, kind="role",
                temporary=True, path="vpce", endpoint=end.id, vpc=end.vpc, endpoint_account=APP, vpc_account=APP,
                vpc_region="us-east-1",
            ))  # fmt: skip
    return _Doors(space, service, objective, tuple(out))


@dataclass(frozen=True)
class _Shared(World):
    """What is shared by attribute is what a policy would allow that names the accounts."""

    parties: tuple[str, ...] = ()

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """The parties may copy a snapshot and make volumes of it, and do nothing else with it."""
        account = drawn.facts.principal_account or ""
        names = {"all", account, ORGANIZATIONS[account], PATHS.get(account)}
        allow = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["ec2:CopySnapshot", "ec2:CreateVolume"],
                 "Resource": "*"}  # fmt: skip
        policy = document(Kind.RESOURCE, "share", [allow]) if names & set(self.parties) else None
        return replace(super().case(drawn, untold=untold), resource=policy)


def shares(rng: Random) -> World:
    """Snapshots shared with accounts, organizations, units or everybody: who may copy them or delete them?"""
    action = rng.choice(("ec2:CopySnapshot", "ec2:CreateVolume", "ec2:DeleteSnapshot", "ec2:ModifySnapshotAttribute"))
    known = (STRANGER, PARTNER, LONER, MINE, str(ORGANIZATIONS[STRANGER]), path_of(STRANGER), path_of(PARTNER), "all")
    parties = tuple(rng.sample(known, rng.choice((0, 1, 1, 2))))
    arn = "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
    policy = sharing_policy(arn, APP, parties, actions_of(arn), file="organization.yaml") if parties else None
    space = guarded_by([], [], "O1", action, "aws", listed=True)
    claims = space.perimeter.model_copy(update={
        "accepted": tuple(name for name in space.perimeter.accepted if name != "services-outside-rcp"),
    })  # fmt: skip
    if rng.random() < 0.2:
        claims = claims.model_copy(update={"third_principals": (TrustedPrincipal(account=STRANGER),)})
    own = OwnedResource(arn=arn, account=APP, policy=policy)
    space = _with(space, resources=(own,)).model_copy(update={"perimeter": claims})
    out = []
    for account in (STRANGER, PARTNER, LONER):
        principal, keys = role_of(account)
        keys = {**BASE, **keys, **owner_keys(APP), "aws:SourceIp": "198.51.100.9"}
        out.append(sample_of(principal, keys, action, arn, APP, kind="role", temporary=True, path="public"))
    return _Shared(space, "ec2", "O1", tuple(out), parties=parties)


THEMES: dict[str, Callable[[Random], World]] = {
    "session-policies": session_policies, "endpoint-services": endpoint_services, "shares": shares,
}  # fmt: skip
