"""Lint: what rules say and leave unsaid beside their examples, folding, selection, kinds by content."""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.lint import Severity, lint, rules
from perimeter_smt.lint.fold import fold
from perimeter_smt.lint.issuers import shared_issuers
from perimeter_smt.lint.selection import choose
from perimeter_smt.policy.guessed_kind import Sure, guess_kind, is_policy
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

STAR = {"Principal": "*"}
ORG, ARN, IP = "aws:PrincipalOrgID", "aws:PrincipalArn", "aws:SourceIp"
GITHUB = "token.actions.githubusercontent.com"
NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}
DIRECT = {"aws:ViaAWSService": "false"}


def one(effect: str, condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Condition": condition} | more


def found(kind: Kind, *statements: dict[str, Any]) -> set[str]:
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return {f.rule for f in lint(parse_object(value, kind, file="p.json", name="p", strict=False))}


def web(condition: dict[str, Any], host: str = GITHUB, action: object = "sts:AssumeRoleWithWebIdentity") -> set[str]:
    principal = {"Federated": host if "/" not in host and "aws" in host else f"arn:aws:iam::1:oidc-provider/{host}"}
    return found(Kind.TRUST, {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition})


@pytest.mark.parametrize("host", list(shared_issuers()))
def test_shared_issuers_by_audience_or_nothing(host: str) -> None:
    """An audience that everybody gets is no tenant, but for issuers that put the customer there."""
    by_audience = web({"StringEquals": {f"{host}:aud": "x"}}, host)
    assert web({}, host) == {"PL039"}
    assert by_audience == (set() if "aud" in shared_issuers()[host].claims else {"PL039"})
    assert web({"StringLike": {f"{host}:{shared_issuers()[host].claims[0]}": "*"}}, host) == {"PL040"}


@pytest.mark.parametrize(
    ("subject", "open_"),
    [
        ("*", True),
        ("repo:*", True),
        ("repo:acme*", True),
        ("repo:*/app:ref:refs/heads/main", True),
        ("repo:a?me/app:*", True),
        ("*:ref:refs/heads/main", True),
        ("repo:acme/*", False),
        ("repo:acme/app:*", False),
        ("repo:acme@12345/app@678:*", False),
        ("repo:acme/app:ref:refs/heads/main", False),
        ("repository_owner_id:12345:*", False),
    ],
)
def test_github_subjects(subject: str, open_: bool) -> None:
    audience = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
    assert web(audience | {"StringLike": {f"{GITHUB}:sub": subject}}) == ({"PL040"} if open_ else set())


def test_one_closed_claim_is_enough() -> None:
    both = {"StringLike": {f"{GITHUB}:sub": "repo:*"}, "StringEquals": {f"{GITHUB}:repository_owner_id": "12345"}}
    assert web(both) == set()


def test_claims_that_name_no_customer() -> None:
    assert web({"StringNotLike": {f"{GITHUB}:sub": "repo:evil/*"}}) == {"PL039"}
    assert web({"StringEquals": {f"{GITHUB}:actor": "somebody"}}) == {"PL039"}
    assert web({"Null": {f"{GITHUB}:sub": "false"}}) == {"PL039"}
    assert web({"StringEquals": {"gitlab.com:sub": "project_path:acme/app"}}) == {"PL039"}, "claim of another issuer"


def test_a_deny_can_tell_the_customer() -> None:
    principal = {"Federated": f"arn:aws:iam::1:oidc-provider/{GITHUB}"}
    base = {"Action": "sts:AssumeRoleWithWebIdentity"}
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}} | base
    deny["Condition"] = {"StringNotLike": {f"{GITHUB}:sub": "repo:acme/*"}}
    assert found(Kind.TRUST, {"Effect": "Allow", "Principal": principal} | base, deny) == set()
    deny["Condition"] = {"StringNotLike": {f"{GITHUB}:sub": "repo:*"}}
    assert "PL040" in found(Kind.RCP, deny | {"Principal": "*", "Resource": "*"})


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringLike": {"aws:UserAgent": "acme*"}},
        {"IpAddress": {IP: ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"]}},
        {"IpAddress": {IP: "64.0.0.0/3"}},
        {"IpAddress": {IP: "::/0"}},
        {"NotIpAddress": {IP: "203.0.113.0/24"}},
        {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
        {"Null": {ORG: "false"}},
        {"StringLike": {ORG: "*"}},
        {"StringLike": {"aws:PrincipalOrgPaths": "*"}},
        {"ArnLike": {ARN: "*"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:orders"}},
        {"StringEqualsIfExists": {ORG: "o-acme000001"}},
        {"StringEquals": {"aws:ResourceOrgID": "o-acme000001"}},
        {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
        {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    ],
)
def test_weak_conditions(condition: dict[str, Any]) -> None:
    assert "PL041" in found(Kind.BUCKET, one("Allow", condition, **STAR))
    assert "PL041" not in found(Kind.BUCKET, one("Allow", condition, Principal={"AWS": "111122223333"}))


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {IP: ["203.0.113.0/24", "198.51.100.0/24"]}},
        {"StringEquals": {ORG: "o-acme000001"}, "Bool": {"aws:SecureTransport": "true"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-acme000001/*"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}},
        {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::acme-uploads"}},
        {"StringLike": {"aws:userid": "AROAEXAMPLEID000000001:*"}},
        {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "sqs.eu-west-1.amazonaws.com"}},
        {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    ],
)
def test_conditions_that_say_who_calls(condition: dict[str, Any]) -> None:
    assert not {"PL037", "PL041", "PL042"} & found(Kind.RESOURCE, one("Allow", condition, **STAR))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:username": "deploy"}},
        {"StringLike": {"aws:userid": "*:deploy"}},
        {"StringEquals": {"aws:PrincipalTag/team": "data"}},
        {"StringLike": {ARN: "arn:aws:iam::*:user/deploy"}},
        {"ArnLike": {ARN: "arn:aws:sts::*:assumed-role/deploy/*"}},
    ],
)
def test_names_of_any_account(condition: dict[str, Any]) -> None:
    assert "PL042" in found(Kind.BUCKET, one("Allow", condition, **STAR))
    assert "PL042" in found(Kind.ENDPOINT, one("Allow", condition, **STAR))
    assert "PL042" not in found(Kind.BUCKET, one("Allow", condition | {"StringEquals": {ORG: "o-1"}}, **STAR))
    assert "PL042" not in found(Kind.BUCKET, one("Allow", condition, Principal={"AWS": "111122223333"}))
    assert "PL042" not in found(Kind.SCP, one("Deny", condition))


def test_names_that_exempt_from_a_deny() -> None:
    exempt = {"ArnNotLike": {ARN: "arn:aws:iam::*:role/admin"}}
    by_org = {"StringNotEquals": {ORG: "o-1"}, "BoolIfExists": NO_SERVICE}
    assert "PL042" in found(Kind.RCP, one("Deny", exempt | by_org, **STAR))
    assert "PL042" in found(Kind.BUCKET, one("Deny", exempt, **STAR))
    assert "PL042" not in found(Kind.BUCKET, one("Deny", exempt, **STAR), one("Deny", by_org, **STAR))
    for role in ("aws:ec2-infrastructure", "aws-service-role/x.amazonaws.com/AWSServiceRoleForX"):
        aws_only = {"ArnNotLike": {ARN: f"arn:aws:iam::*:role/{role}"}}
        assert "PL042" not in found(Kind.RCP, one("Deny", aws_only | by_org, **STAR)), "only AWS gives this name"


@pytest.mark.parametrize("kind", [Kind.RCP, Kind.RESOURCE, Kind.BUCKET, Kind.KMS])
def test_services_forgotten_by_network_denies(kind: Kind) -> None:
    network = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "BoolIfExists": DIRECT}
    assert "PL038" in found(kind, one("Deny", network, **STAR))
    exempt = {"StringNotEquals": network["StringNotEquals"], "BoolIfExists": DIRECT | NO_SERVICE}
    assert "PL038" not in found(kind, one("Deny", exempt, **STAR))
    of_principals = network | {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    assert "PL038" not in found(kind, one("Deny", of_principals, **STAR)), "services have no account"
    if kind is not Kind.RCP:
        assert "PL038" not in found(kind, one("Deny", network, Principal={"AWS": "111122223333"}))


def test_absence_of_a_network_key_is_a_network_deny() -> None:
    absent = one("Deny", {"Null": {"aws:SourceVpce": "true"}}, **STAR)
    assert {"PL008", "PL038"} <= found(Kind.BUCKET, absent)
    present = one("Deny", {"Null": {"aws:SourceVpce": "false"}}, **STAR)
    assert not {"PL008", "PL038"} & found(Kind.BUCKET, present)


def test_a_deny_for_everybody_else_closes_a_public_allow() -> None:
    """Only where it covers the actions and resources that are allowed."""
    by_org = {"StringNotEquals": {ORG: "o-1"}, "BoolIfExists": NO_SERVICE}
    weak = one("Allow", {"Bool": {"aws:SecureTransport": "true"}}, **STAR)
    for allow, rule in ((weak, "PL041"), (weak | {"Condition": {}}, "PL037")):
        assert rule in found(Kind.BUCKET, allow)
        assert rule not in found(Kind.BUCKET, allow, one("Deny", by_org, Action="s3:*", **STAR))
        assert rule in found(Kind.BUCKET, allow, one("Deny", by_org, Action="s3:Put*", **STAR))
        assert rule in found(Kind.BUCKET, allow, one("Deny", by_org, Resource="arn:aws:s3:::acme-a/*", **STAR))


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("quantifier", ["ForAllValues", "ForAnyValue"])
@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals"])
def test_set_operators_on_single_values(effect: str, quantifier: str, operator: str) -> None:
    """All forms are one finding; what it leads to stands in the message."""
    rules_ = found(Kind.SCP, one(effect, {f"{quantifier}:{operator}": {"aws:RequestedRegion": "eu-west-1"}}))
    assert rules_ == {"PL045"}
    assert "PL045" not in found(Kind.SCP, one(effect, {f"{quantifier}:{operator}": {"aws:CalledVia": "x"}}))


def test_tag_keys_are_no_guard() -> None:
    """A call that passes no tags has nothing to check."""
    assert found(Kind.SCP, one("Allow", {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}})) == set()
    assert found(Kind.SCP, one("Deny", {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["team"]}})) == set()


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {IP: "203.0.113.0/24"}, "NotIpAddress": {IP: "203.0.113.9/32"}},
        {"StringEquals": {ORG: "o-1"}, "ArnNotLike": {ARN: "arn:aws:iam::111122223333:role/guest"}},
        {"StringLike": {"aws:PrincipalAccount": "1*"}, "StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "StringNotEquals": {"aws:SourceVpc": "vpc-2"}},
    ],
)
def test_a_positive_test_demands_the_key(condition: dict[str, Any]) -> None:
    assert "PL029" not in found(Kind.BUCKET, one("Allow", condition, **STAR))


def test_named_callers_have_an_arn() -> None:
    but = {"ArnNotEquals": {ARN: "arn:aws:iam::111122223333:role/guest"}}
    assert "PL029" not in found(Kind.BUCKET, one("Allow", but, Principal={"AWS": "111122223333"}))
    assert "PL029" in found(Kind.BUCKET, one("Allow", but, **STAR))


@pytest.mark.parametrize(
    ("condition", "speaks"),
    [
        ({}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::acme-uploads"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:acme-uploads"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:acme-*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"StringEquals": {"aws:SourceOrgID": "o-acme000001"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:*"}}, False),
    ],
)
def test_services_that_act_for_anybody(condition: dict[str, Any], speaks: bool) -> None:
    service = {"Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}}
    assert ("PL043" in found(Kind.RESOURCE, one("Allow", condition, **service))) is speaks
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    assert found(Kind.TRUST, trust) == set()


@pytest.mark.parametrize(
    ("condition", "speaks"),
    [
        ({"StringEquals": {ORG: "o-acme000001"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-acme000001/*"}}, True),
        ({"StringLike": {"aws:PrincipalTag/team": "data"}}, True),
        ({"Null": {"aws:PrincipalAccount": "false"}}, True),
        ({"StringEqualsIfExists": {ORG: "o-acme000001"}}, False),
        ({"StringNotEquals": {ORG: "o-acme000001"}}, False),
        ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-acme000001/*"}}, False),
        ({"Null": {ORG: "true"}}, False),
        ({"StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}}, False),
    ],
)
def test_services_under_keys_of_callers(condition: dict[str, Any], speaks: bool) -> None:
    """A statement that gives a service nothing is no confused deputy: PL055 speaks of it instead of PL043."""
    service = one("Allow", condition, Principal={"Service": "sns.amazonaws.com", "AWS": "111122223333"})
    rules = found(Kind.RESOURCE, service)
    assert ("PL055" in rules) is speaks
    assert ("PL043" in rules) is not speaks
    assert "PL055" not in found(Kind.RESOURCE, one("Allow", condition, Principal={"AWS": "111122223333"}))


def test_a_deny_on_the_source_guards_services() -> None:
    service = one("Allow", {}, Principal={"Service": "sns.amazonaws.com"})
    deny = one(
        "Deny", {"StringNotEquals": {"aws:SourceAccount": "111122223333"}, "Null": {"aws:SourceAccount": "false"}}
    )
    assert "PL043" not in found(Kind.RESOURCE, service, deny | STAR)


@pytest.mark.parametrize("kind", [Kind.ENDPOINT, Kind.ENDPOINT_GATEWAY, Kind.BOUNDARY, Kind.SESSION])
def test_limits_without_allow(kind: Kind) -> None:
    more = STAR if kind.is_endpoint else {}
    assert "PL046" in found(kind, one("Deny", {}, **more))
    assert "PL046" not in found(kind, one("Deny", {}, **more), one("Allow", {}, **more))


@pytest.mark.parametrize(
    ("address", "harmless"),
    [
        ("100.64.1.0/24", True),
        ("0.1.0.0/16", True),
        ("169.254.0.0/16", True),
        ("239.0.0.0/8", True),
        ("::1/128", True),
        ("fd00::/8", True),
        ("203.0.113.0/24", False),
        ("2001:db8::/32", False),
        ("172.32.0.0/16", False),
    ],
)
def test_addresses_that_are_not_public(address: str, harmless: bool) -> None:
    assert ("PL012" in found(Kind.SCP, one("Deny", {"NotIpAddress": {IP: address}}))) is harmless


@pytest.mark.parametrize(
    ("effect", "condition", "speaks"),
    [
        ("Deny", {"NotIpAddressIfExists": {IP: "203.0.113.0/24"}, "BoolIfExists": NO_SERVICE}, False),
        ("Deny", {"NotIpAddress": {IP: "203.0.113.0/24"}, "ArnNotLike": {ARN: "arn:aws:iam::*:role/admin"}}, True),
        ("Deny", {"StringNotEqualsIfExists": {"aws:PrincipalAccount": "111122223333"}}, True),
        ("Deny", {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, True),
        ("Allow", {"StringEquals": {ORG: "o-1"}}, True),
        ("Allow", {"IpAddress": {IP: "203.0.113.0/24"}}, False),
    ],
)
def test_sign_in_has_no_principal(effect: str, condition: dict[str, Any], speaks: bool) -> None:
    kind = Kind.RCP if effect == "Deny" else Kind.RESOURCE
    assert ("PL048" in found(kind, one(effect, condition, Action=["signin:*"], **STAR))) is speaks
    assert "PL048" not in found(kind, one(effect, condition, Action="s3:*", **STAR))


def test_findings_of_one_rule_fold_per_file() -> None:
    value = {"Version": "2012-10-17", "Statement": [one("Allow", {}, Action=f"s3:No{n}") for n in range(3)]}
    (group,) = [g for g in fold(lint(parse_object(value, Kind.SCP, file="p", name="p"))) if g.first.rule == "PL016"]
    assert [place.message[:8] for place in group.places] == ["`s3:No0`", "`s3:No1`", "`s3:No2`"]
    assert group.first is group.places[0]


def test_rules_are_chosen_by_beginning_and_severity() -> None:
    assert [rule.id for rule in choose(["PL001,pl002"])] == ["PL001", "PL002"]
    assert [rule.id for rule in choose(["PL04"], ["PL040", "PL041,PL042"])][:2] == ["PL043", "PL044"]
    assert choose() == rules()
    assert {rule.severity for rule in choose(severity=Severity.ERROR)} == {Severity.ERROR}
    with pytest.raises(InputError, match="`--ignore`: no rule is named `PL999`"):
        choose(ignore=["PL999"])


KINDS: dict[str, tuple[list[dict[str, Any]], Kind, Sure]] = {
    "trust": (
        [{"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "sts:AssumeRole"}],
        Kind.TRUST,
        Sure.CERTAIN,
    ),
    "repository": ([{"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}], Kind.RESOURCE, Sure.LIKELY),
    "scp": ([one("Deny", {})], Kind.SCP, Sure.LIKELY),
    "identity": ([one("Allow", {}), one("Deny", {})], Kind.IDENTITY, Sure.LIKELY),
    "all but": ([one("Allow", {}, Action="*"), one("Deny", {"ArnNotLike": {ARN: "*"}})], Kind.SCP, Sure.LIKELY),
    "rcp": ([one("Deny", {}, **STAR)], Kind.RCP, Sure.LIKELY),
    "kms": ([one("Allow", {}, Action="kms:*", Principal={"AWS": "111122223333"})], Kind.KMS, Sure.LIKELY),
    "bucket": ([one("Allow", {}, Resource="arn:aws:s3:::acme-a/*", Principal={"AWS": "1"})], Kind.BUCKET, Sure.LIKELY),
    "queue": ([one("Allow", {}, Action="sqs:*", Resource="arn:aws:sqs:::q", **STAR)], Kind.RESOURCE, Sure.LIKELY),
    "endpoint": ([one("Allow", {"StringEquals": {"aws:ResourceOrgID": "o-1"}}, **STAR)], Kind.ENDPOINT, Sure.GUESS),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_by_content(name: str) -> None:
    statements, kind, sure = KINDS[name]
    value = {"Version": "2012-10-17", "Statement": statements}
    assert is_policy(value)
    guess = guess_kind(value)
    assert (guess.kind, guess.sure) == (kind, sure)
    assert guess.why


@pytest.mark.parametrize(
    "value", [[], "x", {}, {"Statement": "x"}, {"Statement": [{"Action": "*"}]}, {"name": "left-pad"}]
)
def test_other_json_is_no_policy(value: object) -> None:
    assert not is_policy(value)


@pytest.mark.parametrize(
    ("statements", "speaks"),
    [
        ([{"StringNotEqualsIfExists": {ORG: "o-acme000001", "aws:PrincipalTag/exempt": "yes"}}], True),
        (
            [
                {"StringNotEqualsIfExists": {ORG: "o-acme000001", "aws:PrincipalTag/exempt": "yes"}},
                {"StringNotEqualsIfExists": {ORG: "o-acme000001"}},
            ],
            False,
        ),
        (
            [{"StringNotEqualsIfExists": {"aws:PrincipalTag/exempt": "yes"}, "StringEquals": {ORG: "o-acme000001"}}],
            False,
        ),
        (
            [{"StringNotEqualsIfExists": {"aws:PrincipalAccount": "111122223333", "aws:PrincipalTag/exempt": "yes"}}],
            False,
        ),
    ],
)
def test_a_guard_that_exempts_by_a_tag_of_the_caller_guards_nobody(statements, speaks) -> None:
    """The Deny on the organization lets outsiders by who set the tag, and is no guard for itself."""
    assert ("PL011" in found(Kind.RCP, *(one("Deny", condition, **STAR) for condition in statements))) is speaks


@pytest.mark.parametrize(
    ("pinned", "speaks"),
    [
        ({"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}, False),
        ({"StringEquals": {"aws:SourceVpc": "vpc-2"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
    ],
)
def test_the_region_of_a_vpc_may_be_pinned_by_another_statement(pinned, speaks) -> None:
    """AWS's samples do so: a Deny of calls from the VPC to other Regions."""
    network = one("Deny", {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})
    pinned["StringNotEquals"] = {**pinned.get("StringNotEquals", {}), "aws:RequestedRegion": "eu-west-1"}
    assert ("PL009" in found(Kind.SCP, network, one("Deny", pinned))) is speaks


def test_a_star_that_the_key_itself_holds_is_meant() -> None:
    """The principal of a permission for everybody is written `*`; an organization is never."""
    add = {"Action": "lambda:AddPermission"}
    assert "PL004" not in found(Kind.SCP, one("Deny", {"StringEquals": {"lambda:Principal": "*"}}, **add))
    assert "PL004" in found(Kind.SCP, one("Deny", {"StringEquals": {"lambda:Principal": "events.*"}}, **add))
    assert "PL004" in found(Kind.SCP, one("Deny", {"StringNotEquals": {"aws:PrincipalOrgID": "*"}}, **add))


def test_certificates_bring_tags_to_a_trust_policy() -> None:
    """IAM Roles Anywhere assumes roles with the fields of a certificate as tags."""
    tagged = one("Allow", {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "build"}}, Action="sts:AssumeRole")
    del tagged["Resource"]
    speaks = {name: "PL055" in found(Kind.TRUST, {**tagged, "Principal": {"Service": f"{name}.amazonaws.com"}})
              for name in ("rolesanywhere", "lambda")}  # fmt: skip
    assert speaks == {"rolesanywhere": False, "lambda": True}
