"""Which policies AWS's pages call public: CheckNoPublicAccess must say the same.

Pages: Amazon S3 user guide, "Blocking public access" (the meaning of public); Amazon EFS user guide, "Blocking public
access to EFS file systems"; DynamoDB developer guide, "Blocking public access with resource-based policies".
"""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.public import no_public_access

ORG = "o-acme0000001"
FILES = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-0ac00001"


def result(kind: Kind, action: str, resource: str, condition: dict[str, Any], effect: str = "Allow") -> str:
    one = {"Effect": effect, "Principal": {"AWS": "*"}, "Action": action, "Resource": resource, "Condition": condition}
    policy = {"Version": "2012-10-17", "Statement": [one]}
    return no_public_access(parse_object(policy, kind, file="p.json", name="p")).result


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}, "PASS"),
        ({"Bool": {"elasticfilesystem:AccessedViaMountTarget": "false"}}, "FAIL"),
        ({"BoolIfExists": {"elasticfilesystem:AccessedViaMountTarget": "true"}}, "FAIL"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "FAIL"),
    ],
)
def test_file_systems_mounted_inside_a_vpc(condition: dict[str, Any], expected: str) -> None:
    """The page of EFS calls the default policy of file systems non-public: it asks for a mount target."""
    assert result(Kind.RESOURCE, "elasticfilesystem:ClientMount", FILES, condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "redshift.amazonaws.com"}}, "PASS"),
        ({"ForAllValues:StringEquals": {"aws:PrincipalServiceNamesList": "redshift.amazonaws.com"}}, "FAIL"),
        ({"StringEquals": {"aws:PrincipalServiceName": "redshift.amazonaws.com"}}, "PASS"),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, "PASS"),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, "FAIL"),
        ({"StringEquals": {"aws:SourceOrgID": ORG}}, "PASS"),
        ({"StringEquals": {"aws:Ec2InstanceSourceVpc": "vpc-0ac00001"}}, "PASS"),
        ({"StringEquals": {"aws:UserId": "AIDAEXAMPLEID00000001"}}, "PASS"),
        ({"StringLike": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}}, "FAIL"),
    ],
)
def test_tables(condition: dict[str, Any], expected: str) -> None:
    """DynamoDB's list of trusted keys; wildcards and variables in their values do not count."""
    assert result(Kind.RESOURCE, "dynamodb:GetItem", "*", condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:SourceVpc": "vpc-0ac00001"}}, "PASS"),
        ({"StringLike": {"aws:SourceVpc": "vpc-*"}}, "FAIL"),
        ({"IpAddress": {"aws:SourceIp": "203.0.0.0/8"}}, "PASS"),
        ({"IpAddress": {"aws:SourceIp": "200.0.0.0/7"}}, "FAIL"),
        ({"StringLike": {"aws:Referer": "https://acme.example/*"}}, "FAIL"),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ac00/*"}}, "PASS"),
        ({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ac00/*"}}, "FAIL"),
    ],
)
def test_buckets(condition: dict[str, Any], expected: str) -> None:
    assert result(Kind.BUCKET, "s3:GetObject", "arn:aws:s3:::acme-data/*", condition) == expected
