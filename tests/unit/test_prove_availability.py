"""Availability: whoever the perimeter trusts must get through, not only my own identities (W-35)."""

from __future__ import annotations

import json

from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, TrustedPrincipal, TrustedResource, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG, MINE, PARTNER = "o-acme0000001", "111122223333", "210987654321"


def policy(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, kind, file=f"{kind.value}.json")


def only_mine(*accounts):
    condition = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    if accounts:
        condition["StringNotEqualsIfExists"]["aws:PrincipalAccount"] = list(accounts)
    return {
        "Sid": "OnlyMine",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": condition,
    }


def blocked(*, rcps=(), endpoints=(), service="sqs", **perimeter):
    account = Account(id=MINE, endpoints=endpoints)
    root = Unit(id="r-0001", guardrails=Guardrails(rcps=rcps), accounts=(account,))
    organization = Organization(id=ORG, management_account="123456789012", root=root)
    space = Workspace(
        organization=organization,
        perimeter=Perimeter(orgs=(ORG,), cidrs=("203.0.113.0/24",), **perimeter),
        name="acme",
        grants_given=False,
    )
    (verdict,) = prove(space, objectives=["O1", "O4"], services=[service]).availability
    return verdict


def test_guardrail_that_forgets_a_partner():
    """The RCP stops the partner on the queue that the perimeter shares with it."""
    partner = TrustedPrincipal(account=PARTNER, resources=(f"arn:aws:sqs:*:{MINE}:exchange",), actions=("sqs:*",))
    verdict = blocked(rcps=(policy(Kind.RCP, only_mine()),), third_principals=(partner,))
    (found,) = verdict.counterexamples
    assert found.facts.principal_account == PARTNER
    assert found.through[0].sid == "OnlyMine"
    assert "trusts the caller" in found.why
    assert blocked(rcps=(policy(Kind.RCP, only_mine(PARTNER)),), third_principals=(partner,)).status == "proved"


def test_second_partner_is_named_as_well():
    partners = tuple(TrustedPrincipal(account=account) for account in (PARTNER, "333344445555"))
    (found,) = blocked(rcps=(policy(Kind.RCP, only_mine()),), third_principals=partners).counterexamples
    assert {PARTNER, "333344445555"} <= {found.facts.principal_account, *found.why.split()}


def test_endpoint_policy_that_forgets_a_trusted_bucket():
    """My roles cannot reach the buckets of AWS that the perimeter trusts; each is named."""
    mine = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceOrgID": ORG}},
    }
    endpoint = Endpoint(
        id="vpce-0a000000000000001",
        account=MINE,
        vpc="vpc-0ac00000000000001",
        vpc_account=MINE,
        region="eu-west-1",
        policy=policy(Kind.ENDPOINT, mine),
    )
    trusted = TrustedResource(arns=("arn:aws:s3:::patches-example/*", "arn:aws:s3:::repo-example/*"))
    found = blocked(endpoints=(endpoint,), service="s3", service_resources=(trusted,)).counterexamples
    assert any("patches-example" in f.request.resource and "repo-example" in f.why for f in found)
