"""Condition operators: one row per operator, absent keys, set operators, open points (semantics 2)."""

from __future__ import annotations

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import match_statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import OPERATORS, Family
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.request import Request

WORKER = "arn:aws:iam::111111111111:role/app/Worker"


def holds(operator, key, values, context=None, *, rivals=(), version="2012-10-17", kind=Kind.IDENTITY):
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {operator: {key: values}}}
    if kind is Kind.RCP:
        statement["Principal"] = "*"
    document = parse_object({"Version": version, "Statement": statement}, kind, file="p", name="p", strict=False)
    principal = {"type": "user", "arn": "arn:aws:iam::111111111111:user/alice", "account": "111111111111"}
    request = {"principal": principal, "action": "s3:GetObject", "resource": "*", "context": context or {}}
    found = match_statement(document, document.statements[0], Request(**request), rivals=frozenset(rivals))
    assert found.matched or found.failed.part == "condition"
    return found.matched


# operator: key, policy values, a request value that satisfies it, one that does not, the answer for an absent key
TABLE = {
    "StringEquals": ("aws:username", ["a*", "b"], "a*", "ab", False),
    "StringNotEquals": ("aws:username", ["a*", "b"], "ab", "b", True),
    "StringEqualsIgnoreCase": ("aws:username", "PROD\xc9", "pRod\xe9", "prode", False),
    "StringNotEqualsIgnoreCase": ("aws:username", "PROD", "test", "pRod", True),
    "StringLike": ("aws:username", "a*:?", "a/b:c", "a/b:cd", False),
    "StringNotLike": ("aws:username", ["a*", "b"], "c", "abc", True),
    "NumericEquals": ("s3:max-keys", "1.20", "+12e-1", "1.21", False),
    "NumericNotEquals": ("s3:max-keys", ["1", "2"], "3", "2.0", True),
    "NumericLessThan": ("s3:max-keys", "10", "9.5", "10", False),
    "NumericLessThanEquals": ("s3:max-keys", "10", "10.0", "10.1", False),
    "NumericGreaterThan": ("s3:max-keys", "-1", "0", "-1", False),
    "NumericGreaterThanEquals": ("s3:max-keys", ["100", "10"], "10", "9", False),
    "DateEquals": ("aws:CurrentTime", "2025-01-01", "1735689600", "2025-01-01T00:00:01Z", False),
    "DateNotEquals": ("aws:CurrentTime", "2025", "2025-01-02", "2025-01-01T01:00+01:00", True),
    "DateLessThan": (
        "aws:CurrentTime",
        "2025-01-01T00:00:00.5Z",
        "2025-01-01T00:00:00Z",
        "2025-01-01T00:00:01Z",
        False,
    ),
    "DateLessThanEquals": ("aws:CurrentTime", "2025-01", "2025-01-01", "2025-01-01T00:00:00-00:01", False),
    "DateGreaterThan": ("aws:CurrentTime", "2025-01", "2025-02", "2025", False),
    "DateGreaterThanEquals": ("aws:CurrentTime", "2025", "2025", "2024-12-31T23:59:59Z", False),
    "Bool": ("aws:SecureTransport", "TRUE", "true", "false", False),
    "BinaryEquals": ("sample:bin", "QUJD", "QUJD", "QUJE", False),
    "IpAddress": ("aws:SourceIp", ["203.0.113.77/24", "2001:DB8:0:0::/64"], "2001:db8::1", "203.0.114.1", False),
    "NotIpAddress": ("aws:SourceIp", ["203.0.113.0/24", "198.51.100.7"], "2001:db8::7", "198.51.100.7", True),
    "ArnEquals": ("aws:PrincipalArn", "arn:aws:iam::*:role/*", WORKER, "arn:aws:iam::1:user/role/x", False),
    "ArnLike": ("aws:PrincipalArn", "arn:?ws:iam::1?1111111111:*/Worker", WORKER, WORKER + "s", False),
    "ArnNotEquals": ("aws:PrincipalArn", "arn:aws:iam::*:role/*", "arn:aws:iam::1:user/x", WORKER, True),
    "ArnNotLike": ("aws:PrincipalArn", ["*"], None, WORKER, True),
    "Null": ("aws:TokenIssueTime", "true", None, "2025-01-01", True),
}


def test_the_table_covers_every_operator():
    assert set(TABLE) == {row.name for row in OPERATORS}


@pytest.mark.parametrize("name", TABLE)
def test_operator(name):
    """True, false and absent; IfExists is true for absent keys and changes nothing else."""
    key, values, good, bad, absent = TABLE[name]
    assert good is None or holds(name, key, values, {key: good})
    assert not holds(name, key, values, {key: bad})
    assert holds(name, key, values) is absent
    if name != "Null":
        assert holds(f"{name}IfExists", key, values)
        assert not holds(f"{name}IfExists", key, values, {key: bad})


NEGATED = {row.name: row.negated for row in OPERATORS if row.family is not Family.NULL}


@pytest.mark.parametrize("name", NEGATED)
def test_set_operators(name):
    """ForAllValues lets absence and empty lists through, ForAnyValue does not; each element is tested on its own."""
    _, values, good, bad, _ = TABLE[name]
    for present in ({}, {"aws:TagKeys": ()}):
        assert holds(f"ForAllValues:{name}", "aws:TagKeys", values, present)
        assert not holds(f"ForAnyValue:{name}", "aws:TagKeys", values, present)
        assert holds(f"ForAnyValue:{name}IfExists", "aws:TagKeys", values, present)
        assert not holds(f"ForAnyValue:{name}IfExists", "aws:TagKeys", values, present, rivals=["X-5"])
        assert not holds(name, "aws:TagKeys", values, present)
        # The rule of absent keys speaks of all operators: X-6 read the other way.
        assert holds(name, "aws:TagKeys", values, present, rivals=["X-6"]) is NEGATED[name]
        assert holds(f"{name}IfExists", "aws:TagKeys", values, present, rivals=["X-6"])
    if good is not None:
        mixed = {"aws:TagKeys": (good, bad)}
        assert not holds(f"ForAllValues:{name}", "aws:TagKeys", values, mixed)
        assert holds(f"ForAnyValue:{name}", "aws:TagKeys", values, mixed)
        assert not holds(name, "aws:TagKeys", values, mixed)
        assert holds(name, "aws:TagKeys", values, mixed, rivals=["X-6"])
    assert not holds(f"ForAnyValue:{name}", "aws:TagKeys", values, {"aws:TagKeys": (bad,)})


@pytest.mark.parametrize("name", NEGATED)
def test_empty_value_list(name):
    """A positive operator with no values matches nothing; a negated one is refused (X-22)."""
    if NEGATED[name]:
        for operator in (name, f"ForAllValues:{name}", f"{name}IfExists"):
            with pytest.raises(InputError, match="is empty, expected values"):
                holds(operator, "aws:TagKeys", [])
        return
    assert not holds(name, "aws:username", [], {"aws:username": "x"})
    assert not holds(name, "aws:username", [])
    assert not holds(f"ForAllValues:{name}", "aws:TagKeys", [], {"aws:TagKeys": ("x",)})
    assert holds(f"ForAllValues:{name}", "aws:TagKeys", [])
    assert not holds(f"ForAnyValue:{name}", "aws:TagKeys", [], {"aws:TagKeys": ("x",)})
    assert not holds(f"{name}IfExists", "aws:username", [], {"aws:username": "x"})
    assert holds(f"{name}IfExists", "aws:username", [])


def test_null():
    assert holds("Null", "aws:TagKeys", "false", {"aws:TagKeys": ("a",)})
    assert holds("Null", "aws:TagKeys", "true", {"aws:TagKeys": ()})
    assert holds("Null", "aws:TagKeys", "true", {"aws:TagKeys": ("",)})
    assert holds("Null", "aws:username", ["true", "FALSE"], {"aws:username": "a"})
    assert not holds("Null", "aws:username", "yes", {"aws:username": "a"})
    assert not holds("Null", "aws:username", [])
    assert holds("ForAnyValue:Null", "aws:TagKeys", "true")


def test_set_operator_on_a_single_valued_key():
    assert holds("ForAllValues:StringEquals", "aws:username", "a")
    assert holds("ForAnyValue:StringEquals", "aws:username", "a", {"aws:username": "a"})
    assert not holds("ForAnyValue:StringNotEquals", "aws:username", "a")


def test_names_ignore_case_and_the_first_spelling_counts():
    assert holds("stringequals", "AWS:UserName", "a", {"aws:USERNAME": "a"})
    assert holds("StringEquals", "aws:PrincipalTag/T", "a", {"aws:PrincipalTag/t": "a", "aws:PrincipalTag/T": "b"})


@pytest.mark.parametrize(
    ("operator", "values", "value"),
    [
        ("Numeric", "10", "many"),
        ("Numeric", "many", "10"),
        ("Numeric", "0x10", "16"),
        ("Numeric", "1_0", "10"),
        ("Date", "never", "2025"),
        ("Date", "2025-02-30", "2025-02-30"),
        ("Date", "2025-01-01T24:00Z", "2025-01-02"),
        ("Date", "2025-01-01 00:00", "2025-01-01"),
    ],
)
def test_unparsable_values(operator, values, value):
    """What does not parse equals nothing: positive false, negated true, or false under the other reading (X-10)."""
    context = {"k:k": value}
    assert not holds(f"{operator}Equals", "k:k", values, context)
    assert holds(f"{operator}NotEquals", "k:k", values, context)
    assert not holds(f"{operator}NotEquals", "k:k", values, context, rivals=["X-10"])


@pytest.mark.parametrize(
    ("operator", "values", "value", "chosen", "rival"),
    [
        ("Bool", "yes", "yes", False, None),
        ("Bool", "${k:b}", "true", True, "X-15"),
        ("BinaryEquals", "#", "#", False, None),
        ("IpAddress", "nowhere", "nowhere", False, None),
        ("IpAddress", "203.0.113.0/24", "203.0.113.1/32", False, None),
        ("IpAddress", "203.0.113.0/255.255.255.0", "203.0.113.1", False, None),
        ("IpAddress", "0.0.0.0/0", "::ffff:203.0.113.1", False, None),
        ("IpAddress", "2001:db8::1", "2001:db8:ffff::1", False, "X-9"),
        ("IpAddress", "2001:db8::1", "2001:0DB8::0:1", True, None),
        ("NotIpAddress", "nowhere", "203.0.113.1", True, "X-10"),
        ("NotIpAddress", "203.0.113.0/24", "nowhere", True, "X-10"),
        ("StringEquals", "203.0.113.0/24", "203.0.113.1", False, None),
        ("NumericEquals", "1e400", "1e400", True, None),
        ("NumericEquals", ".1", "0.1000000000000000000000001", False, None),
        ("DateEquals", "2025", "2025", True, None),
        ("DateEquals", "2025", "1970-01-01T00:33:45Z", False, "X-14"),
        ("DateEquals", "12345", "1970-01-01T03:25:45Z", True, None),
        ("Null", "false", "", False, "X-8"),
        ("StringEquals", "", "", True, None),
        ("ForAllValues:StringEquals", "a", "", True, "X-8"),
        ("ForAnyValue:StringEquals", "", "", True, None),
        ("ForAllValues:Null", "false", "a", True, "X-30"),
        ("StringEquals", "${k:unset}", "a", False, None),
        ("StringNotEquals", "${k:unset}", "a", True, "X-16"),
        ("StringNotEquals", ["${k:unset}", "b"], "a", True, "X-16"),
        ("StringNotEqualsIfExists", "${k:unset}", "a", True, "X-16"),
        ("ForAllValues:StringEquals", "${k:unset}", "a", False, None),
        ("StringEquals", "${k:unset, 'a'}", "a", True, None),
        ("StringLike", "${k:unset, '*'}", "a", False, None),
        ("StringEquals", "${K:TAG}", "t", True, None),
        ("StringEquals", "<${k:empty, 'x'}>", "<>", True, None),
        ("StringEquals", "${aws:TagKeys}", "one", False, None),
        ("StringLike", "${k:star}/x", "a/x", False, "X-42"),
        ("StringEquals", "${k:star}/x", "*/x", True, None),
        ("StringLike", "a${*}${?}${$}", "a*?$", True, None),
        ("StringLike", "a${*}", "ab", False, None),
        ("StringEquals", "${open", "${open", True, None),
        ("ArnLike", "*", "arn:aws:s3:::x", True, None),
        ("ArnLike", "*", "x", False, None),
        ("ArnLike", "arn:aws:s3:::x", "x", False, None),
        ("ArnNotLike", "arn:aws:s3:::x", "x", False, "X-12"),
        ("ArnLike", "arn:aws:s3", "arn:aws:s3:::x", False, "X-13"),
        ("ArnNotLike", "arn:aws:s3", "arn:aws:s3:::x", True, "X-13"),
        ("ArnLike", "arn:aws:s3:*:x", "arn:aws:s3:::x", False, None),
        ("ArnLike", "arn:aws:s3:*:1:x", "arn:aws:s3:eu:2:a:1:x", False, "X-38"),
        ("ArnLike", "arn:aws:s3:::*", "arn:aws:s3:::a:b/c", True, None),
        ("ArnLike", "arn:AWS:s3:::x", "arn:aws:s3:::x", False, None),
        ("ArnLike", "arn:aws:s3::${k:colon}:x", "arn:aws:s3::1:2:x", False, None),
        ("ArnLike", "arn:aws:s3:::${k:colon}", "arn:aws:s3:::1:2", True, None),
        ("ArnLike", "arn:aws:s3:::${k:star}", "arn:aws:s3:::x", False, "X-42"),
        ("ArnNotLike", "arn:aws:s3:::${k:unset}", "arn:aws:s3:::x", True, "X-16"),
    ],
)
def test_values_and_open_points(operator, values, value, chosen, rival):
    """The chosen reading, and the other one where it differs."""
    context = {"k:k": value, "k:tag": "t", "k:empty": "", "k:star": "*", "k:colon": "1:2", "k:b": "True"}
    context["aws:TagKeys"] = ("one",)
    assert holds(operator, "k:k", values, context) is chosen
    if rival:
        assert holds(operator, "k:k", values, context, rivals=[rival]) is not chosen


def test_plain_text_without_variables():
    """Version 2008-10-17 knows no variables and no escapes; RCPs are read without under X-17."""
    context = {"k:k": "${k:t}", "k:t": "v"}
    assert holds("StringEquals", "k:k", "${k:t}", context, version="2008-10-17")
    assert not holds("StringEquals", "k:k", "${k:t}", context)
    assert holds("StringLike", "k:k", "${*}", context, version="2008-10-17")
    assert not holds("StringEquals", "k:k", "${k:t}", context, kind=Kind.RCP)
    assert holds("StringEquals", "k:k", "${k:t}", context, kind=Kind.RCP, rivals=["X-17"])
