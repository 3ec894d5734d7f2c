"""The evaluator and the encoding agree: on a few hundred random pairs, and where they once did not.

`tests.attack.agreement` holds the comparison and the long run; docs/verification/agreement.md says what the
long runs found.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings

from perimeter_smt.evaluate import decide, match_statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.case import read_case
from perimeter_smt.request.request import Request
from tests.attack.agreement import (
    compare_decision,
    compare_statement,
    condition_cases,
    decision_cases,
    encoded_decision,
    encoded_match,
    statement_cases,
)

# An example is some policies with four or five requests: under the default profile of 100 examples about 150 pairs
# for each of the two tests. `--hypothesis-profile` with more examples makes a longer run.
short = settings(
    max_examples=max(1, settings().max_examples // 3),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@short
@given(statement_cases())
def test_statements_match_alike(found):
    """One statement of any kind of policy, under the chosen reading or with some points read the other way."""
    assert compare_statement(found)[1] is None


@short
@given(condition_cases())
def test_conditions_hold_alike(found):
    """Conditions by themselves: in whole statements most of them stand behind an action that does not match."""
    assert compare_statement(found)[1] is None


@short
@given(decision_cases())
def test_decisions_are_alike(found):
    """Whole decisions, with every slot of policies, every kind of caller and some points read the other way."""
    assert compare_decision(found)[1] is None


MINE, OTHER = "111111111111", "666666666666"
USER = {"type": "user", "arn": f"arn:aws:iam::{MINE}:user/alice", "account": MINE}
ROLE = {
    "type": "role-session",
    "arn": f"arn:aws:sts::{MINE}:assumed-role/Worker/job-1",
    "account": MINE,
    "role_arn": f"arn:aws:iam::{MINE}:role/app/Worker",
}
THIEF = {
    "type": "role-session",
    "arn": f"arn:aws:sts::{OTHER}:assumed-role/Thief/s1",
    "account": OTHER,
    "role_arn": f"arn:aws:iam::{OTHER}:role/Thief",
}
ROOT = {"type": "root", "arn": f"arn:aws:iam::{MINE}:root", "account": MINE}
MANAGER = {**USER, "management_account": True}
BY_ROOT = {
    "type": "federated-user",
    "arn": f"arn:aws:sts::{MINE}:federated-user/bob",
    "account": MINE,
    "made_by_root": True,
}
OIDC = {"type": "federated-sts", "provider": "idp.example.com"}
SERVICE = {"type": "service", "arn": "cloudtrail.amazonaws.com"}
ANONYMOUS = {"type": "anonymous"}
ROLE_ARN, KEY = f"arn:aws:iam::{MINE}:role/app/Worker", f"arn:aws:kms:us-east-1:{MINE}:key/1234abcd"
QUEUE, OBJECT = f"arn:aws:sqs:us-east-1:{MINE}:alerts", "arn:aws:s3:::data-a/reports/q1.csv"
TOPIC = f"arn:aws:sns:us-east-1:{MINE}:alerts"


def policy(effect, action, resource="*", **rest):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **rest}
    return {"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]}


def trust(effect, action, principal):
    return policy(effect, action, None, Principal=principal)


ALL = policy("Allow", "*")
RCP_ALL = policy("Allow", "*", Principal="*")
S3_ONLY = policy("Allow", "s3:*")


@dataclass(frozen=True)
class Row:
    """A decision on which the two readings once differed, or its neighbour on the other side of the rule."""

    id: str
    source: str  # section of the semantics, and the AWS page behind it
    caller: dict
    action: str
    resource: str
    expected: str
    policies: dict
    flags: dict | None = None
    rivals: tuple[str, ...] = ()

    def case(self):
        account = self.resource.split(":", 5)[4] if self.resource != "*" else ""
        request = {
            "principal": self.caller,
            "action": self.action,
            "resource": self.resource,
            "resource_account": account or MINE,
            "context": {},
        }
        return {"policies": self.policies, "request": request, "flags": self.flags or {}}


WEB, TOKEN = "sts:AssumeRoleWithWebIdentity", "sts:GetSessionToken"
STAR_AWS, STAR = {"AWS": "*"}, "*"
DENY_S3_RCP = policy("Deny", "s3:*", Principal="*")
PUBLIC = policy("Allow", "*", Principal="*")
ONLY_ACCOUNT = policy("Allow", "kms:*", Principal={"AWS": MINE})
DENY_RETIRE = policy("Deny", "kms:RetireGrant", Principal="*")
CAUGHT = policy("Deny", "sqs:*", NotPrincipal=STAR_AWS)

# fmt: off
DECISIONS = (
    Row("AWS star names no OIDC caller", "1.6.3; page Principal: `AWS` names accounts, users, roles, sessions",
        OIDC, WEB, ROLE_ARN, "deny", {"resource": trust("Allow", WEB, STAR_AWS)}),
    Row("lone star names an OIDC caller", "1.6.3",
        OIDC, WEB, ROLE_ARN, "allow", {"resource": trust("Allow", WEB, STAR)}),
    Row("KMS grant on a queue", "3.7; KMS guide, grants are for keys",
        USER, "sqs:SendMessage", QUEUE, "deny", {}, {"kms_grant": True}),
    Row("KMS grant on a key", "3.7",
        USER, "kms:Decrypt", KEY, "allow", {}, {"kms_grant": True}),
    Row("anonymous caller with a KMS grant", "3.4: KMS takes no unsigned calls",
        ANONYMOUS, "kms:Decrypt", KEY, "deny", {"resource": PUBLIC}, {"kms_grant": True}),
    Row("NotPrincipal star and a boundary", "1.6.5; page NotPrincipal: denies any caller with a boundary",
        USER, "sqs:SendMessage", QUEUE, "deny", {"identity": [ALL], "boundary": ALL, "resource": CAUGHT}),
    Row("NotPrincipal star without a boundary", "1.6.5",
        USER, "sqs:SendMessage", QUEUE, "allow", {"identity": [ALL], "resource": CAUGHT}),
    Row("root ARN of another partition", "1.6.3, notes: cross-partition principals are not valid",
        USER, "kms:Decrypt", KEY, "deny",
        {"identity": [ALL], "resource": policy("Allow", "kms:*", Principal={"AWS": f"arn:aws-cn:iam::{MINE}:root"})}),
    Row("GetSessionToken and a silent boundary", "3.8; page on permissions for GetSessionToken",
        USER, TOKEN, "*", "allow", {"boundary": S3_ONLY}),
    Row("GetSessionToken and a Deny of the caller's own", "3.8",
        USER, TOKEN, "*", "allow", {"identity": [policy("Deny", "sts:*")]}),
    Row("GetSessionToken and a resource policy", "3.8: resource policies have no say",
        USER, TOKEN, "*", "allow", {"resource": policy("Deny", "*", Principal="*")}),
    Row("GetSessionToken by a service that a resource policy names", "3.8: users and root users only",
        SERVICE, TOKEN, "*", "deny", {"resource": PUBLIC}),
    Row("GetSessionToken and an SCP", "3.8: SCPs stay",
        USER, TOKEN, "*", "deny", {"scp": [[ALL, policy("Deny", "sts:*")]]}),
    Row("GetSessionToken by a role session", "3.5; STS page that compares its operations",
        ROLE, TOKEN, "*", "deny", {"identity": [ALL]}),
    Row("RestrictPublicBuckets and a queue", "3.7: Block Public Access is of S3",
        THIEF, "sqs:SendMessage", QUEUE, "allow", {"identity": [ALL], "resource": PUBLIC},
        {"s3_restrict_public_buckets": True}),
    Row("RestrictPublicBuckets and a bucket", "3.7; S3 guide, Blocking public access",
        THIEF, "s3:GetObject", OBJECT, "deny", {"identity": [ALL], "resource": PUBLIC},
        {"s3_restrict_public_buckets": True}),
    Row("object key like a service-linked role", "3.3: the exemption is for assuming such a role",
        SERVICE, "s3:GetObject", "arn:aws:s3:::role/aws-service-role/x", "deny",
        {"resource": PUBLIC, "rcp": [[RCP_ALL, DENY_S3_RCP]]}),
    Row("a service assumes its service-linked role", "3.3; RCP page",
        SERVICE, "sts:AssumeRole", f"arn:aws:iam::{MINE}:role/aws-service-role/backup.amazonaws.com/R", "allow",
        {"resource": trust("Allow", "sts:AssumeRole", {"Service": "cloudtrail.amazonaws.com"}),
         "rcp": [[RCP_ALL, policy("Deny", "sts:*", Principal="*")]]}),
    Row("an empty list of session policies", "3.4: no session policy passed",
        ROLE, "sqs:SendMessage", QUEUE, "allow", {"identity": [ALL], "session": []}),
    Row("token made by the root user, silent boundary", "3.4; page Principal, federated users of the root user",
        BY_ROOT, "sqs:SendMessage", QUEUE, "allow", {"boundary": S3_ONLY, "session": [ALL]}),
    Row("token made by the root user, no session policy", "3.4: default session policy denies all",
        BY_ROOT, "sqs:SendMessage", QUEUE, "deny", {"identity": [ALL]}),
    Row("RetireGrant and a Deny in the key policy", "3.7; KMS guide, retiring and revoking grants",
        USER, "kms:RetireGrant", KEY, "allow", {"resource": DENY_RETIRE}, {"kms_grant": True}),
    Row("RetireGrant without a grant", "3.7",
        USER, "kms:RetireGrant", KEY, "deny", {"identity": [ALL], "resource": ONLY_ACCOUNT}),
    Row("alias: no key policy to ask", "3.4, 1.5.8; KMS guide, access to aliases",
        USER, "kms:CreateAlias", f"arn:aws:kms:us-east-1:{MINE}:alias/a", "allow", {"identity": [ALL]}),
    Row("KMS call that takes no key", "3.4",
        USER, "kms:ListKeys", "*", "allow", {"identity": [ALL]}),
    Row("key without a word of its policy", "3.4; page Policy evaluation: key policies are an exception",
        USER, "kms:Decrypt", KEY, "deny", {"identity": [ALL]}),
    Row("TagSession needs the trust policy", "3.6; page Session tags",
        USER, "sts:TagSession", ROLE_ARN, "deny", {"identity": [ALL]}),
    Row("TagSession named by the trust policy", "3.6",
        USER, "sts:TagSession", ROLE_ARN, "allow",
        {"identity": [ALL], "resource": trust("Allow", "sts:TagSession", {"AWS": MINE})}),
    Row("AssumeRoot from the management account", "3.6",
        MANAGER, "sts:AssumeRoot", "arn:aws:iam::222222222222:root", "allow", {"identity": [ALL]}),
    Row("AssumeRoot from a member account", "3.6; STS API, AssumeRoot",
        USER, "sts:AssumeRoot", "arn:aws:iam::222222222222:root", "deny", {"identity": [ALL]}),
    Row("GetCallerIdentity and an SCP", "3.8, X-39",
        USER, "sts:GetCallerIdentity", "*", "allow", {"scp": [[policy("Deny", "*")]]}),
    Row("GetCallerIdentity and an SCP, read the other way", "X-39",
        USER, "sts:GetCallerIdentity", "*", "deny", {"scp": [[policy("Deny", "*")]]}, None, ("X-39",)),
    Row("GetCallerIdentity and own denies, read the other way", "3.8: own policies never stop it",
        USER, "sts:GetCallerIdentity", "*", "allow", {"identity": [policy("Deny", "*")]}, None, ("X-39",)),
    Row("RCP and an action without resource types", "3.3, X-18",
        USER, "s3:ListAllMyBuckets", "*", "deny", {"identity": [ALL], "rcp": [[RCP_ALL, DENY_S3_RCP]]}),
    Row("RCP and such an action of the management account", "3.3: its resources have no RCP",
        MANAGER, "s3:ListAllMyBuckets", "*", "allow", {"identity": [ALL], "rcp": [[RCP_ALL, DENY_S3_RCP]]}),
    Row("root user edits a queue policy that denies all", "3.5",
        ROOT, "sqs:SetQueueAttributes", QUEUE, "allow", {"resource": policy("Deny", "*", Principal="*")}),
    Row("root user sends to a queue that denies all", "3.5",
        ROOT, "sqs:SendMessage", QUEUE, "deny", {"resource": policy("Deny", "*", Principal="*")}),
    Row("an SCP level without Allow", "3.3: every level has to allow",
        USER, "sqs:SendMessage", QUEUE, "deny", {"identity": [ALL], "scp": [[ALL], [S3_ONLY]]}),
    Row("the first SCP level without Allow", "3.3",
        USER, "sqs:SendMessage", QUEUE, "deny", {"identity": [ALL], "scp": [[S3_ONLY], [ALL]]}),
    Row("SCPs that allow at every level", "3.3", USER, "sqs:SendMessage", QUEUE, "allow",
        {"identity": [ALL], "scp": [[ALL], [S3_ONLY, ALL]]}),
    Row("SCPs and the management account", "3.3",
        MANAGER, "sqs:SendMessage", QUEUE, "allow", {"identity": [ALL], "scp": [[policy("Deny", "*")]]}),
    Row("an RCP of the last level", "3.3: denies of every level count",
        USER, "sqs:SendMessage", QUEUE, "deny",
        {"identity": [ALL], "rcp": [[RCP_ALL], [RCP_ALL, policy("Deny", "sqs:*", Principal="*")]]}),
    Row("a service that RCPs do not bind", "3.3, list of services",
        USER, "sns:Publish", TOPIC, "allow",
        {"identity": [ALL], "rcp": [[RCP_ALL, policy("Deny", "sns:*", Principal="*")]]}),
    Row("Deny of an identity policy beside its Allow", "3.2: explicit deny",
        USER, "sqs:SendMessage", QUEUE, "deny", {"identity": [ALL, policy("Deny", "sqs:*")]}),
    Row("a boundary that is silent", "3.4", USER, "sqs:SendMessage", QUEUE, "deny",
        {"identity": [ALL], "boundary": S3_ONLY}),
    Row("role ARN and a silent boundary", "3.4; boundary page: role ARNs do not step over it",
        ROLE, "sqs:SendMessage", QUEUE, "deny",
        {"boundary": S3_ONLY, "resource": policy("Allow", "sqs:*", Principal={"AWS": ROLE_ARN})}),
    Row("session ARN and a silent boundary", "3.4: the session itself steps over implicit denies",
        ROLE, "sqs:SendMessage", QUEUE, "allow",
        {"boundary": S3_ONLY, "resource": policy("Allow", "sqs:*", Principal={"AWS": ROLE["arn"]})}),
    Row("a grant across accounts without the caller's side", "3.4",
        THIEF, "sqs:SendMessage", QUEUE, "deny", {"resource": PUBLIC}),
    Row("a grant across accounts with both sides", "3.4",
        THIEF, "sqs:SendMessage", QUEUE, "allow", {"identity": [ALL], "resource": PUBLIC}),
    Row("bucket policy read across accounts", "3.7; S3 API, GetBucketPolicy",
        THIEF, "s3:GetBucketPolicy", "arn:aws:s3:::data-a", "deny", {"identity": [ALL], "resource": PUBLIC}),
)
# fmt: on


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row.id)
def test_decision_of_both_readings(row):
    """The evaluator and the encoding both give the answer of the semantics."""
    case, rivals = read_case(row.case(), file="row", default_id=row.id), frozenset(row.rivals)
    allowed = row.expected == "allow"
    assert (decide(case, rivals=rivals).allowed, encoded_decision(case, rivals)) == (allowed, allowed), row.source


@dataclass(frozen=True)
class Match:
    """One statement against one request, likewise."""

    id: str
    source: str
    kind: str
    statement: dict
    expected: bool
    caller: dict
    context: dict
    has_boundary: bool = False
    version: str = "2012-10-17"


NOBODY_BUT_AWS = {"Effect": "Deny", "NotPrincipal": STAR_AWS}
ROLES = {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:role/*"}}}
TAG = "aws:PrincipalTag/team"
VARIABLE = {"Condition": {"StringEquals": {TAG: "${aws:username}"}}}
# fmt: off
STATEMENTS = (
    Match("empty fields of an ARN pattern", "2.7", "identity", ROLES, True, ROLE, {"aws:PrincipalArn": ROLE_ARN}),
    Match("a star that runs on makes padding needless", "1.5.2, 1.5.4, X-1; page Resource",
          "identity", {"Resource": "arn:aws:s*"}, True, USER, {}),
    Match("a star in the middle of a short pattern", "1.5.2, R06; page Resource",
          "identity", {"Resource": "arn:aws:sqs:*:alerts"}, True, USER, {}),
    Match("AWS star in NotPrincipal exempts no OIDC caller", "1.6.5: its own entry, or a star that names it",
          "resource", NOBODY_BUT_AWS, True, OIDC, {}),
    Match("AWS star in NotPrincipal exempts a user", "1.6.5", "resource", NOBODY_BUT_AWS, False, USER, {}),
    Match("NotAction leaves out what it names", "1.4", "identity",
          {"Action": None, "NotAction": "sqs:*"}, False, USER, {}),
    Match("and matches the rest", "1.4", "identity", {"Action": None, "NotAction": "s3:*"}, True, USER, {}),
    Match("a partial wildcard in Principal", "1.6.3: never expands, Q02", "resource",
          {"Principal": {"AWS": f"arn:aws:iam::{MINE}:role/*"}}, False, ROLE, {}),
    Match("variables under Version 2008 are plain text", "1.7, R12, R13; page Version",
          "identity", VARIABLE, False, USER, {TAG: "red", "aws:username": "red"}, version="2008-10-17"),
    Match("a value that looks like one equals it there", "1.7",
          "identity", VARIABLE, True, USER, {TAG: "${aws:username}", "aws:username": "red"}, version="2008-10-17"),
    Match("but not one with a boundary", "1.6.5, Q09", "resource", NOBODY_BUT_AWS, True, USER, {}, has_boundary=True),
)
# fmt: on


def answers(row, rivals=frozenset()):
    """What the evaluator and the encoding say of a row."""
    full = {"Effect": "Allow", "Action": "*", "Resource": "*", **row.statement}
    raw = {"Version": row.version, "Statement": [{k: v for k, v in full.items() if v is not None}]}
    document = parse_object(raw, Kind(row.kind), file="row", name=row.id, strict=False)
    request = Request.model_validate(
        {"principal": row.caller, "action": "sqs:SendMessage", "resource": QUEUE, "context": row.context}
    )
    evaluated = match_statement(document, document.statements[0], request, rivals=rivals, has_boundary=row.has_boundary)
    return bool(evaluated), encoded_match(document, request, rivals, has_boundary=row.has_boundary)


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row.id)
def test_statement_of_both_readings(row):
    """A statement matches, or does not, in both readings as the semantics say."""
    assert answers(row) == (row.expected, row.expected), row.source


def on_tag(operator, value, found, **context):
    """A condition on a tag, and the context that holds the tag."""
    return {"Condition": {operator: {TAG: value}}}, {TAG: found, **context}


def settled(name, source, expected, parts, *rivals, **changes):
    statement, context = parts
    return pytest.param(
        Match(name, source, "identity", {**statement, **changes}, expected, USER, context), frozenset(rivals), id=name
    )


RED = {"aws:username": "red"}
# fmt: off
SETTLED = (
    settled("IgnoreCase and the value of a variable", "2.2, 2.9; page Condition operators: ignoring case, variables",
          True, on_tag("StringEqualsIgnoreCase", "${aws:username}", "Red", **RED)),
    settled("negated IgnoreCase and the value of a variable", "2.2, 2.9",
          False, on_tag("StringNotEqualsIgnoreCase", "${aws:username}", "Red", **RED)),
    settled("IgnoreCase and a variable inside a text", "2.2, 2.9",
          True, on_tag("StringEqualsIgnoreCase", "x-${aws:username}", "X-Red", **RED)),
    settled("Bool and the value of a variable", "2.2: truth values compare without case; X-15",
          True, on_tag("Bool", "${aws:username}", "TRUE", **{"aws:username": "true"})),
    settled("region field and the value of a variable", "1.5.2: the region field compares without case; X-26",
          True, ({}, {"aws:PrincipalTag/region": "US-EAST-1"}),
          Resource="arn:aws:sqs:${aws:PrincipalTag/region}:*:alerts"),
    settled("bytes in another spelling of base64", "2.2: equal bytes after decoding",
          True, on_tag("BinaryEquals", "QQ==", "QR==")),
    settled("address with a mask", "2.6; page Condition operators: standard CIDR format",
          False, on_tag("IpAddress", "10.0.0.0/255.0.0.0", "10.1.1.1")),
    settled("address with a host mask", "2.6", False, on_tag("IpAddress", "10.0.0.0/0.255.255.255", "10.1.1.1")),
    settled("address with a zone", "2.6, 2.8", False, on_tag("IpAddress", "fe80::/16", "fe80::1%eth0")),
    settled("time zone of 25 hours", "2.8: dates as profiled by W3C",
          False, on_tag("DateLessThan", "3000-01-01T00:00:00Z", "2025-01-01T00:00:00+25:00")),
    settled("four digits in the request, read as seconds", "X-14 speaks of any four-digit date",
          False, on_tag("DateEquals", "1735689600", "2025"), "X-14"),
    settled("a wildcard partition, read as refused", "X-11",
          False, ({}, {}), "X-11", Resource="arn:*"),
    pytest.param(
        Match("session ARN with the role in another case", "1.6.3: direct if equal; 1.8: ARNs exact",
              "resource", {"Principal": {"AWS": f"arn:aws:sts::{MINE}:assumed-role/worker/job-1"}}, False, ROLE, {}),
        frozenset(), id="session ARN with the role in another case"),
)
# fmt: on


def _on_tag_keys(name, operator, expected, *rivals, **context):
    source = "X-6; page Condition operators: the rule of absent keys applies to all condition operators"
    return settled(name, source, expected, ({"Condition": {operator: {"aws:TagKeys": "red"}}}, context), *rivals)


# What X-6 decides: whether absence is as with any other key.
WITHOUT_SET_OPERATOR = [
    _on_tag_keys(f"{operator} {context} {rival}", operator, bool(rival) and expected, *rival, **context)
    for rival in ((), ("X-6",), ("X-5", "X-6"))
    for operator, context, expected in (
        ("StringNotEquals", {}, True),
        ("StringNotLike", {}, True),
        ("StringNotEqualsIfExists", {}, True),
        ("StringEqualsIfExists", {}, True),
        ("StringEquals", {}, False),
        ("StringNotEquals", {"aws:TagKeys": ["blue"]}, True),
        ("StringNotEquals", {"aws:TagKeys": ["red"]}, False),
        ("StringNotEquals", {"aws:TagKeys": ["red", "blue"]}, True),
        ("StringEqualsIfExists", {"aws:TagKeys": ["blue"]}, False),
    )
]


@pytest.mark.parametrize(("row", "rivals"), WITHOUT_SET_OPERATOR)
def test_multivalued_key_without_a_set_operator(row, rivals):
    assert answers(row, rivals) == (row.expected, row.expected), row.source


@pytest.mark.parametrize(("row", "rivals"), SETTLED)
def test_settled_difference(row, rivals):
    """Differences that were found between the two readings, and settled as the source says."""
    evaluated, encoded = answers(row, rivals)
    assert evaluated == row.expected, row.source
    assert encoded == row.expected, row.source
