"""Single facts of the world (W-22, W-27, W-28) and departures from soft axioms, as verdicts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perimeter_smt.organization.perimeter import Vpc
from perimeter_smt.request.keys import support_list
from tests.unit.test_prove_callers import NETWORK, asked, deny, status, workspace

SEMANTICS = Path(__file__).parents[2] / "docs" / "semantics"


def scope(objective, action):
    return {objective: {"actions": (action,)}}


@pytest.mark.parametrize(
    ("action", "absent", "expected"),
    [
        ("sts:AssumeRole", "true", "proved"),
        ("sts:AssumeRole", "false", "refuted"),
        ("sts:GetServiceBearerToken", "true", "refuted"),
    ],
)
def test_assume_role_does_not_carry_its_duration(action, absent, expected):
    """`sts:DurationSeconds` is no key of AssumeRole: a Deny where it is absent stops every such call (W-22)."""
    space = workspace(scps=[deny({"Null": {"sts:DurationSeconds": absent}})], scopes=scope("O5", action))
    found = status("O5", "sts", space, reading="exact")
    assert found == expected


@pytest.mark.parametrize(("action", "guarded"), [("sts:GetWebIdentityToken", True), ("sts:*", True), ("sqs:*", False)])
def test_tokens_for_elsewhere_are_claimed_like_other_calls(action, guarded):
    """Outbound federation hands out credentials that work outside AWS: the call must be guarded itself (W-27)."""
    space = workspace(
        scps=[deny(NETWORK, action=action)], scopes=scope("O5", "sts:GetWebIdentityToken"),
        accepted=("forward-access-sessions", "service-networks"), cidrs=("203.0.113.0/24",),
        endpoints=("vpce-0a000000000000001",),
    )  # fmt: skip
    (verdict,) = asked("O5", "sts", space, reading="exact").verdicts
    assert (verdict.status != "refuted") is guarded
    if not guarded:
        assert verdict.counterexamples[0].request.action == "sts:GetWebIdentityToken"


def test_services_of_rcps_are_those_of_the_page():
    """The page of September 2026 has 62 services, and the table the same (W-28, X-19)."""
    text = (SEMANTICS / "3-evaluation.md").read_text("utf-8")
    found = re.search(r"RCP service prefixes[^`]*`([^`]+)`", text)
    assert found
    assert set(found[1].split()) == support_list("rcp-services")
    assert len(support_list("rcp-services")) == 62


def test_variables_act_in_rcps():
    """A published RCP compares the owners of caller and resource by a variable (W-28, X-17)."""
    foreign = deny({"StringNotEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}, action="sqs:*", principal=True)
    space = workspace(rcps=[foreign], scopes=scope("O1", "sqs:SendMessage"))
    assert status("O1", "sqs", space, reading="exact") in ("proved", "conditional")


@pytest.mark.parametrize(("service", "action"), [("iam", "iam:GetUser"), ("sts", "sts:AssumeRole")])
def test_federated_users_of_the_console_are_a_departure(service, action):
    """IAM and STS refuse them outside the console: soft, so that a request of theirs is shown and named."""
    others = deny({"StringNotEquals": {"aws:PrincipalType": "FederatedUser"}})
    space = workspace(scps=[others], scopes=scope("O5", action))
    (verdict,) = asked("O5", service, space, reading="over").verdicts
    assert verdict.status == "conditional"
    assert any("AE5.federated-user" in shown.depends_on for shown in verdict.counterexamples)


@pytest.mark.parametrize("end", ["aws:CalledViaFirst", "aws:CalledViaLast"])
def test_a_chain_of_services_and_its_ends_in_any_order(end):
    """A statement may test the list of services before its first or last one."""
    both = deny({"Null": {"aws:CalledVia": "true"}, "StringNotEquals": {end: "athena.amazonaws.com"}})
    assert status("O5", "s3", workspace(scps=[both])) in ("refuted", "conditional")


@pytest.mark.parametrize(
    ("action", "departs"),
    [
        ("iam:ListRoles", ()),
        ("organizations:ListRoots", ()),
        ("support:DescribeCases", ("AR17.one-endpoint",)),
        ("budgets:ViewBudget", ("AR17.one-endpoint",)),
    ],
)
def test_one_endpoint_is_a_soft_axiom_beyond_what_the_guide_states(action, departs):
    """AWS Support answers in us-west-2, too: the guide's sentence is hard for IAM, CloudFront and Route 53 (AR17)."""
    service = action.partition(":")[0]
    region = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    space = workspace(
        scps=[deny({**NETWORK, **region}, action=f"{service}:*")], scopes=scope("O5", action),
        accepted=("forward-access-sessions", "service-networks"), cidrs=("203.0.113.0/24",),
        endpoints=("vpce-0a000000000000001",), assumptions=("AN8.address",),
    )  # fmt: skip
    (verdict,) = asked("O5", service, space, reading="over").verdicts
    assert verdict.status == "conditional"
    assert verdict.counterexamples[0].depends_on == departs


@pytest.mark.parametrize(
    ("key", "operator", "value", "expected"),
    [
        ("aws:SourceIdentity", "StringNotLike", "aws:*", "refuted"),  # reserved for AWS, so that AWS may set it
        ("aws:SourceIdentity", "StringNotLike", "a?*", "refuted"),
        ("aws:SourceIdentity", "StringNotEquals", "a*", "proved"),
        ("aws:SourceIdentity", "StringNotLike", "a:*", "proved"),
        ("lambda:SourceFunctionArn", "ArnNotLike", "arn:aws:lambda:*:*:function:us-east-1.*", "refuted"),
        ("lambda:SourceFunctionArn", "ArnNotLike", "arn:aws:lambda:*:*:function:a/*", "proved"),
    ],
)
def test_values_that_no_call_carries(key, operator, value, expected):
    """An exception for a value that AWS does not write into the key lets nobody through, any other lets somebody."""
    space = workspace(
        scps=[deny({operator: {key: value}, "BoolIfExists": {"aws:ViaAWSService": "false"}}, action="*")],
        scopes=scope("O5", "sqs:SendMessage"), accepted=("forward-access-sessions", "service-networks"),
    )  # fmt: skip
    assert status("O5", "sqs", space) == expected


@pytest.mark.parametrize(
    ("service", "guarded", "assumed", "expected"),
    [
        ("s3", False, (), "refuted"),
        ("s3", True, (), "conditional"),
        ("s3", True, ("AN15",), "proved"),
        ("s3", False, ("AN15",), "refuted"),
        ("s3", False, ("AN15", "AN15.elsewhere"), "proved"),
    ],
)
def test_a_vpc_with_the_id_of_mine(service, guarded, assumed, expected):
    """Ids are unique per Region: with the Region of the call pinned, only an accident of ids and Regions is left.

    Without it the accident is one of ids alone.
    """
    vpc = "vpc-0ac00000000000015"
    network = {
        "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
        "StringNotEqualsIfExists": {"aws:SourceVpc": vpc},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    }
    region = {"StringEquals": {"aws:SourceVpc": vpc}, "StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    scps = [deny(network, action="*"), *([deny(region, action="*")] if guarded else [])]
    space = workspace(
        scps=scps, scopes=scope("O5", f"{service}:GetObject"), cidrs=("203.0.113.0/24",),
        accepted=("forward-access-sessions", "service-networks"), assumptions=(*assumed, "AN8.address", "AN12.console"),
        vpcs=(Vpc(id=vpc, region="eu-west-1"),),
    )  # fmt: skip
    (verdict,) = asked("O5", service, space).verdicts
    assert verdict.status == expected
    if expected != "proved":
        assert set(verdict.counterexamples[0].depends_on) <= {"AN15", "AN15.elsewhere"} - set(assumed)
