"""What calls are asked about: names that can be, forms of ARNs, keys that are there, told by comparisons."""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world.catalogue import rows_of
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.compare import compare
from perimeter_smt.request.keys import table_rows
from tests.unit.test_prove_resources import MINE, policy


def compared(before, after):
    base = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return compare(policy(Kind.IDENTITY, base | before), policy(Kind.IDENTITY, base | after)).relation


def test_numbers_that_are_whole():
    """Below eight and at most seven is the same for days; not for numbers of an unknown key."""
    days = "kms:ScheduleKeyDeletionPendingWindowInDays"
    key = {"Action": "kms:ScheduleKeyDeletion"}
    less, most = (
        key | {"Condition": {op: {days: n}}} for op, n in (("NumericLessThan", 8), ("NumericLessThanEquals", 7))
    )
    assert compared(less, most) == "equivalent"
    assert (
        compared(
            key | {"Condition": {"NumericEquals": {days: "7.5"}}}, key | {"Condition": {"NumericEquals": {days: "8.5"}}}
        )
        == "equivalent"
    )
    assert compared(less, key | {"Condition": {"NumericLessThan": {days: 9}}}) == "more"
    both = key | {"Condition": {"NumericGreaterThan": {days: 7}, "NumericLessThanEquals": {days: 8}}}
    assert compared(both, key | {"Condition": {"NumericEquals": {days: 8}}}) == "equivalent"


@pytest.mark.parametrize(
    ("action", "key"), [("s3:GetObject", "s3:ResourceAccount"), ("kms:Decrypt", "kms:CallerAccount")]
)
def test_keys_that_are_always_there(action, key):
    """IfExists adds nothing to a test of a key that every call carries."""
    found = ({"Action": action, "Condition": {op: {key: MINE}}} for op in ("StringEquals", "StringEqualsIfExists"))
    assert compared(*found) == "equivalent"


@pytest.mark.parametrize(
    ("action", "pattern"),
    [
        ("dynamodb:UpdateGlobalTable", "arn:aws:dynamodb::*:global-table/*:*"),
        ("dynamodb:GetRecords", "arn:aws:dynamodb:*:*:table/*/stream/*:777766665555:*"),
        ("kms:CreateAlias", "arn:aws:kms:*:*:alias/*:*"),
        ("iam:GetRole", "arn:aws:iam::*:role/*:"),
        ("states:SendTaskSuccess", "arn:aws:states:*:*:activity:*:*"),
        ("states:StartExecution", "arn:aws:states:*:*:stateMachine:*:*:*:*"),
        ("s3:GetObject", "*"),
    ],
)
def test_names_that_cannot_be(action, pattern):
    """Patterns for names that the service refuses grant nothing; `*` is no object."""
    unwritten = [] if pattern == "*" else [pattern]
    covered = ["arn:aws:s3:*:*:*", "arn:aws:s3:::*"] if pattern == "*" else ["arn:aws:none:::x"]
    before = {"Action": action, "Resource": covered}
    after = {"Action": action, "Resource": [*covered, *unwritten] if unwritten else "*"}
    assert compared(before, after) == "equivalent"


def test_qualified_names_exist():
    """An alias of a function is called by its own ARN."""
    call = {"Action": "lambda:InvokeFunction"}
    plain = f"arn:aws:lambda:eu-west-1:{MINE}:function:f"
    assert compared(call | {"Resource": plain}, call | {"Resource": [plain, f"{plain}:live"]}) == "more"


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("codeartifact:GetPackageVersionReadme", "codeartifact:eu-west-1:{0}:package/tools/base/npm//pad"),
        ("execute-api:Invoke", "execute-api:eu-west-1:{0}:k2l9x0f3ab/live/GET/"),
        ("execute-api:Invoke", "execute-api:eu-west-1:{0}:k2l9x0f3ab/live/$connect"),
        ("ssmmessages:OpenDataChannel", "ssm:eu-west-1:{0}:session/kim-0a1b2c3d"),
        ("mediastore:ListItems", "mediastore:eu-west-1:{0}:container/films/"),
        ("vpc-lattice-svcs:Invoke", "vpc-lattice:eu-west-1:{0}:service/svc-0a1b2c3d4e5f60718/"),
    ],
)
def test_names_that_the_service_reference_does_not_write_exist(action, name):
    """A package without a namespace, the root path of an API, a session: what policies grant on it alone was nothing.

    CodeArtifact guide, permissions reference; API Gateway guide, IAM authorization of WebSocket APIs; Systems Manager
    guide, sample policies for Session Manager.
    """
    before = {"Action": action, "Resource": "arn:aws:none:::x"}
    assert compared(before, before | {"Resource": f"arn:aws:{name.format(MINE)}"}) == "more"


def test_qualified_names_are_of_types_that_calls_use():
    """A row whose type the reference writes otherwise would add no call."""
    for row in table_rows("qualified-names"):
        found = {(call.type, call.name) for call in rows_of(row["service"])}
        assert (row["type"], row["name"]) in found


@pytest.mark.parametrize(
    ("action", "plain", "starred"),
    [
        ("logs:PutRetentionPolicy", "equivalent", "more"),
        ("logs:DeleteLogGroup", "equivalent", "more"),
        ("logs:TagLogGroup", "equivalent", "more"),
        ("logs:TagResource", "more", "equivalent"),
        ("logs:UntagResource", "more", "equivalent"),
        ("logs:ListTagsForResource", "more", "equivalent"),
    ],
)
def test_log_groups_are_written_with_a_star_but_in_calls_on_their_tags(action, plain, starred):
    """Both forms were asked about: a Deny on the one that AWS documents was refuted by a call that writes the other.

    CloudWatch Logs API reference, LogGroup: `arn` ends in `:*` and is for most actions; `logGroupArn` does not, for
    TagResource, UntagResource and ListTagsForResource.
    """
    group = f"arn:aws:logs:eu-west-1:{MINE}:log-group:/acme/app"
    before = {"Action": action, "Resource": "arn:aws:none:::x"}
    assert compared(before, {"Action": action, "Resource": group}) == plain
    assert compared(before, {"Action": action, "Resource": f"{group}:*"}) == starred


def test_log_groups_as_denied_messages_write_them():
    """A pattern for the streams of a group takes calls on the group as well: messages of AWS write it like one."""
    group = f"arn:aws:logs:eu-west-1:{MINE}:log-group:/acme/app"
    before = {"Action": "logs:FilterLogEvents", "Resource": "arn:aws:none:::x"}
    assert compared(before, before | {"Resource": f"{group}:log-stream:*"}) == "more"
    assert compared(before | {"Resource": f"{group}:log-stream:*"}, before | {"Resource": f"{group}:*"}) == "more"
