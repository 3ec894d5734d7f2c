"""SAM: policy templates, connectors, and the roles that events and destinations bring."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.cloudformation.sam import published

ORG, OWN, REGION = "o-acme0000005", "111122223333", "eu-west-1"
OPTIONS = SourceOptions(organization_id=ORG, management_account="999900001111", account=OWN, region=REGION)
SAM = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"


def read(tmp_path, resources, top=""):
    path = tmp_path / "shop.yaml"
    path.write_text(f"{SAM}{top}Resources:\n{resources}")
    return read_source(path, OPTIONS)


def account(workspace):
    return next(a for a, _ in workspace.organization.accounts() if a.id == OWN)


def role(workspace, part):
    (found,) = [p for p in account(workspace).principals if part in p.arn]
    return found


def allowed(principal):
    return {(action, resource) for policy in principal.policies for s in policy.statements
            for action in s.action.values for resource in s.resource.values}  # fmt: skip


def names(workspace, affects):
    return [u.name for u in workspace.unknowns if u.affects == affects]


def test_policy_templates_are_read_with_what_a_template_says(tmp_path):
    found = read(tmp_path, """
  F:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3ReadPolicy: {BucketName: !Ref Store}
        - !If [Loud, {SNSPublishMessagePolicy: {TopicName: !GetAtt Bell.TopicName}}, !Ref AWS::NoValue]
        - Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}]
  Store: {Type: AWS::S3::Bucket, Properties: {BucketName: acme-store}}
  Bell: {Type: AWS::SNS::Topic, Properties: {TopicName: bell}}
""", "Conditions: {Loud: !Equals [a, a]}\n")  # fmt: skip
    held = allowed(role(found, "FRole"))
    assert {("s3:GetObject", "arn:aws:s3:::acme-store/*"), ("s3:ListBucket", "arn:aws:s3:::acme-store"),
            ("sns:Publish", f"arn:aws:sns:{REGION}:{OWN}:bell"), ("sqs:SendMessage", "*")} <= held  # fmt: skip
    assert names(found, "grants") == []


@pytest.mark.parametrize(("policy", "reason"), [
    ("UnheardPolicy: {BucketName: b}", "`UnheardPolicy` is no policy template of SAM that is known"),
    ("SQSPollerPolicy: {Queue: q}", "policy template `SQSPollerPolicy` of SAM is written without its `QueueName`"),
    ("SQSPollerPolicy: {QueueName: !ImportValue q}", "needs import `q`"),
])  # fmt: skip
def test_templates_that_are_not_known_are_named(tmp_path, policy, reason):
    found = read(tmp_path, f"  F: {{Type: AWS::Serverless::Function, Properties: {{Policies: [{{{policy}}}]}}}}")
    assert reason in [u.reason for u in found.unknowns if u.affects == "grants"]
    assert not account(found).principals


def test_without_the_library_templates_and_connectors_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "_data", lambda *_: None)
    found = read(tmp_path, """
  F: {Type: AWS::Serverless::Function, Properties: {Policies: [{S3ReadPolicy: {BucketName: b}}]}}
  G: {Type: AWS::Serverless::Function, Properties: {FunctionName: g}, Connectors: {C: {Properties: {Destination:
      {Id: Q}, Permissions: [Write]}}}}
  Q: {Type: AWS::SQS::Queue}
""")  # fmt: skip
    assert [u for u in found.unknowns if "perimeter-smt[sam]" in u.reason and u.affects == "grants"]
    assert names(found, "facts") == ["what connector `G.C` makes"]


CONNECTED = """
  F: {Type: AWS::Serverless::Function, Properties: {FunctionName: f}, Connectors: {ToTable: {Properties: {Destination:
      {Id: T}, Permissions: [Read]}}}}
  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}
  Own: {Type: AWS::IAM::Role, Properties: {RoleName: own, AssumeRolePolicyDocument: {Statement: [{Effect: Allow,
      Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}
  G: {Type: AWS::Lambda::Function, Properties: {FunctionName: g, Role: !GetAtt Own.Arn}}
  ToBucket: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: G}, Destination: {Id: B},
      Permissions: [Write]}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: acme-b}}
  N: {Type: AWS::SNS::Topic, Properties: {TopicName: n}}
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  ToBoth: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: N}, Destination: [{Id: Q}, {Id: F}],
      Permissions: [Write]}}
"""


def test_connectors_give_roles_queues_and_functions_what_the_table_says(tmp_path):
    found = read(tmp_path, CONNECTED)
    assert ("dynamodb:Query", f"arn:aws:dynamodb:{REGION}:{OWN}:table/orders") in allowed(role(found, "FRole"))
    assert ("s3:PutObject", "arn:aws:s3:::acme-b/*") in allowed(role(found, "role/own"))
    held = {r.arn: r for r in account(found).resources}
    (sent,) = held[f"arn:aws:sqs:{REGION}:{OWN}:q"].policy.statements
    (call,) = held[f"arn:aws:lambda:{REGION}:{OWN}:function:f"].policy.statements
    for statement, action in ((sent, "sqs:SendMessage"), (call, "lambda:InvokeFunction")):
        assert statement.action.values == (action,)
        assert [entry.value for entry in statement.principal.entries] == ["sns.amazonaws.com"]
        assert f"arn:aws:sns:{REGION}:{OWN}:n" in repr(statement.conditions)
    assert names(found, "facts") == []


@pytest.mark.parametrize("connector", [
    "{Source: {Id: N}, Destination: {Id: Elsewhere}, Permissions: [Write]}",
    "{Source: {Id: N}, Destination: {Id: B}, Permissions: [Write]}",
    "{Source: {Id: N}, Destination: {Id: Q}, Permissions: [Read]}",
    "{Source: {Id: N}, Destination: {Type: 'AWS::SQS::Queue'}, Permissions: [Write]}",
])  # fmt: skip
def test_connectors_that_cannot_be_said_are_named(tmp_path, connector):
    found = read(tmp_path, f"{CONNECTED}  X: {{Type: AWS::Serverless::Connector, Properties: {connector}}}\n")
    assert names(found, "facts") == ["what connector `X` makes"]


def test_what_a_function_sends_and_polls_is_in_its_role(tmp_path):
    """Dead letters, destinations and polled events were passed over: the role had the logs alone."""
    queue, bus = f"arn:aws:sqs:{REGION}:{OWN}:left", f"arn:aws:events:{REGION}:{OWN}:event-bus/b"
    found = read(tmp_path, f"""
  F: {{Type: AWS::Serverless::Function, Properties: {{DeadLetterQueue: {{Type: SQS, TargetArn: '{queue}'}},
      EventInvokeConfig: {{DestinationConfig: {{OnSuccess: {{Type: EventBridge, Destination: '{bus}'}}}}}},
      Events: {{K: {{Type: Kinesis, Properties: {{Stream: 'arn:aws:kinesis:{REGION}:{OWN}:stream/s'}}}}}}}}}}
""")  # fmt: skip
    assert {("sqs:SendMessage", queue), ("events:PutEvents", bus), ("kinesis:GetRecords", "*")} <= allowed(
        role(found, "FRole")
    )
    found = read(tmp_path, """
  F: {Type: AWS::Serverless::Function, Properties: {Tracing: Active}}
  G: {Type: AWS::Serverless::Function, Properties: {Events: {M: {Type: MQ, Properties: {Broker: b}}}}}
  H: {Type: AWS::Serverless::Function, Properties: {DeadLetterQueue: {Type: SQS, TargetArn: !ImportValue q}}}
""")  # fmt: skip
    assert len(names(found, "grants")) == 3  # texts that are not known: never a role that may do nothing
    assert not account(found).principals


def test_schedules_and_rules_get_roles_of_their_own(tmp_path):
    found = read(tmp_path, """
  F: {Type: AWS::Serverless::Function, Properties: {FunctionName: f, Events: {Daily: {Type: ScheduleV2}}}}
  M: {Type: AWS::Serverless::StateMachine, Properties: {Name: m, Events: {Rule: {Type: EventBridgeRule}}}}
""")  # fmt: skip
    daily, rule = role(found, "FDaily"), role(found, "MRule")
    assert allowed(daily) == {("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{OWN}:function:f")}
    assert [e.value for e in daily.trust.statements[0].principal.entries] == ["scheduler.amazonaws.com"]
    assert allowed(rule) == {("states:StartExecution", f"arn:aws:states:{REGION}:{OWN}:stateMachine:m")}


def test_types_of_sam_that_make_roles_are_named(tmp_path):
    found = read(tmp_path, "  G: {Type: AWS::Serverless::GraphQLApi, Properties: {Auth: {Type: AWS_IAM}}}")
    assert names(found, "facts") == ["what `G` makes"]
