"""Which policies AWS's pages call public: CheckNoPublicAccess must say the same.

Pages: Amazon S3 user guide, "Blocking public access" (the meaning of public); Amazon EFS user guide, "Blocking public
access to EFS file systems"; DynamoDB developer guide, "Blocking public access with resource-based policies".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt import load_workspace, public_in_workspace
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


def test_the_plainest_stranger_is_shown() -> None:
    """Of a bucket that is open to everybody an anonymous caller is shown, no session of a role."""
    one = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"}
    policy = {"Version": "2012-10-17", "Statement": [one]}
    found = no_public_access(parse_object(policy, Kind.BUCKET, file="p.json", name="p"))
    assert found.evidence is not None
    assert found.evidence.request.principal.type == "anonymous"
    queue = one | {"Action": "kms:Decrypt", "Resource": "*"}  # KMS takes no unsigned calls
    key = parse_object({**policy, "Statement": [queue]}, Kind.KMS, file="k.json", name="k")
    signed = no_public_access(key).evidence
    assert signed is not None
    assert signed.request.principal.type != "anonymous"


def test_endpoints_do_not_hide_what_the_internet_reaches(tmp_path: Path) -> None:
    """The request that is shown for a public bucket does not come over a listed endpoint, whose policy may stop it."""
    one = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/*"}
    one["Condition"] = {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}}
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    for name, statement in (("bucket", one), ("endpoint", nobody)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    endpoint = {"id": "vpce-0ac00001", "vpc": "vpc-0ac00001", "region": "eu-west-1", "policy": "endpoint.json"}
    bucket = {"arn": "arn:aws:s3:::acme-data", "policy": "bucket.json", "object_ownership": "BucketOwnerEnforced"}
    account = {"id": "111122223333", "principals": [], "resources": [bucket], "endpoints": [endpoint]}
    tree = {"id": ORG, "management_account": "999900001111", "root": {"id": "r-ac00", "accounts": [account]}}
    (tmp_path / "organization.yaml").write_text(json.dumps(tree))
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (found,) = [one for one in public_in_workspace(load_workspace(tmp_path)) if one.subject == bucket["arn"]]
    assert found.result == "FAIL"
    assert found.evidence is not None
    assert found.evidence.request.principal.type == "anonymous"
