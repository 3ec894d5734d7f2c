"""Profiles of IAM Roles Anywhere: the session policies that sessions of their roles carry, from every source."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.who import who_can

ORG, OWN = "o-acme0000001", "111122223333"
ROLE, WORK = f"arn:aws:iam::{OWN}:role/machine", f"arn:aws:iam::{OWN}:policy/work"
OPTIONS = SourceOptions(organization_id=ORG, management_account="999900001111", complete=True, account=OWN,
                        region="eu-west-1")  # fmt: skip
ANYWHERE = {"Service": "rolesanywhere.amazonaws.com"}


def says(action, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", **more}]}


def trust(*principals):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": p, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
        for p in principals]}  # fmt: skip


def cli(profiles, *principals):
    role = {"Arn": ROLE, "AssumeRolePolicyDocument": trust(*principals), "RolePolicyList": [
        {"PolicyName": "all", "PolicyDocument": says("*")}], "AttachedManagedPolicies": []}  # fmt: skip
    work = {
        "Arn": WORK,
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": says("sqs:*")}],
    }
    found = [{"name": f"p{n}", "enabled": True, "roleArns": [ROLE], **p} for n, p in enumerate(profiles)]
    return {"details.json": {"RoleDetailList": [role], "Policies": [work]}, "profiles.json": {"profiles": found}}


def read(folder, files, options=OPTIONS):
    for name, value in files.items():
        (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    found = read_source(folder, options)
    (role,) = [p for a, _ in found.organization.accounts() for p in a.principals]
    return found, [(s.name, [v for d in s.policies for v in d.statements[0].action.values]) for s in role.sessions]


NARROW = {"sessionPolicy": json.dumps(says("s3:GetObject"))}


@pytest.mark.parametrize(
    ("profiles", "principals", "sessions", "reason"),
    [
        ([NARROW], [ANYWHERE], [("*", ["s3:GetObject"])], ""),
        ([{**NARROW, "managedPolicyArns": [WORK]}], [ANYWHERE], [("*", ["s3:GetObject", "sqs:*"])], ""),
        ([{}], [ANYWHERE], [], ""),
        ([{**NARROW, "enabled": False}], [ANYWHERE], [], ""),
        ([{**NARROW, "roleArns": [f"{ROLE}2"]}], [ANYWHERE], [], ""),
        ([NARROW, {}], [ANYWHERE], [], "several profiles"),
        ([NARROW], [ANYWHERE, {"Service": "ec2.amazonaws.com"}], [], "others than IAM Roles Anywhere"),
        ([NARROW], ["*"], [], "others than IAM Roles Anywhere"),
        ([{"managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}], [ANYWHERE], [], "is not known"),
    ],
)
def test_profiles_of_the_cli(tmp_path, profiles, principals, sessions, reason):
    """Only where the profile is the one way to the role do all sessions carry its policies; else it is named."""
    found, carried = read(tmp_path, cli(profiles, *principals))
    assert carried == sessions
    named = [u.reason for u in found.unknowns if u.name.startswith("session policies")]
    assert [reason in each for each in named] == ([True] if reason else [])
    assert all(a.listed for a, _ in found.organization.accounts())


@pytest.mark.parametrize(("profile", "calls"), [(NARROW, False), ({}, True)])
def test_a_profile_decides(tmp_path, profile, calls):
    """A machine calls as a role that may do everything; its profile leaves it reading objects alone."""
    queue = f"arn:aws:sqs:eu-west-1:{OWN}:orders"
    attributes = {"Attributes": {"QueueArn": queue, "VisibilityTimeout": "30"}}
    found, _ = read(tmp_path, {**cli([profile], ANYWHERE), "queue.json": attributes})
    assert [u.affects for u in found.unknowns] == ["guardrails"]
    answer = who_can(found, "sqs:SendMessage", queue)
    (machine,) = [caller for caller in answer.callers if caller.name == ROLE]
    assert bool(machine.findings) is calls


def test_profiles_of_other_sources(tmp_path):
    values = {"name": "machines", "enabled": True, "role_arns": [ROLE], "session_policy": NARROW["sessionPolicy"]}
    role = {"arn": ROLE, "name": "machine", "assume_role_policy": json.dumps(trust(ANYWHERE))}
    resources = [{"address": f"{kind}.x", "mode": "managed", "type": kind, "values": value}
                 for kind, value in (("aws_iam_role", role), ("aws_rolesanywhere_profile", values))]  # fmt: skip
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
    template = f"""
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Machine:
    Type: AWS::IAM::Role
    Properties: {{RoleName: machine, AssumeRolePolicyDocument: {json.dumps(trust(ANYWHERE))}}}
  Profile:
    Type: AWS::RolesAnywhere::Profile
    Properties: {{Name: machines, Enabled: true, RoleArns: [!GetAtt Machine.Arn],
                  SessionPolicy: '{NARROW["sessionPolicy"]}'}}
"""
    common = {"accountId": OWN, "configurationItemStatus": "OK", "tags": {}, "version": "1.3"}
    taken = json.dumps(trust(ANYWHERE))
    items = [
        {**common, "resourceType": "AWS::IAM::Role", "arn": ROLE, "configuration": {
            "rolePolicyList": [], "attachedManagedPolicies": [], "assumeRolePolicyDocument": taken}},
        {**common, "resourceType": "AWS::RolesAnywhere::Profile", "arn": "x", "configuration": {
            "Name": "machines", "RoleArns": [ROLE], "Enabled": True, "SessionPolicy": NARROW["sessionPolicy"]}},
    ]  # fmt: skip
    for name, files in (("tf", {"plan.json": plan}), ("cfn", {"t.yaml": template}), ("config", {"x.json": items})):
        (tmp_path / name).mkdir()
        assert read(tmp_path / name, files)[1] == [("*", ["s3:GetObject"])], name
