"""Findings of small organizations by zone: nothing that a policy reaches is left out, and every zone is decided."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.findings.answer import findings, findings_of_workspace
from tests.mitigation_worlds import MANAGEMENT, MINE, ORG, OTHER, STRANGER, policy

BUCKET = "arn:aws:s3:::acme-reports"
TABLE = f"arn:aws:dynamodb:eu-west-1:{MINE}:table/orders"
GROUPS = f"arn:aws:logs:eu-west-1:{MINE}:log-group:"
ZONES = ("account", "organization", "perimeter", "everyone")


def grant(action, resource, principal, effect="Allow"):
    return {"Effect": effect, "Action": action, "Resource": resource, "Principal": principal}


def organization(*resources, paths=()):
    """An account with these resources, and another one that holds nothing."""
    accounts = tuple(
        Account(id=number, listed=True, resources=resources if number == MINE else ())
        for number in (MANAGEMENT, MINE, OTHER)
    )
    root = Unit(id="r-ac00", accounts=accounts)
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), paths=paths),
        name="test",
        grants_given=True,
    )


def listed(arn, *statements, kind=Kind.RESOURCE):
    return OwnedResource(
        arn=arn, account=MINE, policy=policy(kind, *statements), acls=False if kind is Kind.BUCKET else None
    )


def said(answer):
    assert answer.status == "complete", answer.reason
    return {(tuple(sorted(f.elements.actions)), tuple(sorted(f.elements.except_actions))) for f in answer.findings}


@pytest.mark.parametrize(
    ("statements", "alone", "there"),
    [
        # The policy of a bucket is read by its owner's account alone; what `Get*` will reach some day is not lost.
        ([("s3:Get*", "Allow")], {(("s3:Get*",), ())}, {(("s3:Get*",), ("s3:GetBucketPolicy",))}),
        ([("s3:GetBucketPolicy*", "Allow")], {(("s3:GetBucketPolicy*",), ())},
         {(("s3:GetBucketPolicy*",), ("s3:GetBucketPolicy",))}),
        ([("s3:Zo*", "Allow"), ("s3:Zonk*", "Deny")], {(("s3:Zo*",), ("s3:Zonk*",))}, None),
        ([(["s3:GetObject", "s3:ReadAllOfIt"], "Allow")], {(("s3:GetObject", "s3:ReadAllOfIt"), ())}, None),
        ([("s3:*", "Allow")], {(("s3:*",), ())},
         {(("s3:*",), ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"))}),
    ],
)  # fmt: skip
def test_actions_beyond_the_reference_stand_in_both_forms(statements, alone, there):
    where = [BUCKET, f"{BUCKET}/*"]
    bucket = listed(
        BUCKET,
        *(grant(a, where, {"AWS": STRANGER} if e == "Allow" else "*", e) for a, e in statements),
        kind=Kind.BUCKET,
    )
    assert said(findings(bucket.policy, zone="account", account=MINE)) == alone
    assert said(findings_of_workspace(organization(bucket), zone="account")) == (there or alone)


@pytest.mark.parametrize("zone", ZONES)
def test_members_that_hold_nothing_are_told_apart(zone):
    """No policy of a caller and no SCP is there: that members hold nothing decides all the same."""
    table = listed(TABLE, grant("dynamodb:Query", TABLE, {"AWS": [f"arn:aws:iam::{MINE}:user/alice", OTHER]}))
    found = findings_of_workspace(organization(table), zone=zone)
    assert found.status == "complete", found.reason
    assert bool(found.findings) is (zone in ("account", "everyone"))


def test_members_outside_the_paths_of_the_perimeter_are_told_apart():
    table = listed(TABLE, grant("dynamodb:Query", TABLE, {"AWS": OTHER}))
    found = findings_of_workspace(organization(table, paths=(f"{ORG}/r-ac00/ou-ac00-elsewhere/*",)), zone="perimeter")
    assert found.status == "complete", found.reason
    assert found.findings


@pytest.mark.parametrize("zone", ZONES)
def test_a_policy_beside_that_may_decide_is_told(zone):
    """Policies of CloudWatch Logs are those of the account: that of another group may decide calls on this one."""
    trail = {"Service": "cloudtrail.amazonaws.com"}
    first = listed(f"{GROUPS}orders", grant("logs:*", f"{GROUPS}orders:log-stream:first", {"AWS": STRANGER}))
    other = listed(f"{GROUPS}ledger", grant("logs:FilterLogEvents", "*", trail))
    found = findings_of_workspace(organization(first, other), zone=zone)
    assert found.status == "complete", found.reason


@pytest.mark.parametrize(
    ("arn", "action", "part"),
    [
        (f"arn:aws:lambda:eu-west-1:{MINE}:function:pay", "lambda:InvokeFunction", ":blue"),
        (f"arn:aws:kinesis:eu-west-1:{MINE}:stream/pay", "kinesis:SubscribeToShard", "/consumer/*"),
        (TABLE, "dynamodb:Query", "/index/*"),
    ],
)
def test_access_to_parts_of_a_resource_is_access(arn, action, part):
    """Aliases, consumers and indexes are reached by the policy that is listed for what they lie in (W-4, W-5)."""
    owned = listed(arn, grant(action, arn + part, {"AWS": STRANGER}))
    assert said(findings_of_workspace(organization(owned), zone="organization")) == {((action,), ())}
