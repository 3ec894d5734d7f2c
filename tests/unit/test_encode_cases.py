"""The encoding of one case beside the evaluator: callers and owners that have no policies, and departures by flag."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case
from tests.attack.agreement import encoded_decision

MINE, OTHER = "111122223333", "444455556666"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
IDENTITY = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1ABCDEFGHIJKL"
READER = {"type": "user", "arn": f"arn:aws:iam::{MINE}:user/reader", "account": MINE}
OF_THE_ROOT = {"type": "federated-user", "arn": f"arn:aws:sts::{MINE}:federated-user/ann", "account": MINE,
               "user_arn": f"arn:aws:iam::{MINE}:user/reader"}  # fmt: skip


def bucket_policy(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def case(principal, action, resource, owner, policies, **flags):
    request = {"principal": principal, "action": action, "resource": resource, "resource_account": owner, "context": {}}
    raw = {"id": "c", "policies": policies, "request": request, "flags": flags}
    return read_case(raw, file="c.json", default_id="c")


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (case({"type": "user", "arn": IDENTITY, "account": "cloudfront"}, "s3:GetObject", "arn:aws:s3:::b/k", MINE,
              {"resource": bucket_policy({"AWS": IDENTITY})}), True),
        (case({"type": "user", "arn": IDENTITY, "account": "cloudfront"}, "s3:GetObject", "arn:aws:s3:::b/k", MINE,
              {"resource": bucket_policy({"AWS": OTHER})}), False),
        (case(READER, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "aws", {"identity": [ALLOW]}), True),
        (case(READER, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "aws", {"identity": []}), False),
        (case({"type": "anonymous"}, "cognito-identity:GetId", "*", MINE, {}), True),
        (case(OF_THE_ROOT, "iam:GetUser", f"arn:aws:iam::{MINE}:user/reader", MINE,
              {"identity": [ALLOW], "session": [ALLOW]}), False),
        (case(OF_THE_ROOT, "iam:GetUser", f"arn:aws:iam::{MINE}:user/reader", MINE,
              {"identity": [ALLOW], "session": [ALLOW]}, console_session=True), True),
    ],
)  # fmt: skip
def test_both_readings_of_a_case_agree(given, allowed):
    """Origin access identities (W-14), what AWS owns (W-10), unsigned calls (W-25), federated users in the console."""
    assert decide(given).allowed is allowed
    assert encoded_decision(given) is allowed
