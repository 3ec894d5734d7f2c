"""C1 and C2: trust policies that let one kind of caller in, of anybody: whoever of that kind may call AssumeRole."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.perimeter import RoleException
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MANAGEMENT, ORG, STRANGER, allow, arn, role, trusts, workspace

NOBODY_CALLS = "no caller of this kind may call AssumeRole"
# By the condition of a trust policy for everybody: what C1 says, and what C2 of a role of mine that may take any role.
KINDS = {
    "my organization": ({"StringEquals": {"aws:PrincipalOrgID": ORG}}, "proved", "refuted"),
    "the management account": ({"StringEquals": {"aws:PrincipalAccount": MANAGEMENT}}, "proved", "proved"),
    "a stranger's account": ({"StringEquals": {"aws:PrincipalAccount": STRANGER}}, "refuted", "proved"),
    # STS API reference, AssumeRole: root users cannot call it.
    "root users, by type": ({"StringEquals": {"aws:PrincipalType": "Account"}}, NOBODY_CALLS, "proved"),
    "root users, by ARN": ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, NOBODY_CALLS, "proved"),
    "sessions of AssumeRoot": ({"Bool": {"aws:AssumedRoot": "true"}}, NOBODY_CALLS, "proved"),
    # IAM guide, comparison of STS operations: not with the command line or the API.
    "federated users": (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:federated-user/*"}}, "conditional", "proved",
    ),
    "the type of federated users": ({"StringEquals": {"aws:PrincipalType": "FederatedUser"}}, "conditional", "proved"),
    "the type of roles": ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, "refuted", "refuted"),
    "the type of users": ({"StringEquals": {"aws:PrincipalType": "User"}}, "refuted", "proved"),
    "long-term keys": ({"Null": {"aws:TokenIssueTime": "true"}}, "refuted", "proved"),
    "a second factor": ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "refuted", None),
    "user names": ({"Null": {"aws:username": "false"}}, "refuted", "proved"),
    "sessions of Identity Center": (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}, "refuted", "proved",
    ),
    "a session's own ARN, which the key never holds": (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}}, "proved", "proved",
    ),
    "the office": ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "refuted", "refuted"),
    "a VPC": ({"StringEquals": {"aws:SourceVpc": "vpc-0a000000000000001"}}, "refuted", "refuted"),
    "AWS services": ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, NOBODY_CALLS, "proved"),
    # No service is known to begin a session so (AE5.forwarded); C2 does not follow such calls, and says it.
    "forwarded calls": ({"Bool": {"aws:ViaAWSService": "true"}}, "conditional", "proved"),
}  # fmt: skip


def space(who, *more, **perimeter):
    door = trusts({"AWS": "*"}, **KINDS[who][0])
    return workspace(role("glass", door), *more, cidrs=("203.0.113.0/24",), **perimeter)


@pytest.mark.parametrize("who", KINDS)
def test_who_of_a_kind_gets_credentials(who):
    (found,) = ask(space(who), ["C1"], Asking())
    expected = KINDS[who][1]
    rows = [line for line in found.lines if "glass" in line.subject or line.status != "proved"]
    if expected == NOBODY_CALLS:
        assert found.status in ("proved", "conditional"), rows
    else:
        assert found.status == expected, rows


@pytest.mark.parametrize("who", KINDS)
def test_a_role_of_mine_is_of_a_kind_or_not(who):
    """A role that may take every role comes to hold the exception where its sessions are of the kind."""
    worker = role("worker", trusts({"Service": "ec2.amazonaws.com"}), may=(allow("sts:AssumeRole"),))
    exception = RoleException(arn=arn("glass"), held_by=(arn("keeper"),))
    (found,) = ask(space(who, worker, role_exceptions=(exception,)), ["C2"], Asking())
    rows = [line for line in found.lines if line.subject.startswith("exception") and "worker" in line.text]
    if KINDS[who][2] == "proved":
        assert rows == []
    elif KINDS[who][2] is not None:
        assert [line.status for line in rows] == [KINDS[who][2]]
