"""Calls that name no resource and are asked on what AWS writes for all of a type: `user/`, `table/*`."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.lint.rules.star_resource import _takes_resources
from perimeter_smt.request.actions import asked_on_stars, resource_types
from perimeter_smt.request.case import read_case
from perimeter_smt.request.cloudtrail.resources import resources_of
from tests.attack.agreement import encoded_decision
from tests.unit.test_evaluate_decide import ACCOUNT, ALL, DENY, FULL_RCP, USER, policy
from tests.unit.test_prove_callers import MINE, OFFICE, deny, workspace
from tests.unit.test_tables_of_services import BESIDE
from tests.unit.test_tables_on_trial import in_an_account_that_lists, verdict

OUTSIDE = {"NotIpAddress": {"aws:SourceIp": OFFICE}}


def guarded(action, **element):
    """O5 of one call under a guardrail with `Resource` or `NotResource`."""
    scp = {**deny(OUTSIDE), **element}
    if "NotResource" in element:
        del scp["Resource"]
    return verdict("O5", action, workspace(scps=(scp,), cidrs=(OFFICE,), assumptions=BESIDE)).status


@pytest.mark.parametrize(
    ("action", "exempt"),
    [
        ("iam:ListUsers", "arn:aws:iam::*:user/"),
        ("iam:ListRoles", "arn:aws:iam::*:role/teams/*/"),
        ("sqs:ListQueues", "arn:aws:sqs:*:*:"),
        ("sns:ListTopics", f"arn:aws:sns:*:{MINE}:${{*}}"),
        ("dynamodb:ListTables", "arn:aws:dynamodb:*:*:table/*"),
        ("ssm:DescribeParameters", "arn:aws:ssm:*:*:?"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*"),
        ("eks:ListClusters", "arn:aws:eks:*:*:cluster/*"),
        ("ecr:DescribeRepositories", "arn:aws:ecr:*:*:repository/${*}"),
    ],
)
def test_exemptions_of_such_arns_are_ways_through(action, exempt):
    """They were asked on `*` alone, which no ARN of an exemption matches: proved."""
    assert guarded(action, NotResource=exempt) == "refuted"


@pytest.mark.parametrize(
    ("action", "exempt"),
    [("iam:ListUsers", f"arn:aws:iam::{MINE}:role/*"), ("sqs:ListQueues", "arn:aws:sqs:*:*:?*")],
)
def test_exemptions_of_others_are_open(action, exempt):
    """Nobody says that AWS asks about these; nobody says either that it does not (X-46)."""
    assert guarded(action, NotResource=exempt) == "conditional"


@pytest.mark.parametrize(
    ("action", "denied"),
    [
        ("iam:ListUsers", "arn:aws:iam::*:user/*"),
        ("sqs:ListQueues", "arn:aws:sqs:*:*:*"),
        ("dynamodb:ListTables", "arn:aws:dynamodb:*:*:*"),
    ],
)
def test_a_deny_on_such_arns_alone_does_not_bind_them(action, denied):
    """Refusals tell the ARNs, the reference tells `*`: no page of AWS says that the token is never asked about."""
    assert guarded(action, Resource=denied) == "refuted"
    assert guarded(action, Resource="*") == "proved"


@pytest.mark.parametrize("action", ["iam:ListUsers", "dynamodb:ListTables", "sqs:ListQueues"])
def test_nothing_need_be_listed(action):
    """A complete list of resources does not keep anybody from asking for all of a type."""
    assert in_an_account_that_lists([], action) == "refuted"


def test_they_are_no_types_of_resources():
    """Lint does not ask to name one, and lists of types leave them out."""
    assert not _takes_resources("iam:ListUsers")
    assert _takes_resources("iam:GetUser")
    assert "all users" not in {kind.key for kind in resource_types("iam")}
    assert asked_on_stars("iam:ListUsers", f"arn:aws:iam::{MINE}:user/teams/")
    assert not asked_on_stars("iam:GetUser", f"arn:aws:iam::{MINE}:user/teams/")


@pytest.mark.parametrize(
    ("action", "parameters", "arn"),
    [
        ("iam:ListUsers", {}, f"arn:aws:iam::{MINE}:user/"),
        ("iam:ListUsers", {"pathPrefix": "/teams/"}, None),
        ("sqs:ListQueues", {}, f"arn:aws:sqs:eu-west-1:{MINE}:"),
        ("states:ListStateMachines", {}, f"arn:aws:states:eu-west-1:{MINE}:stateMachine:*"),
    ],
)
def test_events_of_such_calls(action, parameters, arn):
    event = {"recipientAccountId": MINE, "awsRegion": "eu-west-1", "requestParameters": parameters}
    assert arn in {touched.arn for touched in resources_of(action, event)}


@pytest.mark.parametrize("rival", [False, True])
@pytest.mark.parametrize("management", [False, True])
def test_whether_rcps_bind_them_is_as_open_as_for_a_star(rival, management):
    """X-18: the reference gives these calls no type, whatever AWS writes for them; both readings."""
    value = {
        "policies": {
            "identity": [policy(ALL)],
            "rcp": [[FULL_RCP, policy({**DENY, "Action": "sqs:*", "Principal": "*"})]],
        },
        "request": {
            "principal": {**USER, "management_account": management},
            "action": "sqs:ListQueues",
            "resource": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:",
        },
    }
    case = read_case(value, file="case.json", default_id="1")
    rivals = frozenset({"X-18"} if rival else ())
    free = rival or management
    assert decide(case, rivals=rivals).allowed is free
    assert encoded_decision(case, rivals) is free


@pytest.mark.parametrize(
    ("action", "on", "found"),
    [
        ("dynamodb:ListTables", "arn:aws:dynamodb:*:*:table/*", {"refuted"}),
        ("iam:ListUsers", "arn:aws:iam::*:user/*", {"refuted"}),
        ("iam:ListUsers", "arn:aws:iam::*:user/kim", {"proved", "vacuous"}),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*", {"refuted"}),
        ("kms:ListKeys", "arn:aws:kms:*:*:key/*", {"conditional"}),
        ("kms:ListKeys", "arn:aws:kms:*:*:key/k-1", {"proved", "vacuous"}),
    ],
)
def test_an_allow_of_such_an_arn_lets_calls_through(action, on, found):
    """An Allow of anything but a full star was said to grant none of these calls."""
    assert in_an_account_that_lists([], action, on) in found
