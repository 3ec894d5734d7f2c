"""A Region that nobody told: what does not look at it is decided, everything else stays undecided and says how."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.untold_region import pins_region
from perimeter_smt.questions.checks.workspace import public_in_workspace
from perimeter_smt.questions.findings.answer import findings_of_workspace
from perimeter_smt.questions.perimeter import prove

ORG, MANAGEMENT, OWN = "o-acme0000007", "999900001111", "444455556666"
OURS = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "sns:Publish", "Resource": "*"}


def template(statement, **more):
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "bills"}}
    said = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "T"}], "PolicyDocument": said}}
    return {"Resources": {"T": topic, "P": policy, **more}}


def plan(statement):
    said = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    own = {"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue"}
    values = {"name": "bills", "policy": said}
    return {"format_version": "1.2", "resource_changes": [{**own, "change": {
        "actions": ["create"], "before": None, "after": values, "after_unknown": {}}}],
        "planned_values": {"root_module": {"resources": [{**own, "values": values}]}}}  # fmt: skip


def read(tmp_path, value, **more):
    (tmp_path / "it.json").write_text(json.dumps(value))
    return read_source(tmp_path / "it.json", SourceOptions(
        organization_id=ORG, management_account=MANAGEMENT, account=OWN, complete=True, **more))  # fmt: skip


def region(workspace):
    (found,) = [unknown for unknown in workspace.unknowns if unknown.name.startswith("Region of the ")]
    return found


@pytest.mark.parametrize("value", [template(OURS), plan({**OURS, "Action": "sqs:SendMessage"})])
def test_what_does_not_look_at_the_region_is_decided(tmp_path, value):
    """Everything was NOT DECIDED beside a policy for the own account that says nothing of any Region."""
    found = read(tmp_path, value)
    assert region(found).idle
    assert findings_of_workspace(found).status == "complete"
    assert {check.result for check in public_in_workspace(found)} == {"PASS"}


@pytest.mark.parametrize(("resource", "status"), [("*", "proved"), ("arn:aws:sqs:eu-west-3:4:*", "conditional")])
def test_a_proof(tmp_path, resource, status):
    """A policy that names a Region may be one of another queue."""
    (tmp_path / "mine.yaml").write_text(
        f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles, service-principals]\n"
    )
    found = read(tmp_path, plan({**OURS, "Action": "sqs:SendMessage", "Resource": resource}),
                 perimeter_file=tmp_path / "mine.yaml")  # fmt: skip
    report = prove(found, objectives=["O1"], services=["sqs"], mode="grants", availability=False)
    assert [(verdict.status, "Region of the plan" in verdict.reason) for verdict in report.verdicts] == [
        (status, status != "proved")]  # fmt: skip


def where(**condition):
    return {**OURS, "Condition": condition}


TRAIL = "arn:aws:cloudtrail:eu-north-1:444455556666:trail/all"
LOOKS = {
    "an ARN in a Region": template({**OURS, "Resource": "arn:aws:sns:ap-south-1:444455556666:bills"}),
    "an ARN in some Regions": template({**OURS, "Resource": "arn:aws:sns:eu-*:444455556666:*"}),
    "its own ARN": template({**OURS, "Resource": {"Ref": "T"}}),
    "the Region of the call": template(where(StringLike={"aws:RequestedRegion": "eu-*"})),
    "a source": template(where(ArnLike={"aws:SourceArn": TRAIL})),
    "a service in a Region": template(where(StringLike={"kms:ViaService": "s3.*.amazonaws.com"})),
    "a network": template(where(StringEquals={"aws:SourceVpc": "vpc-0a1a1a1a1a1a1a1a1"})),
    "a choice of the template": {
        **template(OURS), "Conditions": {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]}}},
    "no partition": template({**OURS, "Principal": {"AWS": OWN}}),
    "a plan": plan({**OURS, "Action": "sqs:*", "Resource": "arn:aws:sqs:ca-central-1:444455556666:bills"}),
}  # fmt: skip


@pytest.mark.parametrize("what", LOOKS)
def test_what_may_look_at_it_is_not_decided(tmp_path, what):
    found = read(tmp_path, LOOKS[what])
    assert not region(found).idle
    assert region(found).reason.endswith("say `--region`")
    assert findings_of_workspace(found).status == "unknown"


def test_claims_that_look_at_it(tmp_path):
    """A VPC of mine lies in a Region."""
    (tmp_path / "mine.yaml").write_text(f"orgs: [{ORG}]\nvpcs:\n  - {{id: vpc-0a1a1a1a1a1a1a1a1, region: eu-west-1}}\n")
    assert not region(read(tmp_path, template(OURS), perimeter_file=tmp_path / "mine.yaml")).idle


def test_patterns_that_pin_a_region():
    free = ["*", "444455556666", "sns.amazonaws.com", "arn:aws:s3:::bills/*", "arn:aws:sns:*:444455556666:b"]
    free += ["arn:*:*:*:*:b", f"arn:aws:iam::{OWN}:role/x-*"]
    pinned = ["arn:aws:sns:us-west-2:444455556666:b", "arn:aws:sns:??-west*:4:b", "arn:aws:s*:*:4:b", "arn:aws:sns*"]
    pinned += ["*:eu-west-1:*", "*-south-*", "sns.eu-west-1.amazonaws.com", "${aws:RequestedRegion}", "us-gov-west-1"]
    assert [text for text in free if pins_region(text)] == []
    assert [text for text in pinned if not pins_region(text)] == []
