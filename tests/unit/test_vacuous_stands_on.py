"""A verdict `vacuous` names what it stands on, as a proof does: that there is no request is a claim, too."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.report.text import render

ORG, MINE, HEAD, BUCKET = "o-acme0000001", "111122223333", "999900001111", "arn:aws:s3:::acme-orders"


def report(*, acls=None, reading="over", **perimeter):
    """A bucket whose policy grants nobody anything, and denies every identity of mine."""
    members = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*",
               "Condition": {"Null": {"aws:PrincipalOrgID": "false"}}}  # fmt: skip
    policy = parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [members]}), Kind.BUCKET, file="b.json")
    bucket = OwnedResource(arn=BUCKET, account=MINE, acls=acls, policy=policy)
    root = Unit(
        id="r-ab12", accounts=(Account(id=MINE, listed=True, resources=(bucket,)), Account(id=HEAD, listed=True))
    )
    space = Workspace(
        organization=Organization(id=ORG, management_account=HEAD, root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=("management-account", "service-linked-roles"),
            scopes={"O1": {"actions": ("s3:GetObject",)}}, **perimeter,
        ),
        name="acme",
        grants_given=True,
    )  # fmt: skip
    return prove(space, objectives=["O1"], services=["s3"], availability=False, mode="grants", reading=reading)


@pytest.mark.parametrize("reading", ["over", "exact"])
def test_lists_of_which_nobody_says_whether_they_count(reading):
    """That access control lists are disabled is presumed: the verdict was silent about it."""
    (verdict,) = report(reading=reading).verdicts
    assert (verdict.status, "AE7.acl" in presumes(verdict.assumptions)) == ("vacuous", True)
    (verdict,) = report(reading=reading, acls=False).verdicts
    assert (verdict.status, "AE7.acl" in presumes(verdict.assumptions)) == ("vacuous", False)


def test_the_verdict_does_without_what_is_doubted():
    (verdict,) = report(doubts=("AE7.acl",)).verdicts
    assert (verdict.status, verdict.counterexamples[0].depends_on[:1]) == ("conditional", ("AE7.acl",))


def test_a_soft_axiom_that_it_stands_on_is_named():
    """Lists count, and nobody tells the entries: that they grant nothing is assumed."""
    (verdict,) = report(acls=True, reading="exact").verdicts
    assert "AE7.acl-entry" in {one.name for one in verdict.assumptions}


def test_reports_show_it():
    for details in (False, True):
        assert "AE7.acl" in render(report(), details=details)
