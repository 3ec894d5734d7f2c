"""A plan or template laid over an organization, for every kind of change: what stands there afterwards."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.changes.ask import compare_workspaces

ORG, OWN, OTHER, MANAGEMENT, PARTNER = "o-acme0000001", "111122223333", "444455556666", "999900001111", "210987654321"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/0a1b2c3d-1111-2222-3333-444455556666"
IMAGE = "arn:aws:ec2:eu-west-1::image/ami-0a000000000000001"
SUBNET = f"arn:aws:ec2:eu-west-1:{OWN}:subnet/subnet-0a000000000000001"
SHARE = f"arn:aws:ram:eu-west-1:{OWN}:resource-share/11111111-2222-3333-4444-555555555555"
BUCKET, DOOR, ROLE = "arn:aws:s3:::acme-orders", "vpce-0a000000000000001", f"arn:aws:iam::{OWN}:role/app"


def says(sid, effect="Allow", action="s3:*", **more):
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": effect, "Action": action, **more}]}


SCP = says("Scp", "Deny", Resource="*")
WORK = says("Work", Resource="*")
LIMIT = says("Limit", "Deny", "s3:PutObject", Resource="*")
ON_BUCKET = says("OnBucket", "Allow", "s3:GetObject", Principal={"AWS": OTHER}, Resource=f"{BUCKET}/*")
ON_KEY = says("OnKey", "Allow", "kms:*", Principal={"AWS": OTHER}, Resource="*")
AT_DOOR = says("AtDoor", "Allow", "*", Principal="*", Resource="*")
TRUST = says("Trust", "Allow", "sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})

YAML = f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-0000
  scps: [FullAWSAccess]
  units:
    - {{id: ou-0000-0000000one, name: one, scps: [FullAWSAccess, scp.json], accounts: [
        {{id: "{OWN}", principals: [{{arn: "{ROLE}", policies: [work.json, limit.json], trust: trust.json,
                                     tags: {{team: orders}}}}],
          resources: [{{arn: "{BUCKET}", policy: bucket.json}}, {{arn: "{KEY}", policy: key.json}},
                      {{arn: "{IMAGE}", shared_with: ["{OTHER}", "{PARTNER}"]}},
                      {{arn: "{SUBNET}", shared_with: ["{PARTNER}"]}}],
          endpoints: [{{id: {DOOR}, vpc: vpc-0a000000000000001, region: eu-west-1, type: gateway, services: [s3],
                        policy: door.json}}]}}]}}
    - {{id: ou-0000-0000000two, name: two, accounts: [{{id: "{OTHER}", principals: [], resources: []}}]}}
"""


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    files = {"scp": SCP, "work": WORK, "limit": LIMIT, "bucket": ON_BUCKET, "key": ON_KEY, "door": AT_DOOR,
             "trust": TRUST}  # fmt: skip
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (folder / "organization.yaml").write_text(YAML)
    return folder


def change(kind, before, after, actions, name="x", *, unknown=None):
    found = {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": found}


def after_plan(base, *changes):
    planned = [{"address": c["address"], "mode": "managed", "type": c["type"], "name": c["name"],
                "values": c["change"]["after"]} for c in changes if c["change"]["after"]]  # fmt: skip
    path = base.parent / "plan.json"
    path.write_text(json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "configuration": {},
                                "planned_values": {"root_module": {"resources": planned}},
                                "resource_changes": list(changes)}))  # fmt: skip
    return laid_over(base, path)


def laid_over(base, path):
    return read_source(path, SourceOptions(organization=base, account=OWN, region="eu-west-1"))


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def policies(found):
    (app,) = [p for p in account(found).principals if p.arn == ROLE]
    return sorted(s.sid for p in app.policies for s in p.statements)


def resource(found, arn):
    return next((r for r in account(found).resources if r.arn == arn), None)


def sids(document):
    return [s.sid for s in document.statements] if document else None


def units(found):
    return {unit.name: sids_of(unit.guardrails.scps) for unit in found.organization.root.units}


def sids_of(documents):
    return [s.sid for d in documents for s in d.statements]


POLICY = {"id": "p-12345678", "name": "scp", "type": "SERVICE_CONTROL_POLICY", "content": json.dumps(SCP)}
ATTACHED = {"policy_id": "p-12345678", "target_id": "ou-0000-0000000one"}
MOVED = {**ATTACHED, "target_id": "ou-0000-0000000two"}


@pytest.mark.parametrize("actions", [["delete", "create"], ["create", "delete"]])
def test_an_attachment_that_moves(base, actions):
    """The target of an attachment cannot be changed, so that a plan replaces it: the old one stayed."""
    kept = change("aws_organizations_policy", POLICY, POLICY, ["no-op"])
    found = after_plan(base, kept, change("aws_organizations_policy_attachment", ATTACHED, MOVED, actions))
    assert units(found) == {"one": [], "two": ["Scp"]}
    assert not found.unknowns


def test_a_policy_that_is_deleted_with_its_attachment(base):
    found = after_plan(
        base,
        change("aws_organizations_policy", POLICY, None, ["delete"]),
        change("aws_organizations_policy_attachment", ATTACHED, None, ["delete"]),
    )
    assert units(found) == {"one": [], "two": []}
    assert not found.unknowns


IAM_ROLE = {
    "arn": ROLE,
    "name": "app",
    "path": "/",
    "assume_role_policy": json.dumps(TRUST),
    "tags_all": {"team": "orders"},
}
OPEN = says("Open", "Allow", "sts:AssumeRole", Principal="*")


def test_a_role_keeps_what_the_plan_does_not_speak_of(base):
    """A plan that changes a trust policy held the role with no policy but its own."""
    found = after_plan(
        base, change("aws_iam_role", IAM_ROLE, {**IAM_ROLE, "assume_role_policy": json.dumps(OPEN)}, ["update"])
    )
    assert policies(found) == ["Limit", "Work"]
    (app,) = account(found).principals
    assert sids(app.trust) == ["Open"]
    assert account(found).listed
    assert not found.unknowns


def test_an_attachment_that_stays_is_what_the_organization_holds(base):
    """Policies of AWS that stay attached are not in the plan by their text."""
    attached = {"role": "app", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    found = after_plan(
        base,
        change("aws_iam_role", IAM_ROLE, IAM_ROLE, ["no-op"]),
        change("aws_iam_role_policy_attachment", attached, attached, ["no-op"]),
    )
    assert policies(found) == ["Limit", "Work"]
    assert not found.unknowns


def test_an_attachment_that_is_replaced(base):
    """Of two policies in the plan, the second takes the place of the first."""
    first = {"arn": f"arn:aws:iam::{OWN}:policy/limit", "name": "limit", "policy": json.dumps(LIMIT)}
    second = {
        "arn": f"arn:aws:iam::{OWN}:policy/other",
        "name": "other",
        "policy": json.dumps(says("Other", Resource="*")),
    }
    found = after_plan(
        base,
        change("aws_iam_policy", first, first, ["no-op"], "first"),
        change("aws_iam_policy", second, second, ["no-op"], "second"),
        change("aws_iam_role_policy_attachment", {"role": "app", "policy_arn": first["arn"]},
               {"role": "app", "policy_arn": second["arn"]}, ["delete", "create"]),
    )  # fmt: skip
    assert policies(found) == ["Other", "Work"]


def test_an_inline_policy_inside_a_role(base):
    before = {**IAM_ROLE, "inline_policy": [{"name": "limit", "policy": json.dumps(LIMIT)}]}
    found = after_plan(base, change("aws_iam_role", before, IAM_ROLE, ["update"]))
    assert policies(found) == ["Work"]
    other = {
        **IAM_ROLE,
        "inline_policy": [
            {"name": "limit", "policy": json.dumps(says("Less", "Deny", "s3:PutObjectAcl", Resource="*"))}
        ],
    }
    found = after_plan(base, change("aws_iam_role", before, other, ["update"]))
    assert policies(found) == ["Less", "Work"]


def test_a_role_of_another_name(base):
    renamed = {**IAM_ROLE, "arn": f"arn:aws:iam::{OWN}:role/app2", "name": "app2"}
    found = after_plan(base, change("aws_iam_role", IAM_ROLE, renamed, ["delete", "create"]))
    assert [p.arn for p in account(found).principals] == [renamed["arn"]]


def test_the_policy_of_an_endpoint_that_lies_elsewhere(base):
    """`aws_vpc_endpoint_policy` on an endpoint that the plan does not hold was not read."""
    narrow = {"vpc_endpoint_id": DOOR, "policy": json.dumps(says("Narrow", Principal="*", Resource="*"))}
    found = after_plan(
        base, change("aws_vpc_endpoint_policy", {**narrow, "policy": json.dumps(AT_DOOR)}, narrow, ["update"])
    )
    (door,) = account(found).endpoints
    assert (sids(door.policy), door.vpc) == (["Narrow"], "vpc-0a000000000000001")
    assert not found.unknowns
    found = after_plan(
        base,
        change("aws_vpc_endpoint_policy", None, {**narrow, "vpc_endpoint_id": "vpce-0a0000000000000ff"}, ["create"]),
    )
    assert ["vpce-0a0000000000000ff" in u.name and u.affects for u in found.unknowns] == ["facts"]
    found = after_plan(
        base, change("aws_vpc_endpoint_policy", None, {"vpc_endpoint_id": DOOR}, ["create"], unknown={"policy": True})
    )
    (door,) = account(found).endpoints
    assert (door.policy, [u.affects for u in found.unknowns]) == (None, ["guardrails"])


def test_the_policy_of_a_key(base):
    narrow = {
        "key_id": KEY.rsplit("/", 1)[1],
        "policy": json.dumps(says("Narrow", "Allow", "kms:Decrypt", Principal={"AWS": OWN}, Resource="*")),
    }
    found = after_plan(base, change("aws_kms_key_policy", {**narrow, "policy": json.dumps(ON_KEY)}, narrow, ["update"]))
    assert sids(resource(found, KEY).policy) == ["Narrow"]
    assert not found.unknowns


def test_a_key_without_its_policy_has_the_one_that_aws_gives(base):
    """A key has always a policy: without one of its own, that which leaves everything to the account (KMS guide)."""
    found = after_plan(
        base, change("aws_kms_key_policy", {"key_id": KEY, "policy": json.dumps(ON_KEY)}, None, ["delete"])
    )
    (statement,) = resource(found, KEY).policy.statements
    assert (statement.action.values, statement.principal.entries[0].value) == (("kms:*",), f"arn:aws:iam::{OWN}:root")
    fresh = {"description": "new", "policy": None}
    found = after_plan(
        base, change("aws_kms_key", None, fresh, ["create"], "fresh", unknown={"arn": True, "key_id": True})
    )
    (new,) = [r for r in account(found).resources if ":kms:" in r.arn and r.arn != KEY]
    assert new.policy.statements[0].action.values == ("kms:*",)


def test_a_bucket_policy_that_goes_and_one_that_comes_to_another_bucket(base):
    before = {"bucket": "acme-orders", "policy": json.dumps(ON_BUCKET)}
    found = after_plan(base, change("aws_s3_bucket_policy", before, None, ["delete"]))
    assert resource(found, BUCKET).policy is None
    found = after_plan(
        base, change("aws_s3_bucket_policy", before, {**before, "bucket": "acme-other"}, ["delete", "create"])
    )
    assert resource(found, BUCKET).policy is None
    assert sids(resource(found, "arn:aws:s3:::acme-other").policy) == ["OnBucket"]


def shared_with(found, arn):
    thing = resource(found, arn)
    return (
        sorted(e.value for s in thing.policy.statements for e in s.principal.entries) if thing and thing.policy else []
    )


PRINCIPAL = {"resource_share_arn": SHARE, "principal": PARTNER}
RESOURCE = {"resource_share_arn": SHARE, "resource_arn": SUBNET}


@pytest.mark.parametrize(
    "changes",
    [
        [change("aws_ram_principal_association", PRINCIPAL, None, ["delete"]),
         change("aws_ram_resource_association", RESOURCE, RESOURCE, ["no-op"])],
        [change("aws_ram_principal_association", PRINCIPAL, PRINCIPAL, ["no-op"]),
         change("aws_ram_resource_association", RESOURCE, None, ["delete"])],
        [change("aws_ram_principal_association", PRINCIPAL, None, ["delete"]),
         change("aws_ram_resource_association", RESOURCE, None, ["delete"]),
         change("aws_ram_resource_share", {"arn": SHARE, "name": "net"}, None, ["delete"])],
    ],
    ids=["principal", "resource", "all"],
)  # fmt: skip
def test_a_share_that_ends(base, changes):
    assert shared_with(read_source(base), SUBNET) == [f"arn:aws:iam::{PARTNER}:root"]
    found = after_plan(base, *changes)
    assert shared_with(found, SUBNET) == []
    assert resource(found, SUBNET) is not None
    assert not found.unknowns


def test_a_share_of_which_the_plan_tells_one_side(base):
    """Which resources a party loses is not told: they stay shared, and nothing is proved by that."""
    found = after_plan(base, change("aws_ram_principal_association", PRINCIPAL, None, ["delete"]))
    assert shared_with(found, SUBNET) == [f"arn:aws:iam::{PARTNER}:root"]
    assert [u.affects for u in found.unknowns] == ["facts"]


def test_a_launch_permission_that_ends(base):
    permission = {"image_id": "ami-0a000000000000001", "account_id": PARTNER}
    found = after_plan(base, change("aws_ami_launch_permission", permission, None, ["delete"]))
    assert shared_with(found, IMAGE) == [f"arn:aws:iam::{OTHER}:root"]
    assert not found.unknowns


TEMPLATE = f"""
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: {{Bucket: acme-orders, PolicyDocument: {json.dumps(says("Fresh", Principal="*", Resource="*"))}}}
  Scp:
    Type: AWS::Organizations::Policy
    Properties: {{Name: scp, Type: SERVICE_CONTROL_POLICY, TargetIds: [ou-0000-0000000one],
                  Content: {json.dumps(says("Weaker", "Deny", "s3:PutObject", Resource="*"))}}}
  App:
    Type: AWS::IAM::Role
    Properties: {{RoleName: app, AssumeRolePolicyDocument: {json.dumps(OPEN)}}}
  Key:
    Type: AWS::KMS::Key
    Properties: {{Description: new}}
"""


def test_a_template(base):
    (base.parent / "t.yaml").write_text(TEMPLATE)
    found = laid_over(base, base.parent / "t.yaml")
    assert sids(resource(found, BUCKET).policy) == ["Fresh"]
    assert units(found) == {"one": ["Weaker"], "two": []}
    (app,) = account(found).principals
    assert sids(app.trust) == ["Open"]
    (new,) = [r for r in account(found).resources if ":kms:" in r.arn and r.arn != KEY]
    assert new.policy.statements[0].action.values == ("kms:*",)


def test_what_a_plan_takes_away_is_told(base):
    found = after_plan(base, change("aws_ram_principal_association", PRINCIPAL, None, ["delete"]),
                       change("aws_ram_resource_association", RESOURCE, RESOURCE, ["no-op"]))  # fmt: skip
    (remark,) = [r for r in inventory(found).remarks if "deletes" in r.text]
    assert remark.text == f"the plan deletes `aws_ram_principal_association.x` ({PARTNER})"
    assert "plan.json: $.resource_changes[0]" in remark.place


def test_a_share_that_ends_closes(base):
    """O1 for whom the partner is no longer let in; nothing opens."""
    before = read_source(base)
    permission = {"image_id": IMAGE.rsplit("/", 1)[1], "account_id": PARTNER}
    after = after_plan(base, change("aws_ami_launch_permission", permission, None, ["delete"]))
    (part,) = compare_workspaces(before, after, modes=("grants",), services=("ec2",)).parts
    assert (part.opens.status, part.closes.status) == ("none", "found")
