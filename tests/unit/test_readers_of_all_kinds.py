"""What sources of real accounts hold: other partitions, answers piece by piece, forms that are almost known."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, OTHER = "o-acme0000001", "111122223333", "444455556666"
OPTIONS = SourceOptions(organization_id=ORG, management_account="999900001111", complete=True)


def says(action, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]}


TRUST = says("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})


def write(folder, **files):
    for name, value in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(value))
    return folder


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def test_answers_of_another_partition(tmp_path):
    """ARNs that answers leave out were made up for `aws`, and ended as `two partitions`."""
    role = {"Arn": f"arn:aws-us-gov:iam::{OWN}:role/app", "AssumeRolePolicyDocument": TRUST, "RolePolicyList": [],
            "AttachedManagedPolicies": []}  # fmt: skip
    repository = {"registryId": OWN, "repositoryName": "app", "policyText": json.dumps(
        says("ecr:BatchGetImage", Principal={"AWS": f"arn:aws-us-gov:iam::{OTHER}:root"}))}  # fmt: skip
    block = {"Bucket": "acme-gov", "PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}}
    policy = {"RoleName": "app", "PolicyName": "work", "PolicyDocument": says("s3:*", Resource="*")}
    folder = write(tmp_path, **{f"{OWN}__us-gov-west-1__ecr": repository, f"{OWN}__pab": block,
                                "a": {"RoleDetailList": [role]}, f"{OWN}__policy": policy})  # fmt: skip
    found = read_source(folder, OPTIONS)
    assert found.organization.partition == "aws-us-gov"
    assert {r.arn for r in account(found).resources} == {
        f"arn:aws-us-gov:ecr:us-gov-west-1:{OWN}:repository/app", "arn:aws-us-gov:s3:::acme-gov"}  # fmt: skip
    (app,) = account(found).principals
    assert len(app.policies) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"prior_state": {"values": {"root_module": {"resources": [{"address": "data.aws_region.x", "mode": "data",
                         "type": "aws_region", "values": {"name": "cn-north-1"}}]}}}},
        {"prior_state": {"values": {"root_module": {"resources": [{"address": "data.aws_partition.x", "mode": "data",
                         "type": "aws_partition", "values": {"partition": "aws-cn"}}]}}}},
    ],
    ids=["region", "partition"],
)  # fmt: skip
def test_a_plan_for_another_partition(tmp_path, told):
    resources = [
        {"address": "aws_iam_role.app", "mode": "managed", "type": "aws_iam_role",
         "values": {"name": "app", "assume_role_policy": json.dumps(TRUST)}},
        {"address": "aws_iam_role_policy.work", "mode": "managed", "type": "aws_iam_role_policy",
         "values": {"role": "app", "name": "work", "policy": json.dumps(says("s3:*", Resource="*"))}},
        {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "values": {"bucket": "acme-cn"}},
    ]  # fmt: skip
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}, **told}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    found = read_source(tmp_path / "plan.json", OPTIONS)
    assert found.organization.partition == "aws-cn"
    (app,) = account(found).principals
    assert (app.arn, len(app.policies)) == (f"arn:aws-cn:iam::{OWN}:role/app", 1)
    assert [r.arn for r in account(found).resources] == ["arn:aws-cn:s3:::acme-cn"]


def test_who_is_only_listed_may_hold_anything(tmp_path):
    """`list-roles`, `get-user` and single policies were passed over, or counted as all there is."""
    roles = {"Roles": [{"RoleName": "app", "Arn": f"arn:aws:iam::{OWN}:role/app", "AssumeRolePolicyDocument": TRUST}]}
    user = {"User": {"UserName": "ann", "Arn": f"arn:aws:iam::{OWN}:user/ann"}}
    single = {"UserName": "bob", "PolicyName": "work", "PolicyDocument": says("s3:*", Resource="*")}
    found = read_source(write(tmp_path, roles=roles, user=user, **{f"{OWN}__bob": single}), OPTIONS)
    assert not account(found).principals
    assert not account(found).listed
    assert {u.name.split("`")[1].rsplit("/", 1)[1] for u in found.unknowns if u.affects == "grants"} == {
        "app",
        "ann",
        "bob",
    }


def test_attributes_that_were_not_asked_for(tmp_path):
    """`get-queue-attributes --attribute-names QueueArn` does not say that the queue has no policy."""
    some = {"Attributes": {"QueueArn": f"arn:aws:sqs:eu-west-1:{OWN}:some"}}
    every = {"Attributes": {"QueueArn": f"arn:aws:sqs:eu-west-1:{OWN}:all", "VisibilityTimeout": "30"}}
    found = read_source(write(tmp_path, a=some, b=every), OPTIONS)
    assert [r.arn for r in account(found).resources] == [f"arn:aws:sqs:eu-west-1:{OWN}:all"]
    assert any("not whether there is a `Policy`" in u.reason for u in found.unknowns)


def test_a_plan_that_somebody_cut(tmp_path, capsys):
    (tmp_path / "plan.json").write_text(json.dumps({"planned_values": {"root_module": {}}}))
    assert run(["inventory", str(tmp_path / "plan.json")]) == 2
    assert "a plan without `format_version`, expected what `terraform show -json` prints" in capsys.readouterr().err


ROOT = {"Id": "r-ac00", "Name": "Root", "Arn": f"arn:aws:organizations::999900001111:root/{ORG}/r-ac00"}
SCPS = {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}
RCPS = {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}


@pytest.mark.parametrize(
    ("root", "missing"),
    [
        (ROOT, ["RCPs"]),
        ({**ROOT, "PolicyTypes": [SCPS, RCPS]}, ["RCPs"]),
        ({**ROOT, "PolicyTypes": [SCPS]}, []),
    ],
    ids=["not told", "switched on", "switched off"],
)
def test_a_kind_of_guardrails_that_nobody_saved(tmp_path, root, missing):
    """SCPs alone were taken to be all guardrails: holes that an RCP closes were shown without a word."""
    summary = {"Id": "p-aaaa1111", "Name": "net", "Type": "SERVICE_CONTROL_POLICY"}
    scp = {"Policy": {"PolicySummary": summary, "Content": json.dumps(says("s3:*", Resource="*"))}}
    targets = {"PolicyId": "p-aaaa1111", "Targets": []}
    found = read_source(write(tmp_path, scp=scp, targets=targets, roots={"Roots": [root]}), OPTIONS)
    assert [u.name for u in found.unknowns if u.affects == "guardrails"] == missing


CUT = json.dumps({"configurationItems": [{"resourceType": "AWS::S3::Bucket"}]}, indent=1)[:-20]
BROKEN = {"resourceType": "AWS::IAM::Role", "arn": f"arn:aws:iam::{OWN}:role/x", "tags": {}, "configuration": {
    "rolePolicyList": ["x"], "attachedManagedPolicies": [], "assumeRolePolicyDocument": ""}}  # fmt: skip
TWICE = {"resourceType": "AWS::Organizations::Account", "arn": "x", "configuration": {
    "AccountId": OWN, "ParentIds": ["ou-ac00-aaaaaaaa", "ou-ac00-bbbbbbbb"]}}  # fmt: skip
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Conditions: {{Odd: !Equals [a]}}
Resources:
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument: {{Version: "2012-10-17", Statement: []}}
      ManagedPolicyArns: [{}]
"""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cut.json", CUT, "cut.json:4: not JSON: unexpected end of data"),
        ("empty.json", "", "an empty file"),
        ("items.json", '{"configurationItems": {}}', "`configurationItems` is no list"),
        ("role.json", json.dumps([BROKEN]), "an item of another form than AWS Config writes (`AWS::IAM::Role`)"),
        ("two.json", json.dumps([TWICE]), f"account `{OWN}` lies in `ou-ac00-bbbbbbbb` and in `ou-ac00-aaaaaaaa`"),
        ("plan.json", json.dumps({"format_version": "1.0", "planned_values": {"root_module": {"resources": [
            {"address": "a.b", "type": "aws_iam_role", "values": [1]}]}}}), "a resource whose `values` are no object"),
        ("plan.json", json.dumps({"format_version": "1.0", "resource_changes": [
            {"address": "a.b", "type": "aws_iam_role", "change": {"actions": ["delete"], "before": [1]}}]}),
         "a plan or state of another form than Terraform writes"),
    ],
)  # fmt: skip
def test_what_somebody_cut_or_wrote_by_hand(tmp_path, capsys, name, text, said):
    (tmp_path / name).write_text(text)
    assert run(["inventory", str(tmp_path / name), "--org-id", ORG]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "object has no attribute" not in error


@pytest.mark.parametrize("function", ["!Join [a]", "!Select [x, y]", "!FindInMap [a]", "!Sub [a, b, c]", "!Split [a]",
                                      "!If [Odd, a, b]", "!If [a]", "{Fn::Length: a, Fn::Join: b}"])  # fmt: skip
def test_functions_of_another_form_are_named(tmp_path, function):
    """A function with too few arguments ended in an internal error."""
    (tmp_path / "t.yaml").write_text(TEMPLATE.format(function))
    found = read_source(tmp_path / "t.yaml", OPTIONS)
    assert [u.name for u in found.unknowns if u.affects == "grants"]
