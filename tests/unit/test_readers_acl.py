"""Object ownership and access control lists of buckets from every source that tells them."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import AclGrant
from perimeter_smt.organization.readers import SourceOptions, read_source

OWN, CANONICAL = "111122223333", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
OWNER = "0" * 63 + "1"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
OPTIONS = SourceOptions(account=OWN, organization_id="o-acme0000001", management_account="999900001111")


def bucket(found):
    (out,) = (r for a, _ in found.organization.accounts() for r in a.resources if ":s3:::" in r.arn)
    return out


def entry(grantee, permission):
    return AclGrant(grantee=grantee, permission=permission)


def yaml(tmp_path, members):
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n", encoding="utf-8")
    text = f"""
id: o-acme0000001
management_account: "999900001111"
root:
  id: r-ac01
  accounts:
    - id: "{OWN}"
      ignore_public_acls: true
      principals: []
      resources: [{{arn: "arn:aws:s3:::acme-data", {members}}}]
"""
    (tmp_path / "organization.yaml").write_text(text, encoding="utf-8")
    return read_source(tmp_path)


def test_a_workspace(tmp_path):
    """Told by hand; an empty list is a list."""
    found = yaml(tmp_path, "object_ownership: ObjectWriter, acl: [{grantee: AllUsers, permission: READ}]")
    assert (bucket(found).acls, bucket(found).acl) == (True, (entry("AllUsers", "READ"),))
    assert next(a for a, _ in found.organization.accounts() if a.id == OWN).ignore_public_acls
    assert bucket(yaml(tmp_path, "object_ownership: BucketOwnerEnforced")).acls is False
    assert bucket(yaml(tmp_path, "tags: {}")).acls is None
    assert (bucket(yaml(tmp_path, "acl: []")).acls, bucket(yaml(tmp_path, "acl: []")).acl) == (True, ())


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ("object_ownership: Enforced", "`BucketOwnerEnforced`"),
        ("acl: [{grantee: Everyone, permission: READ}]", "`AllUsers`"),
        ("acl: [{grantee: AllUsers, permission: Read}]", "`READ`"),
        ("acl: [{grantee: AllUsers}]", "permission"),
        ("acl: [], object_ownership: BucketOwnerEnforced", "no access control list"),
    ],
)
def test_values_that_are_none(tmp_path, members, words):
    """One line with the place and what was expected."""
    with pytest.raises(InputError, match=words) as caught:
        yaml(tmp_path, members)
    assert "organization.yaml" in str(caught.value)


def answers(tmp_path, **files):
    for name, value in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return read_source(tmp_path, OPTIONS)


LIST = {
    "Bucket": "acme-data",
    "Owner": {"ID": OWNER},
    "Grants": [
        {"Grantee": {"Type": "CanonicalUser", "ID": OWNER}, "Permission": "FULL_CONTROL"},
        {"Grantee": {"Type": "CanonicalUser", "ID": CANONICAL}, "Permission": "READ"},
        {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ_ACP"},
    ],
}


def test_answers_of_the_command_line(tmp_path):
    """`get-bucket-acl` and `get-bucket-ownership-controls`; the owner's own entry is none."""
    found = bucket(answers(tmp_path, a=LIST))
    assert found.acl == (entry(CANONICAL, "READ"), entry("AllUsers", "READ_ACP"))
    assert found.acls  # disabled lists hold the owner's entry only
    own = {**LIST, "Grants": LIST["Grants"][:1]}
    controls = {"Bucket": "acme-data", "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    assert bucket(answers(tmp_path, a=own, b=controls)).acls is False
    blocked = {"Bucket": "acme-data", "PublicAccessBlockConfiguration": {"IgnorePublicAcls": True}}
    assert bucket(answers(tmp_path, b=blocked)).ignore_public_acls


def test_an_answer_that_does_not_say_of_which_bucket(tmp_path):
    """It is named, where it could open something."""
    nameless = {name: value for name, value in LIST.items() if name != "Bucket"}
    role = {"RoleDetailList": [], "UserDetailList": [], "GroupDetailList": [], "Policies": []}
    found = answers(tmp_path, a=nameless, b=role)
    assert any("access control list" in u.name for u in found.unknowns)
    found = answers(tmp_path, a={**nameless, "Grants": LIST["Grants"][:1]}, b=role)
    assert not any("access control list" in u.name for u in found.unknowns)


def test_items_of_aws_config(tmp_path):
    """A list stands in the supplementary configuration, as a text; a group by its name."""
    own, everybody = {"id": OWNER}, {"grantee": "AllUsers", "permission": "ReadAcp"}
    told = {"owner": own, "grantList": [{"grantee": own, "permission": "FullControl"}, everybody]}
    item = {
        "resourceType": "AWS::S3::Bucket", "resourceId": "acme-data", "arn": "arn:aws:s3:::acme-data",
        "awsAccountId": OWN, "awsRegion": "eu-west-1", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-05-01T00:00:00Z", "tags": {}, "configuration": {"name": "acme-data"},
        "supplementaryConfiguration": {
            "BucketPolicy": {"policyText": None}, "AccessControlList": json.dumps(json.dumps(told)),
            "PublicAccessBlockConfiguration": {"ignorePublicAcls": True, "restrictPublicBuckets": True}},
    }  # fmt: skip
    (tmp_path / "items.json").write_text(json.dumps({"configurationItems": [item]}), encoding="utf-8")
    found = bucket(read_source(tmp_path, OPTIONS))
    assert (found.acls, found.acl) == (True, (entry("AllUsers", "READ_ACP"),))
    assert found.ignore_public_acls


def test_a_template(tmp_path):
    """`OwnershipControls` and a canned list."""
    path = tmp_path / "t.json"

    def read(properties):
        resources = {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme-data", **properties}}}
        path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        return bucket(read_source(path, OPTIONS))

    rules = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}}
    assert read(rules).acls
    opened = read({**rules, "AccessControl": "PublicReadWrite"})
    assert opened.acl == (entry("AllUsers", "READ"), entry("AllUsers", "WRITE"))
    assert read({**rules, "AccessControl": "Private"}).acl == ()
    assert read({**rules, "AccessControl": "AwsExecRead"}).acl is None
    assert read({}).acls is None


def test_a_plan(tmp_path):
    """`aws_s3_bucket_ownership_controls`, `aws_s3_bucket_acl`, the public access block."""

    def planned(kind, name, values):
        return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}

    resources = [
        planned("aws_s3_bucket", "b", {"bucket": "acme-data", "arn": "arn:aws:s3:::acme-data"}),
        planned("aws_s3_bucket_ownership_controls", "b",
                {"bucket": "acme-data", "rule": [{"object_ownership": "ObjectWriter"}]}),
        planned("aws_s3_bucket_acl", "b", {"bucket": "acme-data", "acl": "authenticated-read"}),
        planned("aws_s3_bucket_public_access_block", "b", {"bucket": "acme-data", "ignore_public_acls": True}),
    ]  # fmt: skip
    plan = {"format_version": "1.2", "terraform_version": "1.9.0", "values": {"root_module": {"resources": resources}}}
    path = tmp_path / "state.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    found = bucket(read_source(path, OPTIONS))
    assert (found.acls, found.acl) == (True, (entry("AuthenticatedUsers", "READ"),))
    assert found.ignore_public_acls
