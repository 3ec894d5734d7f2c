"""What people are told: every statement with its answer, and the Deny that came nearest."""

from __future__ import annotations

import subprocess
import sys

from perimeter_smt.evaluate import closest_denial, explain
from perimeter_smt.request.case import read_case

ORG = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-acme0000001"}}


def case(conditions=ORG, context=None, management=False):
    full = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    rcp = {"Version": "2012-10-17", "Statement": [{**deny, "Sid": "Identity", "Condition": conditions}]}
    scp = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:q"}}
    everybody = {"Version": "2012-10-17", "Statement": {**full["Statement"], "Principal": "*"}}
    principal = {"type": "user", "arn": "arn:aws:iam::111111111111:user/a", "account": "111111111111"}
    request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "resource_account": "111111111111"}
    request |= {"principal": {**principal, "management_account": management}, "context": context or {}}
    policies = {"identity": [full], "scp": [[full, scp]], "rcp": [[everybody, rcp]]}
    return read_case({"policies": policies, "request": request}, file="case.json", default_id="1")


INSIDE = {"aws:PrincipalOrgID": "o-acme0000001"}


def test_explain_lists_every_statement():
    rows = explain(case(context=INSIDE))
    assert [(row.statement.slot, row.statement.policy, row.matched) for row in rows] == [
        ("identity", "identity[0]", True),
        ("scp[0]", "scp[0][0]", True),
        ("scp[0]", "scp[0][1]", False),
        ("rcp[0]", "rcp[0][0]", True),
        ("rcp[0]", "rcp[0][1]", False),
    ]
    assert str(rows[2].failed) == "action `s3:GetObject` is none of `sqs:*`"
    assert rows[4].statement.sid == "Identity"
    assert rows[4].statement.location.path == "$.policies.rcp[0][1].Statement[0]"
    assert str(rows[4].failed) == (
        "condition `StringNotEqualsIfExists aws:PrincipalOrgID`: value `o-acme0000001` equals `o-acme0000001`"
    )


def test_explain_tells_which_slots_bind():
    rows = explain(case(context=INSIDE, management=True))
    assert [row.applies for row in rows] == [True, False, False, True, True]


def test_closest_denial_has_the_fewest_failed_parts():
    found = closest_denial(case(context=INSIDE))
    assert (found.statement.slot, found.statement.sid, len(found.failed)) == ("rcp[0]", "Identity", 1)


def test_closest_denial_counts_a_slot_that_does_not_bind():
    found = closest_denial(
        case({"Bool": {"k:a": "true", "k:b": "true", "k:c": "true", "k:d": "true"}}, management=True)
    )
    assert [part.part for part in found.failed] == ["action", "resource", "slot"]


def test_closest_denial_passes_over_denies_that_match():
    found = closest_denial(case())
    assert found.statement.slot == "scp[0]"
    assert [str(part) for part in found.failed] == [
        "action `s3:GetObject` is none of `sqs:*`",
        "resource `arn:aws:s3:::b/k` is none of `arn:aws:sqs:*:*:q`",
    ]


def test_reasons_of_conditions():
    """Every way for a condition to fail has its words."""
    rows = [
        ({"Bool": {"k:k": "true"}}, {}, "key `k:k` is absent"),
        ({"Null": {"k:k": "true"}}, {"k:k": "a"}, "key `k:k` is present"),
        ({"Null": {"k:k": "false"}}, {"k:k": ""}, "key `k:k` is absent"),
        (
            {"StringEquals": {"aws:TagKeys": "a"}},
            {"aws:TagKeys": ["a"]},
            "key `aws:TagKeys` may hold several values, which needs `ForAllValues` or `ForAnyValue`",
        ),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, {"aws:TagKeys": []}, "key `aws:TagKeys` holds no value"),
        (
            {"ForAllValues:StringLike": {"aws:TagKeys": "a*"}},
            {"aws:TagKeys": ["ab", "b"]},
            "value `b` matches none of `a*`",
        ),
        ({"StringEquals": {"k:k": ["a", "b", "c", "d"]}}, {"k:k": "e"}, "value `e` is none of `a`, `b`, `c`, ..."),
        ({"StringNotLike": {"k:k": ["b", "a*"]}}, {"k:k": "ab"}, "value `ab` matches `a*`"),
        ({"ArnNotLike": {"k:k": "arn:aws:s3:::b"}}, {"k:k": "x"}, "value `x` cannot be compared with `arn:aws:s3:::b`"),
        ({"NotIpAddress": {"k:k": "10.0.0.0/8"}}, {"k:k": "10.0.0.1"}, "value `10.0.0.1` lies in `10.0.0.0/8`"),
        ({"NumericLessThan": {"k:k": "5"}}, {"k:k": "7"}, "value `7` is not less than `5`"),
        ({"StringEquals": {"k:k": []}}, {"k:k": "7"}, "value `7` is none of an empty list"),
    ]
    for conditions, context, expected in rows:
        failed = explain(case(conditions, context))[-1].failed
        assert str(failed).partition("`: ")[2] == expected


def test_the_evaluator_knows_no_solver():
    """Its agreement with the encoding means something only if it shares nothing with it but the parsed documents."""
    folders = ("encode", "logic", "solve", "prove", "witness")
    names = ["z3", "cvc5", *(f"perimeter_smt.{folder}" for folder in folders)]
    script = f"import sys, perimeter_smt.evaluate; print([name for name in {names} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_exempting_statement_is_closest():
    """A statement that exempts the call by NotResource is named, not its neighbour for another action."""
    full = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    deny = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Condition": {"StringNotEquals": {"aws:ResourceOrgID": "o-acme0000001"}},
    }
    scp = {
        "Version": "2012-10-17",
        "Statement": [
            {**deny, "Sid": "Neighbour", "Action": "sqs:*", "Resource": "*"},
            {**deny, "Sid": "Exempts", "NotResource": "arn:aws:s3:::partner/*"},
        ],
    }
    principal = {"type": "user", "arn": "arn:aws:iam::111122223333:user/a", "account": "111122223333"}
    request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::partner/k", "resource_account": "444455556666"}
    value = {"policies": {"scp": [[full, scp]]}, "request": {**request, "principal": principal, "context": {}}}
    found = closest_denial(read_case(value, file="f", default_id="1"), about=("aws:resourceorg",))
    assert found.statement.sid == "Exempts"
    assert found.keys == ("aws:ResourceOrgID",)


def exempted(deny):
    """What is told of a Deny that exempts the request, of which nothing else fails."""
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", **deny}}
    principal = {"type": "user", "arn": "arn:aws:iam::111122223333:user/anna", "account": "111122223333"}
    request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::acme-logs/k", "resource_account": "111122223333"}
    body = {"policies": {"scp": [[document]]}, "request": {**request, "principal": principal, "context": {}}}
    return str(explain(read_case(body, file="case.json", default_id="1"))[0].failed)


def test_what_exempts_is_told_and_not_the_first_of_a_list():
    """The first three of a long list were told, whichever of them exempted the call."""
    others = ["sqs:*", "sns:*", "kms:*", "sts:*"]
    assert exempted({"NotAction": [*others, "s3:Get*"], "Resource": "*"}) == (
        "action `s3:GetObject` is exempt by `NotAction` `s3:Get*`"
    )
    buckets = [f"arn:aws:s3:::acme-{name}/*" for name in ("a", "b", "c", "logs", "d")]
    assert exempted({"Action": "*", "NotResource": buckets}) == (
        "resource `arn:aws:s3:::acme-logs/k` is exempt by `NotResource` `arn:aws:s3:::acme-logs/*`"
    )
