"""The account of a provider, as its configuration tells it; buckets that modules tell by what stands beside them."""

from __future__ import annotations

import pytest

from tests.unit.test_readers_terraform_parts import OTHER, change, configured, document, plan, read, resources, sids

LIVE = f"arn:aws:sqs:eu-west-1:{OTHER}:jobs"


@pytest.mark.parametrize(("expressions", "variables"), [
    ({"allowed_account_ids": {"constant_value": [OTHER]}}, {}),
    ({"allowed_account_ids": {"references": ["var.accounts"]}}, {"accounts": [OTHER]}),
    ({"allowed_account_ids": {"references": ["var.account"]}}, {"account": OTHER}),
    ({"assume_role": [{"role_arn": {"references": ["var.account"]}}]}, {"account": OTHER}),
    ({"assume_role": [{"role_arn": {"references": ["var.account", "var.role"]}}]}, {"account": OTHER, "role": "tf"}),
])  # fmt: skip
def test_the_configuration_tells_the_account(tmp_path, expressions, variables):
    """Of a role whose ARN is put together, and of the accounts that a provider allows, the account was not known."""
    queue = change("aws_sqs_queue.q", {"name": "jobs"}, unknown={"arn": True})
    providers = {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}, **expressions}}}
    given = {name: {"value": value} for name, value in variables.items()}
    found = read(plan(tmp_path, queue, config=[configured("aws_sqs_queue.q")], providers=providers, variables=given),
                 account=None, region=None)  # fmt: skip
    assert list(resources(found, OTHER)) == [LIVE]
    assert not [u for u in found.unknowns if u.name.startswith("account of")]


@pytest.mark.parametrize("expressions", [
    {"allowed_account_ids": {"constant_value": [OTHER, "333344445555"]}},
    {"assume_role": [{"role_arn": {"references": ["var.one", "var.two"]}}]},
    {"assume_role": [{"role_arn": {"references": ["local.account"]}}]},
])  # fmt: skip
def test_two_accounts_and_local_values_tell_none(tmp_path, expressions):
    queue = change("aws_sqs_queue.q", {"name": "jobs"}, unknown={"arn": True})
    providers = {"aws": {"name": "aws", "expressions": expressions}}
    given = {"one": {"value": OTHER}, "two": {"value": "333344445555"}}
    found = read(plan(tmp_path, queue, config=[configured("aws_sqs_queue.q")], providers=providers, variables=given),
                 account=None)  # fmt: skip
    assert [u for u in found.unknowns if u.name.startswith("account of")]


CALL = {"Sid": "P", "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def buckets(tmp_path, bucket_of_beside):
    """A policy for a bucket that is told by it and by another policy beside it, as `try` in modules does."""
    changes = [
        change("aws_s3_bucket.a", {"bucket": "acme-a"}, unknown={"id": True}),
        change("aws_s3_bucket.b", {"bucket": "acme-b"}, unknown={"id": True}),
        change("aws_s3_bucket_versioning.v", {}, unknown={"bucket": True, "id": True}),
        change("aws_s3_bucket_policy.p", {"policy": document(CALL)}, unknown={"bucket": True}),
    ]
    either = ["aws_s3_bucket_versioning.v.id", "aws_s3_bucket_versioning.v", "aws_s3_bucket.a.id", "aws_s3_bucket.a"]
    config = [configured("aws_s3_bucket_versioning.v", bucket=[bucket_of_beside]),
              configured("aws_s3_bucket_policy.p", bucket=either)]  # fmt: skip
    return read(plan(tmp_path, *changes, config=config))


def test_a_bucket_told_by_itself_and_by_what_stands_beside(tmp_path):
    """Two references were a choice of two; both tell one bucket."""
    found = resources(buckets(tmp_path, "aws_s3_bucket.a"))
    assert sids(found["arn:aws:s3:::acme-a"].policy) == ["P"]


def test_what_stands_beside_another_bucket_is_a_choice(tmp_path):
    found = buckets(tmp_path, "aws_s3_bucket.b")
    assert not any(sids(resource.policy) for resource in resources(found).values())
    assert "resource of `aws_s3_bucket_policy.p`" in [u.name for u in found.unknowns]


def test_references_that_lead_round_and_round(tmp_path):
    """No Terraform writes such a plan; reading it ends."""
    changes = [change(f"aws_s3_bucket_versioning.{name}", {}, unknown={"bucket": True}) for name in "ab"]
    changes.append(change("aws_s3_bucket_policy.p", {"policy": document(CALL)}, unknown={"bucket": True}))
    both = ["aws_s3_bucket_versioning.a.id", "aws_s3_bucket_versioning.b.id"]
    config = [configured(each["address"], bucket=both) for each in changes]
    found = read(plan(tmp_path, *changes, config=config))
    assert "resource of `aws_s3_bucket_policy.p`" in [u.name for u in found.unknowns]
