"""Access control lists of S3 with today's grants: told, not told, disabled (S3 guide, ACL overview)."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, AclGrant, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import presumes

ORG, MINE, MANAGEMENT, PARTNER = "o-acme0000001", "111122223333", "123456789012", "999988887777"
BUCKET = "arn:aws:s3:::acme-data"
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ONLY_MINE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
}


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def asked(*actions, objective="O1", more=(), rcps=(), ignored=False, canonical_id=None, doubts=(), **bucket):
    resource = OwnedResource(arn=BUCKET, account=MINE, **bucket)
    account = Account(
        id=MINE, resources=(resource, *more), listed=True, ignore_public_acls=ignored, canonical_id=canonical_id
    )
    guardrails = Guardrails(rcps=tuple(policy(Kind.RCP, statement) for statement in rcps))
    root = Unit(id="r-ac01", guardrails=guardrails, accounts=(account, Account(id=MANAGEMENT, listed=True)))
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            orgs=(ORG,),
            accepted=("management-account", "service-linked-roles"),
            doubts=doubts,
            scopes={objective: {"actions": tuple(actions)}} if actions else {},
        ),
        name="acme",
    )
    report = prove(space, objectives=[objective], services=["s3"], mode="grants", availability=False)
    (verdict,) = report.verdicts
    return verdict


def grants(*entries):
    return tuple(AclGrant(grantee=grantee, permission=permission) for grantee, permission in entries)


def test_disabled_lists_grant_nothing():
    """With bucket owner enforced policies alone decide, and the proof leans on nothing else."""
    found = asked(acls=False)
    assert found.status == "proved"
    assert not presumes(found.assumptions)


def test_what_nobody_said_is_presumed_and_named():
    """Most buckets have lists disabled; a proof says that it takes this one for such a bucket."""
    found = asked()
    assert found.status == "proved"
    assert presumes(found.assumptions) == ("AE7.acl",)
    doubted = asked(doubts=("AE7.acl",))
    assert doubted.status == "conditional"
    assert doubted.counterexamples[0].depends_on == ("AE7.acl",)


def test_objects_of_a_bucket_with_lists_may_be_open():
    """What lists of objects say nobody tells: conditional, and the bucket's own list that is told is not doubted."""
    assert asked(acls=True, acl=()).status == "conditional"
    assert asked("s3:ListBucket", acls=True, acl=()).status == "proved"
    assert asked("s3:ListBucket", acls=True).status == "conditional"
    assert asked("s3:GetBucketPolicyStatus", acls=True).status == "proved"  # no list grants it


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        ("s3:ListBucket", "READ"),
        ("s3:PutObject", "WRITE"),
        ("s3:GetBucketAcl", "READ_ACP"),
        ("s3:PutBucketAcl", "FULL_CONTROL"),
    ],
)
def test_a_bucket_that_is_open_to_everybody(action, permission):
    """The entry is a hole for anyone, unless IgnorePublicAcls is on or the entry speaks of something else."""
    opened = {"acls": True, "acl": grants(("AllUsers", permission))}
    found = asked(action, **opened)
    assert found.status == "refuted"
    assert found.counterexamples[0].request.principal.account not in (MINE, MANAGEMENT)
    assert asked(action, **opened, ignore_public_acls=True).status == "proved"
    assert asked(action, **opened, ignored=True).status == "proved"
    assert asked("s3:ListBucketVersions", acls=True, acl=grants(("AllUsers", "READ_ACP"))).status == "proved"


def test_signed_callers_of_any_account():
    """AuthenticatedUsers are callers with an account of any customer, not the unsigned."""
    found = asked("s3:ListBucket", acls=True, acl=grants(("AuthenticatedUsers", "READ")))
    assert found.status == "refuted"
    assert found.counterexamples[0].request.principal.type != "anonymous"


@pytest.mark.parametrize("grantee", [PARTNER, CANONICAL])
def test_one_account_is_let_in(grantee):
    """An entry for an account lets its identities in; the owner's own entry does not."""
    found = asked("s3:ListBucket", acls=True, acl=grants((grantee, "READ")))
    assert found.status == "refuted"
    owner = asked("s3:ListBucket", acls=True, canonical_id=CANONICAL, acl=grants((CANONICAL, "FULL_CONTROL")))
    assert owner.status == "proved"


def test_log_delivery_is_a_service():
    """The log delivery group is the service of server access logs: O1 trusts no service without a source."""
    found = asked("s3:PutObject", acls=True, acl=grants(("LogDelivery", "WRITE")))
    assert found.status == "refuted"
    assert found.counterexamples[0].request.principal.arn == "logging.s3.amazonaws.com"


def test_guardrails_and_bucket_policies_win():
    """Lists only grant: a Deny of an RCP, or of the bucket policy, holds their grantees back."""
    opened = {"acls": True, "acl": grants(("AllUsers", "FULL_CONTROL"))}
    assert asked("s3:ListBucket", "s3:GetObject", **opened, rcps=[ONLY_MINE]).status == "proved"
    own = policy(Kind.BUCKET, ONLY_MINE)
    assert asked("s3:ListBucket", "s3:GetObject", **opened, policy=own).status == "proved"


def test_objects_that_their_writers_own():
    """A partner who may write owns what it writes and may open it to anybody, unless the bucket's owner denies that.

    S3 guide: the bucket owner can deny access to any objects, regardless of who owns them.
    """
    write = {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "s3:PutObject", "Resource": f"{BUCKET}/*"}
    found = asked("s3:GetObject", acls=True, acl=(), policy=policy(Kind.BUCKET, write))
    assert found.status == "conditional"
    assert found.counterexamples[0].depends_on == ("AE7.acl-entry",)
    outside = ONLY_MINE | {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    assert asked("s3:GetObject", acls=True, acl=(), policy=policy(Kind.BUCKET, write, outside)).status == "proved"
    assert asked("s3:GetObject", acls=False, policy=policy(Kind.BUCKET, write)).status in ("proved", "vacuous")


def test_behind_an_access_point():
    """The bucket's list can let the bucket's side through; the access point must allow besides."""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    arn = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/door"
    shut = OwnedResource(arn=arn, account=MINE, bucket="acme-data", origin="internet")
    door = shut.model_copy(update={"policy": policy(Kind.ACCESS_POINT, everybody)})
    opened = {"acls": True, "acl": grants(("AllUsers", "READ"))}
    assert asked("s3:ListBucket", more=[door], **opened, ignore_public_acls=True).status == "proved"
    assert asked("s3:ListBucket", more=[door], **opened).status == "refuted"
    assert asked("s3:GetObject", more=[shut], acls=False).status == "proved"
    assert asked("s3:GetObject", more=[door], acls=False).status == "proved"
    assert asked("s3:GetObject", more=[door], acls=True, acl=()).status == "conditional"
