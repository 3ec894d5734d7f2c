"""Nested stacks whose templates lie beside the template: parameters passed, outputs read."""

from __future__ import annotations

from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, REGION = "o-acme0000006", "111122223333", "eu-west-1"
OPTIONS = SourceOptions(organization_id=ORG, management_account="999900001111", account=OWN, region=REGION)
TOP = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters: {Stage: {Type: String, Default: live}, Later: {Type: String}}
Conditions: {Wide: !Equals [!Ref Later, x]}
Resources:
  Store:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./parts/store.yaml
      Parameters: {Name: !Sub "acme-${Stage}", Readers: !Join [",", [a, b]], Partner: !Ref Later}
  Jobs:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: parts/jobs.yaml
      Parameters: {Bucket: !GetAtt Store.Outputs.Arn}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${Store.Outputs.Bucket}-in"}
"""
STORE = """
Parameters:
  Name: {Type: String, Default: nobody}
  Partner: {Type: String, Default: "999999999999"}
  Readers: {Type: CommaDelimitedList}
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Name}}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref B
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: "s3:GetObject",
             Resource: !Sub ["${A}/${R}/*", {A: !GetAtt B.Arn, R: !Select [1, !Ref Readers]}]}
Outputs:
  Bucket: {Value: !Ref B}
  Arn: {Value: !GetAtt B.Arn}
  Partner: {Value: !Ref Partner}
"""
JOBS = """
Parameters: {Bucket: {Type: String}}
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: jobs
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com},
        Action: 'sts:AssumeRole'}]}
      Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*',
        Resource: !Sub "${Bucket}/*"}]}}]
"""


def folder(tmp_path, top=TOP, **parts):
    (tmp_path / "parts").mkdir(exist_ok=True)
    (tmp_path / "top.yaml").write_text(top)
    for name, text in {"store": STORE, "jobs": JOBS, **parts}.items():
        (tmp_path / "parts" / f"{name}.yaml").write_text(text)
    return tmp_path


def account(workspace):
    return next(a for a, _ in workspace.organization.accounts() if a.id == OWN)


def names(workspace, affects="facts"):
    return [u.name for u in workspace.unknowns if u.affects == affects]


def test_parameters_are_passed_and_outputs_read(tmp_path):
    found = read_source(folder(tmp_path) / "top.yaml", OPTIONS)
    held = {r.arn: r for r in account(found).resources}
    assert set(held) == {"arn:aws:s3:::acme-live", f"arn:aws:sqs:{REGION}:{OWN}:acme-live-in"}
    (statement,) = held["arn:aws:s3:::acme-live"].policy.statements
    assert statement.resource.values == ("arn:aws:s3:::acme-live/b/*",)
    assert statement.location.file.endswith("store.yaml")
    (role,) = account(found).principals
    assert role.policies[0].statements[0].resource.values == ("arn:aws:s3:::acme-live/*",)
    assert names(found) == []


def test_a_folder_reads_each_template_once(tmp_path):
    """Those that another one nests are read with what it passes, not with their defaults beside it."""
    found = read_source(folder(tmp_path), OPTIONS)
    assert "arn:aws:s3:::nobody" not in {r.arn for r in account(found).resources}
    assert len(account(found).principals) == 1


def test_a_value_that_is_not_known_is_no_default(tmp_path):
    """`Partner` is passed and not known: the default of the nested template says nothing of it."""
    text = STORE.replace('!Sub "arn:aws:iam::${AWS::AccountId}:root"', "!Ref Partner")
    found = read_source(folder(tmp_path, store=text) / "top.yaml", OPTIONS)
    assert "999999999999" not in repr(account(found).resources)
    assert any("parameter `Partner`" in u.reason for u in found.unknowns)


def test_a_stack_that_may_not_be_there(tmp_path):
    top = TOP.replace("  Jobs:\n", "  Jobs:\n    Condition: Wide\n")
    policy = "{Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}]}"
    there = f"{{Bucket: acme-other, PolicyDocument: {policy}}}"
    deny = JOBS.replace("  R:\n", f"  D: {{Type: AWS::S3::BucketPolicy, Properties: {there}}}\n  R:\n")
    found = read_source(folder(tmp_path, top, jobs=deny) / "top.yaml", OPTIONS)
    assert len(account(found).principals) == 1  # it may be there
    assert "Deny" not in repr([r.policy for r in account(found).resources])  # or not


def test_what_does_not_lie_here_is_named(tmp_path):
    top = TOP.replace("parts/jobs.yaml", "https://acme.example/jobs.yaml")
    assert names(read_source(folder(tmp_path, top) / "top.yaml", OPTIONS)) == ["what `Jobs` makes"]
    top = TOP.replace("parts/jobs.yaml", "parts/gone.yaml").replace("Store.Outputs.Arn", "Store.Outputs.Unheard")
    assert names(read_source(folder(tmp_path, top) / "top.yaml", OPTIONS)) == ["what `Jobs` makes"]


def test_a_template_that_nests_itself_ends(tmp_path):
    top = TOP.replace("parts/jobs.yaml", "top.yaml")
    assert names(read_source(folder(tmp_path, top) / "top.yaml", OPTIONS)) == ["what `Jobs` makes"]


def test_applications_of_sam_beside_the_template(tmp_path):
    top = TOP.replace("AWS::CloudFormation::Stack", "AWS::Serverless::Application").replace("TemplateURL", "Location")
    found = read_source(folder(tmp_path, f"Transform: AWS::Serverless-2016-10-31{top}") / "top.yaml", OPTIONS)
    assert len(account(found).principals) == 1
