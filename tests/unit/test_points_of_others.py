"""A stranger's access point on a bucket of mine: which ARN guardrails see (X-44), and what its keys and Region are."""

from __future__ import annotations

import json
import re

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import (
    Account,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.case import read_case
from perimeter_smt.witness.case import case_to_json

ORG, OWN, MANAGEMENT, PARTNER = "o-acme0000044", "111122223333", "999900001111", "210987654321"
BUCKET, OTHERS = "arn:aws:s3:::acme-ledgers", "arn:aws:s3:::*"
STRANGERS = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}
NO_POINT = {"Null": {"s3:DataAccessPointArn": "true"}}


def says(effect, resource="*", element="Resource", **condition):
    body = {"Effect": effect, "Action": "s3:*", "Principal": "*", element: resource}
    return {**body, **({"Condition": condition} if condition else {})}


def policy(kind, *statements):
    body = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(body, kind, file=f"{kind.value}.json", name=kind.value)


def asked(*rcps, objective="O1", grants=True, reading="over", own=(), others=(), opens=PARTNER, **perimeter):
    """The verdict on GetObject of a bucket whose policy lets a partner in; counterexamples are decided again."""
    lets = {"Effect": "Allow", "Action": "s3:*", "Principal": {"AWS": opens}, "Resource": [BUCKET, f"{BUCKET}/*"]}
    bucket = OwnedResource(arn=BUCKET, account=OWN, acls=False, policy=policy(Kind.BUCKET, lets))
    accounts = (
        Account(id=OWN, listed=grants, resources=(bucket, *others) if grants else (), principals=own),
        Account(id=MANAGEMENT, listed=grants),
    )
    guard = Guardrails(rcps=(policy(Kind.RCP, *rcps),))
    limits = ("management-account", "service-linked-roles", "service-principals")
    space = Workspace(
        organization=Organization(
            id=ORG, management_account=MANAGEMENT, root=Unit(id="r-ac44", guardrails=guard, accounts=accounts)
        ),
        perimeter=Perimeter(
            orgs=(ORG,), cidrs=("203.0.113.0/24",), accepted=limits,
            scopes={objective: Scope(actions=("s3:GetObject",))}, **perimeter,
        ), name="ledgers",
    )  # fmt: skip
    mode = "grants" if grants else "guardrails"
    report = prove(space, objectives=[objective], services=["s3"], mode=mode, reading=reading, availability=False)
    (found,) = report.verdicts
    for example in found.counterexamples:
        assert decide(example.case, rivals=example.case.readings).allowed
        again = read_case(json.loads(json.dumps(case_to_json(example.case))), file="case.json", default_id="1")
        assert decide(again, rivals=example.case.readings).allowed
    return found


def rests_on(found):
    return {name for example in found.counterexamples for name in example.depends_on}


# --- X-44 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", ["O1", "O6"])
def test_an_rcp_on_buckets_alone_is_conditional(objective):
    """Strangers come through a point of their own: seen alone, its ARN is that of no bucket."""
    held = STRANGERS if objective == "O1" else {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}
    rcps = says("Deny", **held, **NO_POINT), says("Deny", OTHERS)
    found = asked(*rcps, objective=objective)
    assert found.status == "conditional"
    assert "X-44" in rests_on(found)
    (example, *_) = found.counterexamples
    assert example.case.flags.via_access_point.split(":")[4] != OWN
    assert not decide(example.case).allowed
    assert asked(*rcps, objective=objective, reading="exact").status == "proved"
    assert asked(*rcps, objective=objective, reading="exact", readings={"X-44": "rival"}).status == "refuted"
    assert asked(*rcps, objective=objective, readings={"X-44": "chosen"}).status == "proved"


@pytest.mark.parametrize("rcps", [
    (says("Deny", **STRANGERS),),
    (says("Deny", [f"{BUCKET}x", f"{BUCKET}x/*"], "NotResource", **STRANGERS),),
    (says("Deny", **STRANGERS, **NO_POINT), says("Deny", [OTHERS, "arn:aws:s3:*:*:accesspoint/*"])),
    (says("Deny", **STRANGERS, **NO_POINT), says("Deny", "arn:*:s3:*:*:*/object/*"), says("Deny", OTHERS)),
])  # fmt: skip
def test_a_deny_that_fits_the_point_as_well_binds_in_either_reading(rcps):
    assert asked(*rcps).status == "proved"


@pytest.mark.parametrize(("resource", "status"), [
    ("arn:aws:s3:*:*:accesspoint/*", "proved"),
    ("arn:aws:s3:*:*:accesspoint/a*", "conditional"),
    ("arn:aws:s3:*:*:accesspoint/*/object/*", "proved"),
    ("arn:aws:s3:*:*:accesspoint/*/object/a*", "conditional"),
    ("arn:aws:s3:eu-*:*:accesspoint/*", "conditional"),
    (f"arn:aws:s3:*:{PARTNER}:accesspoint/*", "conditional"),
    ("arn:aws:s3:??-*:*:accesspoint/*", "conditional"),  # Multi-Region points have no Region
])  # fmt: skip
def test_what_a_deny_says_of_the_point(resource, status):
    shut = says("Deny", **STRANGERS, **NO_POINT), says("Deny", OTHERS), says("Deny", resource)
    assert asked(*shut).status == status


def test_guardrails_alone_ask_about_the_point_as_well():
    rcps = says("Deny", **STRANGERS, **NO_POINT), says("Deny", [OTHERS, f"arn:aws:s3:*:{OWN}:accesspoint/*"])
    assert asked(*rcps, grants=False).status == "conditional"
    assert asked(*rcps, says("Deny", "arn:aws:s3:*:*:accesspoint/*"), grants=False).status == "proved"


def test_callers_of_mine_need_their_own_policies_for_the_point():
    """The point is of another account: what a role of mine may do with the bucket is not enough (X-33)."""
    outside = {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}
    nobody_else = says("Deny", ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/teller"})
    rcps = says("Deny", **outside, **NO_POINT), says("Deny", OTHERS), nobody_else

    def role(*resources):
        lets = {"Effect": "Allow", "Action": "s3:*", "Resource": list(resources)}
        arn = f"arn:aws:iam::{OWN}:role/teller"
        held = parse_object({"Version": "2012-10-17", "Statement": [lets]}, Kind.IDENTITY, file="i", name="i")
        return (OwnedPrincipal(arn=arn, type="role", account=OWN, policies=(held,)),)

    def found(*resources):
        return asked(*rcps, objective="O6", own=role(*resources), opens=OWN).status

    assert found(f"{BUCKET}/*") in ("proved", "vacuous")
    assert found(f"{BUCKET}/*", "arn:aws:s3:*:*:accesspoint/*") == "conditional"
    assert found("*") == "conditional"


CASE = {
    "request": {
        "principal": {"type": "role-session", "arn": f"arn:aws:sts::{PARTNER}:assumed-role/clerk/s",
                      "account": PARTNER, "role_arn": f"arn:aws:iam::{PARTNER}:role/clerk"},
        "action": "s3:GetObject", "resource": f"{BUCKET}/q1.csv", "resource_account": OWN,
    },
    "flags": {"via_access_point": f"arn:aws:s3:eu-west-1:{PARTNER}:accesspoint/clerks"},
}  # fmt: skip
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
ANYBODY = {"Version": "2012-10-17", "Statement": [{**EVERYTHING["Statement"][0], "Principal": "*"}]}


@pytest.mark.parametrize(("element", "resource", "chosen", "rival"), [
    ("Resource", OTHERS, False, True),
    ("Resource", "*", False, False),
    ("NotResource", "arn:aws:s3:::acme-exchange/*", False, False),
    ("NotResource", f"{BUCKET}/*", True, False),
    ("Resource", "arn:aws:s3:*:*:accesspoint/clerks/object/q*", True, False),
    ("Resource", "arn:aws:s3:*:*:accesspoint/clerks/object/p*", True, True),
])  # fmt: skip
def test_the_evaluator_asks_the_owner_of_the_bucket_about_the_point(element, resource, chosen, rival):
    """Read the other way, RCPs of the bucket's owner see the ARN of the point, which is another account's."""
    rcp = {"Version": "2012-10-17", "Statement": [says("Deny", resource, element)]}
    slots = {"identity": [EVERYTHING], "resource": ANYBODY, "access_point": ANYBODY, "rcp": [[FULL, rcp]]}
    case = read_case({**CASE, "policies": slots}, file="case.json", default_id="1")
    assert decide(case).allowed is chosen
    assert decide(case, rivals=frozenset(["X-44"])).allowed is rival


# --- the keys and the Region ---------------------------------------------------------------------

FORMS = re.compile(
    r"arn:aws:(s3|s3-object-lambda):[a-z]{2}-[a-z-]+-\d:\d{12}:accesspoint/[a-z0-9][a-z0-9-]*"
    r"|arn:aws:s3::\d{12}:accesspoint/[a-z0-9-]+\.mrap"
    r"|arn:aws:s3-outposts:[a-z]{2}-[a-z-]+-\d:\d{12}:outpost/[a-z0-9-]+/accesspoint/[a-z0-9][a-z0-9-]*"
)


@pytest.mark.parametrize("but", [
    None, "arn:aws:s3:*:*:*", "arn:aws:s3-object-lambda::*:*", "arn:aws:s3-outposts::*:*",
    "arn:aws:s3-outposts:*:*:outpost/*", "arn:aws:s3-object-lambda:*:*:*",
    "arn:aws:s3::*:accesspoint/*", "arn:aws:s3:*:*:accesspoint/*.mrap",
])  # fmt: skip
def test_shown_points_have_forms_that_aws_has(but):
    """S3 guide: only Multi-Region points have no Region."""
    keys = {"ArnNotLike": {"s3:DataAccessPointArn": but}} if but else {}
    found = asked(says("Deny", **NO_POINT), *([says("Deny", **keys)] if but else []), grants=False, reading="exact")
    regional = but in ("arn:aws:s3-object-lambda::*:*", "arn:aws:s3-outposts::*:*")
    assert found.status == ("proved" if regional else "refuted")
    shown = [example.request.context["s3:DataAccessPointArn"] for example in found.counterexamples]
    assert all(FORMS.fullmatch(arn) for arn in shown), shown


@pytest.mark.parametrize("place", ["us-east-1", "eu-west-1"])
def test_a_call_on_an_access_point_carries_the_region_of_the_point(place):
    """The ARN tells the Region that is called (AR17); those of buckets and Multi-Region points tell none."""
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": place}}
    points, others = f"arn:aws:s3:{place}:*:accesspoint/*", says("Deny", f"arn:aws:s3:{place}:*:*", "NotResource")
    here = {"StringEquals": {"aws:RequestedRegion": place}}
    given = {"grants": False, "reading": "exact", "readings": {"X-44": "rival"}}
    assert asked(others, says("Deny", points, **here), says("Deny", **NO_POINT), **given).status == "proved"
    assert asked(others, says("Deny", points, **elsewhere), **given).status == "refuted"


def test_keys_of_the_point_that_is_called_tell_its_region():
    """A call on a point of mine in one Region carries no ARN of a point in another."""
    key = {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-*:*:*"}}
    only = says("Deny", f"arn:aws:s3:eu-*:{OWN}:accesspoint/*", "NotResource")
    given = {"grants": False, "reading": "exact", "readings": {"X-44": "rival"}}
    assert asked(only, says("Deny", **key), **given).status == "proved"
    assert asked(only, **given).status == "refuted"


def test_conditions_on_both_keys_of_a_point_are_decided():
    """The account of a point and its ARN tell each other: no answer is left open."""
    point = OwnedResource(
        arn=f"arn:aws:s3:us-east-1:{OWN}:accesspoint/inner", account=OWN, bucket="acme-ledgers",
        origin="internet", policy=policy(Kind.ACCESS_POINT, says("Allow")),
    )  # fmt: skip
    rcps = (
        says("Deny", **STRANGERS, **NO_POINT),
        says("Deny", "arn:aws:s3::*:accesspoint/*", **STRANGERS),
        says("Deny", **STRANGERS, ArnLike={"s3:DataAccessPointArn": "arn:aws:s3::*:accesspoint/*"}),
        says("Deny", **STRANGERS, StringEquals={"s3:DataAccessPointAccount": PARTNER}),
        says("Deny", f"arn:aws:s3:*:{OWN}:accesspoint/*", **STRANGERS, StringNotEquals={
            "s3:DataAccessPointAccount": OWN}),
    )  # fmt: skip
    found = asked(*rcps, reading="exact", others=(point,))
    assert found.status == "refuted"
