"""Themes about calls and what is asked of them: chains of services, consoles, Regions, credentials, settled readings.

Written from the semantics (AR1, W-19, 5.7, section 7) and docs/mitigations.md, and AWS's pages: IAM guide, forward
access sessions and `aws:CalledVia`; Console guide, Private Access (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from perimeter_smt.organization.model import Endpoint, OwnedPrincipal
from perimeter_smt.organization.perimeter import Scope, TrustedPrincipal, Vendor
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Principal
from tests.attack.cast import APP, DATA, ENDPOINTS, MANAGEMENT, MINE, ORGANIZATIONS, PARTNER, STRANGER
from tests.attack.grant_themes import ALL, CAFE, holding
from tests.attack.policies import document
from tests.attack.theme_worlds import (
    BASE,
    OFFICE,
    Keys,
    Statement,
    World,
    guarded_by,
    owner_keys,
    role_of,
    sample_of,
)
from tests.attack.worlds import Sample

_SERVICES = tuple(f"{name}.amazonaws.com" for name in ("cloudformation", "athena", "glue", "lambda", "dynamodb"))
_FOREIGN: dict[str, Any] = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}}


def chains(rng: Random) -> World:
    """A guardrail that spares some chains of calls: which chains of up to five services get past it?"""
    action = rng.choice(("s3:GetObject", "sqs:SendMessage", "kms:Decrypt"))

    def test() -> dict[str, Any]:
        some, one = list(rng.sample(_SERVICES, rng.choice((1, 2, 3)))), rng.choice(_SERVICES)
        kind = rng.choice(("ForAnyValue", "ForAllValues"))
        operator = rng.choice(("StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"))
        return rng.choice(
            (
                {f"{kind}:{operator}": {"aws:CalledVia": some}},
                {f"{kind}:StringNotEquals": {"aws:CalledVia": some}},
                {f"{kind}:StringEquals": {"aws:CalledVia": one}},
                {operator: {"aws:CalledViaFirst": one}},
                {operator: {"aws:CalledViaLast": one}},
                {"StringNotEqualsIfExists": {"aws:CalledViaLast": some}},
                {"StringNotEqualsIfExists": {"aws:CalledViaFirst": some}},
                {"Null": {"aws:CalledVia": rng.choice(("true", "false"))}},
                {"Bool": {"aws:ViaAWSService": rng.choice(("true", "false"))}},
                {"ForAnyValue:StringLike": {"aws:CalledVia": [one[:4] + "*", "d*"]}},
            )
        )

    scps: list[Statement] = []
    for _ in range(rng.choice((1, 2, 3, 4))):
        held: dict[str, dict[str, Any]] = {name: dict(keys) for name, keys in _FOREIGN.items()}
        for _ in range(rng.choice((0, 1, 1, 2))):
            for operator, keys in test().items():
                held.setdefault(operator, {}).update(keys)
        scps.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": held})
    long: tuple[str, ...] = ()
    if rng.random() < 0.4:  # one chain alone gets past these, of its first, some links between and its last
        first, last, *between = rng.sample(_SERVICES, rng.choice((3, 4, 5)))
        long = (first, *between, last)
        scps = [
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {**_FOREIGN, **held}}
            for held in (
                {"StringNotEquals": {"aws:CalledViaFirst": first}},
                {"StringNotEquals": {"aws:CalledViaLast": last}},
                *({"ForAllValues:StringNotEquals": {"aws:CalledVia": link}} for link in between),
            )
        ]
    space = guarded_by(scps, [], "O3", action, "aws")
    service = action.partition(":")[0]
    resource = {
        "s3": "arn:aws:s3:::b-666666666666/x",
        "sqs": f"arn:aws:sqs:us-east-1:{STRANGER}:orders",
        "kms": f"arn:aws:kms:us-east-1:{STRANGER}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    }[service]
    principal, own = role_of(APP)
    keys: Keys = {**BASE, **own, **owner_keys(STRANGER), "aws:SourceIp": "203.0.113.9"}
    if service == "s3":
        keys |= {"s3:ResourceAccount": STRANGER}
    if service == "kms":
        keys |= {"kms:CallerAccount": APP}
    out = [sample_of(principal, keys, action, resource, STRANGER, kind="role", temporary=True, path="public")]
    for length in (0, 1, 1, 2, 2, 3, 3, 4, 4, 5):
        called: tuple[str, ...] = tuple(rng.choice(_SERVICES) for _ in range(length))
        via: Keys = {**keys, "aws:ViaAWSService": "true"}
        if long and length == 5:
            called = long
        if called:  # services that support the key (AR1): the first and the last, and each once or more
            via |= {"aws:CalledVia": called, "aws:CalledViaFirst": called[0], "aws:CalledViaLast": called[-1]}
        if service == "kms":
            via |= {"kms:ViaService": "athena.us-east-1.amazonaws.com"}
        asked: dict[str, Any] = {"kind": "role", "temporary": True, "path": "awsnet", "forwarded": True}
        out.append(sample_of(principal, via, action, resource, STRANGER, first_hop_trusted=True, **asked))
    return World(space, service, "O3", tuple(out))


@dataclass(frozen=True)
class _Console(World):
    """Calls over an endpoint of the console are held to its policy."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """The policy of the endpoint of the console binds what the console sends over it."""
        found = super().case(drawn, untold=untold)
        end = next(
            e for a, _ in self.workspace.organization.accounts() for e in a.endpoints if e.id == drawn.facts.endpoint
        )
        return replace(found, endpoint=end.policy, flags=found.flags.model_copy(update={"via_endpoint": True}))


def known_console(rng: Random) -> World:
    """The console over endpoints of mine: who may sign in there, and what is called over it (W-19)?"""
    objective = rng.choice(("O2", "O4"))
    action = rng.choice(("s3:ListBucket", "sqs:SendMessage"))
    service = action.partition(":")[0]
    ends = []
    for name, of in zip(("a", "b"), rng.sample((("console",), ("s3",), (service, "console"), ()), 2), strict=True):
        st: Statement = {
            "Effect": "Allow",
            "Principal": rng.choice(("*", "*", {"AWS": APP})),
            "Action": "*",
            "Resource": rng.choice(("*", "*", f"arn:aws:sqs:*:{APP}:*")),
        }
        key = "aws:PrincipalOrgID" if objective == "O2" else "aws:ResourceOrgID"
        if rng.random() < 0.7:
            st["Condition"] = rng.choice(
                (
                    {"StringEquals": {key: MINE}},
                    {"StringEqualsIfExists": {key: MINE}},
                    {"StringEquals": {key: MINE}, "Null": {"aws:SourceVpce": "false"}},
                    {"Null": {"aws:SourceVpce": "true"}},
                )
            )
        end = ENDPOINTS[name]
        ends.append(
            Endpoint(
                id=end.id,
                account=APP,
                vpc=end.vpc,
                vpc_account=APP,
                region="us-east-1",
                services=of,
                policy=document(Kind.ENDPOINT, "endpoint", [st]) if rng.random() < 0.9 else None,
            )
        )
    space = holding(guarded_by([], [], objective, action, "aws"), **{f"a{APP}": {"endpoints": tuple(ends)}})
    out = []
    for end_ in ends:
        if end_.services and "console" not in end_.services:
            continue  # the console sends nothing over it
        for account, owner in ((STRANGER, APP), (APP, STRANGER), (STRANGER, STRANGER)):
            principal, own = role_of(account)
            keys: Keys = {**BASE, **own, **owner_keys(owner), "aws:SourceVpc": end_.vpc}
            if service == "s3":
                keys |= {"s3:ResourceAccount": owner}
            there = f"arn:aws:s3:::b-{owner}" if service == "s3" else f"arn:aws:sqs:us-east-1:{owner}:orders"
            out.append(
                sample_of(
                    principal,
                    keys,
                    action,
                    there,
                    owner,
                    kind="role",
                    temporary=True,
                    path="vpce",
                    endpoint=end_.id,
                    vpc=end_.vpc,
                    endpoint_account=APP,
                    vpc_account=APP,
                    vpc_region="us-east-1",
                )
            )
    return _Console(space, service, objective, tuple(out), reading="over")


@dataclass(frozen=True)
class _Mitigation(World):
    """A question beside the objectives: the rows of one subject, or all."""

    subject: str = ""

    def verdicts(self) -> list[tuple[str, str]]:
        """Statuses of the rows."""
        found = prove(
            self.workspace,
            services=["sts"],
            objectives=["O1"],
            availability=False,
            mitigations=[self.objective],
            reading=self.reading,
            mode=self.mode,
        )  # type: ignore[arg-type]
        lines = [line for one in found.mitigations for line in one.lines if self.subject in line.subject]
        statuses = {line.status for line in lines}
        worst = next((s for s in ("refuted", "unknown", "conditional", "proved") if s in statuses), "not-asked")
        return [(worst, next((line.text for line in lines if line.status == worst), ""))]


# Services with one control plane: their calls carry its Region, whatever the caller is near to (W-17).
_ONE_PLANE = ("iam:GetRole",)


@dataclass(frozen=True)
class _Regions(_Mitigation):
    """Calls of mine to Regions that are not mine."""

    def broken(self, drawn: Sample) -> bool:
        """An identity of mine, another Region, a service that has more than one."""
        region, claims = drawn.facts.region, self.workspace.perimeter
        mine = drawn.facts.principal_account in (APP, DATA, MANAGEMENT)
        spared = any(drawn.request.action.startswith(p.rstrip("*")) for p in claims.scope("E1").except_actions)
        return mine and region not in claims.regions and drawn.request.action not in _ONE_PLANE and not spared


def regions(rng: Random) -> World:
    """The Region guardrail as people write it, right and wrong: which calls of mine go elsewhere?"""
    mine = tuple(rng.sample(("us-east-1", "eu-west-1", "eu-central-1"), rng.choice((1, 2, 2))))
    named = list(rng.sample((*mine, *mine, "us-west-2", "eu-*"), rng.choice((1, 2, 3))))
    apart = rng.choice(
        (["iam:*"], ["iam:*", "organizations:*", "route53:*", "support:*"], ["iam:*", "s3:*"], ["iam:Get*"])
    )
    operator = (
        "StringNotLike"
        if any("*" in n for n in named)
        else rng.choice(("StringNotEquals", "StringNotEquals", "StringNotEqualsIfExists", "StringNotLike"))
    )
    held: dict[str, Any] = {operator: {"aws:RequestedRegion": list(dict.fromkeys(named))}}
    if rng.random() < 0.5:
        held |= rng.choice(
            (
                {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}},
                {"BoolIfExists": {"aws:ViaAWSService": "false"}},
                {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/W*"}},
                {"StringEquals": {"aws:PrincipalAccount": APP}},
                {"NotIpAddress": {"aws:SourceIp": OFFICE}},
            )
        )
    scps = [{"Effect": "Deny", "NotAction": apart, "Resource": "*", "Condition": held}]
    if rng.random() < 0.45:
        scps.append(
            {
                "Effect": "Deny",
                "NotAction": rng.choice(("iam:*", "iam:*", "sqs:Get*")),
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": list(mine)}},
            }
        )
    if rng.random() < 0.25:
        scps = [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": held}]
    space = guarded_by(scps, [], "E1", "*", "aws")
    left = rng.choice(((), (), ("s3:",)))
    scope = Scope(actions=("s3:*", "sqs:*"), except_actions=tuple(f"{p}*" for p in left))
    claims = space.perimeter.model_copy(
        update={
            "regions": mine,
            "egress": rng.choice(("blocked", "proxy", "open", None)),
            "proxies": ("198.51.100.200/32",),
            "scopes": {"E1": scope},
        }
    )
    space = space.model_copy(update={"perimeter": claims})
    out = []
    for region in ("us-east-1", "eu-west-1", "us-west-2", "eu-south-1"):
        for account, name in ((APP, "Worker"), (APP, "break-glass"), (DATA, "Other")):
            principal, own = role_of(account, name=name)
            for action, there in (
                ("s3:ListBucket", "arn:aws:s3:::acme-data"),
                ("sqs:SendMessage", f"arn:aws:sqs:{region}:{account}:orders"),
            ):
                for address, via in (("203.0.113.9", False), (CAFE, False), (CAFE, True)):
                    keys: Keys = {
                        **BASE,
                        **own,
                        **owner_keys(account),
                        "aws:SourceIp": address,
                        "aws:RequestedRegion": region,
                    }
                    asked: dict[str, Any] = {"kind": "role", "temporary": True, "region": region}
                    if via:
                        keys |= {"aws:ViaAWSService": "true"}
                        asked |= {"forwarded": True, "path": "awsnet", "first_hop_trusted": True}
                    out.append(sample_of(principal, keys, action, there, account, **asked))
    return _Regions(space, "s3", "E1", tuple(out), subject="Region guardrail")


_SECRETS = ("acme-42", "acme-43", "ACME-42")
_HOST = "ci.example.com"
_PROVIDER = f"arn:aws:iam::{APP}:oidc-provider/{_HOST}"


@dataclass(frozen=True)
class _Credentials(_Mitigation):
    """Sessions of a role of mine for others."""

    spelled: tuple[str, ...] = ()

    def broken(self, drawn: Sample) -> bool:
        """Neither mine, nor a vendor that proves itself at a role meant for it, nor a declared provider's subject."""
        claims, keys = self.workspace.perimeter, drawn.request.context
        account = drawn.facts.principal_account
        if account in (APP, DATA, MANAGEMENT):
            return False
        for vendor in claims.vendors:
            if vendor.account != account or not any(_like(p, drawn.request.resource) for p in vendor.roles):
                continue
            if vendor.arns and drawn.request.principal.role_arn not in vendor.arns:
                continue
            sent = keys.get("sts:ExternalId")
            good = self.spelled if vendor.external_id == "required" else vendor.external_id
            if vendor.external_id == "none" or (sent and sent in good):
                return False
        for entry in claims.third_principals:
            if drawn.facts.kind != "fedsts":
                continue
            subject, audience = str(keys[f"{_HOST}:sub"]), str(keys[f"{_HOST}:aud"])
            subjects, audiences = entry.subjects or ("*",), entry.audiences or ("*",)
            if any(_like(p, subject) for p in subjects) and any(_like(p, audience) for p in audiences):
                return False
        return True


def _like(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == text


def credentials(rng: Random) -> World:
    """Trust policies for vendors and pipelines, guardrails beside them: who gets a session of the role?"""
    spelled: list[str] = []

    def test() -> dict[str, Any]:
        operator = rng.choice(("StringEquals", "StringEquals", "StringLike", "StringEqualsIfExists", "StringNotEquals"))
        value = rng.choice(("acme-42", "acme-42", "acme-*", ["acme-42", "acme-43"], "${aws:PrincipalAccount}"))
        found = [value] if isinstance(value, str) else value
        if operator in ("StringEquals", "StringEqualsIfExists", "StringNotEquals", "StringLike"):
            spelled.extend(v for v in found if not set(v) & set("*?$"))
        return {operator: {"sts:ExternalId": value}}

    statements: list[Statement] = []
    for _ in range(rng.choice((1, 1, 2))):
        if rng.random() < 0.65:
            st: Statement = {
                "Effect": "Allow",
                "Action": rng.choice(("sts:AssumeRole", "sts:*")),
                "Principal": {
                    "AWS": rng.choice((PARTNER, PARTNER, f"arn:aws:iam::{PARTNER}:role/Worker", "*", STRANGER, APP))
                },
            }
            held: dict[str, Any] = test() if rng.random() < 0.75 else {}
            if rng.random() < 0.3:
                held.setdefault("StringEquals", {})["aws:PrincipalAccount"] = rng.choice((PARTNER, APP))
        else:
            st = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": _PROVIDER}}
            held = rng.choice(
                (
                    {"StringEquals": {f"{_HOST}:aud": "sts.amazonaws.com"}},
                    {
                        "StringEquals": {f"{_HOST}:aud": "sts.amazonaws.com"},
                        "StringLike": {f"{_HOST}:sub": "repo:acme/*"},
                    },
                    {"StringLike": {f"{_HOST}:sub": ["repo:acme/*", "repo:ac*"]}},
                    {},
                    {"StringEquals": {f"{_HOST}:sub": "repo:acme/app:ref:main"}},
                    {"ForAllValues:StringLike": {f"{_HOST}:sub": "repo:acme/*"}},
                )
            )
        statements.append({**st, **({"Condition": held} if held else {})})
    rcps: list[Statement] = []
    if rng.random() < 0.4:
        rcps = [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sts:AssumeRole",
                "Resource": "*",
                "Condition": rng.choice(
                    (
                        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}},
                        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE, "aws:PrincipalAccount": PARTNER}},
                        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE, "sts:ExternalId": "acme-42"}},
                        {"StringNotEquals": {"aws:PrincipalOrgID": MINE, "sts:ExternalId": "acme-42"}},
                    )
                ),
            }
        ]
        spelled.extend(("acme-42",) if "ExternalId" in str(rcps) else ())
    role = f"arn:aws:iam::{APP}:role/{rng.choice(('vendor/Audit', 'Deploy'))}"
    own = OwnedPrincipal(
        arn=role,
        type="role",
        account=APP,
        trust=document(Kind.TRUST, "trust", statements),
        policies=(document(Kind.IDENTITY, "all", [ALL]),),
    )
    space = holding(guarded_by([], rcps, "C1", "sts:*", "aws", listed=True), **{f"a{APP}": {"principals": (own,)}})
    vendor = Vendor(
        account=PARTNER,
        roles=(rng.choice(("*", role, f"arn:aws:iam::{APP}:role/vendor/*")),),
        external_id=rng.choice(("required", "required", "none", ("acme-42",))),
        arns=rng.choice(((), (), (f"arn:aws:iam::{PARTNER}:role/Worker",))),
    )
    provider = TrustedPrincipal(
        provider=_PROVIDER,
        subjects=rng.choice((("repo:acme/*",), ("repo:acme/app:ref:main",))),
        audiences=rng.choice(((), ("sts.amazonaws.com",))),
    )
    claims = space.perimeter.model_copy(
        update={
            "vendors": (vendor,) if rng.random() < 0.75 else (),
            "scopes": {},
            "third_principals": (provider,) if rng.random() < 0.75 else (),
        }
    )
    space = space.model_copy(update={"perimeter": claims})
    out = []
    for account, name in ((PARTNER, "Worker"), (PARTNER, "Other"), (STRANGER, "Worker"), (APP, "Worker")):
        principal, keys = role_of(account, name=name)
        for sent in (None, *_SECRETS, account):
            found: Keys = {**BASE, **keys, **owner_keys(APP), "aws:SourceIp": CAFE, "sts:RoleSessionName": "s1"}
            found |= {"sts:ExternalId": sent} if sent else {}
            out.append(sample_of(principal, found, "sts:AssumeRole", role, APP, kind="role", temporary=True))
    for subject in ("repo:acme/app:ref:main", "repo:acme/x", "repo:acme-evil/x", "repo:evil/x"):
        for audience in ("sts.amazonaws.com", "other"):
            found = {
                **BASE,
                **owner_keys(APP),
                "aws:SourceIp": CAFE,
                "sts:RoleSessionName": "s1",
                "aws:userid": "corp:a",
                f"{_HOST}:sub": subject,
                f"{_HOST}:aud": audience,
                "aws:FederatedProvider": _PROVIDER,
                "aws:PrincipalType": "AssumedRole",
            }
            who = Principal(type="federated-sts", provider=_PROVIDER)
            out.append(sample_of(who, found, "sts:AssumeRoleWithWebIdentity", role, APP, kind="fedsts"))
    return _Credentials(space, "sts", "C1", tuple(s for s in out if _there(s)), spelled=tuple(spelled))


def _there(drawn: Sample) -> bool:
    """Of my accounts nobody but the role itself is listed."""
    return ORGANIZATIONS.get(drawn.facts.principal_account or "") != MINE


THEMES: dict[str, Callable[[Random], World]] = {
    "chains": chains,
    "known-console": known_console,
    "regions": regions,
    "credentials": credentials,
}
