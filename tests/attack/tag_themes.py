"""Themes about tags of roles that are called, tags that sessions pass on, and members that nobody lists.

Written from AWS's pages: IAM guide, passing session tags and chaining roles with them; service authorization reference
of STS (`aws:ResourceTag` is of the role that is taken, `aws:TagKeys`, `aws:RequestTag` and `sts:TransitiveTagKeys` of
the request); Organizations guide, accounts and policies (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from tests.attack.cast import APP, DATA, PARTNER, SANDBOX, STRANGER
from tests.attack.grant_themes import ALL, holding
from tests.attack.policies import document
from tests.attack.theme_worlds import BASE, OFFICE, Statement, World, guarded_by, owner_keys, role_of, sample_of

_TEAMS = ("red", "blue")


def _target(rng: Random) -> OwnedPrincipal:
    """A role that somebody may take: its tags, and a trust policy that looks at them or at those of the session."""
    condition: dict[str, Any] = rng.choice((
        {"StringEquals": {"aws:ResourceTag/team": "red"}},
        {"StringNotEquals": {"aws:ResourceTag/team": "blue"}},
        {"StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}},
        {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}},
        {"Null": {"aws:ResourceTag/team": "true"}},
        {"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}, "Null": {"sts:TransitiveTagKeys": "false"}},
        {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["team"]}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-myorg00001"}},
    ))  # fmt: skip
    who: Any = rng.choice(("*", {"AWS": f"arn:aws:iam::{STRANGER}:root"}, {"AWS": [STRANGER, PARTNER]}))
    who = {"AWS": "*"} if who == "*" else who
    trust: list[Statement] = [
        {"Effect": "Allow", "Principal": who, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": condition}
    ]
    tags = {"team": rng.choice(_TEAMS)} if rng.random() < 0.7 else {}
    return OwnedPrincipal(
        arn=f"arn:aws:iam::{APP}:role/Target", type="role", account=APP, tags=tags,
        trust=document(Kind.TRUST, "trust", trust), policies=(document(Kind.IDENTITY, "own", [ALL]),),
    )  # fmt: skip


def tagged_roles(rng: Random) -> World:
    """Who takes a role whose tags, or whose caller's, decide; RCPs look at them as well."""
    role = _target(rng)
    rcps: list[Statement] = []
    if rng.random() < 0.5:
        rcps = [{
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*", "Condition": rng.choice((
                {"StringNotEquals": {"aws:ResourceTag/team": "red"}},
                {"StringEquals": {"aws:ResourceTag/team": "red"}},
                {"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}},
                {"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}},
                {"Null": {"sts:TransitiveTagKeys": "false"}},
            )),
        }]  # fmt: skip
    space = guarded_by([], rcps, "O1", "sts:AssumeRole", "aws", listed=True)
    space = holding(space, **{f"a{APP}": {"principals": (role,)}})
    drawn = []
    for account in (STRANGER, PARTNER):
        for own in (None, *_TEAMS):
            for sent in (None, *_TEAMS):
                for passed in (False, True) if sent else (False,):
                    principal, keys = role_of(account)
                    keys = {**BASE, **keys, **owner_keys(APP), "aws:SourceIp": "198.51.100.9"}
                    keys |= {f"aws:ResourceTag/{name}": value for name, value in role.tags.items()} if role.tags else {}
                    keys |= {"aws:PrincipalTag/team": own} if own else {}
                    keys |= {"aws:RequestTag/team": sent, "aws:TagKeys": ("team",)} if sent else {}
                    keys |= {"sts:TransitiveTagKeys": ("team",)} if passed else {}
                    keys |= {"sts:RoleSessionName": "s1"}
                    drawn.append(sample_of(
                        principal, keys, "sts:AssumeRole", role.arn, APP, kind="role", temporary=True, path="public",
                    ))  # fmt: skip
    return World(space, "sts", "O1", tuple(drawn))


def passed_tags(rng: Random) -> World:
    """A session of mine carries the tags of its chain, whoever sent them: guardrails that trust them hold nobody."""
    key = rng.choice(("aws:PrincipalTag/team", "aws:PrincipalTag/Team"))
    condition: dict[str, Any] = rng.choice((
        {"StringNotEquals": {key: "red"}},
        {"StringNotEqualsIfExists": {key: "red"}},
        {"StringEquals": {key: "blue"}},
        {"Null": {key: "true"}},
        {"StringNotLike": {key: "r*"}},
    ))  # fmt: skip
    network = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}
    scp: Statement = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {**condition, **network}}
    # Root users make federated users with any tags: without these the role alone decides.
    others: Statement = {**scp, "Condition": {"StringEquals": {"aws:PrincipalType": ["Account", "FederatedUser"]}}}
    told = rng.random() < 0.8
    space = guarded_by([scp, others], [], "O5", "sqs:SendMessage", "aws", listed=told)
    tags = {"team": rng.choice(_TEAMS)} if rng.random() < 0.5 else {}
    called: Any = rng.choice(("sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"]))
    trust = document(Kind.TRUST, "trust", [{"Effect": "Allow", "Principal": {"AWS": DATA}, "Action": called}])
    role = OwnedPrincipal(
        arn=f"arn:aws:iam::{APP}:role/Worker", type="role", account=APP, tags=tags, trust=trust,
        policies=(document(Kind.IDENTITY, "own", [ALL]),),
    )  # fmt: skip
    if told:
        space = holding(space, **{f"a{APP}": {"principals": (role,)}})
    tagging = "sts:TagSession" in str(trust.statements[0].action.values)
    drawn = []
    for team in (None, "red", "blue", "green"):
        own = tags.get("team") if told else None
        if told and team != own and not (tagging and team):
            continue  # a tag of the session wins over that of the role, and needs TagSession; none takes one away
        principal, keys = role_of(APP)
        keys = {**BASE, **keys, **owner_keys(APP), "aws:SourceIp": "198.51.100.9"}
        keys |= {"aws:PrincipalTag/team": team} if team else {}
        drawn.append(sample_of(
            principal, keys, "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{APP}:jobs", APP, kind="role", temporary=True,
            path="public",
        ))  # fmt: skip
    return World(space, "sqs", "O5", tuple(drawn))


def unlisted_members(rng: Random) -> World:
    """A member that the file does not name lies below the root: what binds units and accounts does not bind it."""
    space = guarded_by([], [], "O5", "sqs:SendMessage", "aws")
    scp: Statement = {
        "Effect": "Deny", "Action": "sqs:*", "Resource": "*",
        "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
    }  # fmt: skip
    spared = rng.choice(({}, {"StringNotEquals": {"aws:PrincipalAccount": rng.choice((SANDBOX, APP))}},
                         {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-myorg00001/r-ab12/ou-*"}},
                         {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{APP}:*"}}))  # fmt: skip
    scp["Condition"] = {**scp["Condition"], **spared}
    space = _bound(space, rng.choice(("root", "accounts", "one")), scp)
    drawn = []
    for account in (APP, DATA, SANDBOX):
        principal, keys = role_of(account)
        keys = {**BASE, **keys, **owner_keys(account), "aws:SourceIp": "198.51.100.9"}
        drawn.append(sample_of(
            principal, keys, "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{account}:jobs", account, kind="role",
            temporary=True, path="public",
        ))  # fmt: skip
    return World(space, "sqs", "O5", tuple(drawn))


def _bound(space: Workspace, where: str, scp: Statement) -> Workspace:
    """The SCP at the root, at every account of the file, or at one of them."""
    policy = (document(Kind.SCP, "scp", [scp]),)
    if where != "root":
        names = (APP, DATA) if where == "accounts" else (APP,)
        guard = space.organization.root.guardrails.model_copy(update={"scps": policy})
        return holding(space, **{f"a{name}": {"guardrails": guard} for name in names})
    root = space.organization.root
    root = root.model_copy(update={"guardrails": root.guardrails.model_copy(update={"scps": policy})})
    return space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})


THEMES: dict[str, Callable[[Random], World]] = {
    "tagged-roles": tagged_roles, "passed-tags": passed_tags, "unlisted-members": unlisted_members,
}  # fmt: skip
