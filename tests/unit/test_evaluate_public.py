"""Which bucket policies Amazon S3 counts as public, and who remains then (semantics 3.7)."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.public import is_public
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import read_case


def public(condition=None, *, principal="*", action="s3:GetObject", kind=Kind.BUCKET, rivals=(), version="2012-10-17"):
    allow = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    deny = {**allow, "Effect": "Deny", "Principal": "*"}
    value = {"Version": version, "Statement": [deny, {**allow, "Condition": condition or {}}]}
    return is_public(parse_object(value, kind, file="p", name="p", strict=False), frozenset(rivals))


POINTS = "arn:aws:s3:eu-west-1:111111111111:accesspoint/*"


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1", False),
        ("StringEquals", "AWS:principalorgid", ["o-1", "o-2"], False),
        ("StringLike", "aws:PrincipalOrgID", "o-1", False),
        ("StringLike", "aws:PrincipalOrgID", ["o-1", "o-*"], True),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:username}", True),
        ("StringLike", "aws:PrincipalOrgID", "o-${*}", False),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1", True),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1/", True),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/", False),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-1", True),
        ("Null", "aws:PrincipalOrgID", "false", True),
        ("Bool", "aws:PrincipalIsAWSService", "true", False),
        ("Bool", "aws:PrincipalIsAWSService", "false", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111111111111:role/*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:111111111111:t", False),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", True),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", False),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "0.0.0.0/1"], True),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "2001:db8::/32"], False),
        ("IpAddress", "aws:SourceIp", "2001::/16", True),
        ("StringEquals", "aws:SourceVpc", "vpc-1", False),
        ("StringLike", "s3:DataAccessPointArn", POINTS, False),
        ("StringLike", "s3:DataAccessPointArn", POINTS.replace("111111111111", "*"), True),
    ],
)
def test_conditions_that_pin(operator, key, value, expected):
    assert public({operator: {key: value}}) is expected


@pytest.mark.parametrize("key", ["aws:VpceOrgID", "aws:SourceVpcArn", "s3:x-amz-server-side-encryption-aws-kms-key-id"])
def test_newer_keys(key):
    """X-41."""
    assert public({"StringEquals": {key: "x"}})
    assert not public({"StringEquals": {key: "x"}}, rivals=["X-41"])


def test_access_point_policies_name_their_access_point():
    condition = {"StringLike": {"s3:DataAccessPointArn": POINTS}}
    assert public(condition, kind=Kind.ACCESS_POINT)


def test_principals_and_actions():
    assert public()
    assert public(principal={"AWS": ["111111111111", "*"]})
    assert not public(principal={"AWS": "111111111111"})
    assert public(principal={"AWS": "111111111111"}, action=["s3:GetObject", "s3:Unknown"])
    assert not public(principal={"AWS": "111111111111"}, action=["*", "S3:get*", "s3:PutObject"])


def test_who_remains():
    grant = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    own = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    role = {"type": "role-session", "arn": "arn:aws:sts::{0}:assumed-role/R/s", "account": "{0}"}

    def allowed(principal, **flags):
        request = {"principal": principal, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
        policies = {"identity": [{"Statement": own}], "resource": {"Statement": grant}}
        value = {"policies": policies, "request": {**request, "resource_account": "111111111111"}, "flags": flags}
        return decide(read_case(value, file="f", default_id="1")).allowed

    def session(account):
        return {name: text.format(account) for name, text in role.items()}

    for principal, remains in (
        (session("111111111111"), True),
        (session("222222222222"), False),
        ({"type": "service", "arn": "logs.amazonaws.com"}, True),
        ({"type": "anonymous"}, False),
    ):
        assert allowed(principal)
        assert allowed(principal, s3_restrict_public_buckets=True) is remains
