"""Values that keys hold, as AWS's pages on them say it.

KMS developer guide, "kms:ViaService": the service, the Region of the call and AWS's domain. S3 user guide, "Policy
resources for Amazon S3": the ARNs of buckets hold neither Region nor account.
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
    return {"Effect": "Deny", "Principal": "*", "Action": ["kms:*", "sqs:*"], "Resource": "*", "Condition": condition}


def status(*statements, service="kms", assumptions=()):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    rcp = parse_policy(text, Kind.RCP, file="rcp.json")
    root = Unit(id="r-0001", guardrails=Guardrails(rcps=(rcp,)), accounts=(Account(id="111122223333"),))
    space = Workspace(
        organization=Organization(id=ORG, management_account="999900001111", root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, assumptions=assumptions),
        name="acme",
        grants_given=False,
    )
    (verdict,) = prove(space, objectives=["O1"], services=[service], availability=False).verdicts
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


def test_no_bucket_has_an_account_in_its_arn():
    """Only calls for what no bucket is called get through: none do. With an ARN as S3 writes it they do.

    `arn:aws:s3:eu-west-1:999988887777:acme-uploads` was shown as the source of a call.
    """

    def only(arn: str):
        return deny(Null={"aws:SourceArn": "true"}), deny(StringNotEquals={"aws:SourceArn": arn})

    impossible = only("arn:aws:s3:eu-west-1:999988887777:acme-uploads")
    assert status(*impossible, service="sqs", assumptions=("AR5.bucket",)) == "proved"
    assert status(*impossible, service="sqs") == "conditional"
    point = only("arn:aws:s3:eu-west-1:999988887777:accesspoint/acme-uploads")
    assert status(*point, service="sqs", assumptions=("AR5.bucket",)) == "refuted"
    assert status(*only("arn:aws:s3:::acme-uploads"), service="sqs", assumptions=("AR5.bucket",)) == "refuted"
