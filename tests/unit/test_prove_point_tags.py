"""Tags on calls through access points: those of the point always count, those of the bucket with ABAC only (AR22)."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
ACCEPTED = ("management-account", "service-linked-roles")
BUCKET, POINT = "arn:aws:s3:::acme-reports", f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/desk"


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def status(key, *, point_tags=(), abac=None, bucket_tags=()):
    """O1 of reads, where everybody is let in through the access point unless an RCP lacks the tag."""
    behind = {"StringEquals": {"s3:DataAccessPointArn": POINT}}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    bucket = OwnedResource(
        arn=BUCKET, account=MINE, acls=False, abac=abac, tags=dict(bucket_tags),
        policy=policy(Kind.BUCKET, {**allow, "Resource": f"{BUCKET}/*", "Condition": behind}),
    )  # fmt: skip
    point = OwnedResource(
        arn=POINT, account=MINE, bucket="acme-reports", origin="internet", tags=dict(point_tags),
        policy=policy(Kind.ACCESS_POINT, {**allow, "Resource": f"{POINT}/object/*"}),
    )  # fmt: skip
    unless = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG, key: "public"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{POINT}/object/*", "Condition": unless}
    if key.startswith("s3:"):
        deny["Resource"] = "*"
    rcp = policy(Kind.RCP, deny)
    account = Account(id=MINE, resources=(bucket, point), listed=True)
    root = Unit(
        id="r-ac01", guardrails=Guardrails(rcps=(rcp,)), accounts=(account, Account(id=MANAGEMENT, listed=True))
    )
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=ACCEPTED, scopes={"O1": {"actions": ("s3:GetObject",)}}),
        name="acme",
    )
    (verdict,) = prove(space, objectives=["O1"], services=["s3"], mode="grants", availability=False).verdicts
    return verdict.status


@pytest.mark.parametrize("abac", [None, False, True])
def test_the_tag_of_an_access_point_counts_whatever_the_bucket_says(abac):
    """A crash where the bucket was known to be without ABAC: the request was taken to carry a tag of the bucket."""
    assert status("aws:ResourceTag/stage", point_tags={"stage": "public"}, abac=abac) != "proved"


def test_an_access_point_without_the_tag_is_not_exempt():
    assert status("aws:ResourceTag/stage", abac=True, bucket_tags={"stage": "public"}) == "proved"
    assert status("aws:ResourceTag/stage", point_tags={"stage": "closed"}) == "proved"


@pytest.mark.parametrize(
    ("abac", "tags", "expected"),
    [
        (True, {"stage": "public"}, "refuted"),
        (True, {"stage": "closed"}, "proved"),
        (False, {"stage": "public"}, "proved"),
        (None, {"stage": "public"}, "conditional"),
    ],
)
def test_tags_of_the_bucket_through_an_access_point(abac, tags, expected):
    """`s3:BucketTag` is of the bucket behind, with ABAC enabled there."""
    assert status("s3:BucketTag/stage", abac=abac, bucket_tags=tags) == expected


def test_strangers_let_the_tags_of_their_buckets_count():
    """An exemption by a tag held only as long as nobody enables ABAC, as owners of buckets may."""
    unless = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}, "StringNotEquals": {"aws:ResourceTag/open": "yes"}}
    scp = policy(Kind.SCP, {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": unless})
    root = Unit(id="r-ac01", guardrails=Guardrails(scps=(scp,)), accounts=(Account(id=MINE), Account(id=MANAGEMENT)))
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=ACCEPTED, scopes={"O3": {"actions": ("s3:GetObject",)}}),
        name="acme",
    )
    (verdict,) = prove(space, objectives=["O3"], services=["s3"], availability=False).verdicts
    assert verdict.status == "refuted"
    assert not verdict.counterexamples[0].depends_on
