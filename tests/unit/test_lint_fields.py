"""Lint: fields of ARNs and forms of ids (PL056, PL057), and what a Deny on services only stops (PL038)."""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.lint import lint
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object


def messages(rule: str, kind: Kind = Kind.IDENTITY, **more: Any) -> list[str]:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"} | more
    document = {"Version": "2012-10-17", "Statement": [statement]}
    found = lint(parse_object(document, kind, file="p.json", name="p", strict=False))
    return [finding.message for finding in found if finding.rule == rule]


@pytest.mark.parametrize(
    ("arn", "told"),
    [
        ("arn:azure:s3:::parcels", "unknown partition `azure`"),
        ("arn::s3:::parcels", "unknown partition ``"),
        ("arn:aws:SQS:eu-north-1:444455556666:parcels", "service `SQS` is not in lower case, expected `sqs`"),
        ("arn:aws:lamda:eu-north-1:444455556666:function:f", "unknown service `lamda`, did you mean `lambda`?"),
        ("arn:aws:s3::444455556666:parcels/*", "account `444455556666`, but ARNs of this resource have none"),
        ("arn:aws:s3:eu-north-1::parcels/*", "Region `eu-north-1`, but ARNs of this resource have none"),
        ("arn:aws:iam:eu-north-1:444455556666:user/x", "Region `eu-north-1`, but ARNs of this resource have none"),
        ("arn:aws:iam::444455556666:usr/x", "no resource of `iam` starts with `usr`, did you mean `user`?"),
        ("arn:aws:sns:eu-north-1:44445555:parcels", "account `44445555` has 8 digits, expected 12"),
        ("arn:aws:sns:eu-north-17:444455556666:parcels", "unknown Region `eu-north-17`"),
        ("arn:aws:sns:cn-north-1:444455556666:parcels", "Region `cn-north-1` lies in the partition `aws-cn`"),
        ("arn:aws:sns:eu-north-1::parcels", "the account is missing"),
    ],
)
@pytest.mark.parametrize("negated", [False, True])
def test_a_field_that_no_such_arn_has(arn: str, told: str, *, negated: bool) -> None:
    value = {"Resource": arn}
    if negated:
        statement = {"Effect": "Deny", "Action": "*", "NotResource": arn}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        found = lint(parse_object(document, Kind.IDENTITY, file="p.json", name="p", strict=False))
        said = [finding.message for finding in found if finding.rule == "PL056"]
    else:
        said = messages("PL056", **value)
    assert len(said) == 1
    assert said[0].startswith(f"`{arn}`: {told}")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:eu-north-1:444455556666:accesspoint/parcels",
        "arn:aws:s3::444455556666:accesspoint/mwhateveritis.mrap",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:ssm:*::document/AWS-RunPatchBaseline",
        "arn:aws:ec2:eu-north-1::image/*",
        "arn:*:*:*:*:*",
        "arn:aws-new:s3:::parcels",
        "arn:aws:sqs:*:*:parcels",
        "arn:aws:sqs:${aws:RequestedRegion}:${aws:PrincipalAccount}:parcels",
        "arn:aws:brandnewzzqq:eu-north-1::x",
        "arn:partition:service:region:account:resource",
    ],
)
def test_arns_that_may_be(arn: str) -> None:
    assert messages("PL056", Resource=arn) == []


def test_arns_of_conditions() -> None:
    """Partition, Region and account are looked at; what the resource is depends on the key."""
    wrong = {"ArnNotLike": {"aws:PrincipalArn": "arn:amazon:iam::444455556666:role/x"}}
    assert messages("PL056", Condition=wrong) == [
        "`arn:amazon:iam::444455556666:role/x`: unknown partition `amazon`, expected one such as `aws`"
    ]
    assert messages("PL056", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::parcels"}}) == []


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("aws:PrincipalOrgID", "444455556666", "o-acme77"),
        ("aws:ResourceOrgID", "o-ACME", "o-acme77"),
        ("aws:PrincipalAccount", "4444", "444455556666"),
        ("aws:SourceAccount", "44445555666", "444455556666"),
        ("aws:ResourceAccount", "4444555566667", "444455556666"),
        ("aws:SourceVpc", "vpce-0bb2", "vpc-0bb2"),
        ("aws:SourceVpce", "vpc-0bb2", "vpce-0bb2"),
        ("aws:RequestedRegion", "eu-north-17", "eu-north-1"),
        ("aws:PrincipalOrgPaths", "o-acme77/r-ab12/ou-ab12-33334444", "o-acme77/r-ab12/ou-ab12-33334444/"),
    ],
)
def test_a_value_of_another_form(key: str, wrong: str, right: str) -> None:
    operator = "ForAnyValue:StringLike" if key.endswith("Paths") else "StringNotEquals"
    assert len(messages("PL057", Condition={operator: {key: [right, wrong]}})) == 1
    for fine in (right, "${aws:PrincipalTag/x}", "account-id"):
        assert messages("PL057", Condition={operator: {key: fine}}) == []


def test_both_truth_values() -> None:
    key = "aws:SecureTransport"
    assert messages("PL057", Condition={"Bool": {key: ["true", "false"]}}) == [
        f"`{key}` is asked for `true` and `false` together, expected one"
    ]
    assert messages("PL057", Condition={"Bool": {key: ["false"]}}) == []


def test_a_network_deny_on_services_only() -> None:
    """`true` where `false` was meant: it stopped services and let strangers through, without a finding."""
    network = {"StringNotEquals": {"aws:SourceVpce": "vpce-0bb2"}}
    for operator in ("Bool", "BoolIfExists"):
        only = network | {operator: {"aws:PrincipalIsAWSService": "true"}}
        said = messages("PL038", Kind.BUCKET, Principal="*", Condition=only)
        assert said == ["the Deny on `aws:SourceVpce` stops AWS services, not strangers: it asks for a service"]
        but = network | {operator: {"aws:PrincipalIsAWSService": "false"}}
        assert messages("PL038", Kind.BUCKET, Principal="*", Condition=but) == []


def test_resources_that_s3_refuses_in_a_bucket_policy() -> None:
    two = ["arn:aws:s3:::parcels/*", "arn:aws:s3:::letters/*"]
    assert messages("PL058", Kind.BUCKET, Principal="*", Resource=two) == [
        "`arn:aws:s3:::letters/*` is of another bucket than `parcels`"
    ]
    for fine in (["arn:aws:s3:::parcels", "arn:aws:s3:::parcels/in/*"], ["arn:aws:s3:::par*", "arn:aws:s3:::l*/x"]):
        assert messages("PL058", Kind.BUCKET, Principal="*", Action="s3:GetObject", Resource=fine) == []
    only = {"Principal": "*", "Resource": "arn:aws:s3:::parcels"}
    assert messages("PL058", Kind.BUCKET, Action="s3:ListBucket", **only) == []
    assert len(messages("PL058", Kind.BUCKET, Action=["s3:ListBucket", "s3:PutObject"], **only)) == 1
