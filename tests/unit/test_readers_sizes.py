"""Plans and templates with policies that AWS would not save for their size."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy

ORG, OWN, HEAD = "o-acme0000001", "111122223333", "999900001111"
OPTIONS = SourceOptions(organization_id=ORG, management_account=HEAD, account=OWN, region="eu-west-1")
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip


def policy(size):
    """A policy of so many characters without white space, written with a lot of it."""

    def text(length):
        statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:*:{'x' * length}"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=4)

    empty = parse_policy(text(0), Kind.IDENTITY, file="p.json").characters
    return text(size - empty)


def plan(folder, *resources):
    items = [{"address": f"{kind}.r{number}", "mode": "managed", "type": kind, "name": f"r{number}", "values": values}
             for number, (kind, values) in enumerate(resources)]  # fmt: skip
    changes = [{**{k: item[k] for k in ("address", "mode", "type", "name")},
                "change": {"actions": ["create"], "before": None, "after": item["values"], "after_unknown": {}}}
               for item in items]  # fmt: skip
    value = {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes,
             "planned_values": {"root_module": {"resources": items}},
             "configuration": {"root_module": {"resources": []}}}  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(value))
    return folder / "plan.json"


def holders():
    arn = f"arn:aws:iam::{OWN}"
    return [
        ("aws_iam_role", {"name": "app", "arn": f"{arn}:role/app", "assume_role_policy": json.dumps(TRUST)}),
        ("aws_iam_user", {"name": "ann", "arn": f"{arn}:user/ann"}),
        ("aws_iam_group", {"name": "ops", "arn": f"{arn}:group/ops"}),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "most"), [("role", "app", 10_240), ("user", "ann", 2_048), ("group", "ops", 5_120)]
)
def test_inline_policies_of_a_plan_together(tmp_path, kind, name, most):
    """Each is small enough; together they are one character too many."""

    def inline(size):
        values = ({"name": f"p{part}", kind: name, "policy": policy(size)} for part, size in enumerate((size, 500)))
        return [(f"aws_iam_{kind}_policy", each) for each in values]

    read_source(plan(tmp_path, *holders(), *inline(most - 500)), OPTIONS)
    with pytest.raises(InputError, match=rf"{name}` together have {most + 1} characters .* at most {most}") as error:
        read_source(plan(tmp_path, *holders(), *inline(most - 499)), OPTIONS)
    assert error.value.file.endswith("plan.json")


def test_what_is_told_twice_counts_once(tmp_path):
    values = ("aws_iam_user_policy", {"name": "p", "user": "ann", "policy": policy(1_500)})
    assert read_source(plan(tmp_path, *holders(), values, values), OPTIONS)


def test_managed_policy_of_a_plan(tmp_path):
    def managed(size, account=OWN):
        arn = f"arn:aws:iam::{account}:policy/big"
        return ("aws_iam_policy", {"name": "big", "arn": arn, "policy": policy(size)})

    assert read_source(plan(tmp_path, *holders(), managed(6_144)), OPTIONS)
    assert read_source(plan(tmp_path, *holders(), managed(9_000, "aws")), OPTIONS)
    with pytest.raises(InputError, match="managed policy `big` has 6145 characters"):
        read_source(plan(tmp_path, *holders(), managed(6_145)), OPTIONS)


def test_resource_policy_of_a_plan(tmp_path):
    statement = {"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "s3:GetObject",
                 "Resource": f"arn:aws:s3:::orders/{'x' * 21_000}"}  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bucket = ("aws_s3_bucket", {"bucket": "orders", "arn": "arn:aws:s3:::orders"})
    with pytest.raises(InputError, match=r"bucket policy .* at most 20480"):
        read_source(plan(tmp_path, bucket, ("aws_s3_bucket_policy", {"bucket": "orders", "policy": text})), OPTIONS)


def test_inline_policies_of_a_template(tmp_path):
    def template(size):
        policies = [{"PolicyName": "p", "PolicyDocument": json.loads(policy(size))}]
        user = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ann", "Policies": policies}}
        path = tmp_path / "template.json"
        path.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Ann": user}}))
        return path

    assert read_source(template(2_048), OPTIONS)
    with pytest.raises(InputError, match="user/ann` together have 2049 characters"):
        read_source(template(2_049), OPTIONS)


def test_trust_policies_have_a_quota_that_cannot_be_raised_further():
    def trust(length):
        condition = {"Condition": {"StringEquals": {"sts:ExternalId": "x" * length}}}
        return json.dumps({**TRUST, "Statement": [TRUST["Statement"][0] | condition]})

    size = parse_policy(trust(0), Kind.TRUST, file="t.json").characters
    assert parse_policy(trust(8_192 - size), Kind.TRUST, file="t.json")
    with pytest.raises(InputError, match="has 8193 characters without white space, a policy of kind trust holds"):
        parse_policy(trust(8_193 - size), Kind.TRUST, file="t.json")
