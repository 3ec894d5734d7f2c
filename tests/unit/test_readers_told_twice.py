"""Answers that tell one thing in two ways: what was taken of both is in neither of the days that they are from."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, MANAGEMENT, OWN = "o-acme0000001", "999900001111", "111122223333"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:orders"
ROLE, POLICY = f"arn:aws:iam::{OWN}:role/orders", f"arn:aws:iam::{OWN}:policy/own"
DOOR = "vpce-0a000000000000001"


def says(effect="Allow", action="sqs:*", **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*", **more}]}


TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip


def role(*policies, trust=TRUST, attached=(), **more):
    inline = [{"PolicyName": f"p{number}", "PolicyDocument": policy} for number, policy in enumerate(policies)]
    found = {"Arn": ROLE, "AssumeRolePolicyDocument": trust, "RolePolicyList": inline, "Tags": [],
             "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in attached], **more}  # fmt: skip
    return {"RoleDetailList": [found]}


def managed(text):
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": text}]
    policy = {"Arn": POLICY, "PolicyName": "own", "PolicyVersionList": versions}
    return {**role(attached=[POLICY]), "Policies": [policy]}


def item(*policies):
    """The same role, as AWS Config tells it."""
    inline = [{"policyName": f"p{n}", "policyDocument": quote(json.dumps(p, indent=1))} for n, p in enumerate(policies)]
    return {"configurationItems": [{
        "resourceType": "AWS::IAM::Role", "resourceId": "AROAORDERS", "ARN": ROLE, "accountId": OWN, "tags": {},
        "configurationItemStatus": "OK", "configuration": {
            "rolePolicyList": inline, "attachedManagedPolicies": [],
            "assumeRolePolicyDocument": quote(json.dumps(TRUST))}}]}  # fmt: skip


def queue(policy=None):
    more = {"Policy": json.dumps(policy)} if policy else {}
    return {"Attributes": {"QueueArn": QUEUE, "VisibilityTimeout": "30", **more}}


def door(policy):
    service, text = "com.amazonaws.eu-west-1.sqs", json.dumps(policy)
    found = {"VpcEndpointId": DOOR, "VpcId": "vpc-0ac00000000000001", "OwnerId": OWN, "ServiceName": service}
    return {"VpcEndpoints": [{**found, "PolicyDocument": text}]}


def scp(text):
    summary = {"Id": "p-aaaa1111", "Name": "net", "Type": "SERVICE_CONTROL_POLICY"}
    return {"Policy": {"PolicySummary": summary, "Content": json.dumps(text)}}


def targets(*found, **more):
    return {"PolicyId": "p-aaaa1111", "Targets": [{"TargetId": own, "Type": "ROOT"} for own in found], **more}


def read(tmp_path, *answers):
    tree = {"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}}
    for number, value in enumerate((tree, {"Roots": [{"Id": "r-ac00"}]}, *answers)):
        (tmp_path / f"{number}.json").write_text(json.dumps(value))
    return read_source(tmp_path, SourceOptions())


def about(found, name):
    return [u for u in found.unknowns if name in u.name and "several answers tell different things" in u.reason]


ANYBODY, NOBODY = says(Principal="*"), says(Principal={"AWS": OWN})


@pytest.mark.parametrize(("first", "second", "name"), [
    (role(says(), says("Deny")), role(says()), ROLE),
    (role(says()), role(says(), trust=says(action="sts:AssumeRole", Principal="*")), ROLE),
    (role(says(), PermissionsBoundary={"PermissionsBoundaryArn": POLICY}), role(says()), ROLE),
    (role(says(), Tags=[{"Key": "exempt", "Value": "yes"}]), role(says()), ROLE),
    (role(says(), says("Deny")), item(says()), ROLE),
    (managed(says("Deny")), managed(says()), POLICY),
    (queue(NOBODY), queue(ANYBODY), QUEUE),
    (queue(NOBODY), queue(), QUEUE),
    (door(ANYBODY), door(NOBODY), DOOR),
])  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_what_answers_tell_in_two_ways_is_not_known(tmp_path, first, second, name, turned):
    """Policies were put together, or the last one counted: a Deny of yesterday held, and the model was of no day."""
    found = read(tmp_path, *((second, first) if turned else (first, second)), first)
    assert about(found, name)
    (own,) = [account for account, _ in found.organization.accounts() if account.id == OWN]
    assert not own.principals
    assert not own.resources
    assert all(endpoint.policy is None for endpoint in own.endpoints)


@pytest.mark.parametrize("again", [role(says(), says("Deny")), item(says(), says("Deny"))])
def test_what_answers_tell_alike_counts_once(tmp_path, again):
    found = read(tmp_path, role(says(), says("Deny")), again, queue(NOBODY), queue(NOBODY))
    (own,) = [account for account, _ in found.organization.accounts() if account.id == OWN]
    assert [len(p.policies) for p in own.principals] == [2]
    assert [r.arn for r in own.resources] == [QUEUE]


def test_an_scp_with_two_texts_stops_nothing(tmp_path):
    """The first text counted, though the second may be the newer one; a third answer does not settle it."""
    found = read(tmp_path, scp(says("Deny")), scp(says("Deny", "s3:*")), scp(says("Deny")), targets("r-ac00"))
    assert not found.organization.root.guardrails.scps
    assert about(found, "net")


@pytest.mark.parametrize("other", [
    targets(),
    {"TargetId": "r-ac00", "Policies": [{"Id": "p-bbbb2222", "Name": "b", "Type": "SERVICE_CONTROL_POLICY"}]},
])  # fmt: skip
def test_an_attachment_that_one_answer_denies_stops_nothing(tmp_path, other):
    """An SCP that was detached on the second day was attached for ever."""
    found = read(tmp_path, scp(says("Deny")), targets("r-ac00"), other)
    assert not found.organization.root.guardrails.scps
    assert found.organization.root.guardrails.full_access_scp
    assert about(found, "whether `net` is attached to `r-ac00`")


def test_pages_of_targets_are_one_list(tmp_path):
    found = read(tmp_path, scp(says("Deny")), targets(OWN, NextToken="more"), targets("r-ac00"))
    assert found.organization.root.guardrails.scps
    assert not about(found, "net")


def test_targets_that_no_answer_tells_are_named(tmp_path):
    """The SCP stopped nothing without a word, and so did the first of several pages."""
    for name, answers in (("none", ()), ("page", (targets(NextToken="more"),))):
        (tmp_path / name).mkdir()
        found = read(tmp_path / name, scp(says("Deny")), *answers)
        assert [u.affects for u in found.unknowns if u.name == "targets of SCP `net`"] == ["guardrails"]
