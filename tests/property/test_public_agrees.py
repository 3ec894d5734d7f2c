"""Evaluator and encoding agree on which policies Amazon S3 counts as public, in the chosen reading and in doubt."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt.encode.world.public import Public, publicity
from perimeter_smt.evaluate.public import is_public
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

VALUES = {
    "aws:PrincipalOrgID": ["o-acme0000001", "o-*", "o-acme000000?", "${aws:PrincipalOrgID}", "o-${*}"],
    "aws:PrincipalOrgPaths": ["o-acme0000001/r-ac00/", "o-acme0000001/*", "o-*/r-ac00/*", "*"],
    "aws:PrincipalAccount": ["210987654321", "2*", "21098765432?", "210987654321*", "${aws:ResourceAccount}"],
    "aws:PrincipalArn": [
        "arn:aws:iam::210987654321:role/app",
        "arn:aws:iam::210987654321:role/*",
        "arn:aws:iam::*:role/app",
        "arn:*:iam::210987654321:*",
        "*:role/app",
    ],
    "aws:userid": ["AROAEXAMPLE:*", "AIDAEXAMPLE", "AIDA*"],
    "aws:SourceArn": ["arn:aws:sns:eu-west-1:210987654321:t", "arn:aws:s3:::logs-*", "arn:aws:s3:::*"],
    "aws:SourceVpc": ["vpc-0ac00000000000001", "vpc-*"],
    "aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/1", "10.0.0.0/8", "fc00::/7", "2001:db8::/32", "203.0.113.7"],
    "aws:PrincipalIsAWSService": ["true", "false"],
    "aws:PrincipalServiceNamesList": ["logs.amazonaws.com"],
    "aws:SecureTransport": ["true", "false"],
    "s3:DataAccessPointArn": [
        "arn:aws:s3:eu-west-1:210987654321:accesspoint/*",
        "arn:aws:s3:*:210987654321:accesspoint/p",
        "arn:aws:s3:eu-west-1:*:accesspoint/p",
        "arn:aws:s3:eu-west-1:210987654321:accesspoint/p",
    ],
    "s3:DataAccessPointAccount": ["210987654321", "21*"],
}
OPERATORS = {
    "aws:SourceIp": ["IpAddress", "NotIpAddress"],
    "aws:PrincipalIsAWSService": ["Bool", "Null"],
    "aws:SecureTransport": ["Bool", "Null"],
}
TEXT = ["StringEquals", "StringLike", "ArnLike", "StringNotLike", "StringEqualsIgnoreCase", "Null"]
ACTIONS = ["s3:GetObject", "s3:Get*", "*", "s3:GetObjectSoon", "s3:Soon*", "sqs:SendMessage"]


@st.composite
def _condition(draw):
    key = draw(st.sampled_from(sorted(VALUES)))
    operator = draw(st.sampled_from(OPERATORS.get(key, TEXT)))
    if operator == "Null":
        return {operator: {key: draw(st.sampled_from(["true", "false"]))}}
    operator = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"])) + operator
    operator += draw(st.sampled_from(["", "", "IfExists"]))
    return {operator: {key: draw(st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2))}}


@st.composite
def _statement(draw):
    conditions = {}
    for condition in draw(st.lists(_condition(), max_size=2)):
        conditions |= condition
    principal = draw(st.sampled_from(["*", "*", {"AWS": "210987654321"}, {"AWS": ["210987654321", "*"]}]))
    action = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2))
    form = draw(st.sampled_from(["Action", "Action", "NotAction"]))
    return {"Effect": "Allow", "Principal": principal, form: action, "Resource": "*", "Condition": conditions}


@settings(max_examples=400, deadline=None)
@given(st.lists(_statement(), min_size=1, max_size=2), st.sampled_from([Kind.BUCKET, Kind.ACCESS_POINT]))
def test_public_in_both(statements, kind):
    value = {"Version": "2012-10-17", "Statement": statements}
    document = parse_object(value, kind, file="p", name="p", strict=False)
    chosen, doubted = is_public(document), is_public(document, frozenset(["X-41"]))
    assert chosen or not doubted
    expected = Public.YES if doubted else Public.OPEN if chosen else Public.NO
    assert publicity(document) is expected
