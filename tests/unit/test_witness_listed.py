"""What the workspace lists about a call: deciding policies, access points, grants, and what contradicts it."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, KeyGrant, Organization, OwnedResource, Unit
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.request import Facts, Principal, Request
from perimeter_smt.witness.ground import contradiction
from perimeter_smt.witness.listed import access_point_of, behind, deciding, grants_of

MINE, OTHER = "111122223333", "444455556666"
QUEUE, BUCKET = f"arn:aws:sqs:eu-west-1:{MINE}:bills", "arn:aws:s3:::acme-bills"
POINT, FUNCTION = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/p", f"arn:aws:lambda:eu-west-1:{MINE}:function:f"
STRANGER = Principal(type="user", arn=f"arn:aws:iam::{OTHER}:user/u", account=OTHER)


def policy():
    rows = [{"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"} for effect in ("Allow", "Deny")]
    return parse_object({"Version": "2012-10-17", "Statement": rows}, Kind.RESOURCE, file="p", name="p", strict=False)


def account(*resources, listed=True, **more):
    return Account(id=MINE, resources=tuple(resources), listed=listed, **more)


def owned(arn, **more):
    return OwnedResource(arn=arn, account=MINE, **more)


def request(action, resource, context=None, principal=STRANGER):
    return Request(principal=principal, action=action, resource=resource, resource_account=MINE, context=context or {})


def test_a_twin_in_another_region_decides_nothing():
    owner = account(owned(QUEUE, policy=policy()))
    assert [each.surely for each in deciding(owner, request("sqs:SendMessage", QUEUE))] == [True]
    assert deciding(owner, request("sqs:SendMessage", QUEUE.replace("eu-west-1", "eu-west-2"))) == ()


def test_denies_of_a_policy_that_may_decide_do_not_count():
    """AWS does not say whether the policy of a function decides calls on its aliases (W-4, W-5)."""
    (found,) = deciding(account(owned(FUNCTION, policy=policy())), request("lambda:InvokeFunction", f"{FUNCTION}:live"))
    assert not found.surely
    assert [statement.effect for statement in found.policy.statements] == ["Allow"]


def test_the_bucket_behind_an_access_point():
    named = owned(POINT, bucket="acme-bills")
    call = request("s3:GetObject", f"{POINT}/object/2026/a")
    owner = account(named, owned(BUCKET), owned("arn:aws:s3:::acme-more"))
    assert access_point_of(owner, call) is named
    assert [each.resource for each in behind({MINE: owner}, named, call)] == [f"{BUCKET}/2026/a"]
    open_ended = owned(POINT)
    owner = account(open_ended, owned(BUCKET), owned("arn:aws:s3:::acme-more"))
    found = [each.resource for each in behind({MINE: owner}, open_ended, call)]
    assert found == [f"{BUCKET}/2026/a", "arn:aws:s3:::acme-more/2026/a"]
    assert [each.bucket for each in behind({MINE: account(open_ended, listed=False)}, open_ended, call)] == [None]


def test_grants_of_a_key():
    key = f"arn:aws:kms:eu-west-1:{MINE}:key/k"
    assert grants_of(owned(key)) is None  # nobody said
    assert grants_of(owned(key, grants=())) == ()
    (found,) = grants_of(owned(key, grants=(KeyGrant(grantee=OTHER, operations=("Decrypt",)),)))
    assert (found.grantee_principal, found.operations) == (OTHER, ("Decrypt",))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (request("sqs:SendMessage", QUEUE), None),
        (request("sqs:SendMessage", QUEUE, {"aws:ResourceTag/team": "red"}), None),
        (request("sqs:SendMessage", QUEUE, {"aws:ResourceTag/team": "blue"}), "not among the tags"),
        (request("sqs:SendMessage", QUEUE, {"aws:resourcetag/other": "red"}), "not among the tags"),
        (request("sqs:ListQueues", "*"), None),
        (request("sqs:ReceiveMessage", QUEUE + "2"), "lists all its resources"),
        (request("sqs:CreateQueue", QUEUE + "2"), None),
        (request("s3:GetObject", f"{BUCKET}/k"), None),
        (request("s3:GetObject", f"{BUCKET}/k", {"aws:ResourceTag/team": "red"}), "do not count without ABAC"),
        (request("s3:GetObject", f"{BUCKET}2/k"), "lists all its resources"),
        (request("ecr:GetRepositoryPolicy", f"arn:aws:ecr:eu-west-1:{MINE}:repository/r"), "lists all its resources"),
        (request("ecr:BatchGetImage", f"arn:aws:ecr:eu-west-1:{MINE}:repository/r"), None),
        (request("geo:ListMaps", f"arn:aws:geo:eu-west-1:{MINE}:map/*"), None),
        (request("geo:DescribeMap", f"arn:aws:geo:eu-west-1:{MINE}:map/m"), "lists all its resources"),
        (request("fis:GetAction", f"arn:aws:fis:eu-west-1:{MINE}:action/aws:ec2:stop-instances"), None),
    ],
)
def test_witnesses_that_contradict_the_workspace(call, told):
    """Complete lists are complete, tags of listed resources are theirs (W-6, W-7, W-9)."""
    owner = account(owned(QUEUE, tags={"team": "red"}), owned(BUCKET, tags={"team": "red"}, abac=False))
    organization = Organization(id="o-acme0000001", management_account=MINE, root=Unit(id="r-ac00", accounts=(owner,)))
    facts = Facts(kind="user", principal_account=OTHER, resource_account=MINE)
    found = contradiction(organization, call, facts)
    assert (told in found) if told else found is None


def test_callers_of_a_complete_list():
    caller = Principal(type="user", arn=f"arn:aws:iam::{MINE}:user/nobody", account=MINE)
    organization = Organization(
        id="o-acme0000001", management_account=MINE, root=Unit(id="r-ac00", accounts=(account(),))
    )
    call = request("s3:ListAllMyBuckets", "*", principal=caller)
    found = contradiction(organization, call, Facts(kind="user", principal_account=MINE, resource_account=MINE))
    assert "none of them" in found
