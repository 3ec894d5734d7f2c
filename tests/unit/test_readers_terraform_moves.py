"""Plans with `moved`, `import` and `removed` blocks, modules with `for_each`, and what looks like a plan."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from tests.unit.test_readers_terraform_parts import (
    ANYBODY,
    OWN,
    QUEUE,
    account,
    change,
    configured,
    document,
    plan,
    read,
    resources,
    sids,
)

MADE = {"name": "bills", "arn": QUEUE}
OPEN = {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/bills", "policy": document(ANYBODY)}


def test_what_a_plan_forgets_stays_in_aws(tmp_path):
    """A `removed` block without `destroy`: the policy stays, and was passed over as if it were deleted."""
    queue = change("aws_sqs_queue.q", MADE, ["no-op"])
    found = read(plan(tmp_path, queue, change("aws_sqs_queue_policy.q", None, ["forget"], before=OPEN)))
    assert sids(resources(found)[QUEUE].policy) == ["Anybody"]
    assert not found.taken


def test_what_is_made_again_beside_what_is_forgotten(tmp_path):
    new = {**OPEN, "queue_url": OPEN["queue_url"] + "-2"}
    found = read(plan(tmp_path, change("aws_sqs_queue_policy.q", new, ["create", "forget"], before=OPEN)))
    assert sorted(resources(found)) == [QUEUE, f"{QUEUE}-2"]


def test_a_moved_and_an_imported_resource_are_what_they_were(tmp_path):
    moved = change("aws_sqs_queue.new", {**MADE, "policy": document(ANYBODY)}, ["no-op"],
                   previous_address="aws_sqs_queue.old[0]")  # fmt: skip
    found = read(plan(tmp_path, moved))
    assert sids(resources(found)[QUEUE].policy) == ["Anybody"]
    assert not found.taken


@pytest.mark.parametrize("counted", ["", "[0]"])
def test_a_policy_and_its_resource_in_one_instance_of_a_module(tmp_path, counted):
    """With `count` on the policy alone, no bucket was the one: that of the same instance is."""
    changes = []
    for name in ("one", "two"):
        changes.append(change(f'module.m["{name}"].aws_sqs_queue.q', {"name": name}, unknown={"arn": True}))
        changes.append(change(f'module.m["{name}"].aws_sqs_queue_policy.p{counted}', {
            "policy": document({**ANYBODY, "Sid": name})}, unknown={"queue_url": True}))  # fmt: skip
    inner = [
        configured("aws_sqs_queue.q"),
        configured("aws_sqs_queue_policy.p", queue_url=["aws_sqs_queue.q.id", "aws_sqs_queue.q"]),
    ]
    for each in changes:
        each["type"] = "aws_sqs_queue_policy" if "policy" in each["address"] else "aws_sqs_queue"
    found = read(plan(tmp_path, *changes, calls={"m": {"module": {"resources": inner}}}))
    place = f"arn:aws:sqs:eu-west-1:{OWN}:"
    assert {arn: sids(r.policy) for arn, r in resources(found).items()} == {
        f"{place}one": ["one"],
        f"{place}two": ["two"],
    }


def test_a_log_of_a_plan_is_none(tmp_path):
    log = [{"@level": "info", "type": "version", "terraform": "1.9.8"}, {"@level": "info", "type": "planned_change"}]
    (tmp_path / "plan.json").write_text("\n".join(map(json.dumps, log)))
    with pytest.raises(InputError, match="a log of `terraform plan -json`, expected what `terraform show -json"):
        read_source(tmp_path / "plan.json", SourceOptions())


OWNER = "a" * 64
EVERYBODY = {
    "id": "",
    "type": "Group",
    "uri": "http://acs.amazonaws.com/groups/global/AllUsers",
    "permissions": ["READ"],
}
ITSELF = {"id": OWNER, "type": "CanonicalUser", "uri": "", "permissions": ["FULL_CONTROL"]}


@pytest.mark.parametrize(("values", "entries"), [
    ({"acl": "public-read"}, [("AllUsers", "READ")]),
    ({"acl": "private", "grant": [ITSELF, EVERYBODY]}, [("AllUsers", "READ")]),
    ({"grant": [ITSELF, {**ITSELF, "id": "b" * 64, "permissions": ["READ"]}]}, [("b" * 64, "READ")]),
    ({"grant": [EVERYBODY, {"id": "", "type": "AmazonCustomerByEmail", "uri": "", "permissions": ["READ"]}]},
     [("AllUsers", "READ")]),
    ({"acl": None, "grant": [ITSELF]}, []),
])  # fmt: skip
def test_the_list_that_a_bucket_itself_has(tmp_path, values, entries):
    """`acl` and `grant` of `aws_s3_bucket`, as older providers have them, were not read."""
    found = read(plan(tmp_path, change("aws_s3_bucket.b", {"bucket": "acme-site", **values}, ["no-op"])))
    (bucket,) = account(found).resources
    assert [(entry.grantee, entry.permission) for entry in bucket.acl or ()] == entries
