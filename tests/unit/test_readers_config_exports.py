"""Exports of AWS Config as they lie around: cut, partial, of several times and tools, beside answers of the AWS CLI."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, OTHER = "o-acme0000001", "111122223333", "444455556666"
WHOLE = SourceOptions(organization_id=ORG, management_account="999900001111", complete=True)
NOBODY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip


def says(action, effect="Allow"):
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


def role(name, *policies, number="1", **rest):
    return {
        "version": "1.3",
        "resourceType": "AWS::IAM::Role",
        "resourceId": f"AROA{name.upper()}{number}",
        "arn": f"arn:aws:iam::{OWN}:role/{name}",
        "accountId": OWN,
        "awsRegion": "global",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-05-01T10:00:00.000Z",
        "configuration": json.dumps(
            {
                "roleName": name,
                "assumeRolePolicyDocument": quote(json.dumps(NOBODY, indent=2), safe=""),
                "rolePolicyList": [{"policyName": f"p{i}", "policyDocument": quote(json.dumps(policy))}
                                   for i, policy in enumerate(policies)],
                "attachedManagedPolicies": [],
            }
        ),
        "supplementaryConfiguration": {},
        "tags": {},
        **rest,
    }  # fmt: skip


def read(tmp_path, *values, options=WHOLE):
    for number, value in enumerate(values):
        (tmp_path / f"{number}.json").write_text(json.dumps(value))
    return read_source(tmp_path, options)


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def actions(found):
    (principal,) = account(found).principals
    return [value for policy in principal.policies for value in policy.statements[0].action.values]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026-05-01T23:30:00.000000+02:00", "2026-05-01T22:00:00.000000+00:00"),
        (999999999.5, 1714700000.25),
        ("2026-05-01T00:00:00.000Z", 1790000000),
        (None, "2026-05-01T00:00:00Z"),
    ],
)
def test_the_newest_by_time_counts_and_not_by_spelling(tmp_path, older, newer):
    """Times were compared as texts: `+02:00` and seconds came out in the wrong order."""
    before, after = role("app", says("s3:GetObject")), role("app", says("sqs:SendMessage"))
    first, second = tmp_path / "there", tmp_path / "back"
    for folder, order in ((first, (0, 1)), (second, (1, 0))):
        folder.mkdir()
        both = [{**before, "configurationItemCaptureTime": older}, {**after, "configurationItemCaptureTime": newer}]
        found = read(folder, *[{"configurationItems": [both[n]]} for n in order])
        assert actions(found) == ["sqs:SendMessage"]


def test_a_role_that_was_made_again_has_no_policy_of_the_former_one(tmp_path):
    """Both have one ARN and different ids: the Deny of the deleted one counted."""
    old = role("app", says("s3:*", "Deny"), number="1")
    new = role("app", says("s3:GetObject"), number="2", configurationItemCaptureTime="2026-06-01T00:00:00Z")
    assert actions(read(tmp_path, [old, new])) == ["s3:GetObject"]


def test_of_items_without_times_none_counts_where_they_differ(tmp_path):
    queried = [{k: v for k, v in role("app", says(action)).items() if k != "configurationItemCaptureTime"}
               for action in ("s3:*", "sqs:*")]  # fmt: skip
    found = read(tmp_path, {"Results": [json.dumps(item) for item in queried], "QueryInfo": {}})
    assert not account(found).principals
    assert not account(found).listed
    assert any("and not when" in u.reason for u in found.unknowns)


@pytest.mark.parametrize("left_out", ["rolePolicyList", "attachedManagedPolicies", "assumeRolePolicyDocument"])
def test_a_query_of_some_members_tells_no_policies(tmp_path, left_out):
    """A role whose inline policies nobody selected was read as one that has none."""
    item = role("app", says("s3:GetObject"))
    item["configuration"] = {k: v for k, v in json.loads(item["configuration"]).items() if k != left_out}
    found = read(tmp_path, {"Results": [json.dumps(item)], "QueryInfo": {"SelectFields": [{"Name": "configuration"}]}})
    assert not account(found).principals
    assert not account(found).listed
    assert any(left_out in u.reason for u in found.unknowns)


def test_tags_that_nobody_asked_for_are_not_missing_tags(tmp_path):
    """Answers of batch-get-resource-config tell no tags beside the configuration: they are noted, not empty."""
    item = role("app")
    del item["tags"]
    inside = role("ops")
    del inside["tags"]
    inside["configuration"] = {**json.loads(inside["configuration"]), "tags": [{"key": "team", "value": "ops"}]}
    topic = {**role("x"), "resourceType": "AWS::SNS::Topic", "arn": f"arn:aws:sns:eu-west-1:{OWN}:t",
             "configuration": {"Policy": ""}}  # fmt: skip
    del topic["tags"]
    found = read(tmp_path, {"baseConfigurationItems": [item, inside, topic], "unprocessedResourceKeys": []})
    assert {p.arn.rpartition("/")[2]: p.tags for p in account(found).principals} == {"app": {}, "ops": {"team": "ops"}}
    assert [arn for arn, _ in found.untagged] == [f"arn:aws:iam::{OWN}:role/app", f"arn:aws:sns:eu-west-1:{OWN}:t"]
    assert [resource.tags for resource in account(found).resources] == [{}]


def test_tags_inside_the_item_are_read(tmp_path):
    key = {**role("x"), "resourceType": "AWS::KMS::Key", "arn": f"arn:aws:kms:eu-west-1:{OWN}:key/{'1' * 36}",
           "configuration": {}, "supplementaryConfiguration": {"Policy": json.dumps(json.dumps(_key_policy())), "Tags":
           json.dumps([{"tagKey": "team", "tagValue": "ops"}])}}  # fmt: skip
    bucket = {**role("y"), "resourceType": "AWS::S3::Bucket", "arn": "arn:aws:s3:::acme-tagged", "configuration": {},
              "supplementaryConfiguration": {"BucketPolicy": "{\"policyText\":null}", "BucketTaggingConfiguration":
              "{\"tagSets\":[{\"tags\":{\"data\":\"open\"}}]}"}}  # fmt: skip
    for each in (key, bucket):
        del each["tags"]
    found = read(tmp_path, {"BaseConfigurationItems": [key, bucket]})
    assert [r.tags for r in account(found).resources] == [{"team": "ops"}, {"data": "open"}]


def _key_policy():
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
                                                    "Action": "kms:*", "Resource": "*"}]}  # fmt: skip


QUEUE = {"SourceAccountId": OTHER, "SourceRegion": "eu-west-1", "ResourceId": "https://sqs.example/q",
         "ResourceType": "AWS::SQS::Queue"}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"BaseConfigurationItems": [], "UnprocessedResourceIdentifiers": [QUEUE]}, "left out of the answer"),
        ({"ResourceIdentifiers": [QUEUE]}, "listed without its configuration"),
        (
            {
                "Type": "Notification",
                "Message": json.dumps(
                    {
                        "configurationItemSummary": {"awsAccountId": OTHER, "resourceType": "AWS::SQS::Queue",
                                                     "resourceId": "https://sqs.example/q"},
                        "messageType": "OversizedConfigurationItemChangeNotification",
                    }
                ),
            },
            "an item of this size",
        ),
        ({"configurationItems": [{**role("q"), "resourceType": "AWS::SQS::Queue", "accountId": OTHER, "arn": None,
                                  "configuration": None}]}, "ARN is not told"),
        ({"configurationItems": [{**role("q"), "configurationItemStatus": "ResourceNotRecorded", "accountId": OTHER,
                                  "arn": f"arn:aws:iam::{OTHER}:role/q", "configuration": None}]}, "no configuration"),
    ],
    ids=["unprocessed", "listed", "too large", "nameless", "not recorded"],
)  # fmt: skip
def test_a_resource_without_its_configuration_is_named(tmp_path, value, reason):
    """Each of these was passed over in silence, so that with `--complete` the resource did not exist."""
    found = read(tmp_path, {"configurationItems": [role("app")]}, value)
    assert any(reason in u.reason and u.affects == "grants" for u in found.unknowns)
    assert account(found).listed
    assert not account(found, OTHER).listed


def test_an_answer_with_more_pages(tmp_path):
    """The rest was taken not to exist."""
    found = read(tmp_path, {"Results": [json.dumps(role("app"))], "QueryInfo": {}, "NextToken": "more"})
    assert ("items of AWS Config", "the answer has more pages") in {(u.name, u.reason) for u in found.unknowns}
    assert not account(found).listed
    assert not found.organization.endpoints_listed


def test_endpoints_that_are_gone(tmp_path):
    """AWS shows endpoints for a while after they were deleted."""
    doors = [
        {**role("x"), "resourceType": "AWS::EC2::VPCEndpoint", "resourceId": own,
         "arn": f"arn:aws:ec2:eu-west-1:{OWN}:vpc-endpoint/{own}", "awsRegion": "eu-west-1",
         "configuration": {"vpcEndpointId": own, "vpcId": "vpc-0ac00000000000001", "vpcEndpointType": "Interface",
                           "serviceName": "com.amazonaws.eu-west-1.sqs", "state": {"value": state}, "ownerId": OWN}}
        for own, state in (("vpce-0a000000000000001", "available"), ("vpce-0a000000000000002", "deleted"))
    ]  # fmt: skip
    found = read(tmp_path, {"configurationItems": doors})
    assert [door.id for door in account(found).endpoints] == ["vpce-0a000000000000001"]
    assert any("no `policyDocument`" in u.reason for u in found.unknowns)


def test_access_points(tmp_path):
    arn = f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/reports"
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": OTHER},
              "Action": "s3:GetObject", "Resource": f"{arn}/object/*"}]}  # fmt: skip
    more = {"Bucket": "acme-reports", "NetworkOrigin": "VPC", "VpcConfiguration": {"VpcId": "vpc-0ac00000000000001"},
            "PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}, "Policy": policy}  # fmt: skip
    found = read(tmp_path, [{**role("x"), "resourceType": "AWS::S3::AccessPoint", "arn": arn, "configuration": more}])
    (point,) = account(found).resources
    assert (point.bucket, point.origin, point.vpc, point.block_public_access, bool(point.policy)) == (
        "acme-reports", "vpc", "vpc-0ac00000000000001", True, True)  # fmt: skip


def test_answers_of_the_cli_beside_items(tmp_path):
    """Config knows no SCPs and no policies of AWS: what the CLI tells of them beside was not read at all."""
    scp = {"Policy": {"PolicySummary": {"Id": "p-aaaa1111", "Name": "net", "Type": "SERVICE_CONTROL_POLICY", "Arn":
           f"arn:aws:organizations::999900001111:policy/{ORG}/service_control_policy/p-aaaa1111"},
           "Content": json.dumps(says("s3:*", "Deny"))}}  # fmt: skip
    managed = {"Policies": [{"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyName": "ReadOnlyAccess",
               "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": says("s3:Get*")}]}],
               "UserDetailList": [], "RoleDetailList": []}  # fmt: skip
    item = role("app")
    item["configuration"] = {**json.loads(item["configuration"]), "attachedManagedPolicies": [
        {"policyName": "ReadOnlyAccess", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}  # fmt: skip
    (tmp_path / "targets-p-aaaa1111.json").write_text(json.dumps({"Targets": [{"TargetId": "r-ac00", "Type": "ROOT"}]}))
    (tmp_path / "holiday.json").write_text(json.dumps({"beach": True}))
    (tmp_path / "none.json").write_text("[]")
    found = read(tmp_path, scp, managed, {"configurationItems": [item]})
    assert [p.name for p in found.organization.root.guardrails.scps] == ["net"]
    assert actions(found) == ["s3:Get*"]
    assert [u.name for u in found.unknowns] == ["what is in 1 file", "RCPs"]
    assert "1 file holds nothing that is read: `holiday.json`" in [remark.text for remark in inventory(found).remarks]


def test_accounts_that_somebody_made_unreadable(tmp_path):
    hidden = {**role("app"), "accountId": "XXXXXXXXXXXX", "arn": "arn:aws:iam::XXXXXXXXXXXX:role/app"}
    found = read(tmp_path, [hidden, role("app")])
    assert [a.id for a, _ in found.organization.accounts()] == [OWN]
    assert any(u.name == "account `XXXXXXXXXXXX` of 1 item" for u in found.unknowns)
    assert not account(found).listed


def test_items_with_capital_letters(tmp_path):
    """Some tools write the members of an item as their own structures are called."""
    item = {key[:1].upper() + key[1:]: value for key, value in role("app", says("s3:GetObject")).items()}
    item["configuration"] = json.loads(item.pop("Configuration"))
    assert actions(read(tmp_path, [{**item, "configurationItemVersion": "1.3"}])) == ["s3:GetObject"]


def test_packed_exports_are_linted(tmp_path, capsys):
    """A folder without *.json was said to hold nothing."""
    wide = role("app", says("*"))
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(json.dumps([wide]).encode()))
    assert run(["lint", str(tmp_path)]) in (0, 1)
    assert "2 policies" in capsys.readouterr().out


def test_a_source_is_known_by_any_of_its_files(tmp_path):
    """Eight files were looked at, and no more."""
    for number in range(12):
        (tmp_path / f"a{number}.json").write_text("{}")
    (tmp_path / "z.json").write_text(json.dumps({"configurationItems": [role("app")]}))
    assert account(read_source(tmp_path, WHOLE)).principals


def test_an_aggregator_and_some_answers_are_decided_without_a_line_by_hand(tmp_path, capsys):
    """docs/how-to/organization-from-config.md, on a small organization."""
    export = tmp_path / "export"
    export.mkdir()
    summary = {"Id": "p-aaaa1111", "Name": "mine", "Type": "RESOURCE_CONTROL_POLICY"}
    only_mine = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyMine",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            },
            {
                "Sid": "ServicesForMine",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {
                    "StringNotEqualsIfExists": {"aws:SourceOrgID": ORG},
                    "Null": {"aws:SourceAccount": "false"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                },
            },
        ],
    }
    organizations = "arn:aws:organizations::999900001111"
    bucket = {
        **role("x"),
        "resourceType": "AWS::S3::Bucket",
        "arn": "arn:aws:s3:::acme-open",
        "configuration": {},
        "supplementaryConfiguration": {
            "BucketPolicy": {
                "policyText": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": "*",
                                "Action": "s3:GetObject",
                                "Resource": "arn:aws:s3:::acme-open/*",
                            }
                        ],
                    }
                )
            }
        },
    }
    files = {
        "items": {"Results": [json.dumps(item) for item in (role("app", says("s3:*")), bucket)], "QueryInfo": {}},
        "organization": {"Organization": {"Id": ORG, "MasterAccountId": "999900001111"}},
        "roots": {"Roots": [{"Id": "r-ac00", "Name": "Root", "PolicyTypes": [
            {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}], "Arn": f"{organizations}:root/{ORG}/r-ac00"}]},
        "accounts": {"Accounts": [{"Id": own, "Name": own} for own in (OWN, "999900001111")]},
        "policy-p-aaaa1111": {"Policy": {"PolicySummary": summary, "Content": json.dumps(only_mine)}},
        "targets-p-aaaa1111": {"Targets": [{"TargetId": "r-ac00", "Type": "ROOT"}]},
    }  # fmt: skip
    for name, value in files.items():
        (export / f"{name}.json").write_text(json.dumps(value))
    assert run(["init", str(tmp_path / "acme"), "--from", str(export)]) == 0

    def proved():
        capsys.readouterr()
        options = ("--objective", "O1", "--service", "s3", "--mode", "grants", "--no-mitigations", "--json")
        run(["prove", str(tmp_path / "acme"), *options])
        report = json.loads(capsys.readouterr().out)
        return report["verdicts"][0]["reason"], report["unknowns"]

    reason, unknowns = proved()
    assert reason.startswith("no hole, but beyond the reach of the guardrail")
    assert not unknowns
    (export / "policy-p-aaaa1111.json").unlink()
    reason, unknowns = proved()
    assert not reason.startswith("no hole")
    assert any("p-aaaa1111" in unknown["name"] for unknown in unknowns)
