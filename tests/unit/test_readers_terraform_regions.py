"""The Region of a plan, where `--region` does not say it: every way in which a plan tells it is followed."""

from __future__ import annotations

import pytest

from tests.unit.test_readers_terraform_parts import change, configured, document, plan, read, resources

CALL = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sqs:SendMessage", "Resource": "*"}


def jobs(tmp_path, *more, expression=None, values=None, variables=None, **options):
    """A new queue with a policy, and what stands beside it; the options tell the account alone."""
    queue = change(
        "aws_sqs_queue.q", {"name": "jobs", "policy": document(CALL), **(values or {})}, unknown={"arn": True}
    )
    provider = {"aws": {"name": "aws", "expressions": {"region": expression} if expression else {}}}
    config = [configured("aws_sqs_queue.q", name=[], policy=[]), *(configured(each["address"]) for each in more)]
    file = plan(tmp_path, queue, *more, config=config, providers=provider,
                variables={name: {"value": value} for name, value in (variables or {}).items()})  # fmt: skip
    return read(file, region=None, **options)


def region_of(found):
    (arn,) = [arn for arn in resources(found) if ":sqs:" in arn]
    guesses = [u.name for u in found.unknowns if "Region" in u.name]
    return None if guesses else arn.split(":")[3]


KEY = "arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888"


@pytest.mark.parametrize("told", [
    {"expression": {"constant_value": "eu-central-1"}},
    {"expression": {"references": ["var.where"]}, "variables": {"where": "eu-central-1"}},
    {"expression": {"references": ["local.where"]}, "variables": {"region": "eu-central-1", "name": "x"}},
    {"expression": {"references": ["var.all.where", "var.all"]}, "variables": {"all": {"where": "eu-central-1"}}},
    {"values": {"kms_master_key_id": KEY}},
    {"values": {"region": "eu-central-1"}},
])  # fmt: skip
def test_what_the_configuration_and_the_queue_tell(tmp_path, told):
    """Only a constant or a variable did; a Region from the environment or a local value ended as not known."""
    assert region_of(jobs(tmp_path, **told)) == "eu-central-1"


@pytest.mark.parametrize(("address", "values"), [
    ("aws_subnet.a", {"availability_zone": "eu-central-1b"}),
    ("aws_vpc_endpoint.s3", {"service_name": "com.amazonaws.eu-central-1.s3", "vpc_id": "vpc-0a1b2c3d"}),
    ("aws_vpc_endpoint.s3", {"service_name": "cn.com.amazonaws.cn-north-1.s3", "vpc_id": "vpc-0a1b2c3d"}),
    ("data.aws_kms_key.k", {"arn": KEY}),
    ("aws_autoscaling_group.g", {"availability_zones": ["eu-central-1a", "eu-central-1c"]}),
    ("aws_lambda_function.f", {"function_name": "f", "layers": ["arn:aws:lambda:eu-central-1:444455556666:layer:l:3"]}),
])  # fmt: skip
def test_what_the_same_provider_makes_besides(tmp_path, address, values):
    actions = ("read",) if address.startswith("data.") else ("create",)
    found = jobs(tmp_path, change(address, values, actions))
    assert region_of(found) == ("cn-north-1" if "cn-north-1" in str(values) else "eu-central-1")


def test_two_regions_tell_none(tmp_path):
    other = change("aws_subnet.a", {"availability_zone": "eu-west-3a"})
    assert region_of(jobs(tmp_path, other, values={"kms_master_key_id": KEY})) is None


def test_a_region_in_a_policy_tells_none(tmp_path):
    """Where calls are allowed is not where the queue lies."""
    there = {**CALL, "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}}
    assert region_of(jobs(tmp_path, values={"policy": document(there)})) is None


def test_a_variable_tells_none_where_the_provider_asks_for_no_region(tmp_path):
    assert region_of(jobs(tmp_path, variables={"replica_region": "eu-central-1"})) is None


@pytest.mark.parametrize("variables", [
    {"region": "eu-west-1", "aws_region": "eu-west-3"}, {"replica_region": "eu-west-3"}, {"a": "eu-west-1"},
])  # fmt: skip
def test_two_variables_that_differ_and_others_tell_none(tmp_path, variables):
    found = jobs(tmp_path, expression={"references": ["local.r"]}, variables=variables)
    assert region_of(found) is None


@pytest.mark.parametrize(("address", "values"), [
    ("aws_api_gateway_domain_name.d", {"certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1a2b"}),
    ("aws_cloudfront_distribution.d", {"web_acl_id": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/1"}),
    ("aws_kms_replica_key.k", {"primary_key_arn": KEY}),
])  # fmt: skip
def test_what_may_lie_in_another_region_tells_none(tmp_path, address, values):
    """Certificates of CloudFront lie in us-east-1, whatever the Region of the plan."""
    assert region_of(jobs(tmp_path, change(address, values))) is None
