"""Values of aws:CalledVia are service principals (IAM guide, forward access sessions, read 2026-11-28)."""

from __future__ import annotations

import pytest

from perimeter_smt import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
KEYS = ("ForAnyValue:StringLike aws:CalledVia", "StringLike aws:CalledViaFirst", "StringLike aws:CalledViaLast")


def scp(operator, key, value):
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {operator: {key: value}}}
    value = {"Version": "2012-10-17", "Statement": [deny, EVERYTHING]}
    return parse_object(value, Kind.SCP, file="p.json", name="p")


@pytest.mark.parametrize("words", KEYS)
def test_a_deny_on_all_service_principals_stops_every_chain(words):
    operator, key = words.split()
    every = scp("Null", key, "false")
    assert compare(every, scp(operator, key, "*.amazonaws.com")).relation == "equivalent"
    found = compare(every, scp(operator, key, "athena.amazonaws.com"))
    assert found.relation == "more"
    values = found.newly_allowed.request.context[key]
    assert "cloudformation.amazonaws.com" in values


def test_in_china_names_may_end_otherwise():
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws-cn:s3:::acme-*"}

    def document(condition):
        value = {"Version": "2012-10-17", "Statement": [{**deny, "Condition": condition}, EVERYTHING]}
        return parse_object(value, Kind.SCP, file="p.json", name="p")

    every = document({"Null": {"aws:CalledViaFirst": "false"}})
    found = compare(every, document({"StringLike": {"aws:CalledViaFirst": "*.amazonaws.com"}}))
    assert found.newly_allowed.request.context["aws:CalledViaFirst"].endswith(".amazonaws.com.cn")
    both = ["*.amazonaws.com", "*.amazonaws.com.cn"]
    assert compare(every, document({"StringLike": {"aws:CalledViaFirst": both}})).relation == "equivalent"
