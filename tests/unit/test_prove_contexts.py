"""Contexts that a service sets when it calls KMS: the account in them is the one that it acts for (AR26, AR27)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.keys import table_rows

ORG, MINE, PARTNER = "o-acme0000001", "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{MINE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LIMITS = ("management-account", "service-linked-roles", "kms-retire-grant", "aws-managed-keys")
ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"]
CONTEXT = "kms:EncryptionContext:"
TRAIL, LOGS, TOPIC = f"{CONTEXT}aws:cloudtrail:arn", f"{CONTEXT}aws:logs:arn", f"{CONTEXT}aws:sns:topicArn"
ASSUMED = ("AR26", "AR26.account")


def document(kind, *statements):
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, file="p.json")


def allow(service, **condition):
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": ACTIONS, "Resource": "*",
            "Condition": condition}  # fmt: skip


def deny(**condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition}


def status(*statements, assumptions=ASSUMED, rcp=(), listed=True):
    """O1 of a key with this policy: may a service use it for somebody else?"""
    policy = document(Kind.KMS, *statements) if statements else None
    own = (OwnedResource(arn=KEY, account=MINE, policy=policy, grants=()),) if listed else ()
    account = Account(id=MINE, listed=listed, resources=own)
    guardrails = Guardrails(rcps=(document(Kind.RCP, *rcp),) if rcp else ())
    space = Workspace(
        organization=Organization(
            id=ORG,
            management_account="999900001111",
            root=Unit(id="r-0001", guardrails=guardrails, accounts=(account,)),
        ),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS, assumptions=assumptions, scopes={"O1": {"actions": ACTIONS}}),
        name="acme",
        grants_given=listed,
    )
    mode = "grants" if listed else "guardrails"
    (verdict,) = prove(space, objectives=["O1"], services=["kms"], availability=False, mode=mode).verdicts
    return verdict.status


def fixed(row, account):
    """What a policy writes to let the service of a row use a key for an account alone."""
    if row["value"] == "account":
        return {"StringEquals": {row["key"]: account}}
    return {"StringLike": {row["key"]: f"arn:aws:{row['arn_service']}:*:{account}:{row['type']}*"}}


@pytest.mark.parametrize("row", table_rows("encryption-contexts"), ids=lambda row: row["caller"] + row["key"][22:])
def test_a_context_of_mine_is_a_call_for_me(row):
    """CloudTrail for a trail of another account was shown with the ARN of a trail of mine."""
    service = f"{row['caller']}amazonaws.com"
    assert status(allow(service, **fixed(row, MINE))) == "proved"
    assert status(allow(service, **fixed(row, MINE)), assumptions=()) == "conditional"
    assert status(allow(service, **fixed(row, PARTNER))) == "refuted"
    assert status(allow(service)) == "refuted"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"ArnLike": {LOGS: f"arn:aws:logs:*:{MINE}:*"}}, "proved"),
        ({"ArnEquals": {LOGS: f"arn:aws:logs:eu-west-1:{MINE}:log-group:/orders"}}, "proved"),
        ({"StringLike": {LOGS: "arn:aws:logs:*:${aws:ResourceAccount}:*"}}, "proved"),
        ({"StringLikeIfExists": {LOGS: f"arn:aws:logs:*:{MINE}:*"}}, "refuted"),  # a call without a context
        ({"StringLikeIfExists": {LOGS: f"arn:aws:logs:*:{MINE}:*"}, "Null": {LOGS: "false"}}, "proved"),
        ({"StringNotLike": {LOGS: f"arn:aws:logs:*:{PARTNER}:*"}}, "refuted"),
        ({"ForAnyValue:StringEquals": {f"{CONTEXT[:-1]}Keys": "aws:logs:arn"}}, "refuted"),
        ({"StringLike": {LOGS: f"*{MINE}*"}}, "refuted"),  # a log group of that name
        ({"StringLike": {LOGS: "arn:aws:logs:*:*:*"}}, "refuted"),
    ],
)
def test_forms_of_conditions(condition, expected):
    assert status(allow("logs.amazonaws.com", **condition)) == expected


def test_a_deny_of_other_contexts():
    """The negated operators hold of calls without a context, too; `Null` lets those through."""
    wide, other = allow("logs.amazonaws.com"), {"StringNotLike": {LOGS: f"arn:aws:logs:*:{MINE}:*"}}
    assert status(wide, deny(**other)) == "proved"
    assert status(wide, deny(**other, Null={LOGS: "false"})) == "refuted"
    assert status(wide, deny(StringNotLikeIfExists={LOGS: f"arn:aws:logs:*:{MINE}:*"})) == "proved"


def test_in_an_rcp():
    """A guardrail on services: whoever acts for another account than mine has another trail."""
    services = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    rcp = (
        deny(StringNotEqualsIfExists={"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}, **services),
        deny(StringNotLike={TRAIL: f"arn:aws:cloudtrail:*:{MINE}:trail/*"}, **services),
        deny(BoolIfExists={"aws:PrincipalIsAWSService": "false"}),
    )
    assert status(rcp=rcp, listed=False) == "proved"
    assert status(rcp=(rcp[0], rcp[2]), listed=False) == "refuted"


def test_what_others_send_is_free():
    """Topics and queues are written to for others; an identity of a customer sends the context that it likes."""
    arn = f"arn:aws:sns:eu-west-1:{MINE}:alarms"
    assert status(allow("events.amazonaws.com", StringEquals={TOPIC: arn})) == "refuted"
    assert status(allow("s3.amazonaws.com", StringLike={TRAIL: f"arn:aws:cloudtrail:*:{MINE}:*"})) == "refuted"
    anybody = {**allow("x", StringLike={LOGS: f"arn:aws:logs:*:{MINE}:*"}), "Principal": {"AWS": "*"}}
    assert status(anybody) == "refuted"
    volume = {f"{CONTEXT}aws:ebs:id": "vol-0123456789abcdef0"}
    assert status(allow("logs.amazonaws.com", StringEquals=volume)) == "refuted"


@pytest.mark.parametrize(
    ("operator", "keys", "expected"),
    [
        ("StringEqualsIgnoreCase", "aws:logs:arn", "proved"),
        ("StringEquals", "aws:logs:arn", "refuted"),  # a key's name in a policy fits it in capitals, too
        ("StringEqualsIgnoreCase", "aws:cloudtrail:arn", "refuted"),
    ],
)
def test_the_keys_of_a_context_are_those_of_its_pairs(operator, keys, expected):
    """No context with a key of the list gets through, and each pair has a key there (AR27).

    A request was shown that has the pair and not the key.
    """
    assert status(
        allow("logs.amazonaws.com", Null={LOGS: "false"}),
        deny(**{f"ForAnyValue:{operator}": {f"{CONTEXT[:-1]}Keys": keys}}),
    ) == expected  # fmt: skip


def test_two_pairs_have_two_keys():
    """A list of one value would leave no room for the second."""
    both = {LOGS: "false", f"{CONTEXT}team": "false"}
    assert status(
        allow("logs.amazonaws.com", Null=both),
        deny(**{"ForAllValues:StringEquals": {f"{CONTEXT[:-1]}Keys": "aws:logs:arn"}}),
    ) == "refuted"  # fmt: skip
