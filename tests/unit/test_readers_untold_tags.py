"""Tags that items of AWS Config do not tell: policies are read, and tags named where policies look at them."""

from __future__ import annotations

import json

from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, MANAGEMENT, PARTNER = "o-acme0000082", "333344445555", "999900001111", "777788889999"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:invoices"
OPTIONS = {"organization_id": ORG, "management_account": MANAGEMENT}


def policy(**condition):
    statement = {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "sqs:SendMessage", "Resource": QUEUE}
    return {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


def aggregated(folder, found):
    """`batch-get-aggregate-resource-config`, whose items have no tags."""
    item = {
        "accountId": OWN,
        "arn": QUEUE,
        "awsRegion": "eu-west-1",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T10:00:00+00:00",
        "resourceType": "AWS::SQS::Queue",
        "resourceId": "invoices",
        "configuration": json.dumps({"VisibilityTimeout": "30", "Policy": json.dumps(found)}),
        "supplementaryConfiguration": {},
    }
    folder.mkdir()
    answer = {"BaseConfigurationItems": [item], "UnprocessedResourceIdentifiers": []}
    (folder / "items.json").write_text(json.dumps(answer))
    return folder


def tags_named(found):
    return [u.affects for u in found.unknowns if u.name.startswith("tags of")]


def test_the_policy_counts(tmp_path):
    found = read_source(aggregated(tmp_path / "items", policy()), SourceOptions(**OPTIONS))
    (queue,) = [r for account, _ in found.organization.accounts() for r in account.resources]
    assert queue.policy.statements[0].principal is not None
    assert not tags_named(found)


def test_tags_are_named_where_policies_look_at_them(tmp_path):
    for number, condition in enumerate([
        {"StringEquals": {"aws:ResourceTag/open": "yes"}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceTag/partner}"}},
    ]):  # fmt: skip
        folder = aggregated(tmp_path / str(number), policy(**condition))
        assert tags_named(read_source(folder, SourceOptions(**OPTIONS))) == ["facts"]


def test_a_plan_that_looks_at_tags(tmp_path):
    """Nothing of the organization did, so that its tags were not named."""
    base = aggregated(tmp_path / "items", policy())
    looks = policy(StringEquals={"aws:ResourceTag/open": "yes"})
    values = {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/invoices", "policy": json.dumps(looks)}
    made = {"address": "aws_sqs_queue_policy.p", "mode": "managed", "type": "aws_sqs_queue_policy", "values": values}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [made]}},
        "resource_changes": [{**made, "change": change}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    options = SourceOptions(**OPTIONS, organization=base, account=OWN, region="eu-west-1")
    assert tags_named(read_source(tmp_path / "plan.json", options)) == ["facts"]
