"""Limits of guardrails: what nobody accepted is shown, unless another limit that was accepted covers it, too."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.text import render

ORG, MEMBER, HEAD = "o-acme0000001", "111122223333", "999900001111"
OTHERS = ("kms-retire-grant", "aws-managed-keys", "service-principals")


def report(accepted, **mine):
    """My queues, of the management account alone or of the organization, without any guardrail."""
    root = Unit(id="r-ab12", accounts=(Account(id=MEMBER), Account(id=HEAD)))
    claims = Perimeter(scopes={"O1": Scope(actions=("sqs:SendMessage",))}, accepted=(*OTHERS, *accepted), **mine)
    organization = Organization(id=ORG, management_account=HEAD, root=root)
    space = Workspace(organization=organization, perimeter=claims, name="queues", grants_given=False)
    return prove(space, objectives=["O1"], services=["sqs"], availability=False, mitigations=())


@pytest.mark.parametrize(
    ("accepted", "shown"),
    [
        (("management-account",), set()),  # every request to the management account, those of service-linked roles, too
        (("service-linked-roles",), {"management-account"}),
        ((), {"management-account", "service-linked-roles"}),
    ],
)
def test_a_limit_is_shown_where_no_accepted_one_covers_it(accepted, shown):
    found = report(accepted, orgs=(), accounts=(HEAD,))
    (verdict,) = found.verdicts
    assert {limit.reach for limit in verdict.limits if not limit.accepted} == shown
    assert verdict.status == ("refuted" if shown else "proved")
    text = render(found)
    assert ("NOT ACCEPTED" in text) is bool(shown)
    assert ("PROVED for O1 only" in text) is (not shown)


def test_a_proof_never_stands_beside_a_limit_that_nobody_accepted():
    """Of the member account nothing is covered: there the same words hide no hole."""
    (verdict,) = report(("management-account",), orgs=(ORG,)).verdicts
    assert verdict.status == "refuted"
