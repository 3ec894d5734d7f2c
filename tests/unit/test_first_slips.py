"""An organization with the slips of a first day: each verdict names the statement and the part of it that is wrong."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Report
from perimeter_smt.report.text import render

ORG, ACCOUNT = "o-acme0000001", "111122223333"
VPC = "vpc-0ac00000000000001"


def policy(kind, *statements):
    return parse_policy(
        json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, file=f"{kind.value}.json"
    )


FULL = policy(Kind.SCP, {"Effect": "Allow", "Action": "*", "Resource": "*"})
RCP = policy(
    Kind.RCP,
    {
        "Sid": "Org",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {"aws:PrincipalOrgID": ORG},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        },
    },
)
MINE = policy(
    Kind.ENDPOINT_GATEWAY,
    {
        "Sid": "Mine",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-acme*"}},
    },
)


def report(services: tuple[str, ...], objectives: tuple[str, ...], *, availability: bool = False) -> Report:
    endpoint = Endpoint(
        id="vpce-0ac00000000000001",
        vpc=VPC,
        region="eu-west-1",
        account=ACCOUNT,
        vpc_account=ACCOUNT,
        services=("s3",),
        policy=MINE,
    )
    account = Account(id=ACCOUNT, endpoints=(endpoint,))
    root = Unit(id="r-0001", guardrails=Guardrails(rcps=(RCP,)), accounts=(account,))
    organization = Organization(id=ORG, management_account="999900001111", root=root)
    space = Workspace(
        organization=organization,
        perimeter=Perimeter(orgs=(ORG,), accepted=("management-account", "service-linked-roles")),
        name="acme",
        grants_given=False,
    )
    return prove(space, objectives=list(objectives), services=list(services), availability=availability)


def test_what_mends_one_hole_is_not_offered_for_another():
    """The Deny forgets anonymous callers of S3, and KMS altogether: two holes, closest the same statement.

    `Use BoolIfExists` stood under both.
    """
    text = render(report(("s3", "kms"), ("O1",)))
    s3, kms = sorted(text.split("\nHOLE ")[1:3], key=lambda block: "kms:" in block.splitlines()[0])
    assert "fix       Use BoolIfExists (PL031" in s3
    assert "failed: action `kms:" in kms
    assert "PL031" not in kms


def test_an_endpoint_policy_that_allows_nobody():
    """A wildcard under StringEquals: the report names the Allow that came nearest, the reason and what mends it."""
    found = report(("s3",), ("O2",), availability=True)
    (o2,) = found.verdicts
    assert (o2.status, o2.reason) == ("vacuous", "no endpoint of mine lets such a call through: nothing was proved")
    text = render(found)
    assert f"{Kind.ENDPOINT_GATEWAY.value}.json:1 Mine" in text
    assert f"failed: condition `StringEquals aws:PrincipalOrgID`: value `{ORG}` is none of `o-acme*`" in text
    assert "PL004" in text


@pytest.mark.parametrize(
    ("regions", "action", "expected"),
    [
        ((), "s3:*", "refuted"),
        (("eu-west-1",), "s3:*", "proved"),
        (("eu-west-1", "us-east-1"), "s3:*", "refuted"),
        (("eu-west-1",), "iam:*", "refuted"),  # nobody chooses the Region of a global service
        (("eu-west-1",), "iam:PassRole", "proved"),  # but that of the call that a role is passed in
        (("us-west-2",), "iam:PassRole", "refuted"),
    ],
)
def test_a_region_guardrail_blocks_nothing_that_was_meant(regions, action, expected):
    """`regions` says where my identities call; calls elsewhere stood in the report as blocked, although intended."""
    condition = {"StringNotLike": {"aws:RequestedRegion": "eu-*"}}
    scp = policy(Kind.SCP, {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition})
    root = Unit(id="r-0001", guardrails=Guardrails(scps=(FULL, scp)), accounts=(Account(id=ACCOUNT),))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(orgs=(ORG,), cidrs=("203.0.113.0/24",), regions=regions),
        name="acme",
        grants_given=False,
    )
    (found,) = prove(space, objectives=["O3"], services=[action.partition(":")[0]]).availability
    assert found.status == expected
