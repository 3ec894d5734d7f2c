"""Themes about grants that no other part draws: KMS grants, federated users, delegated administrators, shares by RAM.

Written from AWS's pages: KMS guide and API reference, grants and grant constraints; STS API reference,
GetFederationToken; IAM guide, centralize root access; RAM guide, shareable resources (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from perimeter_smt.organization.model import KeyGrant, OwnedPrincipal, OwnedResource, Session
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.sharing import actions_of, sharing_policy
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Principal
from tests.attack.cases import everything
from tests.attack.cast import APP, DATA, MANAGEMENT, MINE, ORGANIZATIONS, PARTNER, STRANGER
from tests.attack.estates.binding import account_of, caller, governing
from tests.attack.policies import document
from tests.attack.theme_worlds import (
    BASE,
    OFFICE,
    Keys,
    Statement,
    World,
    guarded_by,
    owner_keys,
    path_of,
    role_of,
    sample_of,
)
from tests.attack.worlds import Sample

ALL: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
CAFE = "198.51.100.9"


def holding(space: Workspace, **of: dict[str, Any]) -> Workspace:
    """The workspace with more of some accounts: `a111111111111={"resources": (...)}`."""
    root = space.organization.root
    accounts = tuple(a.model_copy(update=of.get(f"a{a.id}", {})) for a in root.accounts)
    root = root.model_copy(update={"accounts": accounts})
    return space.model_copy(update={"organization": space.organization.model_copy(update={"root": root})})


# What a grant can allow, and what of it sends a context of encryption (KMS API reference, CreateGrant and the
# cryptographic operations with symmetric keys): constraints apply to these, not to DescribeKey and RetireGrant.
_WITH_CONTEXT = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "CreateGrant")
_OPERATIONS = (*_WITH_CONTEXT, "DescribeKey", "RetireGrant", "GetPublicKey", "Sign")


@dataclass(frozen=True)
class _Keys(World):
    """A call on a key: its own grants count, those of no other key, whatever policies leave out."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """Some grant names the caller and the operation; to an account it needs a policy of the caller besides."""
        found = super().case(drawn, untold=untold)
        key = governing(self.workspace, drawn.request)
        name = drawn.request.action.partition(":")[2]
        own = caller(self.workspace, drawn.request)
        mine = account_of(self.workspace, drawn.facts.principal_account) is not None
        allows = not mine or bool(own and own.policies)  # policies of this theme allow everything or are not there
        covers = False
        for grant in (key.grants or ()) if key else ():
            parties = [grant.grantee] if name in grant.operations else []
            parties += [grant.retiring] if name == "RetireGrant" and grant.retiring else []
            for party in parties:
                covers |= _is(party, drawn, account_allows=allows)
        return replace(found, flags=found.flags.model_copy(update={"kms_grant": covers or None}))


def _is(party: str, drawn: Sample, *, account_allows: bool) -> bool:
    who = drawn.request.principal
    if party in (who.arn, who.role_arn):
        return True
    number = party if party.isdigit() else party.split(":")[4] if party.endswith(":root") else ""
    return bool(number) and number == drawn.facts.principal_account and account_allows


def key_grants(rng: Random) -> World:
    """Two keys of one name in two Regions, each with grants of its own; who outside uses which, and from where?"""
    objective = rng.choice(("O1", "O1", "O6"))
    action = "kms:" + rng.choice(("Decrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "RetireGrant", "ReEncryptTo"))
    roles = [f"arn:aws:iam::{n}:role/Worker" for n in (STRANGER, APP, PARTNER)]
    parties = (
        *roles,
        roles[0],
        f"arn:aws:iam::{STRANGER}:root",
        f"arn:aws:iam::{APP}:root",
        STRANGER,
        f"arn:aws:sts::{STRANGER}:assumed-role/Worker/s1",
        f"arn:aws:sts::{STRANGER}:assumed-role/Worker/s2",
        "s3.amazonaws.com",
        f"arn:aws:iam::{STRANGER}:role/Other",
    )

    def grant() -> KeyGrant:
        return KeyGrant(
            grantee=rng.choice(parties),
            retiring=rng.choice((None, None, *parties)),
            constrained=rng.random() < 0.4,
            operations=tuple(rng.sample(_OPERATIONS, rng.choice((1, 2, 4)))),
        )

    def policy(arn: str) -> Any:
        st: Statement = {
            "Effect": "Allow",
            "Action": "kms:*",
            "Resource": rng.choice(("*", arn)),
            "Principal": rng.choice(
                ({"AWS": f"arn:aws:iam::{APP}:root"}, {"AWS": f"arn:aws:iam::{APP}:root"}, {"AWS": [APP, PARTNER]})
            ),
        }
        stop: list[Statement] = []
        if rng.random() < 0.3:
            stop = [
                {
                    "Effect": "Deny",
                    "Action": rng.choice(("kms:*", "kms:Decrypt")),
                    "Resource": "*",
                    "Principal": "*",
                    "Condition": rng.choice(
                        (
                            {"StringNotEquals": {"aws:PrincipalOrgID": MINE}},
                            {"StringNotEquals": {"kms:EncryptionContext:team": "red"}},
                            {"Null": {"kms:EncryptionContextKeys": "true"}},
                        )
                    ),
                }
            ]
        return document(Kind.KMS, "key", [st, *stop])

    keys_ = []
    for region in ("us-east-1", "eu-west-1"):
        arn = f"arn:aws:kms:{region}:{APP}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        told = None if rng.random() < 0.05 else tuple(grant() for _ in range(rng.choice((0, 1, 1, 2))))
        keys_.append(OwnedResource(arn=arn, account=APP, policy=policy(arn), grants=told))
    rcps: list[Statement] = []
    if rng.random() < 0.6:
        rcps = [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": rng.choice(("kms:*", "kms:Decrypt", "kms:Re*")),
                "Resource": rng.choice(("*", "arn:aws:kms:us-east-1:*:key/*", keys_[1].arn)),
                "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}}
                if objective == "O1"
                else {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
            }
        ]
    if objective == "O6" or rng.random() < 0.3:  # services, passed on calls and endpoints are no business of this theme
        rcps += [
            {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": held}
            for held in ({"Null": {"aws:SourceIp": "true"}}, {"BoolIfExists": {"aws:ViaAWSService": "true"}})
        ]
    people = ()
    if rng.random() < 0.7:
        own = (document(Kind.IDENTITY, "all", [ALL]),) if rng.random() < 0.6 else ()
        people = (OwnedPrincipal(arn=roles[1], type="role", account=APP, policies=own),)
    space = holding(
        guarded_by([], rcps, objective, action, "aws", listed=True),
        **{f"a{APP}": {"resources": tuple(keys_), "principals": people}},
    )
    if action == "kms:RetireGrant":
        limits = tuple(name for name in space.perimeter.accepted if name != "kms-retire-grant")
        space = space.model_copy(update={"perimeter": space.perimeter.model_copy(update={"accepted": limits})})
    out = []
    for account in (STRANGER, PARTNER, APP):
        if account == APP and not people:
            continue
        for key in keys_:
            if key.grants is None:
                continue  # nobody said which there are: X-32
            principal, own_keys = role_of(account)
            region = key.arn.split(":")[3]
            context: Keys = {"kms:EncryptionContext:team": "red", "kms:EncryptionContextKeys": ("team",)}
            found: Keys = {
                **BASE,
                **own_keys,
                **owner_keys(APP),
                "aws:SourceIp": CAFE,
                "aws:RequestedRegion": region,
                "kms:CallerAccount": account,
            }
            if action.partition(":")[2] in _WITH_CONTEXT:
                found |= context
            out.append(sample_of(principal, found, action, key.arn, APP, kind="role", temporary=True, region=region))
    return _Keys(space, "kms", objective, tuple(out))


_USER = f"arn:aws:iam::{APP}:user/tom"
_QUEUE = f"arn:aws:sqs:us-east-1:{STRANGER}:orders"
_INNER = f"arn:aws:sqs:us-east-1:{APP}:orders"


@dataclass(frozen=True)
class _Federated(World):
    """Federated users with the policies that are told of their name; without one they may do nothing by themselves."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """The user that made the session bounds it, and what was passed does."""
        found = super().case(drawn, untold=untold)
        own = caller(self.workspace, drawn.request)
        name = (drawn.request.principal.arn or "").rsplit("/", 1)[-1]
        entry = next((s for s in own.sessions if fnmatchcase(name, s.name)), None) if own else None
        passed = entry.policies if entry else ()
        if own is not None and entry is None:  # sessions that are not told may carry what they like
            passed = (everything(Kind.SESSION),) if not own.sessions else ()
        return replace(
            found, session=passed or None, flags=found.flags.model_copy(update={"session_policy_passed": bool(passed)})
        )


def federated_sessions(rng: Random) -> World:
    """A user makes federated users whose policies are told: which reach a stranger's queue, or the own from outside?"""
    own_queue = rng.random() < 0.4
    action, objective = "sqs:SendMessage", "O6" if own_queue else "O3"
    there, owner = (_INNER, APP) if own_queue else (_QUEUE, STRANGER)

    def policy(kind: Kind) -> Any:
        st: Statement = {
            "Effect": "Allow",
            "Action": rng.choice(("sqs:*", "*", "s3:*", "sqs:SendMessage")),
            "Resource": rng.choice(("*", _QUEUE, _INNER)),
        }
        if rng.random() < 0.3:
            st["Condition"] = rng.choice(
                (
                    {"StringEquals": {"aws:ResourceOrgID": MINE}},
                    {"StringLike": {"aws:userid": f"{APP}:ci-*"}},
                    {"IpAddress": {"aws:SourceIp": OFFICE}},
                )
            )
        stop = [{"Effect": "Deny", "Action": "sqs:*", "Resource": _QUEUE}] if rng.random() < 0.15 else []
        return document(kind, "p", [st, *stop])

    told = tuple(
        Session(name=name, policies=tuple(policy(Kind.SESSION) for _ in range(rng.choice((0, 1, 1, 2)))))
        for name in rng.sample(("ci-*", "ci-1", "*", "ops"), rng.choice((1, 1, 2, 3)))
    )
    listed = rng.random() < 0.7
    token = document(Kind.IDENTITY, "token", [{"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"}])
    user = OwnedPrincipal(
        arn=_USER,
        type="user",
        account=APP,
        sessions=told,
        sessions_listed=listed,
        policies=(policy(Kind.IDENTITY), token),
        boundary=policy(Kind.BOUNDARY) if rng.random() < 0.25 else None,
    )
    grants: list[Statement] = []
    if own_queue and rng.random() < 0.8:
        grants = [
            {
                "Effect": "Allow",
                "Action": "sqs:*",
                "Resource": "*",
                "Principal": rng.choice(
                    ({"AWS": f"arn:aws:sts::{APP}:federated-user/ci-1"}, {"AWS": _USER}, {"AWS": APP}, "*")
                ),
            }
        ]
    queue = OwnedResource(arn=_INNER, account=APP, policy=document(Kind.RESOURCE, "q", grants) if grants else None)
    # Nobody else is asked about: only federated users that a user made.
    names = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:sts::{APP}:federated-user/*"}}
    stop: list[Statement] = [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": names}]
    stop += [
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": held}
        for held in ({"Null": {"aws:SourceIp": "true"}}, {"StringNotLike": {"aws:userid": f"{APP}:*"}})
    ]
    rcps: list[Statement] = []
    if own_queue:
        rcps = [
            {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": held}
            for held in (names, {"Null": {"aws:SourceIp": "true"}}, {"Null": {"aws:PrincipalArn": "true"}})
        ]
    # The root user makes federated users, too: not those of these names.
    made = rng.sample(("ci-1", "ci-2", "ops", "anna"), 3)
    space = holding(
        guarded_by(stop, rcps, objective, action, "aws", listed=True),
        **{f"a{APP}": {"principals": (user,), "resources": (queue,)}},
    )
    out = []
    for name in made:
        if listed and not any(fnmatchcase(name, s.name) for s in told):
            continue
        arn = f"arn:aws:sts::{APP}:federated-user/{name}"
        keys = {
            **BASE,
            **role_of(APP)[1],
            **owner_keys(owner),
            "aws:PrincipalArn": arn,
            "aws:userid": f"{APP}:{name}",
            "aws:PrincipalType": "FederatedUser",
            "aws:SourceIp": CAFE,
        }
        principal = Principal(type="federated-user", arn=arn, account=APP, user_arn=_USER)
        out.append(sample_of(principal, keys, action, there, owner, kind="feduser", temporary=True))
    return _Federated(space, "sqs", objective, tuple(out))


@dataclass(frozen=True)
class _Delegates(World):
    """AssumeRoot is for the management account and the delegated administrator of IAM."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """Where the administrators are not told, any member may be one."""
        found = super().case(drawn, untold=untold)
        told = self.workspace.organization.all_delegated_administrators
        account = drawn.facts.principal_account
        may = told is None or (account, "iam.amazonaws.com") in told
        return replace(found, flags=found.flags.model_copy(update={"principal_delegated_administrator": may}))


def delegates(rng: Random) -> World:
    """Who takes root sessions of a member, from outside my network?"""
    action = "sts:AssumeRoot"
    choices = [
        (n, s) for n in (APP, DATA) for s in ("iam.amazonaws.com", "sso.amazonaws.com", "guardduty.amazonaws.com")
    ]
    told = rng.choice((None, (), tuple(rng.sample(choices, rng.choice((1, 1, 2))))))
    listed = rng.random() < 0.75
    conditions = rng.choice(
        (
            {"StringNotEquals": {"aws:PrincipalAccount": MANAGEMENT}},
            {"StringEquals": {"aws:PrincipalAccount": DATA}},
            {"StringEquals": {"aws:PrincipalAccount": APP}},
            {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
            {"StringEquals": {"aws:PrincipalAccount": [MANAGEMENT, DATA]}},
        )
    )
    scps: list[Statement] = []
    if rng.random() < 0.7:
        scps = [{"Effect": "Deny", "Action": "sts:AssumeRoot", "Resource": "*", "Condition": conditions}]
    # Forwarded calls and endpoints are no business of this theme.
    scps += [
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": held}
        for held in ({"Null": {"aws:SourceIp": "true"}}, {"Bool": {"aws:ViaAWSService": "true"}})
    ]
    people = {
        f"a{n}": {
            "principals": (
                OwnedPrincipal(
                    arn=f"arn:aws:iam::{n}:role/Worker",
                    type="role",
                    account=n,
                    policies=(document(Kind.IDENTITY, "all", [ALL]),) if rng.random() < 0.8 else (),
                ),
            )
        }
        for n in (APP, DATA)
        if rng.random() < 0.85
    }
    space = holding(guarded_by(scps, [], "O5", action, "aws", listed=True), **people)
    about = {"delegated_administrators": told, "delegates_listed": listed}
    space = space.model_copy(update={"organization": space.organization.model_copy(update=about)})
    # A management account without any users: only its root user is there, and SCPs do not bind it.
    out = []
    for account in (APP, DATA, STRANGER):
        if account != STRANGER and f"a{account}" not in people:
            continue
        for target in (APP, DATA, MANAGEMENT):
            principal, own = role_of(account)
            keys: Keys = {
                **BASE,
                **own,
                **owner_keys(target),
                "aws:SourceIp": CAFE,
                "sts:TaskPolicyArn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials",
            }
            if target == MANAGEMENT or account == STRANGER:
                continue  # root sessions are of members, inside one organization
            asked: dict[str, Any] = {"kind": "role", "temporary": True}
            out.append(sample_of(principal, keys, action, f"arn:aws:iam::{target}:root", target, **asked))
    return _Delegates(space, "sts", "O5", tuple(out))


# What RAM and attributes share, by type: the ARN after the service, and calls that a share is for or is not for
# (pages of the services on sharing).
_SHARED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("ec2:us-east-1:{}:subnet/subnet-0a", ("ec2:RunInstances", "ec2:CreateNetworkInterface"), ("ec2:DeleteSubnet",)),
    (
        "ec2:us-east-1:{}:transit-gateway/tgw-0a",
        ("ec2:CreateTransitGatewayVpcAttachment",),
        ("ec2:DeleteTransitGateway",),
    ),
    ("ec2:us-east-1:{}:prefix-list/pl-0a", ("ec2:GetManagedPrefixListEntries",), ("ec2:ModifyManagedPrefixList",)),
    ("ec2:us-east-1::image/ami-0a", ("ec2:CopyImage", "ec2:RunInstances"), ("ec2:DeregisterImage",)),
    ("rds:us-east-1:{}:snapshot:s1", ("rds:CopyDBSnapshot",), ("rds:DeleteDBSnapshot",)),
    (
        "route53resolver:us-east-1:{}:resolver-rule/rslvr-rr-0a",
        ("route53resolver:GetResolverRule",),
        ("route53resolver:DeleteResolverRule",),
    ),
    ("ssm:us-east-1:{}:parameter/db", ("ssm:GetParameter", "ssm:GetParameters"), ("ssm:PutParameter",)),
    ("ssm:us-east-1:{}:document/run", ("ssm:GetDocument",), ("ssm:DeleteDocument",)),
)


@dataclass(frozen=True)
class _Shared(World):
    """What is shared is what a policy would allow that names the parties, for the calls that the share is for."""

    parties: tuple[str, ...] = ()
    meant: tuple[str, ...] = ()

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """The share lets a party in: account, organization, unit, role or everybody."""
        found, who = super().case(drawn, untold=untold), drawn.request.principal
        account = drawn.facts.principal_account or ""
        names = {
            "all",
            account,
            ORGANIZATIONS[account],
            path_of(account) if ORGANIZATIONS[account] else "",
            who.role_arn,
        }
        policy = None
        if names & set(self.parties) and drawn.request.action in self.meant:
            policy = document(Kind.RESOURCE, "share", [{**ALL, "Principal": {"AWS": account}}])
        return replace(found, resource=policy)


def ram_shares(rng: Random) -> World:
    """Subnets, gateways, lists, images, rules and parameters shared with accounts, roles, units: who may do what?"""
    name, meant, other = rng.choice(_SHARED)
    action = rng.choice((*meant, *meant, *other))
    arn = f"arn:aws:{name.format(APP)}"
    role, more = f"arn:aws:iam::{STRANGER}:role/Worker", f"arn:aws:iam::{STRANGER}:role/Other"
    known = (
        STRANGER,
        PARTNER,
        MINE,
        str(ORGANIZATIONS[STRANGER]),
        path_of(STRANGER),
        role,
        more,
        DATA,
        "sns.amazonaws.com",
    )
    if "image/" in arn or ":snapshot" in arn:
        known = (*(p for p in known if not p.startswith("arn:") and ".amazonaws" not in p), "all")
    parties = tuple(rng.sample(known, rng.choice((0, 1, 1, 2))))
    policy = sharing_policy(arn, APP, parties, actions_of(arn), file="organization.yaml") if parties else None
    service = action.partition(":")[0]
    space = guarded_by([], [], "O1", action, "aws", listed=True)
    claims = space.perimeter.model_copy(
        update={
            "accepted": tuple(name for name in space.perimeter.accepted if name != "services-outside-rcp"),
        }
    )
    space = holding(
        space.model_copy(update={"perimeter": claims}),
        **{f"a{APP}": {"resources": (OwnedResource(arn=arn, account=APP, policy=policy),)}},
    )
    out = []
    for account, role_name in ((STRANGER, "Worker"), (STRANGER, "Third"), (PARTNER, "Worker")):
        principal, own = role_of(account, name=role_name)
        keys: Keys = {**BASE, **own, **owner_keys(APP), "aws:SourceIp": CAFE}
        out.append(sample_of(principal, keys, action, arn, APP, kind="role", temporary=True))
    return _Shared(space, service, "O1", tuple(out), parties=parties, meant=meant)


THEMES: dict[str, Callable[[Random], World]] = {
    "key-grants": key_grants,
    "federated-sessions": federated_sessions,
    "delegates": delegates,
    "ram-shares": ram_shares,
}
