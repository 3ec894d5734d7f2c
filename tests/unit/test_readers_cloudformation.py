"""Templates: functions put in, conditions, what is not known; JSON, YAML and SAM."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG, OWN = "o-acme0000001", "111122223333"
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Stage: {Type: String, Default: dev}
  Partner: {Type: String}
  Teams: {Type: CommaDelimitedList, Default: "orders, data"}
Mappings:
  Names: {dev: {Bucket: acme-dev}, live: {Bucket: acme-live}}
Conditions:
  Live: !Equals [!Ref Stage, live]
  Shared: !Not [!Equals [!Ref Partner, ""]]
  Either: !Or [!Condition Live, !Equals [!Ref Stage, dev]]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !FindInMap [Names, !Ref Stage, Bucket]
      PublicAccessBlockConfiguration: {RestrictPublicBuckets: true}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Condition: Either
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {AWS: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
            Action: s3:GetObject
            Resource: !Join ["", [!GetAtt Bucket.Arn, "/*"]]
          - !If
            - Live
            - {Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*"}
            - !Ref AWS::NoValue
  App:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      Path: !Sub "/${Stage}/"
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}
      ManagedPolicyArns: [!Ref Own, arn:aws:iam::aws:policy/AdministratorAccess]
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement:
              Effect: Allow
              Action: sqs:*
              Resource: !Sub ["${Q}", {Q: !GetAtt Queue.Arn}]
  Own:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Action: !Select [0, !Split [",", "s3:Get*,x"]], Resource: "*"}]}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Select [1, !Ref Teams]}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {AWS: !Ref Partner}, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn}
  Function:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: f}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: s3.amazonaws.com
      SourceArn: !GetAtt Bucket.Arn
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      ServiceName: !Sub com.amazonaws.${AWS::Region}.s3
      VpcId: vpc-0ac00000000000001
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "*", Resource: "*"}]}
"""
OPTIONS = {"organization_id": ORG, "management_account": "999900001111", "account": OWN, "region": "eu-west-1"}
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:data"


def read(tmp_path, text=TEMPLATE, **options):
    path = tmp_path / "template.yaml"
    path.write_text(text)
    return read_source(path, SourceOptions(**{**OPTIONS, **options}))


def account(workspace):
    return next(a for a, _ in workspace.organization.accounts() if a.id == OWN)


def resources(workspace):
    return {r.arn: r for r in account(workspace).resources}


def test_functions_are_put_in(tmp_path):
    found = read(tmp_path, parameters={"Partner": "210987654321"})
    held = resources(found)
    bucket = held["arn:aws:s3:::acme-dev"]
    assert bucket.block_public_access
    assert [s.resource.values for s in bucket.policy.statements] == [("arn:aws:s3:::acme-dev/*",)]
    assert bucket.policy.statements[0].principal.entries[0].value == f"arn:aws:iam::{OWN}:root"
    (role,) = account(found).principals
    assert role.arn == f"arn:aws:iam::{OWN}:role/dev/app"
    texts = [(s.action.values, s.resource.values) for d in role.policies for s in d.statements]
    assert texts == [(("sqs:*",), (QUEUE,)), (("s3:Get*",), ("*",)), (("*",), ("*",))]
    assert held[QUEUE].policy.statements[0].principal.entries[0].value == "210987654321"
    assert held[f"arn:aws:lambda:eu-west-1:{OWN}:function:f"].policy.statements[0].conditions
    (endpoint,) = account(found).endpoints
    assert (endpoint.gateway, endpoint.services) == (True, ("s3",))
    assert {u.name for u in found.unknowns} == {"SCPs and RCPs"}


def test_a_parameter_takes_the_other_branch(tmp_path):
    bucket = resources(read(tmp_path, parameters={"Stage": "live", "Partner": "210987654321"}))[
        "arn:aws:s3:::acme-live"
    ]
    assert [s.effect for s in bucket.policy.statements] == ["Allow", "Deny"]


def test_places_are_lines_of_the_template(tmp_path):
    bucket = resources(read(tmp_path))["arn:aws:s3:::acme-dev"]
    line = bucket.policy.statements[0].location.line
    assert TEMPLATE.splitlines()[line - 1].strip() == "- Effect: Allow"


def test_a_parameter_without_a_value_is_named(tmp_path):
    """The policy of the queue needs it: it may be any policy, and the account may hold anything."""
    found = read(tmp_path, complete=True)
    assert QUEUE not in resources(found)
    (unknown,) = [u for u in found.unknowns if u.affects == "grants"]
    assert (unknown.name, unknown.reason) == (f"policy of `{QUEUE}`", "needs parameter `Partner`")
    assert "template.yaml:" in unknown.place
    assert not account(found).listed
    report = prove(found, objectives=["O1"], services=["sqs"], mode="grants", availability=False)
    assert {v.status for v in report.verdicts} == {"refuted"}


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("!ImportValue other-stack", "import `other-stack`"),
        ("'{{resolve:ssm:/acme/x}}'", "`{{resolve:ssm:/acme/x}}`"),
        ("!Nonsense x", "function `Fn::Nonsense`"),
        ("!GetAtt Queue.Nothing", "`Queue.Nothing`"),
        ("!Ref Missing", "`Missing`"),
        ("!FindInMap [Names, nowhere, Bucket]", "mapping `Names.nowhere.Bucket`"),
    ],
)
def test_what_cannot_be_said_is_named(tmp_path, part, reason):
    text = TEMPLATE.replace("Action: s3:GetObject", f"Action: {part}")
    found = read(tmp_path, text)
    assert "arn:aws:s3:::acme-dev" not in resources(found)
    assert any(reason in u.reason for u in found.unknowns)


def test_a_condition_that_is_not_known_is_taken_both_ways(tmp_path):
    """What the policy allows may be allowed; what it denies may not be denied. With the parameter it is decided."""
    deny = '          - {Effect: Deny, Principal: "*", Action: "s3:Put*", Resource: "*"}\n          - !If'
    text = TEMPLATE.replace("Condition: Either", "Condition: Shared").replace("          - !If", deny, 1)
    found = read(tmp_path, text)
    assert effects(found) == ["Allow"]
    assert [u.name for u in found.unknowns if "taken both ways" in u.reason] == ["whether `BucketPolicy` is there"]
    assert "parameter `Partner`" in next(u.reason for u in found.unknowns if "`BucketPolicy`" in u.name)
    assert effects(read(tmp_path, text, parameters={"Partner": "x"})) == ["Allow", "Deny"]
    assert not resources(read(tmp_path, text, parameters={"Partner": ""}))["arn:aws:s3:::acme-dev"].policy


def test_a_part_under_a_condition_that_is_not_known_is_taken_both_ways(tmp_path):
    """A statement that denies under a condition denies nothing for certain; one that allows may allow."""
    text = TEMPLATE.replace("            - Live\n", "            - Shared\n")
    found = read(tmp_path, text)
    assert effects(found) == ["Allow"]
    assert any(u.name == "condition `Shared` of `BucketPolicy`" for u in found.unknowns)
    assert effects(read(tmp_path, text, parameters={"Partner": "x"})) == ["Allow", "Deny"]
    wider = text.replace("{Effect: Deny,", "{Effect: Allow,")
    assert effects(read(tmp_path, wider)) == ["Allow", "Allow"]


def test_two_policies_of_which_one_is_there_are_not_known(tmp_path):
    """Under a condition and its contrary: neither is certain, and one does not hide the other."""
    text = TEMPLATE.replace("Condition: Either", "Condition: Shared").replace(
        "Resources:\n", "  Alone: !Not [!Condition Shared]\nResources:\n", 1
    )
    text += """
  Open:
    Type: AWS::S3::BucketPolicy
    Condition: Alone
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "s3:*", Resource: !Sub "${Bucket.Arn}/*"}]}
"""
    found = read(tmp_path, text)
    assert "arn:aws:s3:::acme-dev" not in resources(found)
    assert any("two policies" in u.reason for u in found.unknowns)
    assert effects(read(tmp_path, text, parameters={"Partner": ""})) == ["Allow"]


def effects(found):
    """What the statements of the bucket's policy do."""
    return sorted(s.effect for s in resources(found)["arn:aws:s3:::acme-dev"].policy.statements)


def test_json_and_sam(tmp_path):
    """A function of SAM makes a role with the policies it names; a policy template that is not known is named."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Policies": [
        "AdministratorAccess", {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}]}}  # fmt: skip
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function}}
    path = tmp_path / "sam.json"
    path.write_text(json.dumps(template))
    found = read_source(path, SourceOptions(**OPTIONS))
    (role,) = account(found).principals
    assert {policy.name for policy in role.policies} == {"AWSLambdaBasicExecutionRole", "AdministratorAccess", "F"}
    function["Properties"]["Policies"].append({"S3UnheardPolicy": {"BucketName": "x"}})
    path.write_text(json.dumps(template))
    assert any("`S3UnheardPolicy`" in u.reason for u in read_source(path, SourceOptions(**OPTIONS)).unknowns)


def test_guardrails_in_a_template(tmp_path):
    text = f"""
Parameters: {{Target: {{Type: String}}}}
Resources:
  Scp:
    Type: AWS::Organizations::Policy
    Properties:
      Name: only-mine
      Type: SERVICE_CONTROL_POLICY
      TargetIds: [!Ref Target]
      Content:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Action: "*"
            Resource: "*"
            Condition: {{StringNotEqualsIfExists: {{"aws:ResourceOrgID": {ORG}}}}}
"""
    found = read(tmp_path, text)
    assert any(u.affects == "guardrails" and "targets of `Scp`" in u.name for u in found.unknowns)
    known = read(tmp_path, text, parameters={"Target": "r-ac00"})
    assert known.organization.root.id == "r-ac00"
    assert [d.name for d in known.organization.root.guardrails.scps] == ["only-mine"]


def test_broken_yaml_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"template.yaml:\d+: not YAML"):
        read(tmp_path, "Resources:\n  a: [1\n  b: }")


def test_a_guardrail_that_may_not_be_there_stops_nothing(tmp_path):
    text = f"""
Parameters: {{Strict: {{Type: String}}}}
Conditions: {{Strictly: !Equals [!Ref Strict, "yes"]}}
Resources:
  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: orders}}}}
  Scp:
    Type: AWS::Organizations::Policy
    Condition: Strictly
    Properties:
      Name: perimeter
      Type: SERVICE_CONTROL_POLICY
      TargetIds: ["{OWN}"]
      Content: {{Version: 2012-10-17, Statement: [{{Effect: Deny, Action: "s3:*", Resource: "*"}}]}}
"""

    def denied(**more):
        found = read(tmp_path, text, **more)
        ((account, _),) = list(found.organization.accounts())
        scps = account.guardrails.scps
        return sum(s.effect == "Deny" for d in scps for s in d.statements), {u.affects for u in found.unknowns}

    count, affected = denied()
    assert count == 0
    assert "guardrails" in affected
    assert denied(parameters={"Strict": "yes"})[0] == 1


def test_a_policy_of_a_type_that_is_not_read_is_named(tmp_path):
    text = """
Resources:
  Files:
    Type: AWS::MediaStore::Container
    Properties:
      Policy:
        Statement: [{Effect: Allow, Principal: {AWS: "*"}, Action: mediastore:GetObject}]
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: orders}}
"""
    found = [u.name for u in read(tmp_path, text).unknowns if u.affects == "grants"]
    assert found == ["policy of `Files`"]


@pytest.mark.parametrize("text", ["Resources: {}\n---\nResources: {}\n", "Resources: {}\n---\n"])
def test_a_file_with_several_documents(tmp_path, text):
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(InputError, match=r"t\.yaml:2: a second document, expected one"):
        read_source(tmp_path / "t.yaml")
