"""Random guardrails and perimeters around the cast: usual statements of data perimeters (semantics 5.4), mutated."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import (
    Perimeter,
    RoleException,
    Scope,
    TagException,
    TrustedPrincipal,
    TrustedResource,
    Vpc,
    Workspace,
)
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from tests.attack.cast import APP, DATA, ENDPOINTS, MANAGEMENT, MINE, OTHER, PARTNER, RCP_SERVICES, SANDBOX

Statement = dict[str, Any]

ALL_LIMITS = (
    *("management-account", "service-linked-roles", "services-outside-rcp", "service-principals"),
    *("service-networks", "kms-retire-grant", "forward-access-sessions"),
)
_WORK = f"{MINE}/r-ab12/ou-ab12-work0001/*"
_BREAK_GLASS = "arn:aws:iam::*:role/break-glass"
_IMPORT = f"arn:aws:iam::{PARTNER}:role/acme-import"
_INBOX = ["arn:aws:s3:::partner-inbox", "arn:aws:s3:::partner-inbox/*"]
_LIST_E = [
    *("ebs:*", "ec2:CreateVpcEndpoint", "ec2:CreateVpcPeeringConnection", "ec2:AcceptVpcPeeringConnection"),
    *("ec2:AcceptVpcEndpointConnections", "ec2:*TransitGatewayPeeringAttachment", "events:PutEvents"),
]
_AWS_OWNED = ["arn:aws:ssm:*::parameter/aws/*", "arn:aws:iam::aws:policy/*", "arn:aws:ec2:*::image/*",
              "arn:aws:ssm:*::document/*", "arn:aws:ec2:*::snapshot/*"]  # fmt: skip
_WEB = ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]


def identity_rcp(services: tuple[str, ...]) -> list[Statement]:
    """O1 as an RCP: mine, services for mine, no others."""
    actions = [f"{service}:*" for service in services if service in RCP_SERVICES - {"sts"}]
    if "sts" in services:
        actions.append("sts:AssumeRole")
    actions = actions or ["s3:*"]
    return [
        _deny(actions, {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        }),
        _deny(actions, {
            "StringNotEqualsIfExists": {"aws:SourceOrgID": MINE},
            "Null": {"aws:SourceAccount": "false"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        }),
    ]  # fmt: skip


def network_rcp(services: tuple[str, ...]) -> list[Statement]:
    """O6 as an RCP."""
    actions = [f"{service}:*" for service in services if service in RCP_SERVICES - {"sts"}] or ["s3:*"]
    return [_deny(actions, {**_network(), "BoolIfExists": {
        "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}})]  # fmt: skip


def resource_scp(_services: tuple[str, ...]) -> list[Statement]:
    """O3 as an SCP."""
    return [{"Effect": "Deny", "NotAction": list(_LIST_E), "Resource": "*", "Condition": {
        "StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}}}]  # fmt: skip


def network_scp(services: tuple[str, ...]) -> list[Statement]:
    """O5 as an SCP."""
    actions = [f"{service}:*" for service in services]
    return [{"Effect": "Deny", "Action": actions, "Resource": "*", "Condition": {
        **_network(), "BoolIfExists": {"aws:ViaAWSService": "false"}}}]  # fmt: skip


def endpoint_policy(_services: tuple[str, ...]) -> list[Statement]:
    """O2 and O4 as an endpoint policy."""
    return [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {
            "StringEquals": {"aws:PrincipalOrgID": MINE, "aws:ResourceOrgID": MINE}}},
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {
            "Bool": {"aws:PrincipalIsAWSService": "true"},
            "StringEquals": {"aws:SourceOrgID": MINE, "aws:ResourceOrgID": MINE}}},
    ]  # fmt: skip


def _network() -> dict[str, Any]:
    ids = [end.id for name, end in ENDPOINTS.items() if name in ("a", "b", "mgmt")]
    return {
        "NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:1::/48"]},
        "StringNotEqualsIfExists": {"aws:SourceVpce": ids},
    }


def _deny(actions: list[str], condition: dict[str, Any]) -> Statement:
    return {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*", "Condition": condition}


# Mutations. Each takes a statement and changes it, or returns several in its place.


def _drop(rng: Random, st: Statement) -> None:
    """Without one condition."""
    block = st.get("Condition", {})
    if not block:
        return
    operator = rng.choice(sorted(block))
    key = rng.choice(sorted(block[operator]))
    del block[operator][key]
    if not block[operator]:
        del block[operator]
    if not block:
        st.pop("Condition")


def _rename(rng: Random, st: Statement) -> None:
    """Another spelling of an operator: IfExists on or off, a set operator, its wildcard sibling."""
    block = st.get("Condition", {})
    if not block:
        return
    old = rng.choice(sorted(block))
    base = old.removesuffix("IfExists").rsplit(":", 1)[-1]
    changes = [base, f"{base}IfExists" if base != "Null" else base, old]
    if base != "Null":
        changes += [f"ForAnyValue:{base}", f"ForAllValues:{base}IfExists", f"ForAllValues:{base}"]
    if base == "StringNotEquals":
        changes += ["StringNotLikeIfExists", "StringNotEqualsIgnoreCase", "ArnNotEqualsIfExists"]
    if base == "StringEquals":
        changes += ["StringLike", "StringEqualsIgnoreCase", "StringEqualsIfExists"]
    new = rng.choice(changes)
    if new != old:
        block.setdefault(new, {}).update(block.pop(old))


def _value(rng: Random, st: Statement) -> None:
    """Another value: a wrong organization, a variable, a wildcard, a second organization."""
    block = st.get("Condition", {})
    if not block:
        return
    operator = rng.choice(sorted(block))
    key = rng.choice(sorted(block[operator]))
    if "Bool" in operator or "Null" in operator:
        block[operator][key] = rng.choice(("true", "false"))
    elif "Ip" in operator:
        block[operator][key] = rng.choice(
            (["203.0.113.0/24", "10.0.0.0/8"], "203.0.0.0/8", "2001:db8::/32", "0.0.0.0/0")
        )
    else:
        block[operator][key] = rng.choice(
            ([MINE, OTHER], "o-myorg00002", "${aws:PrincipalOrgID}", "${aws:ResourceOrgID}", "o-myorg*", "*",
             "${aws:PrincipalAccount}", [MINE, "${aws:SourceOrgID}"])
        )  # fmt: skip


def _exempt(rng: Random, st: Statement) -> None:
    """One more condition, as exemptions are written."""
    operator, key, value = rng.choice((
        ("StringNotEqualsIfExists", "aws:PrincipalTag/dp:exclude:network", "true"),
        ("StringNotEqualsIfExists", "aws:PrincipalTag/dp:exclude:identity", "true"),
        ("StringNotEquals", "aws:ResourceTag/dp:exclude:resource", "true"),
        ("ArnNotLikeIfExists", "aws:PrincipalArn", _BREAK_GLASS),
        ("ArnNotLike", "aws:PrincipalArn", [_BREAK_GLASS, "arn:aws:iam::*:role/app/*"]),
        ("ArnNotEqualsIfExists", "aws:PrincipalArn", _IMPORT),
        ("StringNotEqualsIfExists", "aws:PrincipalAccount", [PARTNER]),
        ("StringNotEqualsIfExists", "aws:PrincipalAccount", ["${aws:ResourceAccount}"]),
        ("StringNotLikeIfExists", "aws:userid", "*:i-*"),
        ("StringNotEqualsIfExists", "aws:PrincipalType", "Account"),
        ("StringNotEqualsIfExists", "aws:VpceOrgID", MINE),
        ("StringNotEqualsIfExists", "aws:VpceAccount", [APP, DATA]),
        ("ArnNotLikeIfExists", "aws:SourceVpcArn", f"arn:aws:ec2:*:{APP}:vpc/*"),
        ("StringNotEqualsIfExists", "aws:SourceVpc", "vpc-0a000000000000001"),
        ("BoolIfExists", "aws:ViaAWSService", "false"),
        ("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
        ("ForAllValues:StringNotEquals", "aws:CalledVia", "athena.amazonaws.com"),
        ("ForAnyValue:StringNotEquals", "aws:CalledVia", ["athena.amazonaws.com", "cloudformation.amazonaws.com"]),
        ("StringNotEqualsIfExists", "aws:CalledViaFirst", "cloudformation.amazonaws.com"),
        ("StringNotEqualsIfExists", "aws:CalledViaLast", "dynamodb.amazonaws.com"),
        ("Null", "aws:SourceIdentity", "true"),
        ("ArnNotLikeIfExists", "ec2:SourceInstanceArn", f"arn:aws:ec2:*:{APP}:instance/*"),
        ("StringNotEqualsIfExists", "aws:PrincipalTag/team", "${aws:ResourceTag/team}"),
        ("Null", "aws:ResourceOrgID", "false"),
        ("Null", "aws:SourceVpce", "false"),
        ("Null", "aws:SourceIp", "false"),
        ("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", _WORK),
        ("ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", _WORK),
        ("ForAllValues:StringNotLikeIfExists", "aws:ResourceOrgPaths", f"{MINE}/*"),
        ("StringNotEqualsIfExists", "s3:ResourceAccount", [APP, DATA]),
        ("StringNotEqualsIfExists", "aws:ResourceAccount", [APP, DATA, "${aws:PrincipalAccount}"]),
        ("StringNotEqualsIfExists", "aws:PrincipalServiceName", "s3.amazonaws.com"),
        ("ForAllValues:StringNotLike", "aws:PrincipalServiceNamesList", "cloudtrail.*"),
        ("ArnNotLikeIfExists", "aws:SourceArn", f"arn:aws:*:*:{APP}:*"),
        ("StringNotEqualsIfExists", "aws:SourceAccount", [APP, DATA, SANDBOX, MANAGEMENT]),
        ("Bool", "aws:SecureTransport", "false"),
        ("Null", "aws:TokenIssueTime", rng.choice(("true", "false"))),
        ("Null", "aws:Ec2InstanceSourceVpc", "true"),
        ("StringNotEquals", "aws:Ec2InstanceSourceVpc", "${aws:SourceVpc}"),
        ("StringNotEqualsIfExists", "kms:ViaService", "s3.us-east-1.amazonaws.com"),
        ("StringNotEqualsIfExists", "kms:CallerAccount", [APP, DATA]),
        ("BoolIfExists", "kms:GrantIsForAWSResource", "false"),
        ("StringNotLikeIfExists", "aws:PrincipalArn", f"arn:aws:iam::{APP}:*"),
        ("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
        ("StringNotEqualsIfExists", "aws:FederatedProvider", "arn:aws:iam::111111111111:saml-provider/corp"),
        ("StringNotEqualsIfExists", "s3:DataAccessPointAccount", [APP, DATA]),
        ("StringNotEqualsIfExists", "aws:RequestTag/team", "red"),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", "team"),
        ("Null", "aws:MultiFactorAuthPresent", "true"),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),
        ("NotIpAddressIfExists", "aws:VpcSourceIp", "10.0.0.0/8"),
        ("StringNotEqualsIfExists", "aws:username", "alice"),
    ))  # fmt: skip
    st.setdefault("Condition", {}).setdefault(operator, {})[key] = value


def _carve(rng: Random, st: Statement) -> None:
    """Carve out resources or actions."""
    match rng.randrange(4):
        case 0:
            st.pop("Resource", None)
            st["NotResource"] = rng.choice((_INBOX, _AWS_OWNED, ["arn:aws:s3:::partner-*"], ["arn:aws:s3:::acme-x/*"]))
        case 1 if "Principal" not in st:
            st.pop("Action", None)
            st["NotAction"] = rng.choice((["iam:*"], ["s3:Get*"], _LIST_E, ["ebs:*", "ssm:Get*"], ["sts:*"]))
        case 2 if "Action" in st:
            wide = ["S3:*"] if "Principal" in st else ["*:*"]
            some = (["s3:Get*", "s3:Put*", "sqs:*"], ["s3:GetObject", "kms:*", "sts:AssumeRole"], ["kms:*", "sqs:*"])
            st["Action"] = rng.choice((["s3:*"], wide, *some))
        case _:
            st.pop("NotResource", None)
            st["Resource"] = rng.choice(
                (["arn:aws:s3:::*", "arn:aws:sqs:*:*:*"], [f"arn:aws:*:*:{APP}:*"], ["arn:aws:*:*:*:*"], ["*"],
                 ["arn:aws:iam::*:role/*", "arn:aws:s3:::*", "arn:aws:kms:*"])
            )  # fmt: skip


def _split(rng: Random, st: Statement) -> list[Statement]:
    """Two statements in place of one, each with a part of the conditions."""
    block = st.get("Condition", {})
    if len(block) < 2:
        return [st]
    names = sorted(block)
    rng.shuffle(names)
    cut = rng.randrange(1, len(names))
    out = []
    for part in (names[:cut], names[cut:]):
        copied = copy.deepcopy(st)
        copied["Condition"] = {name: copy.deepcopy(block[name]) for name in part}
        out.append(copied)
    return out


_MUTATIONS = (_drop, _rename, _rename, _value, _exempt, _exempt, _exempt, _carve)


def mutated(rng: Random, statements: list[Statement], chance: float) -> list[Statement]:
    """The statements with up to three mutations each."""
    out: list[Statement] = []
    for st in copy.deepcopy(statements):
        while rng.random() < chance:
            rng.choice(_MUTATIONS)(rng, st)
        out += _split(rng, st) if rng.random() < chance / 6 else [st]
    if len(out) > 1 and rng.random() < chance / 4:
        out.pop(rng.randrange(len(out)))
    return out


def document(kind: Kind, name: str, statements: list[Statement]) -> Document:
    """A parsed document; `name` stands for its file."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    return parse_object(policy, kind, file=f"{name}.json", name=name, strict=False)


def _guardrails(rng: Random, services: tuple[str, ...], chance: float, where: str, share: float) -> Guardrails:
    scps, rcps = [], []
    if rng.random() < share:
        scps.append(document(Kind.SCP, f"{where}-resource", mutated(rng, resource_scp(services), chance)))
    if rng.random() < share:
        scps.append(document(Kind.SCP, f"{where}-network", mutated(rng, network_scp(services), chance)))
    if rng.random() < share:
        rcps.append(document(Kind.RCP, f"{where}-identity", mutated(rng, identity_rcp(services), chance)))
    if rng.random() < share:
        rcps.append(document(Kind.RCP, f"{where}-network-rcp", mutated(rng, network_rcp(services), chance)))
    full = True
    if where != "root" and rng.random() < 0.1:
        full = False
        allow = {"Effect": "Allow", "Action": rng.choice((["*"], ["s3:*", "sqs:*", "kms:*"])), "Resource": "*"}
        operator = rng.choice(("", "StringEqualsIfExists", "StringEquals"))
        if operator:
            allow["Condition"] = {operator: {"aws:ResourceOrgID": MINE}}
        scps.append(document(Kind.SCP, f"{where}-allow", [allow]))
    return Guardrails(scps=tuple(scps), rcps=tuple(rcps), full_access_scp=full)


def workspace(rng: Random, services: tuple[str, ...], *, chance: float | None = None) -> Workspace:
    """A random organization with guardrails, and a random perimeter around it."""
    if chance is None:
        chance = rng.choice((0.0, 0.2, 0.35, 0.5))
    endpoints: dict[str, list[Endpoint]] = {}
    if rng.random() < 0.85:
        policies = [document(Kind.ENDPOINT, "endpoint", mutated(rng, endpoint_policy(services), chance))]
        policies.append(document(Kind.ENDPOINT, "other-endpoint", mutated(rng, endpoint_policy(services), chance)))
        for name in ("a", "b", "mgmt"):
            end = ENDPOINTS[name]
            endpoints.setdefault(end.account, []).append(Endpoint(
                id=end.id, account=end.account, vpc=end.vpc, vpc_account=end.vpc_account, region=end.region,
                policy=None if rng.random() < 0.05 else rng.choice(policies),
            ))  # fmt: skip

    def account(number: str) -> Account:
        guards = Guardrails()
        if rng.random() < 0.2:
            guards = _guardrails(rng, services, chance, f"account-{number[:3]}", 0.1)
        owned = (OwnedResource(arn="arn:aws:s3:::acme-data", account=APP),) if number == APP else ()
        return Account(id=number, guardrails=guards, endpoints=tuple(endpoints.get(number, ())), resources=owned)

    inner = Unit(id="ou-ab12-data0001", accounts=(account(DATA),))
    guarded = rng.random()
    at_root = _guardrails(rng, services, chance, "root", 1.0 if guarded < 0.8 else 0.3)
    below = _guardrails(rng, services, chance, "work", 0.8 if guarded >= 0.8 else 0.15)
    work = Unit(id="ou-ab12-work0001", guardrails=below, units=(inner,), accounts=(account(APP),))
    sand = Unit(id="ou-ab12-sand0001", guardrails=_guardrails(rng, services, chance, "sand", 0.15),
                accounts=(account(SANDBOX),))  # fmt: skip
    heads = (account(MANAGEMENT),)
    root = Unit(id="r-ab12", guardrails=at_root, units=(work, sand), accounts=heads)
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=root)
    return Workspace(
        organization=organization, perimeter=perimeter(rng, guarded >= 0.8), name="world", grants_given=False
    )


def perimeter(rng: Random, narrow: bool) -> Perimeter:
    """A random declaration of what is mine, trusted and accepted."""

    def some(chance: float, *entries: Any) -> tuple[Any, ...]:
        return tuple(entries) if rng.random() < chance else ()

    accepted = ALL_LIMITS
    if rng.random() < 0.3:
        accepted = tuple(name for name in ALL_LIMITS if rng.random() < 0.7)
    arn = {"arns": (_IMPORT,)} if rng.random() < 0.5 else {}
    third = TrustedPrincipal(account=PARTNER, **arn)
    provider = TrustedPrincipal(
        provider="arn:aws:iam::111111111111:oidc-provider/ci.example.com", subjects=("repo:acme/*",)
    )
    return Perimeter(
        orgs=(MINE,),
        paths=(_WORK,) if narrow else (),
        accounts=some(0.05, PARTNER),
        third_principals=(*some(0.4, third), *some(0.2, provider)),
        third_resources=some(0.4, TrustedResource(account=PARTNER, arns=tuple(_INBOX))),
        service_resources=some(0.5, TrustedResource(arns=tuple(_AWS_OWNED))),
        services=rng.choice((("*",), ("*",), ("*",), ("cloudtrail.amazonaws.com",))),
        vpcs=some(0.2, Vpc(id="vpc-0a000000000000001", region="us-east-1")),
        endpoints=some(0.2, ENDPOINTS["loner"].id),
        endpoints_of_my_accounts=rng.random() < 0.85,
        cidrs=("203.0.113.0/24", "2001:db8:1::/48") if rng.random() < 0.9 else (),
        service_networks=rng.random() < 0.4,
        tag_exceptions=(
            *some(0.25, TagException(on="principal", key="dp:exclude:network", value="true", objectives=("O5", "O6"))),
            *some(0.25, TagException(on="principal", key="dp:exclude:identity", value="true", objectives=("O1", "O3"))),
            *some(0.15, TagException(on="resource", key="dp:exclude:resource", value="true")),
            *some(0.05, TagException(on="principal", key="team", value="red", missing=True)),
        ),
        role_exceptions=some(0.35, RoleException(arn=_BREAK_GLASS, objectives=("O3", "O5", "O6"))),
        scopes={
            name: Scope(except_actions=tuple(_LIST_E))
            for name in ("O1", "O2", "O3", "O4", "O5", "O6")
            if rng.random() < 0.6
        }
        | ({"O1": Scope(except_actions=(*_LIST_E, *_WEB))} if rng.random() < 0.5 else {}),
        accepted=accepted,
    )


__all__ = ["ALL_LIMITS", "document", "mutated", "perimeter", "workspace"]
