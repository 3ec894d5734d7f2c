"""Exports of AWS Config in the forms in which they come."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

import pytest

from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG, OWN, OTHER = "o-acme0000001", "111122223333", "444455556666"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
SEND = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}


def bucket_policy(name):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{name}/*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}},
            }
        ],
    }


def item(kind, arn, configuration, more=None, *, account=OWN, time="2026-05-01T00:00:00Z", status="OK", **rest):
    return {
        "resourceType": kind,
        "resourceId": arn,
        "ARN": arn,
        "awsAccountId": account,
        "awsRegion": "eu-west-1",
        "configurationItemStatus": status,
        "configurationItemCaptureTime": time,
        "configuration": configuration,
        "supplementaryConfiguration": more or {},
        "tags": {},
        **rest,
    }


def items():
    role = {
        "assumeRolePolicyDocument": quote(json.dumps(TRUST)),
        "rolePolicyList": [{"policyName": "send", "policyDocument": quote(json.dumps(SEND))}],
        "attachedManagedPolicies": [{"policyArn": f"arn:aws:iam::{OWN}:policy/own"}],
    }
    own = {"policyName": "own", "policyVersionList": [
        {"versionId": "v1", "isDefaultVersion": True, "document": quote(json.dumps(SEND))}]}  # fmt: skip
    reports = {"BucketPolicy": {"policyText": json.dumps(bucket_policy("acme-reports"))},
               "PublicAccessBlockConfiguration": {"restrictPublicBuckets": True}}  # fmt: skip
    return [
        item("AWS::IAM::Role", f"arn:aws:iam::{OWN}:role/app", role, tags={"team": "orders"}),
        item("AWS::IAM::Policy", f"arn:aws:iam::{OWN}:policy/own", own),
        item("AWS::S3::Bucket", "arn:aws:s3:::acme-reports", {"name": "acme-reports"}, reports),
        item("AWS::S3::Bucket", "arn:aws:s3:::acme-plain", {}, {"BucketPolicy": {"policyText": None}}),
        item("AWS::SQS::Queue", f"arn:aws:sqs:eu-west-1:{OTHER}:q", {"Policy": ""}, account=OTHER),
        item("AWS::SNS::Topic", f"arn:aws:sns:eu-west-1:{OTHER}:gone", {}, account=OTHER, status="ResourceDeleted"),
        item("AWS::EC2::VPC", "vpc-0ac00000000000001", {"ownerId": OTHER}, account=OTHER),
        item("AWS::EC2::VPCEndpoint", "vpce-0a000000000000001", {
            "vpcEndpointId": "vpce-0a000000000000001", "vpcId": "vpc-0ac00000000000001", "vpcEndpointType": "Gateway",
            "serviceName": "com.amazonaws.eu-west-1.s3", "ownerId": OTHER,
            "policyDocument": json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*",
                                                         "Resource": "*"}]})}, account=OTHER),
    ]  # fmt: skip


def as_snapshot(path):
    path.write_text(json.dumps({"fileVersion": "1.0", "configurationItems": items()}))


def as_packed_snapshot(path):
    path.write_bytes(gzip.compress(json.dumps({"fileVersion": "1.0", "configurationItems": items()}).encode()))


def as_lines(path):
    path.write_text("".join(json.dumps(found) + "\n" for found in items()))


def as_query(path):
    renamed = [{"accountId": i["awsAccountId"], "arn": i["ARN"], **i} for i in items()]
    for found in renamed:
        del found["awsAccountId"], found["ARN"]
    path.write_text(json.dumps({"Results": [json.dumps(found) for found in renamed]}))


def as_texts(path):
    """The answers of batch-get-aggregate-resource-config hold configurations as texts."""
    found = [{**i, "configuration": json.dumps(i["configuration"]), "supplementaryConfiguration":
              {k: json.dumps(v) for k, v in i["supplementaryConfiguration"].items()}} for i in items()]  # fmt: skip
    path.write_text(json.dumps({"BaseConfigurationItems": found}))


FORMS = {"x.json": as_snapshot, "x.json.gz": as_packed_snapshot, "x.jsonl": as_lines, "q.json": as_query,
         "b.json": as_texts}  # fmt: skip
MANAGED = SourceOptions(management_account="999900001111")


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("in_folder", [True, False])
def test_every_form_reads_the_same(tmp_path, name, in_folder):
    FORMS[name](tmp_path / name)
    found = read_source(tmp_path if in_folder else tmp_path / name, MANAGED)
    assert found.organization.id == ORG
    accounts = {a.id: a for a, _ in found.organization.accounts()}
    (role,) = accounts[OWN].principals
    assert (role.arn, role.tags, len(role.policies)) == (f"arn:aws:iam::{OWN}:role/app", {"team": "orders"}, 2)
    reports, plain = accounts[OWN].resources
    assert reports.policy
    assert reports.block_public_access
    assert plain.policy is None
    assert [r.arn for r in accounts[OTHER].resources] == [f"arn:aws:sqs:eu-west-1:{OTHER}:q"]
    (endpoint,) = accounts[OTHER].endpoints
    assert (endpoint.gateway, endpoint.services, endpoint.vpc_account) == (True, ("s3",), OTHER)
    assert {u.name for u in found.unknowns} == {"organization", "SCPs and RCPs"}


def test_the_newest_of_several_items_counts(tmp_path):
    old = item("AWS::S3::Bucket", "arn:aws:s3:::acme-reports", {"name": "acme-reports"},
               {"BucketPolicy": {"policyText": None}}, time="2020-01-01T00:00:00Z")  # fmt: skip
    (tmp_path / "x.json").write_text(json.dumps([*items(), old]))
    accounts = {a.id: a for a, _ in read_source(tmp_path, MANAGED).organization.accounts()}
    assert accounts[OWN].resources[0].policy


@pytest.mark.parametrize(
    ("kind", "arn", "configuration"),
    [
        ("AWS::SecretsManager::Secret", f"arn:aws:secretsmanager:eu-west-1:{OWN}:secret:db-a1b2c3", {"Name": "db"}),
        ("AWS::KMS::Key", f"arn:aws:kms:eu-west-1:{OWN}:key/0a1b2c3d-1111-2222-3333-444455556666", {"keyId": "x"}),
        ("AWS::S3::Bucket", "arn:aws:s3:::acme-other", {"name": "acme-other"}),
        ("AWS::IAM::Role", f"arn:aws:iam::{OWN}:role/other", {}),
    ],
)
def test_what_config_does_not_tell_is_not_known(tmp_path, kind, arn, configuration):
    """A secret's policy is not recorded: it is not taken to have none."""
    (tmp_path / "x.json").write_text(json.dumps([*items(), item(kind, arn, configuration)]))
    found = read_source(tmp_path, SourceOptions(management_account="999900001111", complete=True))
    assert any(arn in u.name and u.affects == "grants" for u in found.unknowns)
    accounts = {a.id: a for a, _ in found.organization.accounts()}
    assert not accounts[OWN].listed
    assert accounts[OTHER].listed


def test_an_export_is_decided(tmp_path):
    """From the items alone to verdicts; what rests on guesses is not called proved."""
    as_snapshot(tmp_path / "x.json")
    report = prove(read_source(tmp_path), services=["s3", "sqs"])
    assert {v.status for v in report.verdicts} <= {"refuted", "conditional", "unknown"}
    assert {"organization", "management account", "SCPs and RCPs"} <= {u.name for u in report.unknowns}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda found: {"messageType": "ConfigurationItemChangeNotification", "configurationItem": found},
        lambda found: {"invokingEvent": json.dumps({"configurationItem": found}), "accountId": OWN},
        lambda found: {"Type": "Notification", "Message": json.dumps({"configurationItem": found})},
        lambda found: {"detail-type": "Config Configuration Item Change", "detail": {"configurationItem": found}},
    ],
    ids=["stream", "rule", "sns", "event"],
)
def test_notifications_of_changes_are_items(tmp_path, wrapped):
    path = tmp_path / "change.json"
    policy = {"BucketPolicy": {"policyText": json.dumps(bucket_policy("acme-reports"))}}
    path.write_text(json.dumps(wrapped(item("AWS::S3::Bucket", "arn:aws:s3:::acme-reports", {}, policy))))
    found = read_source(path, SourceOptions(organization_id=ORG))
    ((account, _),) = found.organization.accounts()
    assert [r.arn for r in account.resources if r.policy] == ["arn:aws:s3:::acme-reports"]


def test_an_attachment_without_its_arn_is_named(tmp_path):
    path = tmp_path / "items.json"
    role = {"assumeRolePolicyDocument": quote(json.dumps(TRUST)), "rolePolicyList": [],
            "attachedManagedPolicies": [{"policyName": "own"}]}  # fmt: skip
    path.write_text(json.dumps({"configurationItems": [item("AWS::IAM::Role", f"arn:aws:iam::{OWN}:role/app", role)]}))
    found = read_source(path, SourceOptions(organization_id=ORG))
    assert any("`own, whose ARN is not told`" in u.name for u in found.unknowns)


def test_items_of_types_that_are_not_read(tmp_path):
    """Those with a policy are named, and those that may have one; the others are counted."""
    vault = f"arn:aws:glacier:eu-west-1:{OWN}:vaults/old"
    table = {"nested": {"resourcePolicy": json.dumps(SEND)}}
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"configurationItems": [
        *items(),
        item("AWS::Glacier::Vault", vault, {"vaultName": "old"}),
        item("AWS::NewService::Table", f"arn:aws:new:eu-west-1:{OWN}:table/x", table),
        item("AWS::EC2::Instance", f"arn:aws:ec2:eu-west-1:{OTHER}:instance/i-1", {"policy": ""}, account=OTHER),
        item("AWS::EC2::Instance", f"arn:aws:ec2:eu-west-1:{OTHER}:instance/i-2", {}, account=OTHER),
        item("AWS::EC2::Volume", f"arn:aws:ec2:eu-west-1:{OTHER}:volume/v-1", {}, account=OTHER),
    ]}))  # fmt: skip
    found = read_source(path, SourceOptions(organization_id=ORG, complete=True))
    names = {u.name: u for u in found.unknowns if u.affects == "grants"}
    assert f"policies of `AWS::Glacier::Vault` of account `{OWN}`" in names
    assert f"policy of `arn:aws:new:eu-west-1:{OWN}:table/x`" in names
    assert found.others == (("AWS::EC2::Instance", 2), ("AWS::EC2::Volume", 1))
    assert {a.id: a.listed for a, _ in found.organization.accounts()} == {OWN: False, OTHER: True}
    remarks = [remark.text for remark in inventory(found).remarks]
    assert "3 items of 2 types without a policy: AWS::EC2::Instance, AWS::EC2::Volume" in remarks


def test_items_whose_parts_are_texts(tmp_path):
    """Exports for queries write configurations and tags as JSON texts, with texts inside them."""
    more = {"BucketPolicy": json.dumps({"policyText": json.dumps(bucket_policy("acme-texts"))}),
            "PublicAccessBlockConfiguration": json.dumps({"restrictPublicBuckets": True})}  # fmt: skip
    found = {**item("AWS::S3::Bucket", "arn:aws:s3:::acme-texts", json.dumps({"name": "acme-texts"})),
             "supplementaryConfiguration": json.dumps(more), "tags": json.dumps({"team": "orders"})}  # fmt: skip
    path = tmp_path / "items.json"
    path.write_text(json.dumps([found]))
    (bucket,) = [r for a, _ in read_source(path, SourceOptions(organization_id=ORG)).organization.accounts()
                 for r in a.resources]  # fmt: skip
    assert bucket.policy
    assert bucket.block_public_access
    assert bucket.tags == {"team": "orders"}
