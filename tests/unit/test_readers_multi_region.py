"""Multi-Region Access Points in every source: ARN by alias, buckets, Block Public Access, policy."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import BucketBehind
from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, MANAGEMENT, OWN, MATE = "o-acme0000031", "999900001111", "111122223333", "444455556666"
ALIAS = "q7wert5zuiop1.mrap"
POINT = f"arn:aws:s3::{OWN}:accesspoint/{ALIAS}"
TWO = (BucketBehind(name="acme-eu", account=OWN), BucketBehind(name="acme-us", account=MATE))
ON = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
OFF = {**ON, "RestrictPublicBuckets": False}


def text(sid="Partner", point=POINT):
    who = {"AWS": f"arn:aws:iam::{MATE}:root"}
    both = [point, f"{point}/object/*"]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": sid, "Effect": "Allow", "Principal": who, "Action": "s3:*", "Resource": both}],
    }


def read(path, **more):
    options = {"organization_id": ORG, "management_account": MANAGEMENT, "account": OWN, "region": "eu-west-1"}
    return read_source(path, SourceOptions(**{**options, **more}))


def resources(found):
    return {r.arn: r for account, _ in found.organization.accounts() for r in account.resources}


def sids(resource):
    return [s.sid for s in resource.policy.statements] if resource.policy else None


def about(found, word="mrap"):
    return [u for u in found.unknowns if word in u.name and u.affects == "grants"]


WORKSPACE = """id: o-acme0000031
management_account: "999900001111"
root:
  id: r-ac31
  accounts:
    - id: "999900001111"
    - id: "111122223333"
      resources:
        - arn: {arn}
          {more}
"""
PERIMETER = "orgs: [o-acme0000031]\n"


def workspace(folder, more, arn=POINT):
    (folder / "perimeter.yaml").write_text(PERIMETER)
    (folder / "organization.yaml").write_text(WORKSPACE.format(arn=arn, more=more))
    return read_source(folder, SourceOptions())


def test_workspace(tmp_path):
    found = workspace(tmp_path, f'buckets: [acme-eu, {{name: acme-us, account: "{MATE}"}}]')
    point = resources(found)[POINT]
    assert point.buckets == (BucketBehind(name="acme-eu"), BucketBehind(name="acme-us", account=MATE))
    assert (point.origin, point.bucket, point.block_public_access) == ("internet", None, False)
    untold = resources(workspace(tmp_path, "block_public_access: true"))[POINT]
    assert (untold.buckets, untold.block_public_access) == (None, True)


@pytest.mark.parametrize(
    ("more", "arn", "said"),
    [
        ("bucket: acme-eu", POINT, "a Multi-Region Access Point has no `bucket`, expected its `buckets`"),
        ("origin: internet", POINT, "a Multi-Region Access Point has no `origin`"),
        ("buckets: []", POINT, "`buckets` is empty"),
        ("buckets: [acme-eu, acme-eu]", POINT, "duplicate bucket `acme-eu`"),
        ("buckets: [{account: '444455556666'}]", POINT, "has no `name`"),
        ("buckets: [{name: acme-eu, account: mine}]", POINT, "`mine`"),
        ("buckets: [{name: acme-eu, region: eu-west-1}]", POINT, "unknown member `region`"),
        ("buckets: ['a/b']", POINT, "`a/b` is not the name of a bucket"),
        ("buckets: [acme-eu]", f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/a", "only a Multi-Region Access Point has"),
        ("buckets: [acme-eu]", f"arn:aws:s3::{OWN}:accesspoint/acme", "has no Region, expected one, or"),
        ("abac: true", POINT, "only a bucket has `abac`"),
    ],
)
def test_what_a_workspace_cannot_say(tmp_path, more, arn, said):
    with pytest.raises(InputError, match=r"organization\.yaml:[0-9]+: ") as error:
        workspace(tmp_path, more, arn)
    assert said in str(error.value)


def test_a_bucket_of_another_account_than_said(tmp_path):
    """Names of buckets are unique: the list says of one bucket that two accounts own it."""
    bucket = "buckets: [{name: acme-eu, account: '444455556666'}]\n        - arn: arn:aws:s3:::acme-eu"
    with pytest.raises(InputError, match="bucket `acme-eu` is of account `444455556666` here and of `111122223333`"):
        workspace(tmp_path, bucket)


REPORT = {
    "Name": "acme-global",
    "Alias": ALIAS,
    "CreatedAt": "2026-01-01T00:00:00+00:00",
    "PublicAccessBlock": ON,
    "Status": "READY",
    "Regions": [
        {"Bucket": "acme-eu", "Region": "eu-west-1", "BucketAccountId": OWN},
        {"Bucket": "acme-us", "Region": "us-east-1", "BucketAccountId": MATE},
    ],
}


def answers(folder, **files):
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return read(folder)


def established(*, proposed=None):
    found = {"Established": {"Policy": json.dumps(text())}}
    return {"Policy": found if proposed is None else {**found, "Proposed": {"Policy": json.dumps(proposed)}}}


@pytest.mark.parametrize("listed", [{"AccessPoints": [REPORT]}, {"AccessPoint": REPORT}])
def test_answers(tmp_path, listed):
    found = answers(tmp_path, a=established(proposed=text()), points=listed)
    point = resources(found)[POINT]
    assert (point.buckets, point.block_public_access, point.origin, sids(point)) == (TWO, True, "internet", ["Partner"])
    assert not about(found)


def test_answers_without_policy(tmp_path):
    """The list tells no policies: one that was not asked for may be any."""
    found = answers(tmp_path, points={"AccessPoints": [REPORT]})
    assert [u.subject for u in about(found)] == [POINT]
    assert POINT not in resources(found)


def test_a_policy_under_change(tmp_path):
    """Established and proposed policy differ until every Region has the new one."""
    found = answers(tmp_path, a=established(proposed=text("Later")), points={"AccessPoint": REPORT})
    assert "differ" in about(found)[0].reason


def test_a_policy_alone(tmp_path):
    for value in (established(), {"Policy": json.dumps(text())}):
        point = resources(answers(tmp_path, a=value))[POINT]
        assert (sids(point), point.buckets) == (["Partner"], None)
    nobodys = {"Policy": {"Established": {"Policy": json.dumps(text(point="*"))}}}
    found = answers(tmp_path, a=nobodys)
    assert about(found, "policy")


def test_block_public_access_of_answers(tmp_path):
    found = answers(tmp_path, points={"AccessPoint": {**REPORT, "PublicAccessBlock": OFF}}, policy=established())
    assert resources(found)[POINT].block_public_access is False


def test_access_points_of_file_systems_are_none(tmp_path):
    of_efs = {"AccessPoints": [{"AccessPointId": "fsap-0123", "FileSystemId": "fs-0123", "OwnerId": OWN}]}
    found = answers(tmp_path, points=of_efs, policy=established())
    assert list(resources(found)) == [POINT]


def template(folder, *, policy=None, name=None, **properties):
    """A template with a point, as the pages of its types show it."""
    point = {"Regions": [{"Bucket": {"Ref": "Bucket"}}, {"Bucket": "acme-us", "BucketAccountId": MATE}], **properties}
    of_point = {"Fn::Sub": "arn:${AWS::Partition}:s3::${AWS::AccountId}:accesspoint/${Point.Alias}"}
    of_objects = {"Fn::Sub": "arn:${AWS::Partition}:s3::${AWS::AccountId}:accesspoint/${Point.Alias}/object/*"}
    written = text()
    written["Statement"][0]["Resource"] = [of_point, of_objects]
    chosen = {"MrapName": name or {"Ref": "Point"}, "Policy": policy or written}
    value = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme-eu"}},
            "Point": {"Type": "AWS::S3::MultiRegionAccessPoint", "Properties": {"Name": "acme-global", **point}},
            "Policy": {"Type": "AWS::S3::MultiRegionAccessPointPolicy", "Properties": chosen},
        },
    }
    (folder / "template.json").write_text(json.dumps(value))
    return read(folder / "template.json")


def of_template(found):
    (arn,) = [arn for arn in resources(found) if arn.startswith(f"arn:aws:s3::{OWN}:accesspoint/")]
    return resources(found)[arn]


def test_template(tmp_path):
    found = template(tmp_path)
    point = of_template(found)
    assert point.arn.endswith(".mrap")
    assert point.buckets == (BucketBehind(name="acme-eu"), TWO[1])
    assert (point.block_public_access, sids(point)) == (True, ["Partner"])  # all settings are on by default
    assert point.policy.statements[0].resource.values == (point.arn, f"{point.arn}/object/*")
    assert of_template(template(tmp_path, name="acme-global")).arn == point.arn
    assert not about(found)


def test_template_with_what_is_not_known(tmp_path):
    assert of_template(template(tmp_path, PublicAccessBlockConfiguration=OFF)).block_public_access is False
    assert of_template(template(tmp_path, Regions=[{"Bucket": {"Fn::ImportValue": "b"}}])).buckets is None
    found = template(tmp_path, policy=text(), name="another")  # its policy tells the ARN
    assert sids(resources(found)[POINT]) == ["Partner"]
    found = template(tmp_path, policy=text(point="*"), name="another")
    assert about(found, "Policy")
    found = template(tmp_path, name={"Fn::ImportValue": "point"}, policy=text())
    assert sids(resources(found)[POINT]) == ["Partner"]


MRAP, BUCKET = "aws_s3control_multi_region_access_point", "aws_s3_bucket"


def change(address, after, unknown=None, actions=("create",)):
    found = {"actions": list(actions), "before": None, "after": after, "after_unknown": unknown or {}}
    return {"address": address, "mode": "managed", "type": address.split(".")[0], "change": found}


def plan(folder, *changes, config=()):
    planned = [
        {"address": c["address"], "mode": "managed", "type": c["type"], "values": c["change"]["after"]} for c in changes
    ]
    value = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": list(changes),
        "configuration": {"provider_config": {}, "root_module": {"resources": list(config)}},
    }
    (folder / "plan.json").write_text(json.dumps(value))
    return read(folder / "plan.json")


def details(**more):
    block = [{"block_public_acls": True, "restrict_public_buckets": True}]
    regions = [{"bucket": "acme-eu", "bucket_account_id": OWN}, {"bucket": "acme-us", "bucket_account_id": MATE}]
    return [{"name": "acme-global", "public_access_block": block, "region": regions, **more}]


def test_plan_of_what_is_there(tmp_path):
    there = {"account_id": OWN, "alias": ALIAS, "arn": POINT, "details": details()}
    policy = {"account_id": OWN, "details": [{"name": "acme-global", "policy": json.dumps(text())}]}
    found = plan(tmp_path, change(f"{MRAP}.own", there, actions=["no-op"]), change(f"{MRAP}_policy.own", policy))
    point = resources(found)[POINT]
    assert (point.buckets, point.block_public_access, sids(point)) == (TWO, True, ["Partner"])
    open_ = {**there, "details": details(public_access_block=[{"restrict_public_buckets": False}])}
    found = plan(tmp_path, change(f"{MRAP}.own", open_), change(f"{MRAP}_policy.own", policy))
    assert resources(found)[POINT].block_public_access is False


def test_plan_of_what_is_new(tmp_path):
    """The alias is known after apply; any stands for it, and the policy that names it is known after apply, too."""
    regions = [{"bucket_account_id": None}, {"bucket_account_id": None}]
    point = {"account_id": OWN, "details": details(region=regions, public_access_block=[])}
    unknown = {"alias": True, "arn": True, "details": [{"region": [{"bucket": True}, {"bucket": True}]}]}
    refs = ["aws_s3_bucket.eu.id", "aws_s3_bucket.eu", "aws_s3_bucket.us.id", "aws_s3_bucket.us"]
    config = [
        {"address": f"{MRAP}.own", "expressions": {"details": [{"region": [{"bucket": {"references": refs}}]}]}},
        {"address": "aws_s3_bucket.eu", "expressions": {}},
        {"address": "aws_s3_bucket.us", "expressions": {}},
        {
            "address": f"{MRAP}_policy.own",
            "expressions": {
                "details": [
                    {
                        "name": {"references": [f"{MRAP}.own.id", f"{MRAP}.own"]},
                        "policy": {"references": [f"{MRAP}.own.alias"]},
                    }
                ]
            },
        },
    ]
    buckets = [change(f"{BUCKET}.{name}", {"bucket": f"acme-{name}"}) for name in ("eu", "us")]
    policy = change(
        f"{MRAP}_policy.own", {"account_id": OWN, "details": [{}]}, {"details": [{"name": True, "policy": True}]}
    )
    found = plan(tmp_path, *buckets, change(f"{MRAP}.own", point, unknown), policy, config=config)
    (untold,) = about(found)
    assert untold.subject.startswith(f"arn:aws:s3::{OWN}:accesspoint/")
    assert "known after apply" in untold.reason
    found = plan(tmp_path, *buckets, change(f"{MRAP}.own", point, unknown), config=config)
    new = of_template(found)
    assert new.arn.endswith(".mrap")
    assert {b.name for b in new.buckets} == {"acme-eu", "acme-us"}
    assert (new.block_public_access, new.policy) == (True, None)


def test_plan_with_a_policy_for_a_point_elsewhere(tmp_path):
    policy = {"account_id": OWN, "details": [{"name": "other", "policy": json.dumps(text())}]}
    assert sids(resources(plan(tmp_path, change(f"{MRAP}_policy.own", policy)))[POINT]) == ["Partner"]
    policy["details"][0]["policy"] = json.dumps(text(point="*"))
    assert about(plan(tmp_path, change(f"{MRAP}_policy.own", policy)), MRAP)


def config_items(folder, configuration, arn=POINT):
    item = {
        "version": "1.3",
        "accountId": OWN,
        "configurationItemCaptureTime": "2026-11-01T00:00:00.000Z",
        "configurationItemStatus": "OK",
        "resourceType": "AWS::S3::MultiRegionAccessPoint",
        "resourceId": "acme-global",
        "resourceName": "acme-global",
        "ARN": arn,
        "awsRegion": "us-west-2",
        "tags": {},
        "configuration": configuration,
    }
    (folder / "items.json").write_text(json.dumps({"fileVersion": "1.0", "configurationItems": [item]}))
    return read(folder / "items.json")


@pytest.mark.parametrize("arn", [POINT, f"arn:aws:s3::{OWN}:accesspoint/acme-global", ""])
def test_items_of_config(tmp_path, arn):
    """Items hold the point in the form of its CloudFormation type, without its policy."""
    regions = [{"Bucket": "acme-eu", "BucketAccountId": OWN}, {"Bucket": "acme-us", "BucketAccountId": MATE}]
    told = {"Name": "acme-global", "Alias": ALIAS, "Regions": regions, "PublicAccessBlockConfiguration": ON}
    found = config_items(tmp_path, told, arn)
    assert [(u.subject, u.reason) for u in about(found)] == [(POINT, "the item does not tell it")]
    point = resources(config_items(tmp_path, {**told, "Policy": json.dumps(text())}, arn))[POINT]
    assert (point.buckets, point.block_public_access, sids(point)) == (TWO, True, ["Partner"])


def test_iam_collect(tmp_path):
    folder = tmp_path / "aws" / "aws" / "accounts" / OWN / "s3" / "multiregionaccesspoint" / "acme-global"
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps({"arn": POINT, "name": "acme-global"}))
    (folder / "policy.json").write_text(json.dumps(text()))
    point = resources(read(tmp_path))[POINT]
    assert (sids(point), point.buckets, point.origin) == (["Partner"], None, "internet")


def test_a_plan_over_an_organization_keeps_what_it_does_not_tell(tmp_path):
    (tmp_path / "base").mkdir()
    answers(tmp_path / "base", a=established(), points={"AccessPoint": REPORT})
    policy = {"account_id": OWN, "details": [{"name": "acme-global", "policy": json.dumps(text("Fresh"))}]}
    plan(tmp_path, change(f"{MRAP}_policy.own", policy))
    base = {"organization": tmp_path / "base", "organization_account": OWN}
    point = resources(read(tmp_path / "plan.json", **base))[POINT]
    assert (point.buckets, point.block_public_access, sids(point)) == (TWO, True, ["Fresh"])


def test_the_account_of_a_plan_is_not_that_of_the_organization(tmp_path):
    """Answers that tell no account are nobody's until `--org-account` tells whose; `--account` is that of the plan."""
    (tmp_path / "base").mkdir()
    answers(tmp_path / "base", a=established(), points={"AccessPoint": REPORT})
    plan(tmp_path, change(f"{BUCKET}.own", {"bucket": "acme-fresh"}))
    base = tmp_path / "base"
    untold = about(read(tmp_path / "plan.json", organization=base, account=MATE), "acme-global")
    assert [u.reason for u in untold] == ["its account is not told: say `--org-account`"]
    found = read(tmp_path / "plan.json", organization=base, account=MATE, organization_account=OWN)
    held = {r.arn: account.id for account, _ in found.organization.accounts() for r in account.resources}
    assert held == {POINT: OWN, "arn:aws:s3:::acme-fresh": MATE}


def test_a_plan_that_deletes_or_replaces_a_point(tmp_path):
    (tmp_path / "base").mkdir()
    answers(tmp_path / "base", a=established(), points={"AccessPoint": REPORT})
    before = {"account_id": OWN, "alias": ALIAS, "arn": POINT, "details": details()}
    gone = {
        "address": f"{MRAP}.own",
        "mode": "managed",
        "type": MRAP,
        "change": {"actions": ["delete"], "before": before, "after": None, "after_unknown": {}},
    }
    value = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [gone]}
    (tmp_path / "plan.json").write_text(json.dumps(value))
    found = read(tmp_path / "plan.json", organization=tmp_path / "base")
    assert POINT not in resources(found)
    fresh = {"account_id": OWN, "details": details(region=[{"bucket": "acme-new"}])}
    unknown = {"alias": True, "arn": True}
    replaced = {"actions": ["delete", "create"], "before": before, "after": fresh, "after_unknown": unknown}
    planned = [{"address": f"{MRAP}.own", "mode": "managed", "type": MRAP, "values": fresh}]
    value = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": [{**gone, "change": replaced}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(value))
    new = of_template(read(tmp_path / "plan.json", organization=tmp_path / "base"))
    assert new.arn != POINT
    assert new.buckets == (BucketBehind(name="acme-new"),)
