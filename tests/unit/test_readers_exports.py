"""Imports of exports that another stack of the folder has, as CDK writes references between stacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source

OWN = "111122223333"
OPTIONS = SourceOptions(organization_id="o-acme0000001", management_account="999900001111", account=OWN,
                        region="eu-west-1")  # fmt: skip
PRODUCER = """
Parameters: {Untold: {Type: String}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: shared}}
Outputs:
  A: {Value: !GetAtt Q.Arn, Export: {Name: !Sub "${AWS::StackName}:QueueArn"}}
  B: {Value: !Ref Untold, Export: {Name: untold}}
  C: {Value: x, Condition: Never, Export: {Name: never}}
"""
CONSUMER = """
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: app
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: "sqs:*", Resource: !ImportValue "NAME"}]}
"""


def read(tmp_path, name, options=OPTIONS, **more):
    for stack, text in {"net": PRODUCER, "app": CONSUMER.replace("NAME", name), **more}.items():
        (tmp_path / f"{stack}.yaml").write_text(text)
    return read_source(tmp_path, options)


def roles(found):
    return [p for a, _ in found.organization.accounts() for p in a.principals]


def needs(found):
    return [u.reason for u in found.unknowns if "import" in u.reason]


def test_an_export_of_the_folder(tmp_path):
    """The policy around it was an unknown, although the other template lies beside."""
    found = read(tmp_path, "net:QueueArn")
    assert f"arn:aws:sqs:eu-west-1:{OWN}:shared" in str(roles(found)[0].policies)
    assert not needs(found)


@pytest.mark.parametrize("name", ["other:QueueArn", "untold", "never"])
def test_what_no_stack_here_exports(tmp_path, name):
    assert not roles(read(tmp_path, name))


def test_two_stacks_that_export_one_name(tmp_path):
    one = 'Resources: {Q: {Type: "AWS::SNS::Topic"}}\nOutputs: {A: {Value: VALUE, Export: {Name: same}}}\n'
    found = read(tmp_path, "same", a=one.replace("VALUE", "x"), b=one.replace("VALUE", "y"))
    assert needs(found) == ["needs import `same`, which two stacks export"]


def test_exports_that_need_one_another(tmp_path):
    one = 'Resources: {Q: {Type: "AWS::SNS::Topic"}}\nOutputs: {A: {Value: !ImportValue OTHER, Export: {Name: OWN}}}\n'
    found = read(tmp_path, "a", a=one.replace("OTHER", "b").replace("OWN", "a"),
                 b=one.replace("OTHER", "a").replace("OWN", "b"))  # fmt: skip
    assert needs(found) == ["needs import `a`, which needs itself"]


def test_a_value_that_is_said_wins(tmp_path):
    options = replace(OPTIONS, parameters={"net:QueueArn": "arn:aws:sqs:eu-west-1:444455556666:y"})
    assert "444455556666:y" in str(roles(read(tmp_path, "net:QueueArn", options))[0].policies)
