"""Condition keys that no table knows: no request carries them, as far as anybody knows (AK3)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt import compare_documents
from perimeter_smt.lint import lint
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.unknown_keys import without

ORG, MINE, VPCE = "o-acme0000001", "111122223333", "vpce-0123456789abcdef0"
LIMITS = ("management-account", "service-linked-roles")


def document(kind, *statements):
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, file="p.json")


def deny(**condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition}


def ask(objective="O1", *, rcp=(), endpoint=(), reading="over", assumptions=()):
    ends = ()
    if endpoint:
        ends = (
            Endpoint(id=VPCE, account=MINE, vpc="vpc-0123456789abcdef0", vpc_account=MINE, region="eu-west-1",
                     policy=document(Kind.ENDPOINT, *endpoint)),
        )  # fmt: skip
    guardrails = Guardrails(rcps=(document(Kind.RCP, *rcp),) if rcp else ())
    root = Unit(id="r-0001", guardrails=guardrails, accounts=(Account(id=MINE, endpoints=ends),))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(
            orgs=(ORG,), accepted=LIMITS, scopes={objective: {"actions": ("s3:GetObject",)}},
            endpoints_of_my_accounts=True, assumptions=assumptions,
        ),
        name="acme",
        grants_given=False,
    )  # fmt: skip
    found = prove(space, objectives=[objective], services=["s3"], availability=False, reading=reading)
    (verdict,) = found.verdicts
    return verdict


@pytest.mark.parametrize("key", ["aws:PrincipleOrgID", "s3:KeyOfNextYear", "acme:Team"])
def test_a_hole_by_a_key_that_no_table_knows_is_conditional(key):
    """It was a hole: a stranger who sends `aws:PrincipleOrgID` with the id of my organization."""
    verdict = ask(rcp=(deny(StringNotEquals={key: ORG}),))
    assert (verdict.status, verdict.counterexamples[0].depends_on) == ("conditional", ("AK3",))
    assert key.lower() in {name.lower() for name in verdict.counterexamples[0].request.context}


def test_the_reason_names_the_nearest_key():
    assert "`aws:PrincipalOrgID`" in ask(rcp=(deny(StringNotEquals={"aws:PrincipleOrgID": ORG}),)).reason
    assert without(("AN15",), None) == "not without AN15"


def test_firm_holes_stay():
    """The key that is in no request lets everybody through, or exempts nobody."""
    assert ask(rcp=(deny(StringEquals={"aws:PrincipleOrgID": "o-other00001"}),)).status == "refuted"
    misspelled = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG, "aws:PrincipleOrgID": ORG}}
    assert ask(rcp=(deny(**misspelled),)).status == "conditional"
    assert ask(rcp=(deny(**misspelled, Bool={"aws:PrincipalIsAWSService": "true"}),)).status == "refuted"


def test_it_is_never_proved_in_silence():
    """A proof by its absence names the axiom, whether it was accepted or all soft axioms were."""
    rcp = (deny(Null={"aws:PrincipleOrgID": "true"}),)
    assert ask(rcp=rcp).status == "conditional"
    for verdict in (ask(rcp=rcp, assumptions=("AK3",)), ask(rcp=rcp, reading="exact")):
        assert verdict.status in ("proved", "vacuous")
        assert "AK3" in {assumption.name for assumption in verdict.assumptions}


def test_an_endpoint_policy_that_asks_for_it():
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    misspelled = {**allow, "Condition": {"StringEquals": {"aws:PrincipleOrgID": ORG}}}
    verdict = ask("O2", endpoint=(misspelled,))
    assert (verdict.status, verdict.counterexamples[0].depends_on) == ("conditional", ("AK3",))


def test_comparisons_take_it_as_written():
    """A statement that only such a key lets through is a difference."""
    right = document(Kind.RCP, deny(StringNotEquals={"aws:PrincipalOrgID": ORG}))
    wrong = document(Kind.RCP, deny(StringNotEquals={"aws:PrincipleOrgID": ORG}))
    assert compare_documents(right, wrong).relation == "incomparable"


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("aws:PrincipleOrgID", "aws:PrincipalOrgID"),
        ("aws:SourceVPCE_", "aws:SourceVpce"),
        ("s3:dataAccessPointArm", "s3:DataAccessPointArn"),
    ],
)
def test_lint_names_the_nearest_key(key, near):
    found = [f for f in lint(document(Kind.RCP, deny(StringNotEquals={key: "a"}))) if f.rule == "PL017"]
    assert [near in f.message for f in found] == [True]
