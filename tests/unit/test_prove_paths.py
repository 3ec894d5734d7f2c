"""Perimeters drawn by organization paths are decided like those drawn by organization ids (W-24)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, ROOT = "o-acme0000001", "o-acme0000001/r-ac01"
SHOP, FRONT, NET = "ou-ac01-shop00001", "ou-ac01-front0001", "ou-ac01-net000001"
EVERYTHING = {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
SERVICES = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
DEPUTY = {"Bool": {"aws:PrincipalIsAWSService": "true"}, "Null": {"aws:SourceAccount": "false"}}
ACCEPTED = ("management-account", "service-linked-roles", "services-outside-rcp", "service-principals",
            "aws-managed-keys", "kms-retire-grant", "forward-access-sessions", "no-endpoint")  # fmt: skip


def document(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def deny(**conditions):
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": conditions}


def everybody(**conditions):
    return {**deny(**conditions), "Principal": "*", "Action": ["s3:*", "firehose:*"]}


def allow(**conditions):
    return {**EVERYTHING, "Condition": conditions}


def workspace(*, scp=(), rcp=(), endpoint=(), complete=True, **perimeter):
    """A unit with a unit in it, one beside it that owns an endpoint, and the management account below the root."""
    levels = Guardrails(
        scps=(document(Kind.SCP, *scp),) if scp else (), rcps=(document(Kind.RCP, *rcp),) if rcp else ()
    )
    door = Endpoint(
        id="vpce-0a0a0a0a0a0a0a0a1", account="333344445555", vpc="vpc-0a0a0a0a0a0a0a0a1", vpc_account="333344445555",
        region="eu-west-1", services=("s3", "firehose"),
        policy=document(Kind.ENDPOINT, *endpoint) if endpoint else None,
    )  # fmt: skip
    front = Unit(id=FRONT, accounts=(Account(id="222233334444"),))
    shop = Unit(id=SHOP, accounts=(Account(id="111122223333"),), units=(front,))
    net = Unit(id=NET, accounts=(Account(id="333344445555", endpoints=(door,)),))
    root = Unit(id="r-ac01", guardrails=levels, units=(shop, net), accounts=(Account(id="999988887777"),))
    organization = Organization(id=ORG, management_account="999988887777", root=root)
    settings = {"orgs": (ORG,), "accepted": ACCEPTED, "assumptions": ("AR6", "AR6.star", "AR4.present", "X-18")}
    return Workspace(
        organization=organization, perimeter=Perimeter(**{**settings, **perimeter}), name="acme", grants_given=complete
    )


def status(space, objective, service="s3"):
    report = prove(space, objectives=[objective], services=[service], availability=False)
    return {verdict.status for verdict in report.verdicts}


def resource(text, operator="ForAllValues:StringNotLike"):
    return {operator: {"aws:ResourceOrgPaths": text}}


def caller(text, operator="ForAllValues:StringNotLike"):
    return {operator: {"aws:PrincipalOrgPaths": text}}


RESOURCES = {
    "a unit": (resource(f"{ROOT}/{SHOP}/*"), (), "proved"),
    "a unit, exactly": (resource(f"{ROOT}/{SHOP}/", "ForAllValues:StringNotEquals"), (), "proved"),
    "a unit by IfExists": (resource(f"{ROOT}/{SHOP}/*", "ForAllValues:StringNotLikeIfExists"), (), "proved"),
    "the organization": (resource(f"{ORG}/*"), (), "proved"),
    "ids that go on": (resource(f"{ORG}*"), (), "conditional"),
    "any organization": (resource(f"*/{SHOP}/*"), (), "conditional"),
    "any root of mine": (resource(f"{ORG}/*/{SHOP}/*"), (), "proved"),
    "one character": (resource(f"{ORG}/r-ac0?/ou-*"), (), "proved"),
    "one character of the id": (resource("o-acme000000?/*"), (), "conditional"),
    "some value": (resource(f"{ROOT}/*", "ForAnyValue:StringNotLike"), (), "refuted"),
    "a unit, which is all of mine": (resource(f"{ROOT}/{SHOP}/*"), (f"{ROOT}/{SHOP}/*",), "proved"),
    "a unit, half of it mine": (resource(f"{ROOT}/{SHOP}/*"), (f"{ROOT}/{SHOP}/{FRONT}/*",), "refuted"),
    "a unit below mine": (resource(f"{ROOT}/{SHOP}/{FRONT}/*"), (f"{ROOT}/{SHOP}/*",), "proved"),
    "a neighbour": (resource([f"{ROOT}/{SHOP}/*", f"{ROOT}/{NET}/*"]), (f"{ROOT}/{SHOP}/*",), "refuted"),
    "the root and nothing below": (resource(f"{ROOT}/", "ForAllValues:StringNotEquals"), (f"{ROOT}/*",), "proved"),
    "my organization by a variable": (resource("${aws:PrincipalOrgID}/*"), (), "proved"),
    "a tag of the caller": (resource("${aws:PrincipalTag/path}*"), (), "refuted"),
    "a unit named by a tag": (resource(f"{ROOT}/${{aws:PrincipalTag/unit, 'none'}}/*"), (), "proved"),
    "a unit named by a tag that may be absent": (resource(f"{ROOT}/${{aws:PrincipalTag/unit}}/*"), (), "conditional"),
    "an organization and a tag": (resource("${aws:PrincipalOrgID}/${aws:PrincipalTag/unit, 'none'}/*"), (), "proved"),
    "an organization named by a tag": (resource("o-${aws:PrincipalTag/org}/*"), (), "refuted"),
    "a tag and all below it": (resource("${aws:PrincipalTag/org}/*"), (), "refuted"),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_resources(name):
    """An SCP that stops calls on resources elsewhere; mine is the organization, or some of its units.

    That another organization has the id of a unit of mine, or nearly the id of mine, would be chance (AR28).
    """
    conditions, paths, expected = RESOURCES[name]
    assert status(workspace(scp=(deny(**conditions),), paths=paths), "O3") == {expected}


TAGS = {
    "my organization": ([ORG], "${aws:PrincipalTag/home}/*", (), "proved"),
    "my organization or its root": ([ORG, ROOT], "${aws:PrincipalTag/home}/*", (), "proved"),
    "my organization or another": ([ORG, "o-other00001"], "${aws:PrincipalTag/home}/*", (), "refuted"),
    "a unit": ([f"{ROOT}/{SHOP}"], "${aws:PrincipalTag/home}/*", (f"{ROOT}/{SHOP}/*",), "proved"),
    "any unit of mine": ([f"{ROOT}/*"], "${aws:PrincipalTag/home}*", (), "proved"),
    "any organization": (["o-*"], "${aws:PrincipalTag/home}*", (), "refuted"),
}


@pytest.mark.parametrize("name", TAGS)
def test_tags_that_hold_paths(name):
    """A tag of the caller is fixed by one statement and used as a path by the next."""
    values, pattern, paths, expected = TAGS[name]
    fixed = deny(StringNotLike={"aws:PrincipalTag/home": values})
    assert status(workspace(scp=(fixed, deny(**resource(pattern))), paths=paths), "O3") == {expected}


CALLERS = {
    "a unit": (caller(f"{ROOT}/{SHOP}/*"), (), "proved"),
    "any organization": (caller(f"o-*/{SHOP}/*"), (), "conditional"),
    "only callers of some organization": (caller(f"{ROOT}/*", "ForAnyValue:StringNotLike"), (), "refuted"),
    "a unit, exactly": (caller(f"{ROOT}/{SHOP}/", "ForAllValues:StringNotEquals"), (f"{ROOT}/{SHOP}/*",), "proved"),
    "the units of my tree": (caller(f"{ROOT}/*"), (f"{ROOT}/{SHOP}/*", f"{ROOT}/{NET}/*"), "refuted"),
    "the organization of the resource": (caller("${aws:ResourceOrgID}/*"), (), "proved"),
}


@pytest.mark.parametrize("name", CALLERS)
def test_callers(name):
    """An RCP that keeps callers from elsewhere out, and services that act for others."""
    conditions, paths, expected = CALLERS[name]
    deputies = everybody(**{"ForAllValues:StringNotLike": {"aws:SourceOrgPaths": f"{ROOT}/{SHOP}/*"}}, **DEPUTY)
    space = workspace(rcp=(everybody(**conditions, **SERVICES), deputies), paths=paths)
    assert status(space, "O1") == {expected}


@pytest.mark.parametrize(
    ("pattern", "paths", "expected"),
    [
        (f"{ROOT}/{NET}/*", (), "proved"),
        (f"{ROOT}/{NET}/*", (f"{ROOT}/{SHOP}/*",), "refuted"),
        (f"*/{NET}/*", (), "conditional"),
    ],
)
def test_deputies(pattern, paths, expected):
    """A service acts for accounts of these units only."""
    identity = everybody(**caller(f"{ROOT}/{SHOP}/*"), **SERVICES)
    deputies = everybody(**{"ForAllValues:StringNotLike": {"aws:SourceOrgPaths": pattern}}, **DEPUTY)
    assert status(workspace(rcp=(identity, deputies), paths=paths), "O1") == {expected}


@pytest.mark.parametrize(
    ("statement", "objective", "expected"),
    [
        (allow(**resource(f"{ROOT}/{SHOP}/*", "ForAnyValue:StringLike")), "O4", "proved"),
        (allow(**resource(f"*/{SHOP}/*", "ForAnyValue:StringLike")), "O4", "conditional"),
        (allow(**resource(f"{ROOT}/{SHOP}/*", "ForAllValues:StringLike")), "O4", "refuted"),
        (allow(**resource(f"{ROOT}/", "ForAnyValue:StringEquals")), "O4", "proved"),
        (allow(**caller(f"{ROOT}/{SHOP}/*", "ForAnyValue:StringLike")), "O2", "proved"),
        (allow(**caller(f"{ROOT}/{SHOP}/*", "ForAnyValue:StringLikeIfExists")), "O2", "conditional"),
        (allow(**caller(["o-acme0000001/r-ac01/ou-ac01-*", f"{ROOT}/"], "ForAnyValue:StringLike")), "O2", "proved"),
    ],
)
def test_endpoint_policies(statement, objective, expected):
    """Through my endpoint only mine reach mine."""
    assert status(workspace(endpoint=(statement,)), objective) == {expected}


@pytest.mark.parametrize(
    ("pattern", "paths", "expected"),
    [
        (f"{ROOT}/{NET}/*", (), "proved"),
        (f"{ROOT}/{NET}/*", (f"{ROOT}/{SHOP}/*",), "refuted"),
        ("o-*/r-*/*", (), "refuted"),
    ],
)
def test_endpoints_by_path(pattern, paths, expected):
    """An RCP that admits endpoints of these units."""
    network = everybody(
        **{"ForAllValues:StringNotLike": {"aws:VpceOrgPaths": pattern}},
        **SERVICES,
    )
    deputies = everybody(**{"ForAllValues:StringNotLike": {"aws:SourceOrgPaths": f"{ROOT}/{NET}/*"}}, **DEPUTY)
    strangers = everybody(**caller(f"{ORG}/*"), **SERVICES)
    space = workspace(rcp=(network, deputies, strangers), paths=paths, service_networks=True)
    assert status(space, "O6", "firehose") == {expected}


def test_a_stranger_with_my_units_is_refuted_by_one():
    """The ids of units are unique within one organization only: the counterexample lies below such a unit."""
    space = workspace(scp=(deny(**resource(f"*/{SHOP}/*")),))
    (verdict,) = prove(space, objectives=["O3"], services=["s3"], availability=False).verdicts
    facts, request = verdict.counterexamples[0].facts, verdict.counterexamples[0].request
    path = facts.paths[request.resource_account]
    assert not path.startswith(f"{ORG}/")
    assert f"/{SHOP}/" in path
    assert request.context["aws:ResourceOrgPaths"] == (path,)


def test_an_organization_without_its_tree():
    """Where only the organization's id is known, its accounts may lie anywhere below any root of it."""
    guardrail = (deny(**resource(f"{ROOT}/{SHOP}/*")),)
    assert status(workspace(scp=guardrail, complete=False), "O3") == {"proved"}
    paths = (f"{ROOT}/{SHOP}/{FRONT}/*",)
    assert status(workspace(scp=guardrail, complete=False, paths=paths), "O3") == {"refuted"}
