"""Calls through Multi-Region Access Points of S3: two checks, any bucket, what goes through at all (semantics 3.7)."""

from __future__ import annotations

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.request import actions
from perimeter_smt.request.case import read_case
from perimeter_smt.request.multi_region import is_multi_region, multi_region_actions

OWN, MATE, STRANGER = "111122223333", "222233334444", "444455556666"
POINT = f"arn:aws:s3::{OWN}:accesspoint/q7wert5zuiop.mrap"
BUCKET = "arn:aws:s3:::acme-global-eu"
ANONYMOUS = {"type": "anonymous"}


def user(account):
    return {"type": "user", "arn": f"arn:aws:iam::{account}:user/reader", "account": account}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*, resource="*", **more):
    return {"Effect": "Allow", "Action": "s3:*", "Resource": resource, **more}


EVERYTHING = policy(allow())


def granted(account, resource="*"):
    return policy(allow(resource=resource, Principal={"AWS": account}))


def case(caller, *, owner=OWN, action="s3:GetObject", on=f"{BUCKET}/report", context=None, flags=None, **slots):
    policies = {"identity": [EVERYTHING], **slots}
    if caller == ANONYMOUS:
        del policies["identity"]
    return {
        "policies": policies,
        "flags": {"via_access_point": POINT, **(flags or {})},
        "request": {
            "principal": caller,
            "action": action,
            "resource": on,
            "resource_account": owner,
            "context": context or {},
        },
    }


def decision(*args, **kwargs):
    return decide(read_case(case(*args, **kwargs), file="f", default_id="1"))


def allowed(*args, **kwargs):
    return decision(*args, **kwargs).allowed


@pytest.mark.parametrize(
    ("caller", "owner", "point", "bucket", "expected"),
    [
        (OWN, OWN, None, None, True),  # same account: the identity policy alone
        (STRANGER, OWN, None, None, False),
        (STRANGER, OWN, STRANGER, None, False),
        (STRANGER, OWN, None, STRANGER, False),
        (STRANGER, OWN, STRANGER, STRANGER, True),
        (OWN, MATE, None, None, False),  # the bucket of another account: its policy
        (OWN, MATE, None, OWN, True),
        (MATE, MATE, None, None, False),  # the point of another account: its policy
        (MATE, MATE, MATE, None, True),
        (STRANGER, MATE, STRANGER, STRANGER, True),
        (STRANGER, MATE, STRANGER, None, False),
    ],
)
def test_who_must_allow(caller, owner, point, bucket, expected):
    slots = {"access_point": granted(point) if point else None, "resource": granted(bucket) if bucket else None}
    assert allowed(user(caller), owner=owner, **slots) is expected


def test_across_accounts_the_caller_needs_a_policy_of_its_own():
    slots = {"access_point": granted(STRANGER), "resource": granted(STRANGER)}
    assert not allowed(user(STRANGER), **{**slots, "identity": []})


@pytest.mark.parametrize("slot", ["access_point", "resource"])
def test_a_deny_of_either_counts_inside_one_account(slot):
    deny = policy({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})
    assert decision(user(OWN), **{slot: deny}).reason == "explicit_deny"


def test_policies_are_asked_with_the_names_of_point_and_bucket():
    point, bucket = granted(STRANGER, f"{POINT}/object/report"), granted(STRANGER, f"{BUCKET}/report")
    assert allowed(user(STRANGER), access_point=point, resource=bucket)
    assert not allowed(user(STRANGER), access_point=bucket, resource=bucket)
    assert not allowed(user(STRANGER), access_point=point, resource=point)
    regional = granted(STRANGER, POINT.replace("s3::", "s3:eu-west-1:") + "/object/*")
    assert not allowed(user(STRANGER), access_point=regional, resource=bucket)
    listing = granted(STRANGER, POINT)
    assert allowed(
        user(STRANGER), action="s3:ListBucket", on=BUCKET, access_point=listing, resource=granted(STRANGER, BUCKET)
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("s3:DataAccessPointArn", POINT, True),
        ("s3:DataAccessPointArn", f"{POINT}/object/report", False),
        ("s3:DataAccessPointAccount", OWN, True),
        ("s3:DataAccessPointAccount", MATE, False),
        ("s3:AccessPointNetworkOrigin", "Internet", True),
        ("s3:AccessPointNetworkOrigin", "VPC", False),
    ],
)
def test_a_bucket_delegates_by_the_keys_of_access_points(key, value, expected):
    delegates = policy(allow(Principal="*", Condition={"StringEquals": {key: value}}))
    assert allowed(user(STRANGER), access_point=granted(STRANGER), resource=delegates, owner=MATE) is expected


def test_endpoint_policies_and_scps_are_asked_about_both():
    inside = {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718", "aws:SourceVpc": "vpc-0a1b2c3d4e5f60718"}
    lets = [f"{POINT}/object/*", f"{BUCKET}/*"]
    for resources, expected in ((lets, True), (lets[:1], False), (lets[1:], False)):
        endpoint = policy(allow(Principal="*", resource=resources))
        assert allowed(user(OWN), vpce=endpoint, context=inside, flags={"vpce_type": "interface"}) is expected
        assert allowed(user(OWN), scp=[[policy(allow(resource=resources))]]) is expected


def test_nothing_comes_through_a_gateway_endpoint():
    """S3 guide: data of a Multi-Region Access Point cannot be accessed by using gateway endpoints."""
    inside = {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718", "aws:SourceVpc": "vpc-0a1b2c3d4e5f60718"}
    assert not allowed(user(OWN), context=inside, flags={"vpce_type": "gateway"})
    assert allowed(user(OWN), flags={"vpce_type": "gateway"})  # comes another way
    regional = {"vpce_type": "gateway", "via_access_point": POINT.replace("s3::", "s3:eu-west-1:")}
    assert allowed(user(OWN), context=inside, flags=regional)


def test_unsigned_calls_are_refused():
    slots = {"access_point": policy(allow(Principal="*")), "resource": policy(allow(Principal="*"))}
    assert not allowed(ANONYMOUS, **slots)
    assert not allowed(ANONYMOUS, **slots, flags={"unsigned_calls": True})
    assert allowed(ANONYMOUS, **slots, flags={"via_access_point": POINT.replace("s3::", "s3:eu-west-1:")})


@pytest.mark.parametrize(
    ("action", "on", "expected"),
    [
        ("s3:PutObject", f"{BUCKET}/report", True),
        ("s3:HeadObject", f"{BUCKET}/report", False),  # no action of IAM: HeadObject is s3:GetObject
        ("s3:ListBucketVersions", BUCKET, False),
        ("s3:GetBucketAcl", BUCKET, False),
        ("s3:GetBucketLocation", BUCKET, False),
        ("s3:GetObjectAttributes", f"{BUCKET}/report", False),
        ("S3:GETOBJECTTAGGING", f"{BUCKET}/report", True),
        ("s3:ListBucketMultipartUploads", BUCKET, True),
    ],
)
def test_only_listed_operations_go_through(action, on, expected):
    assert allowed(user(OWN), action=action, on=on) is expected
    assert allowed(user(OWN), action=action, on=on, flags={"unlisted_operation": True})


def test_calls_about_the_point_go_through_none():
    on = {"action": "s3:PutMultiRegionAccessPointPolicy", "on": POINT}
    assert allowed(user(OWN), **on, flags={"via_access_point": None})
    assert not allowed(user(STRANGER), **on, flags={"via_access_point": None})
    for regional in ("s3:PutAccessPointPolicy", "s3:TagResource"):  # calls about points of one Region
        assert not allowed(user(OWN), action=regional, on=POINT, flags={"via_access_point": None})


def test_the_point_itself_as_the_resource_of_a_call():
    """Where the case does not tell what lies behind, the limits of such points hold all the same."""
    on = {"on": f"{POINT}/object/report", "flags": {"via_access_point": None}}
    assert allowed(user(OWN), **on)
    assert not allowed(user(OWN), action="s3:GetObjectAttributes", **on)
    assert not allowed(ANONYMOUS, resource=policy(allow(Principal="*")), **on)


@pytest.mark.parametrize("origin", [None, "internet", "unknown"])
def test_block_public_access(origin):
    """A public policy of the point takes grants across accounts away, too; its origin is never open."""
    flags = {"s3_restrict_public_buckets": True, "access_point_origin": origin}
    named, anybody = granted(STRANGER), policy(allow(Principal="*"))
    assert allowed(user(STRANGER), access_point=named, resource=named, flags=flags)
    assert not allowed(user(STRANGER), access_point=anybody, resource=named, flags=flags)
    assert not allowed(user(STRANGER), access_point=named, resource=anybody, flags=flags)
    assert allowed(user(OWN), owner=MATE, access_point=named, resource=anybody, flags=flags)  # of the point's account
    delegates = policy(allow(Principal="*", Condition={"ArnLike": {"s3:DataAccessPointArn": POINT}}))
    assert allowed(user(STRANGER), access_point=named, resource=delegates, flags=flags)
    any_name = policy(
        allow(Principal="*", Condition={"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3::{OWN}:accesspoint/*"}})
    )
    assert allowed(user(STRANGER), access_point=named, resource=any_name, flags=flags)


def test_a_case_cannot_give_it_a_vpc():
    for flags in ({"access_point_vpc": "vpc-1"}, {"access_point_origin": "vpc"}):
        with pytest.raises(InputError, match=r"^f: \$.flags: a Multi-Region Access Point has no VPC"):
            read_case(case(user(OWN), flags=flags), file="f", default_id="1")


def test_arns():
    assert is_multi_region(POINT)
    assert is_multi_region("arn:aws:s3::111122223333:accesspoint/0000000000000.mrap")  # S3 guide, supported operations
    for wrong in ("s3:eu-west-1:111122223333:accesspoint/a.mrap", "s3::111122223333:accesspoint/a", "s3:::a.mrap"):
        assert not is_multi_region(f"arn:aws:{wrong}")
    assert not is_multi_region(f"{POINT}/object/report")


def test_the_table_names_actions():
    assert multi_region_actions()
    for action in multi_region_actions():
        info = actions.action_info(action)
        assert info is not None, action
        types = {use.type.partition(" ")[0] for use in info.resource_types}
        assert types & {"accesspoint", "accesspointobject"}, action
    arns = {kind.arn for kind in actions.resource_types("s3") if kind.key.startswith("accesspoint")}
    assert "arn:${Partition}:s3::${Account}:accesspoint/${MultiRegionAlias}.mrap/object/${ObjectName}" in arns
