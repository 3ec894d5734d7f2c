"""Which bucket policies Amazon S3 counts as public, and who remains then (semantics 3.7)."""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world.public import Public, publicity
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


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-acme0000001/r-ac00/*", False),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/app", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::logs-*", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", True),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", True),  # the page says so
        ("StringLike", "aws:SourceVpc", "vpc-*", True),  # the page's own example
        ("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalOrgID}", True),
        ("ForAnyValue:StringEquals", "aws:PrincipalServiceNamesList", "cloudfront.amazonaws.com", False),
        ("Bool", "aws:SecureTransport", "true", False),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/1", True),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-acme0000001", True),
    ],
)
def test_doubt_means_not_public(operator, key, value, expected):
    """With the rival of X-41: public takes access away, so that nothing in doubt makes a policy public (W-32)."""
    assert public({operator: {key: value}}, rivals=["X-41"]) is expected


def test_unknown_actions_are_in_doubt():
    """A name that the tables do not know may be an action that is newer than they are."""
    fixed = {"AWS": "111122223333"}
    assert public(principal=fixed, action="s3:GetObjectSoon")
    assert not public(principal=fixed, action="s3:GetObjectSoon", rivals=["X-41"])
    assert public(rivals=["X-41"])


@pytest.mark.parametrize(("excluded", "doubt"), [("s3:*", True), ("*", True), ("s3:Get*", False)])
def test_an_allow_that_grants_nothing_of_s3_is_in_doubt(excluded, doubt):
    """The page speaks of what a policy grants; a NotAction may leave nothing of it."""
    allow = {"Effect": "Allow", "Principal": "*", "NotAction": excluded, "Resource": "*"}
    value = {"Version": "2012-10-17", "Statement": [allow]}
    document = parse_object(value, Kind.BUCKET, file="p", name="p", strict=False)
    assert is_public(document, frozenset())
    assert is_public(document, frozenset({"X-41"})) is not doubt
    assert publicity(document) is (Public.OPEN if doubt else Public.YES)


@pytest.mark.parametrize(("origin", "allowed"), [("internet", False), ("unknown", True), (None, False)])
def test_only_access_points_of_the_internet_are_public(origin, allowed):
    """An access point of VPC origin is never public; where nobody said the origin, nothing is taken away (W-31)."""
    point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p"
    named = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:GetObject", "Resource": "*"}
    flags = {"via_access_point": point, "s3_restrict_public_buckets": True, "access_point_origin": origin}
    caller = {"type": "user", "arn": "arn:aws:iam::444455556666:user/a", "account": "444455556666"}
    identity = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    value = {
        "policies": {
            "identity": [{"Version": "2012-10-17", "Statement": identity}],
            "resource": {"Version": "2012-10-17", "Statement": named},
            "access_point": {"Version": "2012-10-17", "Statement": {**named, "Principal": "*"}},
        },
        "flags": flags,
        "request": {
            "principal": caller,
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k",
            "resource_account": "111122223333",
        },
    }
    assert decide(read_case(value, file="f", default_id="1")).allowed is allowed
