"""Stacks and stack sets of a plan whose template the plan holds are read as templates."""

from __future__ import annotations

import json

import pytest

from tests.unit.test_readers_terraform_parts import OTHER, OWN, account, change, plan, read, unknowns

BODY = """
Parameters: {Who: {Type: String, Default: "210987654321"}}
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: scanner
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {AWS: !Ref Who}, Action: "sts:AssumeRole"}]
"""
STACK = {"name": "scan", "template_body": BODY, "parameters": {"Who": OTHER}}


@pytest.mark.parametrize("body", [BODY, json.dumps({"Resources": {"R": {
    "Type": "AWS::IAM::Role", "Properties": {"RoleName": "scanner", "AssumeRolePolicyDocument": {"Statement": [
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"}]}}}}})])  # fmt: skip
def test_a_stack_of_a_template_in_the_plan(tmp_path, body):
    """It was a fact not known, with its whole template in the plan."""
    found = read(plan(tmp_path, change("aws_cloudformation_stack.s", {**STACK, "template_body": body})))
    (role,) = account(found).principals
    assert OTHER in str(role.trust)
    assert not unknowns(found, "facts")


@pytest.mark.parametrize(("values", "unknown"), [
    ({"name": "scan", "template_url": "https://acme.s3.amazonaws.com/a"}, {}),
    ({"name": "scan"}, {"template_body": True}),
    ({"name": "scan", "template_body": BODY}, {"parameters": True}),
    ({"name": "scan", "template_body": BODY, "parameters": {}}, {"parameters": {"Who": True}}),
    ({"name": "scan", "template_body": "{broken"}, {}),
])  # fmt: skip
def test_a_stack_of_which_something_is_not_known(tmp_path, values, unknown):
    found = read(plan(tmp_path, change("aws_cloudformation_stack.s", values, unknown=unknown)))
    assert unknowns(found, "facts") == ["what `aws_cloudformation_stack.s` changes"]


@pytest.mark.parametrize("instance", [
    ("aws_cloudformation_stack_set_instance.i", {"stack_set_name": "scan", "account_id": OTHER, "region": "eu-west-3"}),
    ("aws_cloudformation_stack_instances.i", {"stack_set_name": "scan", "accounts": [OTHER], "regions": ["eu-west-3"]}),
])  # fmt: skip
def test_instances_of_a_stack_set(tmp_path, instance):
    made = change("aws_cloudformation_stack_set.scan", {"name": "scan", "template_body": BODY})
    found = read(plan(tmp_path, made, change(*instance)))
    (role,) = account(found, OTHER).principals
    assert role.arn == f"arn:aws:iam::{OTHER}:role/scanner"
    assert not unknowns(found, "facts")


def test_instances_in_units_are_named(tmp_path):
    made = change("aws_cloudformation_stack_set.scan", {"name": "scan", "template_body": BODY})
    there = {"stack_set_name": "scan", "deployment_targets": [{"organizational_unit_ids": ["ou-ac00-aaaaaaaa"]}]}
    found = read(plan(tmp_path, made, change("aws_cloudformation_stack_set_instance.i", there)))
    assert unknowns(found, "facts") == ["what `aws_cloudformation_stack_set_instance.i` changes"]


def test_a_stack_that_changes_an_organization(tmp_path):
    """What the new template no longer makes is not told, so that the change stays a fact not known."""
    (tmp_path / "base").mkdir()
    role = change("aws_iam_role.a", {"name": "a", "assume_role_policy": json.dumps({"Statement": []})}, ["no-op"])
    base = plan(tmp_path / "base", role)
    stack = change("aws_cloudformation_stack.s", STACK, ["update"], before={**STACK, "template_body": "{}"})
    found = read(plan(tmp_path, stack), organization=base)
    assert "what `aws_cloudformation_stack.s` changes" in unknowns(found, "facts")
    assert any(p.arn == f"arn:aws:iam::{OWN}:role/scanner" for p in account(found).principals)
