"""Calls that services take from their own account only, whatever the policy of the resource grants (W-11)."""

from __future__ import annotations

import pytest

from tests.unit.test_prove_resources import PARTNER, resource, status


@pytest.mark.parametrize(
    ("service", "arn", "action", "crosses"),
    [
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:SendMessage", True),
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:PurgeQueue", True),
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:DeleteQueue", False),
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:SetQueueAttributes", False),
        ("sqs", "arn:aws:sqs:eu-west-1:ACCOUNT:jobs", "sqs:TagQueue", False),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", "dynamodb:GetItem", True),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", "dynamodb:PartiQLSelect", False),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t", "dynamodb:UpdateTimeToLive", False),
    ],
)
def test_a_grant_to_another_account(service, arn, action, crosses):
    """SQS and DynamoDB guides: which calls have no cross-account use; the owner's own calls are not concerned."""
    grant = {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": action, "Resource": "*"}
    found = status("O1", service, resources=[resource(arn, grant)])
    assert found == ({"refuted"} if crosses else {"conditional"})
    stated = status("O1", service, resources=[resource(arn, grant)], assumptions=("AE10.own-account",))
    assert stated == {"refuted" if crosses else "proved"}
