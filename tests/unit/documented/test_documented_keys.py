"""Values that keys hold, as AWS's pages on them say it.

KMS developer guide, "kms:ViaService": the service, the Region of the call and AWS's domain.
"""

from __future__ import annotations

import json

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove

ORG = "o-acme0000001"
LIMITS = ("management-account", "service-linked-roles", "kms-retire-grant", "aws-managed-keys")


def deny(**condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition}


def status(*statements, assumptions=()):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    rcp = parse_policy(text, Kind.RCP, file="rcp.json")
    root = Unit(id="r-0001", guardrails=Guardrails(rcps=(rcp,)), accounts=(Account(id="111122223333"),))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, assumptions=assumptions),
        name="acme",
        grants_given=False,
    )
    (verdict,) = prove(space, objectives=["O1"], services=["kms"], availability=False).verdicts
    return verdict.status


def test_via_service_names_the_region_of_the_call():
    """Every direct call, every call in one Region, and what services elsewhere carry on is denied: nothing is left.

    Requests with an empty `kms:ViaService`, or that of another Region, were shown as holes.
    """
    guardrail = (
        deny(Null={"kms:ViaService": "true"}),
        deny(StringNotLike={"kms:ViaService": "*.eu-west-1.amazonaws.com"}),
        deny(StringEquals={"aws:RequestedRegion": "eu-west-1"}),
    )
    assert status(*guardrail, assumptions=("AR13.value",)) == "proved"
    assert status(*guardrail) == "conditional"
    assert status(*guardrail[:2], assumptions=("AR13.value",)) == "refuted"
