"""Findings are exactly the access: random small policies, random requests, and the evaluator on both.

The requests are drawn without the engine; whether a finding holds one is asked of the evaluator with the finding's
policy, so that search, rendering and encoding are all on one side of the comparison.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.answer import findings
from perimeter_smt.questions.findings.reading import read_back
from perimeter_smt.request.request import Principal, Request
from perimeter_smt.witness.replay import allows

ACCOUNTS = {"111122223333": "o-acme0000001", "444455556666": "o-acme0000001", "777788889999": "o-other000001"}
short = settings(
    max_examples=max(1, settings().max_examples // 4),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _some(values, most=2):
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


CONDITIONS = st.one_of(
    st.tuples(st.sampled_from(["IpAddress", "NotIpAddress", "IpAddressIfExists"]), st.just("aws:SourceIp"),
              _some(["198.18.0.0/15", "198.18.0.0/16", "203.0.113.0/24", "203.0.113.128/25"])),
    st.tuples(st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists"]),
              st.just("aws:PrincipalOrgID"), _some(["o-acme0000001", "o-other000001"])),
    st.tuples(st.sampled_from(["StringLike", "StringNotLike", "StringLikeIfExists", "StringNotLikeIfExists"]),
              st.just("aws:PrincipalTag/team"), _some(["red", "r*", "*e?", "blue*", "*"])),
    st.tuples(st.sampled_from(["StringEqualsIgnoreCase", "StringNotEquals"]), st.just("aws:PrincipalTag/team"),
              _some(["RED", "red", "blue"])),
    st.tuples(st.sampled_from(["Bool", "BoolIfExists"]), st.just("aws:SecureTransport"), _some(["true", "false"], 1)),
    st.tuples(st.just("Null"), st.sampled_from(["aws:PrincipalTag/team", "aws:SourceIp"]), _some(["true", "false"], 1)),
    st.tuples(st.sampled_from(["ArnLike", "ArnNotLike", "ArnEquals"]), st.just("aws:PrincipalArn"),
              _some(["arn:aws:iam::*:role/App*", "arn:aws:iam::444455556666:role/*", "arn:aws:iam::*:role/Ops"])),
    st.tuples(st.sampled_from(["NumericLessThan", "NumericGreaterThanEquals"]), st.just("s3:TlsVersion"),
              _some(["1.2", "1.3"])),
)  # fmt: skip
PRINCIPALS = st.sampled_from(
    [
        "*",
        "*",
        {"AWS": "*"},
        {"AWS": ["444455556666"]},
        {"AWS": ["arn:aws:iam::444455556666:role/App", "777788889999"]},
        {"AWS": "arn:aws:iam::777788889999:root"},
    ]
)


@st.composite
def _statements(draw):
    block: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in draw(st.lists(CONDITIONS, max_size=2)):
        block.setdefault(operator, {})[key] = values
    statement = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])), "Principal": draw(PRINCIPALS)}
    action = draw(_some(["s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*Object", "s3:*"]))
    resource = draw(_some(["arn:aws:s3:::acme/*", "arn:aws:s3:::acme/in/*", "arn:aws:s3:::ac*"]))
    statement["NotAction" if draw(st.integers(0, 7)) == 0 else "Action"] = action
    statement["NotResource" if draw(st.integers(0, 7)) == 0 else "Resource"] = resource
    return statement | ({"Condition": block} if block else {})


@st.composite
def _requests(draw):
    account = draw(st.sampled_from(sorted(ACCOUNTS)))
    role = draw(st.sampled_from(["App", "AppTwo", "Ops"]))
    name = draw(st.sampled_from(["acme/a", "acme/in/a", "acme"]))
    actions = ["s3:ListBucket"] if name == "acme" else ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    arn = f"arn:aws:iam::{account}:role/{role}"
    context: dict[str, str] = {
        "aws:PrincipalOrgID": ACCOUNTS[account],
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": arn,
        "aws:SecureTransport": draw(st.sampled_from(["true", "false"])),
        "aws:SourceIp": draw(st.sampled_from(["198.18.0.1", "198.19.0.1", "203.0.113.7", "203.0.113.200"])),
        "s3:TlsVersion": draw(st.sampled_from(["1.2", "1.3"])),
    }
    team = draw(st.sampled_from([None, "red", "Red", "rex", "blue", "blues", "x"]))
    if team:
        context["aws:PrincipalTag/team"] = team
    if draw(st.integers(0, 3)) == 0:  # over a VPC endpoint
        del context["aws:SourceIp"]
        context |= {"aws:SourceVpce": "vpce-0123456789abcdef0", "aws:SourceVpc": "vpc-0123456789abcdef0"}
    return Request(
        principal=Principal(
            type="role-session", arn=f"arn:aws:sts::{account}:assumed-role/{role}/s", account=account, role_arn=arn
        ),
        action=draw(st.sampled_from(actions)),
        resource=f"arn:aws:s3:::{name}",
        resource_account="111122223333",
        context=context,
    )


@short
@given(st.lists(_statements(), min_size=1, max_size=5), st.lists(_requests(), min_size=40, max_size=40))
def test_a_request_is_allowed_if_and_only_if_some_finding_holds_it(statements, requests):
    """For callers of every account, whatever finding they fall in."""
    document = parse_object({"Version": "2012-10-17", "Statement": statements}, Kind.RESOURCE, file="p", name="p")
    found = findings(document, zone="everyone")
    assert found.status == "complete", found.reason
    sets = [read_back(one.elements, Kind.RESOURCE) for one in found.findings if not one.elements.other]
    assert len(sets) == len(found.findings)
    for request in requests:
        assert allows(document, request) == any(allows(one, request) for one in sets), request
