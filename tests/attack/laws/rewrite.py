"""Rewritings of the statements of a policy that mean the same to AWS. Each has the sentence that says so.

A rewriting takes one statement and returns those that stand in its place; None where it does not apply.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Family, Operator, Quantifier, parse_operator
from tests.attack.laws.documents import Statement, many

Rewriting = Callable[[Random, Kind, Statement], "list[Statement] | None"]
Test = tuple[str, str, Any]  # operator, key, values


def _with(st: Statement, **more: Any) -> Statement:
    return {**copy.deepcopy(st), **more}


def _apart(st: Statement, name: str) -> list[Statement] | None:
    values = st.get(name)
    return [_with(st, **{name: value}) for value in values] if isinstance(values, list) and len(values) > 1 else None


def tests(st: Statement) -> list[Test]:
    """The conditions, one by one."""
    block = st.get("Condition", {})
    return [(operator, key, values) for operator, keys in block.items() for key, values in keys.items()]


def conditioned(st: Statement, found: list[Test]) -> Statement | None:
    """The statement with these conditions alone; None where two stand at the same place."""
    block: dict[str, dict[str, Any]] = {}
    for operator, key, values in found:
        at = block.setdefault(operator, {})
        if any(key.lower() == other.lower() for other in at):
            return None
        at[key] = values
    out = {name: value for name, value in copy.deepcopy(st).items() if name != "Condition"}
    return {**out, "Condition": block} if block else out


def split_actions(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """A list of actions matches where one of them does (IAM guide, Action)."""
    return _apart(st, "Action")


def split_resources(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """A list of resources matches where one of them does (IAM guide, Resource)."""
    return _apart(st, "Resource")


def split_principals(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """Each principal of a list is one (IAM guide, Principal: "a logical OR and not a logical AND")."""
    named = st.get("Principal")
    if not isinstance(named, dict):
        return None
    parts = [{kind: value} for kind, values in named.items() for value in many(values)]
    return [_with(st, Principal=part) for part in parts] if len(parts) > 1 else None


def split_values(rng: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """Values of one key are evaluated by a logical OR (IAM guide, several keys or values): positive ones split.

    `ForAllValues` does not: two request values may match one policy value each.
    """
    all_tests = tests(st)
    rng.shuffle(all_tests)
    for operator, key, values in all_tests:
        read = parse_operator(operator)
        if read.base.negated or read.quantifier is Quantifier.FOR_ALL or len(many(values)) < 2:
            continue
        out = []
        for value in values:
            new = copy.deepcopy(st)
            new["Condition"][operator][key] = value
            out.append(new)
        return out
    return None


def negated_values_apart(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """Values of a negated operator are a NOR: two conditions, the one with IfExists, say the same."""
    for operator, key, values in tests(st):
        read = parse_operator(operator)
        if not read.base.negated or read.quantifier or len(many(values)) < 2:
            continue
        other = operator.removesuffix("IfExists") if read.if_exists else f"{operator}IfExists"
        rest = [one for one in tests(st) if one[:2] != (operator, key)]
        new = conditioned(st, [*rest, (operator, key, values[:1]), (other, key, values[1:])])
        if new is not None:
            return [new]
    return None


def _if_exists_turned(st: Statement, idle: Callable[[Operator], bool]) -> list[Statement] | None:
    """IfExists added to, or taken from, the operators on which it changes nothing."""
    found = []
    for operator, key, values in tests(st):
        read = parse_operator(operator)
        if idle(read):
            operator = operator.removesuffix("IfExists") if read.if_exists else f"{operator}IfExists"
        found.append((operator, key, values))
    return _one(st, conditioned(st, found))


def if_exists_of_negated(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """A negated operator matches where the key is absent, with IfExists and without (IAM guide, IfExists)."""
    return _if_exists_turned(st, lambda read: read.base.negated and read.quantifier is not Quantifier.FOR_ANY)


def if_exists_of_all_values(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """ForAllValues is true where the key is absent; so IfExists adds nothing to it."""
    return _if_exists_turned(st, lambda read: read.quantifier is Quantifier.FOR_ALL)


def presence_said(rng: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """A positive operator without IfExists does not match an absent key: `Null: false` beside it adds nothing."""
    able = []
    for operator, key, _values in tests(st):
        read = parse_operator(operator)
        positive = not read.base.negated and not read.if_exists and read.quantifier is not Quantifier.FOR_ALL
        if positive and read.base.family is not Family.NULL:
            able.append(key)
    if not able:
        return None
    return _one(st, conditioned(st, [*tests(st), ("Null", rng.choice(able), "false")]))


def like_of_equals(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """Without wildcards and variables `Like` matches what `Equals` does; ArnEquals and ArnLike behave identically."""
    found = []
    for operator, key, values in tests(st):
        plain = not any(sign in value for value in many(values) for sign in "*?$")
        head, _, base = operator.rpartition(":")
        bare = base.removesuffix("IfExists")
        ends = base[len(bare) :]
        pairs = {"ArnEquals": "ArnLike", "ArnNotEquals": "ArnNotLike"}
        if plain:
            pairs |= {"StringEquals": "StringLike", "StringNotEquals": "StringNotLike"}
        pairs |= {other: one for one, other in pairs.items()}
        new = pairs.get(bare, bare) + ends
        found.append((f"{head}:{new}" if head else new, key, values))
    return _one(st, conditioned(st, found))


def cases(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """Services, actions and condition keys are read without regard to case; values are not."""

    def other(text: str) -> str:
        return rng.choice((text.lower(), text.upper(), text.swapcase()))

    out = copy.deepcopy(st)
    for name in ("Action", "NotAction"):
        if name in st:
            out[name] = [other(value) for value in many(st[name])]
    new = conditioned(out, [(operator, other(key), values) for operator, key, values in tests(st)])
    return _one(st, new)


def order(rng: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """No list and no member of a policy has an order."""

    def mixed(value: Any) -> Any:
        if isinstance(value, list):
            return rng.sample(value, len(value))
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in rng.sample(sorted(value), len(value))}
        return value

    out: Statement = mixed(st)
    return [out]


def sid(rng: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """A Sid names a statement and means nothing."""
    return [_with(st, Sid=f"Statement{rng.randrange(10**9)}")]


def with_subsumed_values(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """A value beside a pattern that matches it adds nothing, under Not elements neither."""
    out = copy.deepcopy(st)
    for name in ("Action", "NotAction"):
        wide = [value for value in many(st.get(name, [])) if value.endswith(":*")]
        if wide:
            out[name] = [*many(st[name]), wide[0].removesuffix("*") + rng.choice(("Get*", "PutObject", "Describe?"))]
    if out.get("Resource") == "*" and kind is not Kind.BUCKET:
        out["Resource"] = ["*", "arn:aws:sqs:*:111111111111:orders"]
    return _one(st, out)


def duplicate(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """The same statement twice."""
    return [{k: v for k, v in st.items() if k != "Sid"}, copy.deepcopy(st)]


def subsumed(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """A statement that matches less than one of the same effect."""
    less = {name: value for name, value in copy.deepcopy(st).items() if name != "Sid"}
    if rng.random() < 0.5 and isinstance(less.get("Action"), str) and less["Action"].endswith("*"):
        less["Action"] = less["Action"].removesuffix("*") + "Get*"
    else:
        one, _other = rng.choice(COMPLEMENTS)
        new = conditioned(less, [*tests(less), one])
        if new is None:
            return None
        less = new
    return rng.sample([st, less], 2)


def by_condition(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """A statement is the same as it under a condition and it under the opposite of the condition."""
    one, other = rng.choice(COMPLEMENTS)
    parts = [conditioned(st, [*tests(st), each]) for each in rng.sample((one, other), 2)]
    return None if None in parts else [{k: v for k, v in part.items() if k != "Sid"} for part in parts if part]


def by_action(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """Every action is among some or among all but these (IAM guide, NotAction)."""
    if st.get("Action") not in ("*", ["*"], "*:*", ["*:*"]) or kind is Kind.TRUST:
        return None
    some = rng.choice((["s3:Get*", "sqs:*"], ["sts:AssumeRole"], ["kms:*", "s3:*", "sns:Publish"], ["lambda:*"]))
    rest = {name: value for name, value in copy.deepcopy(st).items() if name not in ("Action", "Sid")}
    return [{**rest, "Action": some}, {**rest, "NotAction": some}]


def by_resource(rng: Random, kind: Kind, st: Statement) -> list[Statement] | None:
    """Every resource is among some or among all but these (IAM guide, NotResource)."""
    if st.get("Resource") not in ("*", ["*"]) or kind in (Kind.BUCKET, Kind.KMS):
        return None
    some = rng.choice((["arn:aws:s3:::acme-*"], ["arn:aws:*:*:111111111111:*"], ["arn:aws:iam::*:role/app/*"],
                       ["arn:aws:sqs:us-east-1:*:orders", "arn:aws:s3:::acme-data/*"]))  # fmt: skip
    rest = {name: value for name, value in copy.deepcopy(st).items() if name not in ("Resource", "Sid")}
    return [{**rest, "Resource": some}, {**rest, "NotResource": some}]


def account_as_root(_: Random, _kind: Kind, st: Statement) -> list[Statement] | None:
    """The id of an account and the ARN of its root say the same in Principal (IAM guide, account principals)."""
    named = st.get("Principal")
    if not isinstance(named, dict) or "AWS" not in named:
        return None

    def other(value: str) -> str:
        if value.isdigit():
            return f"arn:aws:iam::{value}:root"
        return value.split(":")[4] if value.startswith("arn:aws:iam::") and value.endswith(":root") else value

    return _one(st, _with(st, Principal={**named, "AWS": [other(value) for value in many(named["AWS"])]}))


def _one(old: Statement, new: Statement | None) -> list[Statement] | None:
    return None if new is None or new == old else [new]


# Conditions of which exactly one holds, whatever the request is. A positive operator fails where the key is absent,
# the negated one holds; ForAnyValue fails without values, ForAllValues holds.
COMPLEMENTS: tuple[tuple[Test, Test], ...] = (
    *((("StringEquals", key, value), ("StringNotEquals", key, value)) for key, value in (
        ("aws:PrincipalOrgID", "o-myorg00001"), ("aws:PrincipalAccount", ["111111111111", "555555555555"]),
        ("aws:ResourceAccount", "111111111111"), ("aws:ResourceOrgID", "${aws:PrincipalOrgID}"),
        ("aws:RequestedRegion", "eu-west-1"), ("aws:PrincipalTag/team", "red"), ("aws:ResourceTag/team", "blue"),
        ("aws:SourceVpce", "vpce-0a00000000000000a"), ("aws:SourceAccount", "111111111111"), ("aws:username", "alice"),
        ("aws:PrincipalType", "AssumedRole"), ("aws:SourceVpc", "vpc-0a000000000000001"),
        ("aws:PrincipalTag/team", "${aws:ResourceTag/team}"), ("s3:ResourceAccount", "222222222222"),
        ("kms:ViaService", "s3.us-east-1.amazonaws.com"), ("aws:RequestTag/team", "red"))),
    (("StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/app/*"),
     ("StringNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/app/*")),
    (("StringLike", "aws:userid", "*:i-*"), ("StringNotLike", "aws:userid", "*:i-*")),
    (("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111111111111:*"),
     ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111111111111:*")),
    (("ArnEquals", "aws:SourceArn", "arn:aws:*:*:111111111111:*"),
     ("ArnNotEquals", "aws:SourceArn", "arn:aws:*:*:111111111111:*")),
    (("IpAddress", "aws:SourceIp", "203.0.113.0/25"), ("NotIpAddress", "aws:SourceIp", "203.0.113.0/25")),
    (("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "RED"),
     ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", "RED")),
    *((("Null", key, "true"), ("Null", key, "false")) for key in (
        "aws:PrincipalOrgID", "aws:SourceVpce", "aws:SourceIp", "aws:ResourceOrgID", "aws:TokenIssueTime",
        "aws:SourceIdentity", "aws:MultiFactorAuthPresent", "aws:SourceArn", "aws:PrincipalTag/team")),
    *((("Bool", key, "true"), ("BoolIfExists", key, "false")) for key in (
        "aws:SecureTransport", "aws:ViaAWSService", "aws:PrincipalIsAWSService", "aws:MultiFactorAuthPresent")),
    *((("ForAnyValue:StringLike", key, value), ("ForAllValues:StringNotLike", key, value)) for key, value in (
        ("aws:PrincipalOrgPaths", "o-myorg00001/r-ab12/ou-ab12-work0001/*"), ("aws:ResourceOrgPaths", "o-myorg00001/*"),
        ("aws:CalledVia", "athena.*"), ("aws:PrincipalServiceNamesList", "cloudtrail.*"), ("aws:TagKeys", "te*"))),
    (("ForAnyValue:StringNotEquals", "aws:TagKeys", "team"), ("ForAllValues:StringEquals", "aws:TagKeys", "team")),
    (("DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"),
     ("DateGreaterThanEqualsIfExists", "aws:CurrentTime", "2027-01-01T00:00:00Z")),
)  # fmt: skip

REWRITINGS: dict[str, Rewriting] = {
    "actions apart": split_actions,
    "resources apart": split_resources,
    "principals apart": split_principals,
    "values apart": split_values,
    "negated values apart": negated_values_apart,
    "IfExists of negated operators": if_exists_of_negated,
    "IfExists of ForAllValues": if_exists_of_all_values,
    "Null beside a positive operator": presence_said,
    "Like for Equals": like_of_equals,
    "case of actions and keys": cases,
    "order of lists and members": order,
    "Sids": sid,
    "subsumed values": with_subsumed_values,
    "statements twice": duplicate,
    "subsumed statements": subsumed,
    "condition and its opposite": by_condition,
    "Action and NotAction": by_action,
    "Resource and NotResource": by_resource,
    "account id and root ARN": account_as_root,
}

__all__ = ["COMPLEMENTS", "REWRITINGS", "conditioned", "tests"]
