"""Two documents compared: the question asked in a pull request."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.compare import compare


def identity(**statement):
    full = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}
    if "NotAction" in statement:
        del full["Action"]
    text = json.dumps({"Version": "2012-10-17", "Statement": [full]})
    return parse_policy(text, Kind.IDENTITY, file="policy.json")


PAIRS = [
    (identity(), identity(), "equivalent"),
    (identity(), identity(Action="s3:Get*"), "more"),
    (identity(Action="s3:*"), identity(), "less"),
    (identity(), identity(Action="s3:PutObject"), "incomparable"),
    (identity(Action=["s3:GetObject", "s3:getobject"]), identity(), "equivalent"),
    (identity(Resource="arn:aws:s3:::a/*"), identity(Resource="arn:aws:s3:::a/b/*"), "less"),
    (identity(Resource="arn:aws:s3:::a/?"), identity(Resource="arn:aws:s3:::a/*"), "more"),
    (
        identity(Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        identity(Condition={"StringEqualsIfExists": {"aws:PrincipalTag/team": "red"}}),
        "more",
    ),
    (
        identity(Condition={"StringLike": {"s3:prefix": ["home/*", "x"]}}, Action="s3:ListBucket"),
        identity(Condition={"StringLike": {"s3:prefix": "home/*"}}, Action="s3:ListBucket"),
        "less",
    ),
    (
        identity(Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}}),
        identity(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        "equivalent",
    ),
]


@pytest.mark.parametrize(("before", "after", "relation"), PAIRS)
def test_relation(before, after, relation):
    """The relation is seen from the second document, and each side that differs comes with a request."""
    found = compare(before, after, free_context=True)
    assert found.relation == relation
    assert (found.newly_allowed is not None) == (relation in ("more", "incomparable"))
    assert (found.newly_denied is not None) == (relation in ("less", "incomparable"))


def test_actions_that_the_reference_does_not_know():
    """They exist for all that is known: each document's own are told apart, alone, in lists and under wildcards."""
    first = identity(Action=["s3:GetObject", "s3:BrandNew", "sqs:SendMessage"])
    assert compare(first, first).relation == "equivalent"
    found = compare(first, identity(Action=["s3:GetObject", "sqs:SendMessage"]))
    assert found.relation == "less"
    assert found.newly_denied.request.action == "s3:brandnew"
    found = compare(first, identity(Action=["s3:BrandNew", "s3:BrandNewer", "sqs:SendMessage"]))
    assert found.relation == "incomparable"
    assert found.newly_allowed.request.action == "s3:brandnewer"
    assert compare(first, identity(Action=["s3:*", "sqs:*"])).relation == "more"
    assert compare(first, identity(NotAction=["s3:BrandNew", "kms:*"])).newly_denied.request.action == "s3:brandnew"


def test_witnesses_are_plain():
    """A role that calls in its own account, where the documents leave it open."""
    found = compare(identity(), identity(Action=["s3:GetObject", "s3:PutObject"]))
    request = found.newly_allowed.request
    assert request.principal.arn == "arn:aws:sts::111122223333:assumed-role/App/session"
    assert request.resource_account == "111122223333"
    assert request.resource.startswith("arn:aws:s3:")


def test_environment_decides_what_free_keys_do_not():
    """Requests with both an endpoint and a source address do not exist, so a second Allow for them adds nothing."""
    both = {"Null": {"aws:SourceVpce": "false", "aws:SourceIp": "false"}}
    never = identity(Action="s3:DeleteObject", Condition={"Null": {"aws:ViaAWSService": "true"}})
    assert compare(never, identity(Condition=both)).relation == "equivalent"
    assert compare(never, identity(Condition=both), free_context=True).relation != "equivalent"


def test_the_statement_that_adds_is_named():
    """A newly allowed request names the Allow statement that lets it through."""
    found = compare(identity(), identity(Action="s3:Get*", Sid="Wider"), free_context=True)
    assert found.newly_allowed is not None
    assert [blame.sid for blame in found.newly_allowed.through] == ["Wider"]


def scp(*statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return parse_policy(text, Kind.SCP, file="scp.json")


ALLOW_LIST = scp({"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"})
DENY_LIST = scp({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})
DENY_INSIDE = scp({"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"})


@pytest.mark.parametrize(
    ("before", "after", "relation"),
    [
        (ALLOW_LIST, DENY_LIST, "more"),
        (DENY_LIST, ALLOW_LIST, "less"),
        (ALLOW_LIST, DENY_INSIDE, "incomparable"),
        (DENY_LIST, DENY_INSIDE, "incomparable"),
        (DENY_LIST, scp({"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}), "equivalent"),
    ],
)
def test_scp_without_allow_stands_beside_full_access(before, after, relation):
    """Services that neither document names pass a list of denials, and do not pass a list of permissions."""
    assert compare(before, after).relation == relation


@pytest.mark.parametrize(
    ("low", "high", "relation"), [("4", "5", "equivalent"), ("4.2", "4.8", "equivalent"), ("4", "6", "less")]
)
def test_no_whole_number_lies_between_a_number_and_the_next(low, high, relation):
    """At most four, or at least five keys: every number of keys (a value of 4.5 would lie between)."""
    every = identity(Action="s3:ListBucket", Condition={"Null": {"s3:max-keys": "false"}})
    both = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {operator: {"s3:max-keys": bound}}}
        for operator, bound in (("NumericLessThanEquals", low), ("NumericGreaterThanEquals", high))
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": both})
    assert compare(every, parse_policy(text, Kind.IDENTITY, file="policy.json")).relation == relation


def rcp(*actions):
    statement = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*"}
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), Kind.RCP, file="rcp.json")


@pytest.mark.parametrize(
    ("more", "relation"),
    [("sns:*", "equivalent"), ("kms:RetireGrant", "equivalent"), ("kms:Decrypt", "less"), ("sqs:PurgeQueue", "less")],
)
def test_calls_that_no_rcp_binds_are_not_asked(more, relation):
    """Services outside RCPs, and retiring a grant (semantics 3.3)."""
    assert compare(rcp("s3:*"), rcp("s3:*", more)).relation == relation


def test_a_role_that_is_named_as_principal_has_no_other_spelling():
    """A role ARN as principal is that one role: none of the name in capitals or below a path is beside it (W-13)."""
    role = "arn:aws:iam::999988887777:role/audit"

    def queue(principal, **condition):
        own = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:x"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [{**own, "Principal": principal, **condition}]})
        return parse_policy(text, Kind.RESOURCE, file="queue.json")

    named = {"Condition": {"ArnEquals": {"aws:PrincipalArn": role}}}
    assert compare(queue({"AWS": role}), queue({"AWS": role}, **named)).relation == "equivalent"
