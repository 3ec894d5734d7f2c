"""Lint: each rule has a policy it speaks about and one it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from perimeter_smt.lint import lint, rules
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

Statement = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """A document as kind, statements and version."""

    kind: Kind
    statements: tuple[Statement, ...]
    version: str = "2012-10-17"

    def read(self) -> Document:
        value = {"Version": self.version, "Statement": list(self.statements)}
        return parse_object(value, self.kind, file="p.json", name="p", strict=False)


def statement(effect: str, action: object = "s3:GetObject", resource: object = "*", **more: Any) -> Statement:
    return {"Effect": effect, "Action": action, "Resource": resource} | more


def when(operator: str, key: str, values: object, **also: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: values}} | also}


def scp(*conditions: dict[str, Any], effect: str = "Deny", action: object = "s3:GetObject") -> Example:
    return Example(Kind.SCP, tuple(statement(effect, action, **condition) for condition in conditions))


def rcp(*conditions: dict[str, Any], action: object = "s3:GetObject") -> Example:
    found = tuple(statement("Deny", action, Principal="*", **condition) for condition in conditions)
    return Example(Kind.RCP, found)


def allow(condition: dict[str, Any], kind: Kind = Kind.IDENTITY) -> Example:
    principal: dict[str, Any] = {} if kind.is_identity_type else {"Principal": "*"}
    return Example(kind, (statement("Allow", **principal, **condition),))


def identity(effect: str = "Allow", **more: Any) -> Example:
    return Example(Kind.IDENTITY, ({"Effect": effect, "Action": "s3:GetObject", "Resource": "*"} | more,))


def queues(*resources: str) -> Example:
    return Example(Kind.RESOURCE, tuple(statement("Deny", "sqs:*", name, Principal="*") for name in resources))


def trust(condition: dict[str, Any], provider: str = "gitlab.com") -> Example:
    principal = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{provider}"}
    one = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": principal}
    return Example(Kind.TRUST, (one | condition,))


def bucket(effect: str, **more: Any) -> Example:
    return Example(Kind.BUCKET, (statement(effect, **more),))


NOT_FORWARDED = {"BoolIfExists": {"aws:ViaAWSService": "false"}}
NO_SERVICE = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
WEB = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "login.example.com"}}
GITLAB, SOURCE = "gitlab.com", "aws:SourceAccount"
ORG, VPC = "aws:PrincipalOrgID", "aws:SourceVpc"
REGION = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
BY_ADDRESS = when("NotIpAddressIfExists", "aws:SourceIp", "203.0.113.0/24")
BY_VPC = when("StringNotEqualsIfExists", "aws:SourceVpce", "vpce-1")


# rule: (a policy it speaks about, what it says, a policy it is silent on)
def of_size(kind: Kind, size: int, service: str = "sqs") -> Example:
    """A policy of so many characters without white space."""

    def filled(length: int) -> Example:
        more = {"Principal": {"AWS": "111122223333"}} if kind.is_resource_type else {}
        if kind is Kind.TRUST:
            more |= {"Condition": {"StringEquals": {"sts:ExternalId": "x" * length}}}
            one = {"Effect": "Allow", "Action": "sts:AssumeRole"} | more
        else:
            one = statement("Allow", f"{service}:Get*", f"arn:aws:{service}:::{'x ' * length}", **more)
        return Example(kind, (one,))

    return filled(size - filled(0).read().characters)


EXAMPLES: dict[str, tuple[Example, str, Example]] = {
    "PL001": (
        identity(Action=[]),
        "`Action` is empty and so matches nothing",
        identity(),
    ),
    "PL002": (
        identity(Resource="arn:*:s3:::data/*"),
        "`arn:*:s3:::data/*` has a wildcard in its partition",
        identity(Resource="arn:aws:s3:*:*:data/*"),
    ),
    "PL003": (
        identity(Action="*:*"),
        "`*:*` has a wildcard in its service, it is read as `*`",
        identity(Action=["*", "s3:*"]),
    ),
    "PL004": (
        allow(when("StringEquals", "s3:prefix", "home/*")),
        "`StringEquals` takes the wildcard in `home/*` literally",
        allow(when("StringEquals", "s3:prefix", "home/${*}${aws:username}")),
    ),
    "PL005": (
        allow(when("StringLike", "aws:PrincipalArn", "arn:aws:iam::1*:role/x")),
        "`StringLike` on `aws:PrincipalArn` lets `arn:aws:iam::1*:role/x` cross ARN fields",
        allow(when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::1*:role/x")),
    ),
    "PL006": (
        rcp(when("ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", "o-1/*", **NO_SERVICE)),
        "requests without `aws:PrincipalOrgPaths` escape this Deny: `ForAnyValue:StringNotLike` is false for them",
        rcp(when("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", "o-1/*", **NO_SERVICE)),
    ),
    "PL007": (
        allow(when("ForAllValues:StringEquals", "aws:CalledVia", "athena.amazonaws.com")),
        "requests without `aws:CalledVia` pass: `ForAllValues:StringEquals` is true for them",
        allow(when("ForAllValues:StringEquals", "aws:CalledVia", "a.amazonaws.com", Null={"aws:CalledVia": "false"})),
    ),
    "PL008": (
        scp(BY_ADDRESS),
        "the Deny on `aws:SourceIp` also stops services that call on behalf of the caller",
        scp(when("NotIpAddressIfExists", "aws:SourceIp", "203.0.113.0/24", **NOT_FORWARDED)),
    ),
    "PL009": (
        scp(when("StringNotEqualsIfExists", VPC, "vpc-1")),
        "`aws:SourceVpc` is unique per Region only, and no Region is asked for",
        scp(when("StringNotEqualsIfExists", VPC, "vpc-1", **REGION)),
    ),
    "PL010": (
        rcp(when("StringNotEqualsIfExists", "aws:VpceOrgID", "o-1"), action=["sns:Publish", "s3:*"]),
        "`aws:VpceOrgID` is never present in calls to `sns`",
        rcp(when("StringNotEqualsIfExists", "aws:VpceOrgID", "o-1"), action=["sqs:*", "s3:*"]),
    ),
    "PL011": (
        rcp(when("StringNotEqualsIfExists", "aws:PrincipalTag/exempt", "true")),
        "outsiders can set `aws:PrincipalTag/exempt` on their own principals and so are exempt",
        rcp(
            when("StringNotEqualsIfExists", "aws:PrincipalTag/exempt", "true"),
            when("StringNotEqualsIfExists", ORG, "o-1"),
        ),
    ),
    "PL012": (
        scp(when("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "10.1.0.0/16"])),
        "`10.1.0.0/16` is no public range: `aws:SourceIp` never holds such an address",
        scp(when("NotIpAddress", "aws:VpcSourceIp", ["10.1.0.0/16", "fd00::/8"])),
    ),
    "PL013": (
        rcp(when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-1")),
        "the Deny also stops calls without `aws:SourceOrgID`, no `Null` part leaves them out",
        rcp(when("StringNotEqualsIfExists", "aws:SourceOrgID", "o-1", Null={"aws:SourceAccount": "false"})),
    ),
    "PL014": (
        Example(Kind.IDENTITY, ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},)),
        "`NotAction` in an Allow grants every action outside the list, in every service",
        Example(Kind.IDENTITY, ({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},)),
    ),
    "PL015": (
        scp(BY_ADDRESS, BY_VPC),
        "together with statement 1 this denies every call: one asks for an address, one for a VPC",
        scp({"Condition": BY_ADDRESS["Condition"] | BY_VPC["Condition"]}, BY_VPC | {"Action": "sqs:*"}),
    ),
    "PL016": (
        identity(Action="s3:GetObjects"),
        "`s3:GetObjects` matches no action of `s3`",
        identity(Action=["S3:getobject", "s3:Get*", "s3:???Object"]),
    ),
    "PL017": (
        allow(when("StringEquals", "aws:PrincipalOrg", "o-1")),
        "unknown condition key `aws:PrincipalOrg`, did you mean `aws:PrincipalOrgID`?",
        allow(when("StringEquals", "AWS:principalorgid", "o-1")),
    ),
    "PL018": (
        Example(Kind.IDENTITY, (statement("Allow", resource="arn:aws:s3:::${aws:username}"),), "2008-10-17"),
        "the variable in `arn:aws:s3:::${aws:username}` is plain text under version 2008-10-17",
        Example(Kind.IDENTITY, (statement("Allow", resource="arn:aws:s3:::${aws:username}"),)),
    ),
    "PL019": (
        scp(when("StringNotEquals", "aws:TagKeys", "team")),
        "`aws:TagKeys` holds several values, `StringNotEquals` has no `ForAllValues` or `ForAnyValue`",
        scp(when("ForAnyValue:StringEquals", "aws:TagKeys", "team", Null={"aws:CalledVia": "true"})),
    ),
    "PL020": (
        bucket("Allow", NotPrincipal={"AWS": "111111111111"}),
        "`NotPrincipal` in an Allow grants to everybody else, anonymous callers included",
        bucket("Deny", NotPrincipal={"AWS": "111111111111"}),
    ),
    "PL021": (
        bucket("Deny", NotPrincipal={"AWS": "111111111111"}),
        "`NotPrincipal` also denies listed callers that have a boundary or whose account is not listed",
        bucket("Deny", Principal={"AWS": "111111111111"}),
    ),
    "PL022": (
        scp(when("NotIpAddress", "aws:SourceIp", "203.0.113.0/33", **NOT_FORWARDED)),
        "`NotIpAddress` cannot read `203.0.113.0/33`, expected an address or a range such as `203.0.113.0/24`",
        scp(
            when("NotIpAddress", "aws:SourceIp", ["203.0.113.7/24", "2001:db8::/32"], **NOT_FORWARDED),
            when("DateLessThan", "aws:CurrentTime", ["2026-01-31T00:00:00Z", "1700000000"]),
            when("NumericEquals", "s3:max-keys", ["10", "-1.5e3"]),
            when("Bool", "aws:SecureTransport", ["True", "${aws:PrincipalTag/tls}"]),
        ),
    ),
    "PL023": (
        identity(Resource="arn:aws:iam::${Account}:role/x"),
        "the variable `${Account}` names no known condition key",
        identity(Resource="arn:aws:s3:::x/${aws:username}/${aws:PrincipalTag/team, 'none'}/${saml:sub}/${*}"),
    ),
    "PL024": (
        Example(Kind.ENDPOINT_GATEWAY, (statement("Allow", Principal={"AWS": "111111111111"}),)),
        "a gateway endpoint takes `*` as principal only, an account means its root user",
        Example(Kind.ENDPOINT_GATEWAY, (statement("Allow", Principal={"AWS": "*"}),)),
    ),
    "PL025": (
        rcp({}, action=["sns:*", "s3:*"]),
        "resource control policies do not bind `sns`",
        rcp({}, action=["sqs:*", "s3:*"]),
    ),
    "PL026": (
        identity(Resource="arn:aws:s3:*"),
        "`arn:aws:s3:*` has fewer than six fields",
        identity(Resource="arn:aws:s3:::*"),
    ),
    "PL027": (
        allow(when("ArnLike", "aws:SourceArn", "arn:aws:s3")),
        "`arn:aws:s3` under `ArnLike` has fewer than six fields",
        allow(when("ArnLike", "aws:SourceArn", ["*", "arn:aws:s3:::${aws:PrincipalTag/a}", "${aws:PrincipalArn}"])),
    ),
    "PL028": (
        allow(when("StringLike", "aws:SourceIp", "203.0.*")),
        "`StringLike` on `aws:SourceIp`, which holds values of type IPAddress",
        allow(when("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
    ),
    "PL029": (
        allow(when("StringEqualsIfExists", ORG, "o-1"), Kind.BUCKET),
        "requests without `aws:PrincipalOrgID` pass: `StringEqualsIfExists` is true for them",
        allow(when("StringEquals", ORG, "o-1"), Kind.BUCKET),
    ),
    "PL030": (
        rcp(when("StringNotEqualsIfExists", ORG, "o-1")),
        "the Deny on `aws:PrincipalOrgID` also stops AWS services, which have no organization",
        rcp(when("StringNotEqualsIfExists", ORG, "o-1", **NO_SERVICE)),
    ),
    "PL031": (
        rcp(when("Bool", "aws:PrincipalIsAWSService", "false")),
        "anonymous callers have no `aws:PrincipalIsAWSService` and escape this Deny",
        rcp(NO_SERVICE and when("BoolIfExists", "aws:PrincipalIsAWSService", "false")),
    ),
    "PL032": (
        scp(when("Bool", "aws:MultiFactorAuthPresent", False)),
        "long-term access keys carry no `aws:MultiFactorAuthPresent` and escape this Deny",
        scp(when("BoolIfExists", "aws:MultiFactorAuthPresent", False)),
    ),
    "PL033": (
        allow(when("StringLike", ORG, "o-a1*")),
        "`o-a1*` also matches the `aws:PrincipalOrgID` of strangers",
        allow(when("StringLike", ORG, "*")),
    ),
    "PL034": (
        rcp(when("StringNotEqualsIfExists", ORG, "o-1", **NO_SERVICE), action="sts:*"),
        "the Deny on `aws:PrincipalOrgID` also stops `sts:AssumeRoleWithSAML`, `sts:AssumeRoleWithWebIdentity`, "
        "which have no organization",
        rcp(when("StringNotEqualsIfExists", ORG, "o-1", **NO_SERVICE), action="sts:AssumeRole"),
    ),
    "PL035": (
        scp(when("StringNotEqualsIfExists", "aws:ResourceOrgID", "o-1"), action=["ec2:CreateVpc*", "s3:*"]),
        "`aws:ResourceOrgID` is never present in `ec2:CreateVpcEndpoint`, `ec2:CreateVpcPeeringConnection`, "
        "which this Deny always stops",
        scp(when("StringNotEqualsIfExists", "aws:ResourceOrgID", "o-1"), action=["sqs:*", "s3:*", "events:PutEvents"]),
    ),
    "PL036": (
        Example(Kind.TRUST, (WEB,)),
        "no condition on the subject or audience of the token",
        Example(Kind.TRUST, (WEB | when("StringEquals", "login.example.com:sub", "me"),)),
    ),
    "PL037": (
        bucket("Allow", Principal={"AWS": "*"}),
        "the principal is everybody, and there is no condition",
        bucket("Allow", Principal="*", **when("StringEquals", ORG, "o-1")),
    ),
    "PL038": (
        rcp(when("StringNotEqualsIfExists", "aws:SourceVpc", "vpc-1")),
        "the Deny on `aws:SourceVpc` also stops AWS services that act on my behalf",
        rcp(
            when(
                "StringNotEqualsIfExists", "aws:SourceVpc", "vpc-1", BoolIfExists={"aws:PrincipalIsAWSService": "false"}
            )
        ),
    ),
    "PL039": (
        trust(when("StringEquals", f"{GITLAB}:aud", "https://gitlab.com")),
        "GitLab.com serves everybody: none of `gitlab.com:sub` is asked for with `gitlab.com`",
        trust(when("StringLike", f"{GITLAB}:sub", "project_path:acme/app:ref_type:branch:ref:main")),
    ),
    "PL040": (
        trust(when("StringLike", f"{GITLAB}:sub", "project_path:acme*")),
        "`project_path:acme*` under `gitlab.com:sub` also fits other customers of GitLab.com",
        trust(when("StringLike", f"{GITLAB}:sub", "project_path:acme/*")),
    ),
    "PL041": (
        bucket("Allow", Principal="*", **when("StringEquals", "aws:UserAgent", "acme-client")),
        "the principal is everybody, and the conditions on `aws:UserAgent` do not say who calls",
        bucket("Allow", Principal="*", **when("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
    ),
    "PL042": (
        bucket("Allow", Principal="*", **when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/reader")),
        "principals of any account can be `arn:aws:iam::*:role/reader` in `aws:PrincipalArn`",
        bucket("Allow", Principal="*", **when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*")),
    ),
    "PL043": (
        bucket("Allow", Principal={"Service": "config.amazonaws.com"}),
        "`config.amazonaws.com` may act here for every account: no condition says for whom",
        bucket("Allow", Principal={"Service": "config.amazonaws.com"}, **when("StringEquals", SOURCE, "111122223333")),
    ),
    "PL044": (
        identity(Action=["s3:GetObject", "s3:ListAllMyBuckets"]),
        "`s3:GetObject` on every resource, though resources can be named",
        identity(Action="s3:ListAllMyBuckets"),
    ),
    "PL045": (
        scp(when("ForAnyValue:StringNotEquals", "aws:RequestedRegion", "eu-west-1")),
        "`aws:RequestedRegion` holds one value, `ForAnyValue:StringNotEquals` is for keys with several; requests "
        "without it escape this Deny",
        scp(when("ForAnyValue:StringEquals", "aws:TagKeys", "team")),
    ),
    "PL046": (
        Example(Kind.ENDPOINT, (statement("Deny", Principal="*", **when("StringNotEquals", ORG, "o-1")),)),
        "no statement of this endpoint policy allows anything, so that it stops every call",
        Example(Kind.ENDPOINT, (statement("Allow", Principal="*", **when("StringEquals", ORG, "o-1")),)),
    ),
    "PL047": (
        scp(when("NotIpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"])),
        "`0.0.0.0/1`, `128.0.0.0/1` under `aws:SourceIp` exempts the whole internet",
        scp(when("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"])),
    ),
    "PL048": (
        rcp(when("StringNotEquals", ORG, "o-1"), action="signin:Authenticate"),
        "the Deny on `aws:PrincipalOrgID` stops every sign-in: no `signin:Authenticate` carries it",
        rcp(when("ArnNotLike", "signin:PrincipalArn", "arn:aws:iam::*:root"), action="signin:Authenticate"),
    ),
    "PL049": (
        rcp({}, action="signin:CreateAccount"),
        "`signin:CreateAccount` has no effect in a policy of this kind",
        Example(Kind.ENDPOINT, (statement("Deny", "signin:CreateAccount", Principal="*"),)),
    ),
    "PL050": (
        scp(when("NotIpAddress", "aws:VpcSourceIp", "10.0.0.0/16")),
        "`aws:VpcSourceIp` is asked without a VPC or endpoint",
        scp(when("NotIpAddress", "aws:VpcSourceIp", "10.0.0.0/16", StringEquals={"aws:SourceVpce": "vpce-1"})),
    ),
    "PL051": (
        scp(when("NumericGreaterThan", "s3:max-keys", ["10.5", "20"])),
        "`10.5` is no bound for `s3:max-keys`, which holds whole numbers",
        scp(when("NumericLessThan", "s3:TlsVersion", "1.2")),
    ),
    "PL052": (
        Example(Kind.BUCKET, (statement("Allow", Principal={"AWS": "111111111111"}, Action=["s3:Get*", "sqs:*"]),)),
        "this policy holds no actions of `sqs`",
        Example(Kind.BUCKET, (statement("Allow", Principal={"AWS": "111111111111"}, Action=["s3:*", "S3:GetObject"]),)),
    ),
    "PL053": (
        of_size(Kind.BOUNDARY, 6145),
        "6145 characters without white space, AWS saves at most 6144",
        of_size(Kind.BOUNDARY, 6144),
    ),
    "PL054": (
        of_size(Kind.TRUST, 2049),
        "2049 characters without white space, the default quota of trust policies is 2048",
        of_size(Kind.TRUST, 2048),
    ),
    "PL055": (
        bucket("Allow", Principal={"Service": "logging.s3.amazonaws.com"}, **when("StringEquals", ORG, "o-1")),
        "no call of a service carries `aws:PrincipalOrgID`: nothing is given to `logging.s3.amazonaws.com`",
        bucket(
            "Allow", Principal={"Service": "logging.s3.amazonaws.com"}, **when("StringEquals", "aws:SourceOrgID", "o-1")
        ),
    ),
    "PL056": (
        identity(Resource="arn:aws:sqs::444455556666:parcels"),
        "`arn:aws:sqs::444455556666:parcels`: the Region is missing",
        identity(Resource="arn:aws:sqs:eu-north-1:444455556666:parcels"),
    ),
    "PL057": (
        allow(when("StringEquals", "aws:SourceVpce", "vpc-0aa1")),
        "`aws:SourceVpce` never holds `vpc-0aa1`, expected the id of a VPC endpoint, `vpce-...`",
        allow(when("StringEquals", "aws:SourceVpce", "vpce-0aa1")),
    ),
    "PL058": (
        bucket("Deny", Principal="*", resource="arn:aws:s3:::parcels"),
        "`s3:GetObject` applies to objects, and the statement names `arn:aws:s3:::parcels` alone",
        bucket("Deny", Principal="*", resource="arn:aws:s3:::parcels/*"),
    ),
    "PL059": (
        queues("arn:aws:sqs:eu-north-1:444455556666:in", "arn:aws:sqs:eu-north-1:444455556666:out"),
        "`arn:aws:sqs:eu-north-1:444455556666:out` is not the queue `arn:aws:sqs:eu-north-1:444455556666:in`: "
        "it matches nothing",
        queues("arn:aws:sqs:eu-north-1:444455556666:in", "arn:aws:sqs:*:*:in"),
    ),
    "PL060": (
        trust({"Action": "sts:AssumeRole"}),
        "`arn:aws:iam::111122223333:oidc-provider/gitlab.com` assumes roles with `sts:AssumeRoleWithWebIdentity`, "
        "which is not named",
        trust({"Action": "sts:Assume*"}),
    ),
    "PL061": (
        scp(when("ArnNotLike", "aws:PrincipalArn", "arn:aws:sts::444455556666:assumed-role/ops/*")),
        "`aws:PrincipalArn` never holds `arn:aws:sts::444455556666:assumed-role/ops/*`, expected the ARN of the role, "
        "`arn:aws:iam::...:role/...`, also for its sessions",
        scp(when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/ops")),
    ),
    "PL062": (
        trust({"Principal": "*", "Action": "sts:AssumeRole"}),
        "the principal is `*`, which IAM refuses in trust policies",
        trust({"Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}),
    ),
}


def _found(example: Example, rule: str) -> list[str]:
    return [finding.message for finding in lint(example.read()) if finding.rule == rule]


def test_every_rule_has_an_example() -> None:
    assert list(EXAMPLES) == [rule.id for rule in rules()]


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_speaks(rule: str) -> None:
    example, message, _ = EXAMPLES[rule]
    assert _found(example, rule) == [message]


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_is_silent(rule: str) -> None:
    _, _, example = EXAMPLES[rule]
    assert _found(example, rule) == []


@pytest.mark.parametrize(
    ("kind", "service", "size", "rule"),
    [
        (Kind.IDENTITY, "sqs", 6144, ""),
        (Kind.IDENTITY, "sqs", 6145, "PL054"),
        (Kind.IDENTITY, "sqs", 10241, "PL053"),
        (Kind.SESSION, "sqs", 2049, "PL053"),
        (Kind.TRUST, "sts", 8193, "PL053"),
        (Kind.RESOURCE, "sqs", 8193, "PL053"),
        (Kind.RESOURCE, "sqs", 8192, ""),
        (Kind.RESOURCE, "sns", 8193, ""),  # another quota
        (Kind.RESOURCE, "ecr", 10241, "PL053"),
        (Kind.BUCKET, "s3", 20481, "PL053"),
        (Kind.ACCESS_POINT, "s3", 20481, "PL053"),
    ],
)
def test_sizes(kind: Kind, service: str, size: int, rule: str) -> None:
    spoken = {name for name in ("PL053", "PL054") if _found(of_size(kind, size, service), name)}
    assert spoken == ({rule} if rule else set())
