"""Action, Resource, Principal and their Not forms (semantics 1.4 to 1.6)."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import HitKind, match_statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.request import Request

CALLERS = {
    "root": {"type": "root", "arn": "arn:aws:iam::111111111111:root", "account": "111111111111"},
    "user": {"type": "user", "arn": "arn:aws:iam::111111111111:user/team/alice", "account": "111111111111"},
    "role": {
        "type": "role-session",
        "arn": "arn:aws:sts::111111111111:assumed-role/Worker/job-1",
        "account": "111111111111",
        "role_arn": "arn:aws:iam::111111111111:role/app/Worker",
    },
    "federated": {
        "type": "federated-user",
        "arn": "arn:aws:sts::111111111111:federated-user/alice",
        "account": "111111111111",
        "user_arn": "arn:aws:iam::111111111111:user/team/alice",
    },
    "service": {"type": "service", "arn": "cloudtrail.amazonaws.com"},
    "anonymous": {"type": "anonymous"},
    "saml": {"type": "federated-sts", "provider": "arn:aws:iam::111111111111:saml-provider/corp"},
}
ACCOUNT, ROOT = "111111111111", "arn:aws:iam::111111111111:root"
USER, ROLE = CALLERS["user"]["arn"], CALLERS["role"]["role_arn"]
SESSION, FEDERATED = CALLERS["role"]["arn"], CALLERS["federated"]["arn"]


def match(statement, caller="role", *, kind=Kind.IDENTITY, rivals=(), boundary=False, **request):
    statement = {"Effect": "Deny", "Action": "s3:*", **statement}
    if "NotResource" not in statement and kind is not Kind.TRUST:
        statement.setdefault("Resource", "*")
    if "NotPrincipal" not in statement and not kind.is_identity_type:
        statement.setdefault("Principal", "*")
    value = {"Version": "2012-10-17", "Statement": statement}
    document = parse_object(value, kind, file="p", name="p", strict=False)
    asked = {"principal": CALLERS[caller], "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", **request}
    return match_statement(
        document, document.statements[0], Request(**asked), rivals=frozenset(rivals), has_boundary=boundary
    )


@pytest.mark.parametrize(
    ("text", "expected", "rival"),
    [
        ("*", True, None),
        ("**", True, None),
        ("*:*", True, None),
        ("S3:get?bject", True, None),
        ("s3:Get*", True, None),
        ("s3:GetObjec", False, None),
        ("s3:", False, None),
        ("s3", False, None),
        ("", False, None),
        (" ", False, None),
        ("s*:GetObject", False, "X-25"),
        ("*:GetObject", False, "X-25"),
        ("s3:${*}", False, None),
    ],
)
def test_actions(text, expected, rival):
    """NotAction is the negation of Action."""
    assert bool(match({"Action": text})) is expected
    statement = {"Effect": "Deny", "NotAction": ["iam:*", text], "Resource": "*"}
    document = parse_object({"Statement": statement}, Kind.IDENTITY, file="p", name="p", strict=False)
    request = Request(principal=CALLERS["role"], action="s3:GetObject", resource="*")
    assert bool(match_statement(document, document.statements[0], request)) is not expected
    if rival:
        assert bool(match({"Action": text}, rivals=[rival])) is not expected


SQS = "arn:aws:sqs:us-east-1:111111111111:alerts"


@pytest.mark.parametrize(
    ("pattern", "resource", "expected", "rival"),
    [
        ("*", "*", True, None),
        ("**", SQS, True, None),
        ("arn:*", "*", False, None),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/z", True, None),
        ("arn:aws:s3:::B/*", "arn:aws:s3:::b/x", False, None),
        ("arn:AWS:SQS:US-east-1:111111111111:alerts", SQS, True, None),
        ("ARN:aws:sqs:us-east-1:111111111111:alerts", SQS, False, None),
        ("*:aws:sqs:us-east-1:111111111111:alerts", SQS, False, None),
        ("arn:aws:sqs:*:alerts", SQS, True, "X-1"),
        ("arn:aws:sqs:*:alert", SQS, False, None),
        ("arn:aws:sqs:us-*:alerts", SQS, True, "X-1"),
        ("arn:aws:sqs:*1:alerts", SQS, False, None),
        ("arn:aws:sqs:*:111111111111:alerts", "arn:aws:sqs:us-east-1:2:x:111111111111:alerts", True, "X-1"),
        ("arn:aws:sqs:us-east-?:1?1111111111:a*", SQS, True, None),
        ("arn:aws:sqs:us-east-1?111111111111:alerts", SQS, False, None),
        ("arn:*:sqs:us-east-1:111111111111:alerts", SQS, True, None),
        ("arn:*:*:us-east-1:111111111111:alerts", SQS, True, "X-11"),
        ("arn:aws:*:us-east-1:111111111111:alerts", SQS, True, "X-11"),
        ("arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:*", SQS, True, None),
        ("arn:aws:sqs:us-east-1:${k:tail}", SQS, False, None),
        ("arn:aws:s3:::${k:star}/x", "arn:aws:s3:::b/x", False, "X-42"),
        ("arn:aws:s3:::${*}", "arn:aws:s3:::*", True, None),
        ("arn:aws:s3:::${*}", "arn:aws:s3:::b", False, None),
        ("arn:aws:s3:::${k:unset, 'b'}", "arn:aws:s3:::b", True, None),
        ("", SQS, False, None),
        ("alerts*", SQS, False, None),
    ],
)
def test_resources(pattern, resource, expected, rival):
    """Field by field, but for stars that end their segment; NotResource is the negation."""
    asked = {"resource": resource, "context": {"k:star": "*", "k:tail": "111111111111:alerts"}}
    asked["context"]["aws:PrincipalAccount"] = "111111111111"
    assert bool(match({"Resource": pattern}, **asked)) is expected
    assert bool(match({"NotResource": pattern}, **asked)) is not expected
    if pattern.startswith("arn:*:sqs"):  # a wildcard in the partition alone is no open point
        assert bool(match({"Resource": pattern}, rivals=["X-11"], **asked)) is expected
    if rival:
        assert bool(match({"Resource": pattern}, rivals=[rival], **asked)) is not expected
        assert bool(match({"NotResource": pattern}, rivals=[rival], **asked)) is expected


@pytest.mark.parametrize(
    ("kind", "plain", "starred", "trailing"),
    [
        (Kind.IDENTITY, True, True, True),
        (Kind.BOUNDARY, True, True, True),
        (Kind.SCP, False, False, True),
        (Kind.SESSION, False, False, False),
        (Kind.RESOURCE, False, True, True),
        (Kind.ENDPOINT, False, True, True),
        (Kind.RCP, False, False, False),
    ],
)
def test_incomplete_arns(kind, plain, starred, trailing):
    """Missing fields are padded by some kinds of policy only, by all under the other reading (X-2)."""
    for pattern, expected in (("arn:aws:sqs", plain), ("arn:*:sqs", starred), ("arn:aws:sqs:*", trailing)):
        assert bool(match({"Resource": pattern}, kind=kind, resource=SQS)) is expected
        assert match({"Resource": pattern}, kind=kind, resource=SQS, rivals=["X-2"])


def test_unset_variables_in_resources():
    """The entry is the empty set, or it fails the statement under NotResource (X-3)."""
    pattern = "arn:aws:s3:::${k:unset}"
    assert not match({"Resource": pattern})
    assert match({"NotResource": pattern})
    assert not match({"NotResource": pattern}, rivals=["X-3"])
    assert match({"NotResource": "arn:aws:s3:::a"}, rivals=["X-3"])


def test_empty_lists():
    assert not match({"Action": []})
    assert not match({"Resource": []})
    assert not match({"Principal": {}}, kind=Kind.RESOURCE)


@pytest.mark.parametrize(
    ("principal", "hits"),
    [
        ("*", dict.fromkeys(CALLERS, "direct")),
        ({"AWS": "*"}, {name: "direct" for name in CALLERS if name != "saml"}),
        (
            {"AWS": ACCOUNT},
            {"root": "direct", "user": "account", "role": "account", "federated": "account"},
        ),
        ({"AWS": ROOT}, {"root": "direct", "user": "account", "role": "account", "federated": "account"}),
        ({"AWS": USER}, {"user": "direct", "federated": "user of the federated session"}),
        ({"AWS": ROLE}, {"role": "role of the session"}),
        ({"AWS": "arn:aws:iam::111111111111:role/WORKER"}, {"role": "role of the session"}),
        ({"AWS": SESSION}, {"role": "direct"}),
        ({"AWS": FEDERATED}, {"federated": "direct"}),
        (
            {"AWS": [ROLE, SESSION, ACCOUNT]},
            {"root": "direct", "user": "account", "role": "direct", "federated": "account"},
        ),
        ({"Service": "cloudtrail.amazonaws.com"}, {"service": "direct"}),
        ({"Service": "CloudTrail.amazonaws.com"}, {}),
        ({"Federated": CALLERS["saml"]["provider"]}, {"saml": "direct"}),
        ({"AWS": "arn:aws:iam::111111111111:role/*"}, {}),
        ({"AWS": "arn:aws-cn:iam::111111111111:root"}, {}),
        ({"AWS": "AROAEXAMPLEEXAMPLE12"}, {}),
        ({"CanonicalUser": "0" * 64}, {}),
    ],
)
def test_kinds_of_hit(principal, hits):
    for name in CALLERS:
        found = match({"Principal": principal}, name, kind=Kind.RESOURCE)
        assert (found.kind or "") == hits.get(name, "")
        assert bool(found) is (name in hits)


def test_star_and_services():
    assert not match({"Principal": {"AWS": "*"}}, "service", kind=Kind.RESOURCE, rivals=["X-27"])
    assert match({"Principal": "*"}, "service", kind=Kind.RESOURCE, rivals=["X-27"])


def test_account_on_a_gateway_endpoint_is_its_root_user():
    for name in CALLERS:
        assert bool(match({"Principal": {"AWS": ACCOUNT}}, name, kind=Kind.ENDPOINT_GATEWAY)) is (name == "root")


@pytest.mark.parametrize(
    ("listed", "exempt", "exempt_by_any_hit"),
    [
        ([ACCOUNT], {"root"}, {"root", "user", "role", "federated"}),
        ([ROOT, USER], {"root", "user", "federated"}, {"root", "user", "role", "federated"}),
        ([USER], set(), {"user", "federated"}),
        ([ROOT, ROLE], {"root", "role"}, {"root", "user", "role", "federated"}),
        ([ROOT, SESSION], {"root"}, {"root", "user", "role", "federated"}),
        ([ROLE, SESSION], set(), {"role"}),
        ([ROOT, FEDERATED], {"root", "federated"}, {"root", "user", "role", "federated"}),
        (["*"], set(CALLERS) - {"saml"}, set(CALLERS) - {"saml"}),
    ],
)
def test_not_principal(listed, exempt, exempt_by_any_hit):
    """Every identifier of the caller must be listed, or any one under the other reading (X-4)."""
    for name in CALLERS:
        statement = {"NotPrincipal": {"AWS": listed}}
        assert bool(match(statement, name, kind=Kind.RESOURCE)) is (name not in exempt)
        assert bool(match(statement, name, kind=Kind.RESOURCE, rivals=["X-4"])) is (name not in exempt_by_any_hit)
        assert match(statement, name, kind=Kind.RESOURCE, boundary=True)


def test_not_principal_with_allow_is_for_everyone_not_hit():
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}}
    assert not match(statement, "role", kind=Kind.RESOURCE)
    assert match(statement, "anonymous", kind=Kind.RESOURCE).kind is HitKind.DIRECT
    assert match(statement, "service", kind=Kind.RESOURCE).kind is HitKind.DIRECT


def test_the_first_failing_part_is_named():
    assert match({"Action": "ec2:*", "Resource": "arn:aws:s3:::x"}).failed.part == "action"
    assert match({"Resource": "arn:aws:s3:::x"}).failed.part == "resource"
    assert match({"Principal": {"AWS": USER}}, kind=Kind.RESOURCE).failed.part == "principal"
    failed = match({"Condition": {"Bool": {"k:k": "true"}}}).failed
    assert (failed.part, str(failed)) == ("condition", "condition `Bool k:k`: key `k:k` is absent")
    assert failed.location.path == '$.Statement.Condition.Bool["k:k"]'
