"""`iam:PassRole` carries the Region of the call that the role is passed in, no other call of IAM does (W-17, AR17)."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case
from tests.attack.agreement import encoded_decision
from tests.unit import test_mitigations_elsewhere as elsewhere
from tests.unit.test_prove_callers import asked, deny, workspace

MINE = "111122223333"


def in_region(operator, *regions):
    return {operator: {"aws:RequestedRegion": list(regions)}}


@pytest.mark.parametrize(("action", "expected"), [("iam:PassRole", "refuted"), ("iam:ListRoles", "proved")])
def test_a_region_guards_calls_of_iam_and_not_the_passing_of_roles(action, expected):
    """A Deny on IAM in us-east-1 was taken to stop iam:PassRole, which is asked for in us-west-2 as well."""
    guard = deny(in_region("StringEquals", "us-east-1"), action="iam:*")
    space = workspace(scps=[guard], scopes={"O5": {"actions": (action,)}})
    (verdict,) = asked("O5", "iam", space, reading="exact").verdicts
    assert verdict.status == expected
    if expected == "refuted":
        assert verdict.counterexamples[0].request.context["aws:RequestedRegion"] != "us-east-1"


@pytest.mark.parametrize("exempt", [True, False])
def test_region_guardrails_are_asked_about_calls(exempt):
    """Passing a role elsewhere is no way out of my Regions: the call that it is passed in is asked about."""
    guard = {"Effect": "Deny", "Resource": "*", "Condition": in_region("StringNotEquals", "eu-west-1", "us-east-1")}
    guard |= {"NotAction": "iam:*"} if exempt else {"Action": "*"}
    line = elsewhere.lines("E1", guard, regions=("eu-west-1",), **elsewhere.scopes("iam:*"))["Region guardrail"]
    assert line.status == "not-asked"


@pytest.mark.parametrize(("flag", "by_key"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize(("task", "allowed"), [("iam:GetAccountSummary", True), ("s3:GetBucketPolicy", False)])
def test_sessions_of_assume_root_are_limited_in_both_readings(flag, by_key, task, allowed):
    """The encoding of a case took every root user for one that has signed in, whom no task's policy limits."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": task, "Resource": "*"}]}
    root = {"type": "root", "arn": f"arn:aws:iam::{MINE}:root", "account": MINE}
    request = {"principal": root, "action": "iam:GetAccountSummary", "resource": "*", "resource_account": MINE,
               "context": {"aws:AssumedRoot": "true"} if by_key else {}}  # fmt: skip
    raw = {"policies": {"session": policy}, "request": request, "flags": {"principal_assumed_root": flag}}
    case = read_case(raw, file="c.json", default_id="c")
    assert decide(case).allowed is allowed
    assert encoded_decision(case) is allowed


@pytest.mark.parametrize(("home", "status"), [("us-east-1", "proved"), ("eu-west-1", "refuted")])
def test_a_region_deny_of_iam_blocks_no_call_of_iam(home, status):
    """Availability asks about calls: those of IAM go to its own Region, and a role is passed within somebody else's."""
    guard = deny(in_region("StringNotEquals", home), action="iam:*")
    run = asked("O3", "iam", workspace(scps=[guard]), availability=True)
    (verdict,) = run.availability
    assert verdict.status == status
