"""Access points of mine on buckets of other accounts: what O3 and O4 presume, and what holds without (AR15.mine)."""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world.world import OUTSIDERS
from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import Ground
from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, TrustedResource, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.request.request import Facts, Principal, Request

ORG, MINE, OTHER, MANAGEMENT = "o-acme0000001", "111122223333", "444455556666", "123456789012"
PARTNER, STRANGER = "210987654321", "999988887777"
POINT = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/ledger"
ENDPOINT = "vpce-0a0000000000000aa"
NAME = "AR15.mine"


def deny(action="s3:*", resource="*", **condition):
    return {"Effect": "Deny", "Action": action, "Resource": resource, "Condition": condition}


MY_RESOURCES = deny(StringNotEqualsIfExists={"aws:ResourceOrgID": ORG})
NO_POINTS = deny(Null={"s3:DataAccessPointArn": "false"})
MY_BUCKETS = {"Effect": "Deny", "Action": "s3:*", "NotResource": [
    "arn:aws:s3:::acme-ledger", "arn:aws:s3:::acme-ledger/*", f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/*",
]}  # fmt: skip


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def bucket(name="acme-ledger", account=MINE, **more):
    return OwnedResource(arn=f"arn:aws:s3:::{name}", account=account, **more)


def point(**more):
    return OwnedResource(arn=POINT, account=MINE, **more)


def reader(*statements):
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, allow, *statements),),
    )  # fmt: skip


def verdict(
    objective="O3", *, scps=(MY_RESOURCES,), doubt=False, door=None, resources=(), principals=(), others=(),
    listed=False, mode="guardrails", actions=("s3:GetObject",), **perimeter,
):  # fmt: skip
    """The only verdict on S3; with `door` the policy of my endpoint is that of these statements."""
    statements = None if door is None else policy(Kind.ENDPOINT, *({**s, "Principal": "*"} for s in door))
    endpoint = Endpoint(
        id=ENDPOINT, vpc="vpc-0a0000000000000aa", account=MINE, vpc_account=MINE, region="eu-west-1",
        policy=statements,
    )  # fmt: skip
    own = Account(id=MINE, resources=resources, principals=principals, listed=listed, endpoints=(endpoint,))
    root = Unit(
        id="r-root", guardrails=Guardrails(scps=tuple(policy(Kind.SCP, s) for s in scps)),
        accounts=(own, Account(id=OTHER, listed=listed, resources=others), Account(id=MANAGEMENT, listed=listed)),
    )  # fmt: skip
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(
            **{"orgs": (ORG,), "endpoints": (ENDPOINT,), "endpoints_of_my_accounts": False,
               "accepted": ("management-account", "service-linked-roles", "service-principals"),
               "scopes": {objective: {"actions": actions}}, "doubts": (NAME,) if doubt else (), **perimeter}
        ),
        name="points",
    )  # fmt: skip
    (found,) = prove(space, objectives=[objective], services=["s3"], mode=mode, availability=False).verdicts
    return found


def door():
    """An endpoint policy that lets calls on resources of mine through."""
    return ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {
        "aws:ResourceOrgID": ORG}}},)  # fmt: skip


@pytest.mark.parametrize("objective", ["O3", "O4"])
def test_a_proof_by_keys_on_the_resource_presumes_it(objective):
    found = verdict(objective, door=door())
    assert (found.status, presumes(found.assumptions)) == ("proved", (NAME,))


@pytest.mark.parametrize("objective", ["O3", "O4"])
def test_doubted_it_shows_a_call_on_the_bucket_of_a_stranger(objective):
    found = verdict(objective, door=door(), doubt=True)
    assert found.status == "conditional"
    (example,) = found.counterexamples
    assert NAME in example.depends_on
    assert ":accesspoint/" in example.request.resource
    assert example.facts.behind_account == example.case.request.resource_account
    assert example.facts.behind_account in OUTSIDERS
    assert example.case.request.resource == example.facts.behind
    assert example.facts.behind in example.why
    assert example.facts.behind_account in example.why
    assert decide(example.case, rivals=example.case.readings).allowed


@pytest.mark.parametrize("doubt", [False, True])
def test_who_denies_access_points_presumes_nothing(doubt):
    found = verdict(scps=(MY_RESOURCES, NO_POINTS), doubt=doubt)
    assert (found.status, presumes(found.assumptions)) == ("proved", ())
    found = verdict("O4", scps=(), door=(*door(), NO_POINTS), doubt=doubt)
    assert (found.status, presumes(found.assumptions)) == ("proved", ())


@pytest.mark.parametrize("doubt", [False, True])
def test_who_names_the_buckets_behind_presumes_nothing(doubt):
    """Names of buckets are unique: one that organization.yaml lists in my account is nobody else's."""
    found = verdict("O4", scps=(), door=(*door(), MY_BUCKETS), resources=(bucket(),), doubt=doubt)
    assert (found.status, presumes(found.assumptions)) == ("proved", ())
    found = verdict(scps=(MY_RESOURCES, MY_BUCKETS), resources=(bucket(),), doubt=doubt, readings={"X-44": "chosen"})
    assert (found.status, presumes(found.assumptions)) == ("proved", ())


def test_a_star_that_runs_on_names_objects_of_anybody():
    """The star of the Region may stand for the bucket and the object as well (X-1)."""
    loose = {**MY_BUCKETS, "NotResource": [*MY_BUCKETS["NotResource"], f"arn:aws:s3:*:{MINE}:accesspoint/*"]}
    found = verdict("O4", scps=(), door=(*door(), loose), resources=(bucket(),), doubt=True)
    assert found.status == "conditional"
    assert f":{MINE}:accesspoint/" in found.counterexamples[0].facts.behind


def test_a_name_that_nobody_lists_may_be_anybodys():
    found = verdict("O4", scps=(), door=(*door(), MY_BUCKETS), doubt=True)
    assert found.status == "conditional"
    assert found.counterexamples[0].facts.behind.startswith("arn:aws:s3:::acme-ledger")


@pytest.mark.parametrize("action", ["s3:ListAllMyBuckets", "s3:CreateBucket", "s3:CreateAccessPoint"])
def test_calls_on_buckets_and_about_points_presume_nothing(action):
    found = verdict(actions=(action,), doubt=True)
    assert (found.status, found.counterexamples) == ("proved", ())
    assert presumes(verdict(actions=(action,)).assumptions).count(NAME) == 0


def test_own_claims_on_the_other_objectives_do_not_look_behind():
    here = deny("s3:*", NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})
    found = verdict("O5", scps=(here,), cidrs=("203.0.113.0/24",), doubt=True)
    assert NAME not in {name for example in found.counterexamples for name in example.depends_on}


# --- with grants ---------------------------------------------------------------------------------


def granted(**given):
    return verdict(**{"mode": "grants", "listed": True, "principals": (reader(),), **given})


@pytest.mark.parametrize("doubt", [False, True])
def test_a_point_whose_bucket_is_listed_presumes_nothing_of_it(doubt):
    found = granted(resources=(bucket(), point(bucket="acme-ledger")), doubt=doubt)
    assert (found.status, NAME in presumes(found.assumptions)) == ("proved", False)


@pytest.mark.parametrize("given", [{}, {"bucket": "of-somebody"}])
def test_a_point_whose_bucket_is_not_told_or_not_listed_presumes(given):
    resources = (bucket(), point(**given))
    declared = {"third_resources": (TrustedResource(account=PARTNER),)}  # whose it may be, as nobody lists it
    found = granted(resources=resources, **declared)
    assert (found.status, presumes(found.assumptions)) == ("proved", (NAME,))
    found = granted(resources=resources, doubt=True, **declared)
    assert found.status == "conditional"
    (example,) = found.counterexamples
    assert example.request.resource.startswith(POINT)
    assert example.facts.behind_account == STRANGER
    assert decide(example.case, rivals=example.case.readings).allowed
    if given:
        assert example.facts.behind.startswith("arn:aws:s3:::of-somebody")


@pytest.mark.parametrize(
    "given", [{}, {"third_resources": (TrustedResource(account=PARTNER, arns=("arn:aws:s3:::a",)),)}]
)
def test_a_bucket_that_no_complete_list_holds_is_somebody_elses(given):
    """W-6: it is in no account of mine."""
    found = granted(resources=(bucket(), point(bucket="of-somebody")), **given)
    assert found.status == "refuted"
    (example,) = found.counterexamples
    assert (example.kind, example.depends_on) == ("hole", ())
    assert example.facts.behind.startswith("arn:aws:s3:::of-somebody")
    assert example.facts.behind_account not in (MINE, OTHER, MANAGEMENT)
    assert decide(example.case).allowed


def test_a_point_without_listed_buckets():
    found = granted(resources=(point(),), doubt=True)
    assert found.status == "conditional"


def test_an_account_that_does_not_list_all_presumes():
    assert presumes(granted(listed=False).assumptions) == (NAME,)
    found = granted(listed=False, doubt=True)
    assert found.status == "conditional"
    assert decide(found.counterexamples[0].case, rivals=found.counterexamples[0].case.readings).allowed


def test_the_word_of_the_point_alone_does_not_reach_a_bucket_of_another_account():
    """The account of the caller has to allow the call, too: the bucket is another account's."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": {"AWS": MINE}}
    to_app = {**allow, "Principal": {"AWS": f"arn:aws:iam::{MINE}:role/app"}}
    nobody = OwnedPrincipal(arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE)
    no_root = deny("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:root"})
    given = {"resources": (point(policy=policy(Kind.ACCESS_POINT, to_app)),), "doubt": True}
    found = granted(principals=(nobody,), scps=(MY_RESOURCES, no_root), **given)
    assert found.status in ("proved", "vacuous")
    assert granted(principals=(reader(),), scps=(MY_RESOURCES, no_root), **given).status == "conditional"


@pytest.mark.parametrize("given", [{}, {"bucket": "orders"}])
@pytest.mark.parametrize(
    "more",
    [{"principals": (reader(deny(resource="arn:aws:s3:::orders/*")),)}, {"scps": (MY_RESOURCES, MY_BUCKETS)},
     {"door": door(), "objective": "O4"}],
)  # fmt: skip
def test_both_readings_agree_on_what_is_asked_about_the_bucket(given, more):
    """Denials of the caller's policies, SCPs, endpoint policies, and the VPC of the point."""
    about = point(origin="vpc", vpc="vpc-0a0000000000000aa", **given)
    declared = {"third_resources": (TrustedResource(account=PARTNER),)}
    found = granted(resources=(about,), doubt=True, **declared, **more)
    assert found.status == "conditional"
    assert all(decide(e.case, rivals=e.case.readings).allowed for e in found.counterexamples)


def test_a_point_on_a_listed_bucket_outside_the_perimeter_is_a_hole():
    """Both accounts are in the organization, one of them in the perimeter."""
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"}
    others = (bucket("others", OTHER, policy=policy(Kind.BUCKET, allow)),)
    mine = deny(StringNotEqualsIfExists={"aws:ResourceAccount": MINE})
    given = {"resources": (point(bucket="others"),), "others": others, "scps": (mine,), "orgs": (), "accounts": (MINE,)}
    found = granted(**given)
    assert found.status == "refuted"
    example = found.counterexamples[0]
    assert (example.facts.behind_account, example.depends_on) == (OTHER, ())
    assert example.facts.behind.startswith("arn:aws:s3:::others")
    declared = TrustedResource(account=OTHER, arns=("arn:aws:s3:::others", "arn:aws:s3:::others/*"))
    assert granted(**given, third_resources=(declared,)).status == "proved"


# --- the evaluator by itself ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "declared", "trusted"),
    [(None, (), True), (STRANGER, (), False), (PARTNER, (), False), (OTHER, (), True),
     (PARTNER, (TrustedResource(account=PARTNER, arns=("arn:aws:s3:::inbox/*",)),), True),
     (STRANGER, (TrustedResource(account=PARTNER, arns=("arn:aws:s3:::inbox/*",)),), False),
     (STRANGER, (TrustedResource(arns=("arn:aws:s3:::inbox/*",)),), True)],
)  # fmt: skip
def test_ground_truth_of_what_lies_behind(owner, declared, trusted):
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=Unit(id="r-root")),
        perimeter=Perimeter(orgs=(ORG,), third_resources=declared), name="points",
    )  # fmt: skip
    arn = f"arn:aws:iam::{MINE}:user/alice"
    request = Request(
        principal=Principal(type="user", arn=arn, account=MINE), action="s3:GetObject",
        resource=f"{POINT}/object/a", resource_account=MINE,
    )  # fmt: skip
    facts = Facts(
        kind="user", principal_account=MINE, resource_account=MINE, organizations={MINE: ORG, OTHER: ORG},
        behind="arn:aws:s3:::inbox/a" if owner else None, behind_account=owner,
    )  # fmt: skip
    assert Ground(space, request, facts).trusted_resource is trusted
