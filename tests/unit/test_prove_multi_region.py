"""Multi-Region Access Points in proofs: what guardrails say of calls through them, which grants let them through."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import (
    Account,
    BucketBehind,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedResource, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove

ORG, OWN, OTHER, MANAGEMENT = "o-acme0000077", "111122223333", "444455556666", "999900001111"
PARTNER, STRANGER = "210987654321", "999988887777"
POINT = f"arn:aws:s3::{OWN}:accesspoint/q7wert5zuiop.mrap"
GATE = "vpce-0a0000000000000bb"
ROLE = f"arn:aws:iam::{OWN}:role/reader"
INSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}
MY_OWN = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
NO_SERVICE = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {
    "Bool": {"aws:PrincipalIsAWSService": "true"}}}  # fmt: skip
THROUGH = {"StringEquals": {"s3:DataAccessPointAccount": OWN}}


def policy(kind, *statements):
    body = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(body, kind, file="p.json", name=kind.value)


def says(effect, resource="*", who="*", action="s3:*", **condition):
    who = {"Principal": who} if who else {}
    more = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Action": action, "Resource": resource, **who, **more}


def bucket(name, account=OWN, statements=(), **more):
    found = policy(Kind.BUCKET, *statements) if statements else None
    return OwnedResource(arn=f"arn:aws:s3:::{name}", account=account, policy=found, acls=False, **more)


def point(*statements, buckets=("eu",), **more):
    behind = tuple(
        BucketBehind(name=b) if isinstance(b, str) else BucketBehind(name=b[0], account=b[1]) for b in buckets
    )
    return OwnedResource(
        arn=POINT, account=OWN, origin="internet", buckets=behind or None,
        policy=policy(Kind.ACCESS_POINT, *statements) if statements else None, **more,
    )  # fmt: skip


def opens(name, **condition):
    return says("Allow", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"], **(condition or THROUGH))


def role(*statements):
    return OwnedPrincipal(arn=ROLE, type="role", account=OWN, policies=(policy(Kind.IDENTITY, *statements),))


def asked(
    objective, *, scps=(), rcps=(), own=None, others=(), principals=(), action="s3:GetObject", own_blocks=False,
    gateway=None, endpoints=(), **perimeter,
):  # fmt: skip
    """The only verdict; with `own` the resources of my account, grants count. Counterexamples replay."""
    listed = own is not None
    accounts = (
        Account(
            id=OWN, listed=listed, resources=own or (), principals=principals, block_public_access=own_blocks,
            endpoints=endpoints,
        ),
        Account(id=OTHER, listed=listed, resources=others),
        Account(id=MANAGEMENT, listed=listed),
    )  # fmt: skip
    guardrails = Guardrails(
        scps=(policy(Kind.SCP, *scps),) if scps else (), rcps=(policy(Kind.RCP, *rcps),) if rcps else ()
    )
    given = {
        "orgs": (ORG,), "scopes": {objective: Scope(actions=(action,))},
        "accepted": ("management-account", "service-linked-roles", "service-principals"), **perimeter,
    }  # fmt: skip
    space = Workspace(
        organization=Organization(
            id=ORG, management_account=MANAGEMENT, root=Unit(id="r-ac77", guardrails=guardrails, accounts=accounts)
        ),
        perimeter=Perimeter(**given), name="multi-region",
    )  # fmt: skip
    mode = "grants" if listed else "guardrails"
    report = prove(
        space, objectives=[objective], services=["s3"], mode=mode, reading="exact", availability=False,
        enumerate_all=True, limit=8,
    )  # fmt: skip
    (found,) = report.verdicts
    for example in found.counterexamples:
        assert decide(example.case, rivals=example.case.readings).allowed
    return found


def spared(resource, action="s3:GetObject"):
    return {"Effect": "Deny", "Action": action, "Principal": "*", "Condition": INSIDE, "NotResource": resource}


def status(objective, **given):
    return asked(objective, **given).status


def named(found):
    return {c.request.resource for c in found.counterexamples}


# --- guardrails alone ----------------------------------------------------------------------------


@pytest.mark.parametrize(("resource", "expected", "shown"), [
    ("*", "proved", None),
    ("arn:aws:s3:::*", "proved", None),  # the bucket is asked, too
    (["arn:aws:s3:::*", "arn:aws:s3:*:*:accesspoint/*"], "proved", None),
    ("arn:aws:s3:*:*:accesspoint/*", "refuted", "bucket"),
])  # fmt: skip
def test_an_rcp_on_all_resources_or_all_buckets(resource, expected, shown):
    found = asked("O1", rcps=[says("Deny", resource, action="s3:GetObject", **INSIDE)])
    assert found.status == expected
    assert all(":s3:::" in text for text in named(found)) or shown is None


def test_an_rcp_that_leaves_out_points_without_a_region_is_no_proof():
    """The star of a resource pattern stands for no Region as well, `??-*` does not."""
    found = asked("O1", rcps=[spared(f"arn:aws:s3::{OWN}:accesspoint/*")], readings={"X-44": "rival"})
    assert found.status == "refuted"
    assert all(text.startswith(f"arn:aws:s3::{OWN}:accesspoint/") and ".mrap/object/" in text for text in named(found))
    regions = [says("Deny", ["arn:aws:s3:::*", "arn:aws:s3:??-*:*:accesspoint/*"], action="s3:GetObject", **INSIDE)]
    assert status("O1", rcps=regions, readings={"X-44": "rival"}) == "refuted"
    stars = [says("Deny", ["arn:aws:s3:::*", "arn:aws:s3:*:*:accesspoint/*"], action="s3:GetObject", **INSIDE)]
    assert status("O1", rcps=stars, readings={"X-44": "rival"}) == "proved"


def test_a_stranger_s_point_is_a_resource_outside():
    """My people can read through one unless an SCP holds them to my resources."""
    stranger_s = {**spared(f"arn:aws:s3::{STRANGER}:accesspoint/*"), "Condition": MY_OWN}
    del stranger_s["Principal"]
    found = asked("O3", scps=[stranger_s], readings={"X-44": "rival"})
    assert found.status == "refuted"
    shown = [c.case.flags.via_access_point or c.request.resource for c in found.counterexamples]
    assert all(text.startswith(f"arn:aws:s3::{STRANGER}:accesspoint/") and ".mrap" in text for text in shown)
    assert status("O3", scps=[says("Deny", who=None, **MY_OWN)]) == "proved"


def test_an_exemption_by_the_arn_of_the_point():
    """`s3:DataAccessPointArn` has no Region, also where the bucket is asked: a stranger's point on a bucket of mine."""
    by_key = says("Deny", action="s3:GetObject", **INSIDE, ArnNotLikeIfExists={
        "s3:DataAccessPointArn": "arn:aws:s3::*:accesspoint/*"})  # fmt: skip
    assert status("O1", rcps=[by_key]) == "refuted"
    shut = says("Deny", action="s3:GetObject", Null={"s3:DataAccessPointArn": "false"})
    assert status("O1", rcps=[by_key, shut]) == "proved"
    like = {"s3:DataAccessPointArn": "arn:aws:s3::*:accesspoint/*.mrap"}
    by_resource = says("Deny", f"arn:aws:s3::{OWN}:accesspoint/*", action="s3:GetObject", ArnLike=like)
    given = {"rcps": [spared(f"arn:aws:s3::{OWN}:accesspoint/*"), by_resource], "readings": {"X-44": "rival"}}
    assert status("O1", **given) == "proved"


def test_the_origin_is_never_a_vpc():
    """Who lets VPC origins alone through has shut Multi-Region Access Points out (AR25.origin)."""
    vpc = says("Deny", action="s3:GetObject", **INSIDE, StringNotEquals={"s3:AccessPointNetworkOrigin": "VPC"})
    found = asked("O1", rcps=[vpc, says("Deny", "arn:aws:s3:*:*:accesspoint/*", action="s3:GetObject", Null={
        "aws:SourceVpce": "true"})], readings={"X-44": "rival"})  # fmt: skip
    assert not any(".mrap" in text for text in named(found))


@pytest.mark.parametrize(("action", "expected"), [("s3:GetObject", True), ("s3:GetObjectAttributes", False)])
def test_only_operations_of_the_list(action, expected):
    """AR25.operation: what AWS does not list is no hole from day to day, and no proof without that axiom."""
    rcps = [spared(f"arn:aws:s3::{OWN}:accesspoint/*", "s3:*")]
    found = asked("O1", rcps=rcps, action=action, readings={"X-44": "rival"})
    assert (found.status == "refuted") is expected
    if not expected:
        assert "AR25.operation" in {each.name for each in found.assumptions}


def test_nobody_calls_without_a_signature():
    """AWS: no anonymous requests; an RCP that lets everybody but strangers with an account through points is enough."""
    named_ones = says("Deny", action="s3:GetObject", StringNotEquals={"aws:PrincipalOrgID": ORG}, Null={
        "aws:PrincipalAccount": "false"})  # fmt: skip
    assert (
        status(
            "O1", rcps=[NO_SERVICE, named_ones, spared(f"arn:aws:s3::{OWN}:accesspoint/*")], readings={"X-44": "rival"}
        )
        == "proved"
    )


# --- with grants ---------------------------------------------------------------------------------

ANYBODY = says("Allow", f"{POINT}/object/*", action="s3:GetObject")
ONE = says("Allow", f"{POINT}/object/*", {"AWS": STRANGER}, action="s3:GetObject")


def test_both_policies_must_let_a_stranger_through():
    assert status("O1", own=(point(ANYBODY), bucket("eu", statements=[opens("eu")]))) == "refuted"
    assert status("O1", own=(point(), bucket("eu", statements=[opens("eu")]))) in ("proved", "vacuous")
    assert status("O1", own=(point(ANYBODY), bucket("eu"))) in ("proved", "vacuous")


def test_a_deny_of_either_stops_the_call():
    shut = says("Deny", f"{POINT}/object/*", **INSIDE)
    assert status("O1", own=(point(ANYBODY, shut), bucket("eu", statements=[opens("eu")]))) in ("proved", "vacuous")
    shut = says("Deny", "arn:aws:s3:::eu/*", **INSIDE)
    own = (point(ANYBODY), bucket("eu", statements=[opens("eu"), shut]))
    assert status("O1", own=own) in ("proved", "vacuous")


def test_any_bucket_behind_is_enough():
    """Which bucket gets the call is up to AWS; the evidence names one that lets it through."""
    buckets = (bucket("eu"), bucket("us", statements=[opens("us")]))
    found = asked("O1", own=(point(ANYBODY, buckets=("eu", "us")), *buckets))
    assert found.status == "refuted"
    (example,) = found.counterexamples[:1]
    assert example.case.request.resource.startswith("arn:aws:s3:::us/")
    assert named(found) == {example.request.resource}
    assert status("O1", own=(point(ANYBODY, buckets=("eu",)), *buckets)) in ("proved", "vacuous")
    assert status("O1", own=(point(ANYBODY, buckets=()), *buckets)) == "refuted"  # nobody said which


@pytest.mark.parametrize("where", ["point", "bucket", "own", "foreign"])
def test_any_block_public_access_is_in_effect(where):
    """Of the point, of the bucket, of the accounts of both; a policy that names somebody is not public."""
    open_to = [opens("eu", Bool={"aws:SecureTransport": "true"})]

    def answer(statement, named_by):
        on_foreign = where == "foreign"
        account = OTHER if on_foreign else OWN
        stands = bucket("eu", account, named_by, block_public_access=where in ("bucket", "foreign"))
        own = point(statement, block_public_access=where == "point")
        return status("O1", own=(own,) if on_foreign else (own, stands), others=(stands,) if on_foreign else (),
                      own_blocks=where == "own", rcps=[NO_SERVICE])  # fmt: skip

    if where != "point":  # which does not keep strangers off the bucket itself
        assert answer(ANYBODY, open_to) in ("proved", "vacuous")
    assert answer(ANYBODY, [opens("eu")]) in ("proved", "vacuous")  # the policy of the point is public
    named_by = says("Allow", "arn:aws:s3:::eu/*", {"AWS": STRANGER})
    assert answer(ONE, [named_by]) == "refuted"
    assert answer(ONE, [opens("eu")]) == "refuted"  # the account of the point is fixed


def test_the_rcps_of_both_owners():
    at_bucket = says("Deny", "arn:aws:s3:::eu/*", **INSIDE)
    given = {"own": (point(ANYBODY),), "others": (bucket("eu", OTHER, [opens("eu")]),)}
    assert status("O1", **given) == "refuted"
    assert status("O1", rcps=[at_bucket], **given) in ("proved", "vacuous")
    assert status("O1", rcps=[says("Deny", f"{POINT}/*", **INSIDE)], **given) in ("proved", "vacuous")


def test_a_bucket_of_the_management_account_has_no_rcps():
    at_bucket = says("Deny", "arn:aws:s3:::eu/*", **INSIDE)
    own = (point(ANYBODY, buckets=(("eu", MANAGEMENT),)),)
    assert status("O1", own=own, rcps=[at_bucket]) == "refuted"


MINE_ONLY = says("Deny", who=None, **MY_OWN)
ROLE_ONLY = says("Deny", who=None, ArnNotLike={"aws:PrincipalArn": ROLE})
READS = says("Allow", who=None, action="s3:GetObject")


def test_a_foreign_bucket_behind_my_point_is_a_resource_outside():
    """The keys on the resource tell the owner of the point; the bucket that AWS may route to is somebody else's."""
    given = {"scps": [MINE_ONLY], "principals": (role(READS),)}
    own = (point(buckets=("eu", ("elsewhere", PARTNER))), bucket("eu"))
    found = asked("O3", own=own, **given)
    assert found.status == "refuted"
    example = found.counterexamples[0]
    assert example.facts.behind_account == PARTNER
    assert example.case.request.resource.startswith("arn:aws:s3:::elsewhere")
    declared = TrustedResource(account=PARTNER, arns=("arn:aws:s3:::elsewhere", "arn:aws:s3:::elsewhere/*"))
    assert status("O3", own=own, third_resources=(declared,), **given) == "proved"
    assert status("O3", own=(point(buckets=("eu",)), bucket("eu")), **given) == "proved"
    denied = says("Deny", "arn:aws:s3:::elsewhere/*", who=None)
    assert status("O3", own=own, scps=[MINE_ONLY, ROLE_ONLY], principals=(role(READS, denied),)) == "proved"
    assert status("O3", own=own, scps=[MINE_ONLY, denied], principals=(role(READS),)) == "proved"


def test_a_caller_of_the_point_s_account_needs_its_own_policy_for_a_foreign_bucket():
    """The policy of the point names the role; for a bucket of another account its IAM policy must allow, too."""
    to_role = says("Allow", f"{POINT}/object/*", {"AWS": ROLE})
    own = (point(to_role, buckets=(("elsewhere", PARTNER),)),)
    nothing = role(says("Allow", who=None, action="sqs:*"))
    assert status("O3", own=own, scps=[MINE_ONLY, ROLE_ONLY], principals=(nothing,)) in ("proved", "vacuous")
    assert status("O3", own=own, scps=[MINE_ONLY, ROLE_ONLY], principals=(role(READS),)) == "refuted"


def test_iam_alone_is_enough_in_one_account():
    """Same account: only the IAM policy. The role reads through the point from anywhere."""
    given = {"own": (point(), bucket("eu")), "cidrs": ("203.0.113.0/24",)}
    at_point = says("Allow", f"{POINT}/object/*", who=None)
    found = asked("O5", scps=[ROLE_ONLY], principals=(role(at_point),), **given)
    assert found.status == "refuted"
    assert all(text.startswith(POINT) for text in named(found))
    denied = says("Deny", "arn:aws:s3:::eu/*", who=None)
    assert status("O5", scps=[ROLE_ONLY], principals=(role(at_point, denied),), **given) in ("proved", "vacuous")


def test_nothing_comes_through_a_gateway_endpoint():
    gate = Endpoint(
        id=GATE, account=OWN, vpc="vpc-0a0000000000000bb", vpc_account=OWN, region="eu-west-1", gateway=True,
        services=("s3",),
    )  # fmt: skip
    through = says("Deny", who=None, StringNotEquals={"aws:SourceVpce": GATE})
    only = {**says("Deny", who=None), "NotResource": f"{POINT}/*"}
    del only["Resource"]
    given = {"own": (point(), bucket("eu")), "principals": (role(READS),), "scps": [through, only],
             "readings": {"X-44": "rival"}, "endpoints_of_my_accounts": False,
             "cidrs": ("203.0.113.0/24",)}  # fmt: skip
    other = gate.model_copy(update={"gateway": False})
    assert status("O5", endpoints=(other,), **given) == "refuted"
    assert status("O5", endpoints=(gate,), **given) in ("proved", "vacuous")


def test_tags_of_several_buckets_leave_no_call_out():
    """One bucket has tags that count, the other has not: each may be the one that a call goes to."""
    tagged = opens("eu", StringEquals={"s3:BucketTag/team": "red"})
    buckets = (
        bucket("eu", statements=[tagged], abac=True, tags={"team": "red"}),
        bucket("us", statements=[opens("us")], abac=False, tags={"team": "blue"}),
    )
    assert status("O1", own=(point(ANYBODY, buckets=("eu", "us")), *buckets)) == "refuted"


def test_a_bucket_that_is_told_and_not_listed_has_an_unknown_owner():
    """Its policy may allow anything, and RCPs of mine need not bind it; of an account that is told, they do."""
    at_bucket = says("Deny", "arn:aws:s3:::elsewhere/*", **INSIDE)
    given = {"rcps": [NO_SERVICE, at_bucket]}
    assert status("O1", own=(point(ANYBODY, buckets=("elsewhere",)),), **given) == "refuted"
    assert status("O1", own=(point(ANYBODY, buckets=(("elsewhere", OTHER),)),), **given) == "proved"
    blocked = point(ANYBODY, buckets=("elsewhere",), block_public_access=True)
    assert status("O1", own=(blocked,), rcps=[NO_SERVICE]) == "proved"  # the policy of the point is public
    named_one = point(ONE, buckets=("elsewhere",), block_public_access=True)
    assert status("O1", own=(named_one,), rcps=[NO_SERVICE]) == "refuted"


def test_an_access_point_of_one_region_on_such_a_bucket():
    """Guardrails and Block Public Access of the point were asked by the evaluator alone, which was a crash."""
    regional = f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/desk"
    opened = policy(Kind.ACCESS_POINT, says("Allow", f"{regional}/object/*", action="s3:GetObject"))
    desk = OwnedResource(arn=regional, account=OWN, bucket="elsewhere", origin="internet", policy=opened)
    at_bucket = says("Deny", "arn:aws:s3:::elsewhere/*", **INSIDE)
    assert status("O1", own=(desk,), rcps=[NO_SERVICE, at_bucket]) == "refuted"
    blocked = desk.model_copy(update={"block_public_access": True})
    assert status("O1", own=(blocked,), rcps=[NO_SERVICE]) == "proved"
    scp = says("Deny", "arn:aws:s3:::elsewhere/*", who=None)
    through = says("Allow", f"{regional}/object/*", who=None, action="s3:GetObject")
    given = {"principals": (role(through),), "cidrs": ("203.0.113.0/24",)}
    assert status("O5", own=(desk,), scps=[ROLE_ONLY], **given) == "refuted"
    assert status("O5", own=(desk,), scps=[ROLE_ONLY, scp], **given) in ("proved", "vacuous")


def test_a_call_that_rcps_of_the_point_s_owner_block():
    """The bucket is of an account without RCPs: the call is stopped on the point, which was a crash."""
    own = Account(id=OWN, listed=True, resources=(point(buckets=(("elsewhere", PARTNER),)),), principals=(role(READS),))
    root = Unit(
        id="r-ac77", guardrails=Guardrails(rcps=(policy(Kind.RCP, says("Deny", f"{POINT}/*")),)),
        accounts=(own, Account(id=MANAGEMENT, listed=True)),
    )  # fmt: skip
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), scopes={"O1": Scope(actions=("s3:GetObject",))}), name="blocked",
    )  # fmt: skip
    report = prove(space, objectives=["O1"], services=["s3"], mode="grants", availability=True)
    blocked = [each for found in report.availability for each in found.counterexamples]
    assert any(each.request.resource.startswith(POINT) for each in blocked)
    assert not any(decide(each.case, rivals=each.case.readings).allowed for each in blocked)
