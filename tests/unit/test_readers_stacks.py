"""Names that CloudFormation makes up, and several templates of one source: nothing is lost between them."""

from __future__ import annotations

import re

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace

ORG, OWN = "o-acme0000001", "111122223333"
LONG = "WarehouseOfAllOrdersThatWereEverPlacedInEveryCountry"
EVERYBODY = '{Effect: Allow, Principal: "*", Action: "*", Resource: "*"}'
OPEN = f"""
Resources:
  {LONG}Bucket: {{Type: AWS::S3::Bucket}}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref {LONG}Bucket
      PolicyDocument: {{Statement: [{{Effect: Allow, Principal: "*", Action: "s3:GetObject",
        Resource: !Sub "${{{LONG}Bucket.Arn}}/*"}}]}}
  {LONG}Images:
    Type: AWS::ECR::Repository
    Properties: {{RepositoryPolicyText: {{Statement: [{{Effect: Allow, Principal: "*", Action: "ecr:*"}}]}}}}
  {LONG}Search:
    Type: AWS::OpenSearchService::Domain
    Properties: {{AccessPolicies: {{Statement: [{EVERYBODY}]}}}}
  {LONG}Point:
    Type: AWS::S3::AccessPoint
    Properties: {{Bucket: !Ref {LONG}Bucket, Policy: {{Statement: [{{Effect: Allow, Principal: "*",
      Action: "s3:GetObject", Resource: "*"}}]}}}}
  {LONG}Queue:
    Type: AWS::SQS::Queue
    Properties: {{FifoQueue: true}}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties: {{Queues: [!Ref {LONG}Queue], PolicyDocument: {{Statement: [{EVERYBODY}]}}}}
  {LONG}Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Statement: [{{Effect: Allow, Principal: {{AWS: "*"}}, Action: "sts:AssumeRole"}}]}}
"""


def read(path, **options):
    return read_source(
        path,
        SourceOptions(
            organization_id=ORG, management_account="999900001111", account=OWN, region="eu-west-1", **options
        ),
    )


def put(folder, name, text):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def services(answer):
    return sorted(finding.resource.split(":")[2] for finding in answer.findings)


def test_what_cloudformation_names_can_have_that_name(tmp_path):
    """No resource has a name that is too long, or capitals: no call reached it, and its open policy was no finding."""
    put(tmp_path, "shared-platform-of-the-whole-company-production.yaml", OPEN)
    found = read(tmp_path / "shared-platform-of-the-whole-company-production.yaml", complete=True)
    (account,) = found.organization.root.accounts
    names = {
        r.arn.split(":")[2] + ("-point" if "accesspoint" in r.arn else ""): r.arn.split(":", 5)[5]
        for r in account.resources
    }
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", names["s3"])
    assert re.fullmatch(r"accesspoint/[a-z0-9][a-z0-9-]{1,48}[a-z0-9]", names["s3-point"])
    assert re.fullmatch(r"domain/[a-z][a-z0-9-]{2,27}", names["es"])
    assert re.fullmatch(r"repository/[a-z0-9-]+", names["ecr"])
    assert names["sqs"].endswith(".fifo")
    (role,) = account.principals
    assert len(role.arn.rsplit("/", 1)[1]) <= 64
    assert services(findings_of_workspace(found)) == ["ecr", "es", "iam", "s3", "s3", "sqs"]


@pytest.mark.parametrize("arn", ["arn:aws:ecr:eu-west-1:ACCOUNT:repository/Shop", "arn:aws:s3:::Acme_Reports_Of_2014"])
def test_listed_names_that_no_rule_admits_are_found(tmp_path, arn):
    """Buckets of 2014 have capitals and underscores (W-40): findings passed over what names of today cannot be."""
    kind, name = ("ECR::Repository", "RepositoryName") if ":ecr:" in arn else ("S3::Bucket", "BucketName")
    own = arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    text = f"Resources:\n  A: {{Type: AWS::{kind}, Properties: {{{name}: {own}"
    if kind.startswith("ECR"):
        text += ", RepositoryPolicyText: {Statement: [{Effect: Allow, Principal: '*', Action: 'ecr:*'}]}}}\n"
    else:
        text += f"""}}}}
  P: {{Type: AWS::S3::BucketPolicy, Properties: {{Bucket: !Ref A, PolicyDocument: {{Statement: [
    {{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "{arn}/*"}}]}}}}}}
"""
    put(tmp_path, "t.yaml", text)
    answer = findings_of_workspace(read(tmp_path / "t.yaml"))
    assert [finding.resource for finding in answer.findings] == [arn.replace("ACCOUNT", OWN)]


QUEUE = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument: {Statement: [{Effect: Allow, Principal: WHO, Action: "sqs:SendMessage", Resource: "*"}]}
"""


def test_stacks_of_templates_of_one_name_are_apart(tmp_path):
    """Each service of a repository has its `template.yaml`: the last one read stood for all of them."""
    put(tmp_path, "orders/template.yaml", QUEUE.replace("WHO", '"*"'))
    put(tmp_path, "stock/template.yaml", QUEUE.replace("WHO", f'{{AWS: "{OWN}"}}'))
    found = read(tmp_path)
    (account,) = found.organization.root.accounts
    assert len(account.resources) == 2
    assert services(findings_of_workspace(found)) == ["sqs"]


@pytest.mark.parametrize("alike", [True, False])
def test_one_name_in_two_templates(tmp_path, alike):
    """Templates of two stages give a name of their own: which policy it has is not known, unless they agree."""
    named = QUEUE.replace("{Type: AWS::SQS::Queue}", "{Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}")
    put(tmp_path, "a.yaml", named.replace("WHO", '"*"'))
    put(tmp_path, "b.yaml", named.replace("WHO", '"*"' if alike else f'{{AWS: "{OWN}"}}'))
    found = read(tmp_path)
    assert len([u for u in found.unknowns if "both make it, and differ" in u.reason]) == (not alike)
    (account,) = found.organization.root.accounts
    assert len(account.resources) == alike


ROLE = """
  {name}:
    Type: AWS::IAM::Role
    {condition}
    Properties:
      RoleName: app
      AssumeRolePolicyDocument: {{Statement: [{{Effect: Allow, Principal: {who}, Action: "sts:AssumeRole"}}]}}
"""


def test_a_role_of_which_one_of_two_is_there(tmp_path):
    """The first of the two was taken: nobody outside came in, though the second lets everybody in."""
    header = "Parameters: {Stage: {Type: String}}\nConditions:\n  Live: !Equals [!Ref Stage, live]\n"
    header += "  Test: !Not [!Equals [!Ref Stage, live]]\nResources:"
    one = ROLE.format(name="A", condition="Condition: Live", who="{Service: ec2.amazonaws.com}")
    put(tmp_path, "t.yaml", header + one + ROLE.format(name="B", condition="Condition: Test", who='"*"'))
    found = read(tmp_path / "t.yaml", complete=True)
    assert not found.organization.root.accounts[0].principals
    assert not found.organization.root.accounts[0].listed
    answer = findings_of_workspace(found)
    assert answer.status == "unknown"
    assert any("both make it, and differ" in unknown.reason for unknown in found.unknowns)


def test_two_managed_policies_of_one_name(tmp_path):
    """Who has the policy is not known to have either of the two."""
    text = """
Resources:
  P: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: work,
    PolicyDocument: {Statement: [{Effect: EFFECT, Action: "*", Resource: "*"}]}}}
"""
    put(tmp_path, "a.yaml", text.replace("EFFECT", "Deny"))
    put(tmp_path, "b.yaml", text.replace("EFFECT", "Allow"))
    trust = "{Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]}"
    put(
        tmp_path,
        "c.yaml",
        f"""
Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{RoleName: app, AssumeRolePolicyDocument: {trust},
    ManagedPolicyArns: ["arn:aws:iam::{OWN}:policy/work"]}}}}
""",
    )
    found = read(tmp_path)
    assert not found.organization.root.accounts[0].principals
    assert any("both make it, and differ" in u.reason for u in found.unknowns)


def test_ids_that_aws_makes_up(tmp_path):
    """What policies name by `Ref` has an id nobody knows before: any stands for it, the same wherever it is named."""
    put(
        tmp_path,
        "site.yaml",
        """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: acme-site}}
  Distribution: {Type: AWS::CloudFront::Distribution, Properties: {DistributionConfig: {Enabled: true}}}
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Door:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Net, ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3", VpcEndpointType: Gateway}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: cloudfront.amazonaws.com}
            Action: s3:GetObject
            Resource: !Sub "${Bucket.Arn}/*"
            Condition:
              StringEquals:
                AWS:SourceArn: !Sub "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
          - {Effect: Deny, Principal: "*", Action: "s3:Put*", Resource: !Sub "${Bucket.Arn}/*",
             Condition: {StringNotEquals: {aws:SourceVpce: !Ref Door, aws:SourceVpc: !Ref Net}}}
""",
    )
    found = read(tmp_path / "site.yaml")
    assert not [u for u in found.unknowns if u.affects == "grants"]
    (account,) = found.organization.root.accounts
    (door,), (bucket,) = account.endpoints, account.resources
    first, second = bucket.policy.statements
    (arn,) = first.conditions[0].values
    assert re.fullmatch(rf"arn:aws:cloudfront::{OWN}:distribution/E[0-9A-F]{{13}}", arn)
    assert {v for c in second.conditions for v in c.values} == {door.id, door.vpc}
    answer = findings_of_workspace(found, zone="organization")
    assert not answer.findings


def test_the_id_of_a_stack_is_one(tmp_path):
    """CDK cuts names of domains out of it."""
    put(
        tmp_path,
        "t.yaml",
        """
Resources:
  D:
    Type: AWS::OpenSearchService::Domain
    Properties:
      DomainName: !Join ["-", [logs, !Select [4, !Split ["-", !Select [2, !Split ["/", !Ref AWS::StackId]]]]]]
      AccessPolicies: {Statement: [{Effect: Allow, Principal: "*", Action: "es:ESHttpGet", Resource: "*"}]}
""",
    )
    (account,) = read(tmp_path / "t.yaml").organization.root.accounts
    assert [re.fullmatch(r".*:domain/logs-[0-9a-f]{12}", r.arn) is not None for r in account.resources] == [True]
