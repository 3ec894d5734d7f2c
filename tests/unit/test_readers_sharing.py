"""Who resources are shared with, as each source tells it: AWS RAM, images, snapshots, documents."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG, OWN, PARTNER, REGION = "o-acme0000001", "111122223333", "999988887777", "eu-west-1"
OPTIONS = SourceOptions(organization_id=ORG, account=OWN, region=REGION)
SUBNET = f"arn:aws:ec2:{REGION}:{OWN}:subnet/subnet-0ac00000000000001"
SHARE = f"arn:aws:ram:{REGION}:{OWN}:resource-share/12345678-aaaa-bbbb-cccc-0123456789ab"
IMAGE, SNAPSHOT = (f"arn:aws:ec2:{REGION}::{name}-0ac00000000000001" for name in ("image/ami", "snapshot/snap"))
RDS, DOCUMENT = f"arn:aws:rds:{REGION}:{OWN}:snapshot:orders", f"arn:aws:ssm:{REGION}:{OWN}:document/Patch"
UNIT = f"arn:aws:organizations::{OWN}:ou/{ORG}/ou-ac00-workload1"


def resource(found, arn):
    return next((r for a, _ in found.organization.accounts() for r in a.resources if r.arn == arn), None)


def parties(found, arn):
    """Whom the policy of a resource names: accounts, and conditions on organizations and paths."""
    held = resource(found, arn)
    assert held is not None, [u.name for u in found.unknowns]
    assert held.account == OWN
    out = set()
    for statement in held.policy.statements if held.policy else ():
        conditions = {v for c in statement.conditions for v in c.values if c.name.startswith("aws:principalorg")}
        out |= {e.value for e in statement.principal.entries if e.value != "*"} or conditions or {"all"}
    return {entry.removeprefix("arn:aws:iam::").removesuffix(":root") for entry in out}


def cli(tmp_path, **answers):
    folder = tmp_path / "answers" / OWN / REGION
    folder.mkdir(parents=True)
    for name, value in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return read_source(tmp_path / "answers", OPTIONS)


def test_answers_on_ram(tmp_path):
    """Associations, and principals and resources listed by themselves; what was taken back does not count."""

    def one(kind, entity, status="ASSOCIATED"):
        return {"resourceShareArn": SHARE, "associatedEntity": entity, "associationType": kind, "status": status}

    found = cli(
        tmp_path,
        shares={"resourceShareAssociations": [one("RESOURCE", SUBNET), one("PRINCIPAL", UNIT),
                                              one("PRINCIPAL", "444455556666", "DISASSOCIATED")]},
        principals={"principals": [{"id": PARTNER, "resourceShareArn": SHARE, "external": True}]},
        resources={"resources": [{"arn": SUBNET, "type": "ec2:Subnet", "resourceShareArn": SHARE}]},
    )  # fmt: skip
    assert parties(found, SUBNET) == {PARTNER, f"{ORG}/*ou-ac00-workload1/*"}


def test_answers_on_images_and_snapshots(tmp_path):
    name = IMAGE.rpartition("/")[2]
    found = cli(
        tmp_path,
        image={"ImageId": name, "LaunchPermissions": [{"UserId": PARTNER}, {"OrganizationArn":
               f"arn:aws:organizations::{OWN}:organization/{ORG}"}]},
        images={"Images": [{"ImageId": name, "OwnerId": OWN, "Public": False},
                           {"ImageId": "ami-0ac00000000000002", "OwnerId": OWN},
                           {"ImageId": "ami-0ac00000000000003", "OwnerId": OWN, "Public": True}]},
        snapshot={"SnapshotId": SNAPSHOT.rpartition("/")[2], "CreateVolumePermissions": [{"Group": "all"}]},
        database={"DBSnapshotAttributesResult": {"DBSnapshotIdentifier": "orders", "DBSnapshotAttributes": [
            {"AttributeName": "restore", "AttributeValues": ["all"]}]}},
        document={"DocumentArn": DOCUMENT, "AccountIds": ["All"], "AccountSharingInfoList": []},
    )  # fmt: skip
    assert parties(found, IMAGE) == {PARTNER, ORG}
    assert parties(found, SNAPSHOT) == parties(found, RDS) == parties(found, DOCUMENT) == {"all"}
    assert parties(found, IMAGE.replace("001", "003")) == {"all"}
    assert resource(found, IMAGE.replace("001", "002")) is None  # whom it is shared with was not told
    assert any("whom it is shared with is not told" in u.reason for u in found.unknowns)


def test_a_share_of_a_type_that_is_not_known(tmp_path):
    arn = f"arn:aws:imagebuilder:{REGION}:{OWN}:component/patch/1.0.0"
    found = cli(tmp_path, a={"resources": [{"arn": arn, "resourceShareArn": SHARE}]},
                b={"principals": [{"id": PARTNER, "resourceShareArn": SHARE}]})  # fmt: skip
    assert resource(found, arn) is None
    assert any(arn in u.name and u.affects == "grants" for u in found.unknowns)


def config(tmp_path, *items):
    common = {"awsAccountId": OWN, "awsRegion": REGION, "configurationItemStatus": "OK"}
    path = tmp_path / "items.json"
    path.write_text(json.dumps({"configurationItems": [{**common, **item} for item in items]}))
    return read_source(path, OPTIONS)


def test_items_of_config(tmp_path):
    share = {"Arn": SHARE, "Name": "network", "Principals": [PARTNER], "ResourceArns": [SUBNET]}
    attributes = [{"attributeName": "restore", "attributeValues": [PARTNER]}]
    found = config(
        tmp_path,
        {"resourceType": "AWS::RAM::ResourceShare", "ARN": SHARE, "resourceId": SHARE, "configuration": share},
        {"resourceType": "AWS::RDS::DBSnapshot", "ARN": RDS, "resourceId": "orders", "configuration": {},
         "supplementaryConfiguration": {"DBSnapshotAttributes": json.dumps(attributes)}},
    )  # fmt: skip
    assert parties(found, SUBNET) == parties(found, RDS) == {PARTNER}


def test_resources_of_terraform(tmp_path):
    """Associations refer to a share that has no ARN yet; the account of a permission is whom it is for."""
    values = {
        "aws_ram_resource_share": {"name": "network"},
        "aws_ram_resource_association": {"resource_arn": SUBNET},
        "aws_ram_principal_association": {"principal": PARTNER},
        "aws_ami_launch_permission": {"image_id": IMAGE.rpartition("/")[2], "account_id": PARTNER},
        "aws_snapshot_create_volume_permission": {"snapshot_id": SNAPSHOT.rpartition("/")[2], "account_id": PARTNER},
        "aws_db_snapshot": {"db_snapshot_identifier": "orders", "shared_accounts": ["all"]},
        "aws_ssm_document": {"name": "Patch", "permissions": {"type": "Share", "account_ids": PARTNER}},
    }
    refers = {"resource_share_arn": {"references": ["aws_ram_resource_share.x.arn", "aws_ram_resource_share.x"]}}
    resources, configured = [], []
    for kind, found in values.items():
        resources.append({"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "values": found})
        configured.append({"address": f"{kind}.x", "expressions": refers if "association" in kind else {}})
    plan = {"format_version": "1.2", "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": resources}},
            "configuration": {"root_module": {"resources": configured}}}  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    found = read_source(path, OPTIONS)
    assert parties(found, RDS) == {"all"}
    for arn in (SUBNET, IMAGE, SNAPSHOT, DOCUMENT):
        assert parties(found, arn) == {PARTNER}, arn


@pytest.mark.parametrize(("principals", "expected"), [("[!Ref Partner]", {PARTNER}), ("[!Ref Missing]", None)])
def test_a_share_in_a_template(tmp_path, principals, expected):
    path = tmp_path / "template.yaml"
    path.write_text(f"""
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Partner: {{Type: String, Default: "{PARTNER}"}}
  Missing: {{Type: String}}
Resources:
  Network:
    Type: AWS::RAM::ResourceShare
    Properties:
      Name: network
      ResourceArns: ["{SUBNET}"]
      Principals: {principals}
""")
    found = read_source(path, OPTIONS)
    if expected is None:
        assert any(SUBNET in u.name for u in found.unknowns)
        assert not any(a.listed for a, _ in found.organization.accounts() if a.id == OWN)
    else:
        assert parties(found, SUBNET) == expected


@pytest.mark.parametrize(("party", "status"), [(PARTNER, "refuted"), (None, "conditional")])
def test_a_share_that_was_read_decides(tmp_path, party, status):
    """An image of a collection that is complete: strangers launch it where it is shared with them."""
    folder = tmp_path / "answers" / OWN / REGION
    folder.mkdir(parents=True)
    permissions = [{"UserId": party}] if party else []
    answer = {"ImageId": IMAGE.rpartition("/")[2], "LaunchPermissions": permissions}
    (folder / "image.json").write_text(json.dumps(answer))
    options = SourceOptions(organization_id=ORG, account=OWN, region=REGION, complete=True)
    found = read_source(tmp_path / "answers", options)
    accepted = ("management-account", "service-linked-roles", "service-principals")
    scope = {"O1": {"actions": ("ec2:RunInstances",)}}
    perimeter = type(found.perimeter).model_validate({**found.perimeter.model_dump(), "accepted": accepted,
                                                      "scopes": scope})  # fmt: skip
    report = prove(found.model_copy(update={"perimeter": perimeter}), objectives=["O1"], services=["ec2"],
                   mode="grants", reading="exact", availability=False)  # fmt: skip
    (verdict,) = report.verdicts
    assert verdict.status == status
