"""Plans as people have them: names that the provider makes up, policies of further services, ARNs that are nowhere."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace
from tests.unit.test_readers_terraform import TRUST, Plan

ORG, OWN = "o-acme0000001", "111122223333"


def everybody(action, **more):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def read(tmp_path, plan, **more):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan.value()))
    return read_source(
        file,
        SourceOptions(organization_id=ORG, management_account="999900001111", account=OWN, region="eu-west-1", **more),
    )


def arns(found):
    return [r.arn for account, _ in found.organization.accounts() for r in account.resources]


def grants(found):
    return {u.name: u.reason for u in found.unknowns if u.affects == "grants"}


def test_names_behind_a_prefix(tmp_path):
    """Modules write prefixes: the bucket and the role are there all the same, under a name that begins so."""
    plan = Plan()
    plan.add("aws_s3_bucket.logs", {"bucket_prefix": "acme-logs-"}, unknown=["bucket", "arn", "id"],
             refers={"bucket_prefix": ["var.prefix"]})  # fmt: skip
    plan.add("aws_s3_bucket.bare", {}, unknown=["bucket", "arn", "id"])
    plan.add("aws_s3_bucket_policy.logs", {"policy": everybody("s3:GetObject")}, unknown=["bucket"],
             refers={"bucket": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"], "policy": ["var.policy"]})  # fmt: skip
    plan.add("aws_iam_role.app", {"name_prefix": "app-", "assume_role_policy": TRUST}, unknown=["name", "arn", "id"],
             refers={"name_prefix": ["var.prefix"], "assume_role_policy": ["var.trust"]})  # fmt: skip
    found = read(tmp_path, plan)
    assert not grants(found)
    logs, bare = arns(found)
    assert logs.startswith("arn:aws:s3:::acme-logs-") and bare.startswith("arn:aws:s3:::terraform-")
    (role,) = found.organization.root.accounts[0].principals
    assert role.arn.startswith(f"arn:aws:iam::{OWN}:role/app-")
    assert [finding.resource for finding in findings_of_workspace(found).findings] == [logs]


def test_a_written_name_that_is_not_known(tmp_path):
    """Whatever a random suffix is added to may match any pattern of other policies: the bucket is named."""
    plan = Plan().add("aws_s3_bucket.data", {}, unknown=["bucket", "arn", "id"],
                      refers={"bucket": ["random_id.suffix.hex", "random_id.suffix"]})  # fmt: skip
    plan.add("aws_s3_bucket.more", {}, unknown=["bucket", "bucket_prefix", "arn", "id"],
             refers={"bucket_prefix": ["random_id.suffix.hex", "random_id.suffix"]})  # fmt: skip
    found = read(tmp_path, plan)
    assert not arns(found)
    assert set(grants(found)) == {"name of `aws_s3_bucket.data`", "name of `aws_s3_bucket.more`"}


def test_policies_of_further_services(tmp_path):
    """APIs, domains and repositories of packages, buckets of tables: their policies were named, not read."""
    plan = Plan()
    plan.add("aws_api_gateway_rest_api.front", {"name": "front"}, unknown=["id", "arn"], refers={"name": []})
    plan.add("aws_api_gateway_rest_api_policy.front", {"policy": everybody("execute-api:Invoke")},
             unknown=["rest_api_id"], refers={"rest_api_id": ["aws_api_gateway_rest_api.front"]})  # fmt: skip
    plan.add("aws_api_gateway_rest_api.told", {"name": "told", "body": json.dumps({
        "openapi": "3.0.1", "x-amazon-apigateway-policy": json.loads(everybody("execute-api:Invoke"))})},
        unknown=["id", "arn"], refers={"name": [], "body": []})  # fmt: skip
    plan.add("aws_codeartifact_domain.d", {"domain": "acme"}, unknown=["arn"], refers={"domain": []})
    plan.add("aws_codeartifact_domain_permissions_policy.d",
             {"domain": "acme", "policy_document": everybody("codeartifact:CreateRepository")})  # fmt: skip
    reading = everybody("codeartifact:ReadFromRepository")
    plan.add("aws_codeartifact_repository_permissions_policy.r", {
        "domain": "acme", "repository": "shop", "policy_document": reading})  # fmt: skip
    plan.add("aws_s3tables_table_bucket_policy.t", {
        "table_bucket_arn": f"arn:aws:s3tables:eu-west-1:{OWN}:bucket/facts",
        "resource_policy": everybody("s3tables:*")})  # fmt: skip
    found = read(tmp_path, plan)
    assert not grants(found)
    kinds = sorted((arn.split(":")[2], arn.split(":", 5)[5].partition("/")[0]) for arn in arns(found))
    assert [kind for kind, _ in kinds] == ["codeartifact", "codeartifact", "execute-api", "execute-api", "s3tables"]
    assert f"arn:aws:codeartifact:eu-west-1:{OWN}:repository/acme/shop" in arns(found)
    services = {finding.resource.split(":")[2] for finding in findings_of_workspace(found).findings}
    assert services == {"codeartifact", "execute-api", "s3tables"}


def test_two_policies_of_one_bucket(tmp_path):
    """Terraform writes both, one after the other: which one stays is not known, unless they say the same."""
    for second, known in ((everybody("s3:GetObject"), True), (everybody("s3:ListBucket"), False)):
        plan = Plan().add("aws_s3_bucket.b", {"bucket": "acme-orders"}, refers={"bucket": []})
        plan.add("aws_s3_bucket_policy.a", {"bucket": "acme-orders", "policy": everybody("s3:GetObject")})
        plan.add("aws_s3_bucket_policy.b", {"bucket": "acme-orders", "policy": second})
        found = read(tmp_path, plan)
        assert bool(grants(found)) is not known
        assert arns(found) == (["arn:aws:s3:::acme-orders"] if known else [])


@pytest.mark.parametrize("account", ["1111222233", "11112222333a"])
def test_an_account_that_is_none(tmp_path, account):
    """No call is made on a resource of no account: its open policy was no finding, and named nowhere."""
    arn = f"arn:aws:dynamodb:eu-west-1:{account}:table/orders"
    plan = Plan().add("aws_dynamodb_resource_policy.p", {"resource_arn": arn, "policy": everybody("dynamodb:GetItem")})
    found = read(tmp_path, plan)
    assert not arns(found)
    assert f"is of account `{account}`, expected 12 digits" in grants(found)[f"resource `{arn}`"]


def test_the_account_of_an_arn_owns_the_resource(tmp_path):
    """Whoever applies the plan: the policy was one of a resource that nothing reaches."""
    arn = "arn:aws:kinesis:eu-west-1:444455556666:stream/orders"
    plan = Plan().add("aws_kinesis_resource_policy.p", {"resource_arn": arn, "policy": everybody("kinesis:PutRecord")})
    found = read(tmp_path, plan)
    assert [(a.id, r.account) for a, _ in found.organization.accounts() for r in a.resources] == [("444455556666",) * 2]
    assert [finding.resource for finding in findings_of_workspace(found).findings] == [arn]
