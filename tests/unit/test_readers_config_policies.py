"""Where items of AWS Config hold policies: of streams, under names that nobody expects, of permission sets."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from tests.unit.test_readers_config import ORG, OTHER, OWN, TRUST, item

OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "*",
                                                "Resource": "*"}]}  # fmt: skip
TABLE = f"arn:aws:dynamodb:eu-west-1:{OWN}:table/tills"
LABEL = f"{TABLE}/stream/2026-03-01T10:00:00.000"


def read(tmp_path, *items, **more):
    (tmp_path / "items.json").write_text(json.dumps({"configurationItems": list(items)}))
    options = {"organization_id": ORG, "management_account": "999900001111", "complete": True, **more}
    return read_source(tmp_path / "items.json", SourceOptions(**options))


def unknown(found):
    return {u.name: u.reason for u in found.unknowns if u.affects == "grants"}


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def resources(found):
    return {r.arn: r.policy for r in account(found).resources}


def test_the_policy_of_a_stream_beside_that_of_its_table(tmp_path):
    """A known policy of the table passed over that of the stream: reading the stream was taken to be closed."""
    settings = {"StreamViewType": "NEW_IMAGE", "ResourcePolicy": {"PolicyDocument": OPEN}}
    own = {"ResourcePolicy": {"PolicyDocument": {**OPEN, "Id": "t"}}, "StreamSpecification": settings,
           "StreamArn": LABEL}  # fmt: skip
    found = resources(read(tmp_path, item("AWS::DynamoDB::Table", TABLE, own)))
    assert set(found) == {TABLE, LABEL}
    assert all(found.values())


@pytest.mark.parametrize("settings", [
    {"latestStreamArn": LABEL, "streamSpecification": {"streamEnabled": True}},
    {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}, "StreamArn": LABEL},
])  # fmt: skip
def test_a_stream_whose_policy_is_not_told(tmp_path, settings):
    found = read(tmp_path, item("AWS::DynamoDB::Table", TABLE, {"ResourcePolicy": "", **settings}))
    assert any(LABEL in name for name in unknown(found))
    assert not account(found).listed
    closed = read(tmp_path, item("AWS::DynamoDB::Table", TABLE, {"ResourcePolicy": "", "latestStreamArn": ""}))
    assert not unknown(closed)


QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:tills"


@pytest.mark.parametrize(("configuration", "more"), [
    ({"Policy": "", "accessPolicy": OPEN}, {}),
    ({"attributes": {"policyText": json.dumps(OPEN)}, "Policy": None}, {}),
    ({"Policy": json.dumps(OPEN)}, {"Policy": json.dumps(TRUST)}),
    ({"attributes": json.dumps({"p": json.dumps(OPEN)}), "Policy": ""}, {}),
])  # fmt: skip
def test_a_policy_under_another_name_than_config_writes(tmp_path, configuration, more):
    """An empty `Policy` beside was taken for all there is."""
    found = read(tmp_path, item("AWS::SQS::Queue", QUEUE, configuration, more))
    assert any(QUEUE in name for name in unknown(found))
    assert QUEUE not in resources(found)


def test_an_empty_member_does_not_hide_the_one_with_the_policy(tmp_path):
    function = f"arn:aws:lambda:eu-west-1:{OWN}:function:bill"
    more = {"Policy": json.dumps(json.dumps(OPEN))}
    found = read(tmp_path, item("AWS::Lambda::Function", function, {"policy": None, "Policy": ""}, more))
    assert resources(found)[function] is not None
    assert not unknown(found)


@pytest.mark.parametrize("configuration", [
    {"grantsFor": OPEN},
    {"Rules": [{"text": json.dumps(OPEN)}]},
    {"a": {"b": quote(json.dumps(OPEN))}},
    {"doc": json.dumps(json.dumps(OPEN))},
    {"doc": {"statement": [{"effect": "Allow", "principal": "*", "action": "x:*"}]}},
    {"body": json.dumps({"inner": OPEN})},
    {"DestinationPolicy": "kept elsewhere"},
])  # fmt: skip
def test_policies_of_types_that_are_not_read_under_any_name(tmp_path, configuration):
    found = read(tmp_path, item("AWS::Acme::Widget", f"arn:aws:acme:eu-west-1:{OWN}:widget/a", configuration))
    assert len(unknown(found)) == 1


@pytest.mark.parametrize(("kind", "configuration", "named"), [
    ("AWS::S3::AccessGrant", {"Grantee": {"GranteeType": "IAM"}}, True),
    ("AWS::QuickSight::DataSource", {"Permissions": [{"Principal": "x"}]}, True),
    ("AWS::QuickSight::DataSource", {"Name": "sales"}, False),
    ("AWS::CodeBuild::Project", {"projectVisibility": "PUBLIC_READ"}, True),
    ("AWS::Glue::Database", {"createTableDefaultPermissions": [{"permissions": ["ALL"], "principal": {
        "dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}}]}, False),
    ("AWS::Lightsail::Bucket", {"ReadOnlyAccessAccounts": [OTHER]}, True),
    ("AWS::ResilienceHub::ResiliencyPolicy", {"Policy": {"Software": {"RpoInSecs": 1}}}, False),
])  # fmt: skip
def test_types_that_let_somebody_in_without_a_policy(tmp_path, kind, configuration, named):
    found = read(tmp_path, item(kind, f"arn:aws:x:eu-west-1:{OWN}:thing/a", configuration))
    carriers = [name for name in unknown(found) if name.startswith("policies of ")]  # those that may be shared besides
    assert (len(unknown(found)) > len(carriers)) == named


SET = "arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-aaaabbbbccccdddd"
MANAGED = {"PermissionSetArn": SET, "Name": "Readers", "ManagedPolicies": [], "InlinePolicy": {
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}}  # fmt: skip
ASSIGNED = {"PermissionSetArn": SET, "TargetId": OTHER, "TargetType": "AWS_ACCOUNT", "PrincipalType": "GROUP"}


def test_permission_sets_are_the_roles_that_they_make(tmp_path):
    """Items of permission sets were an unknown policy, or counted as nothing; their assignments as nothing."""
    one = item("AWS::SSO::PermissionSet", SET, MANAGED)
    other = item("AWS::SSO::Assignment", f"{SET}|{OTHER}", ASSIGNED)
    found = read(tmp_path, one, other)
    (role,) = account(found, OTHER).principals
    assert "AWSReservedSSO_Readers_" in role.arn
    assert len(role.policies) == 1
    assert not unknown(found)
    alone = read(tmp_path, other)
    assert any("has no item" in reason for reason in unknown(alone).values())


def test_the_role_of_a_set_that_is_there_counts(tmp_path):
    arn = f"arn:aws:iam::{OTHER}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_aaaa1111bbbb2222"
    role = item("AWS::IAM::Role", arn, {"assumeRolePolicyDocument": quote(json.dumps(TRUST)), "rolePolicyList": [],
                                        "attachedManagedPolicies": []}, account=OTHER)  # fmt: skip
    sets = [item("AWS::SSO::PermissionSet", SET, MANAGED), item("AWS::SSO::Assignment", f"{SET}|{OTHER}", ASSIGNED)]
    found = read(tmp_path, *sets, role)
    assert [p.arn for p in account(found, OTHER).principals] == [arn]


def test_items_without_their_type_are_named(tmp_path):
    """A query that does not select `resourceType` was read as nothing at all."""
    role = item("AWS::IAM::Role", f"arn:aws:iam::{OWN}:role/a", {"rolePolicyList": []})
    del role["resourceType"]
    (tmp_path / "items.json").write_text(json.dumps({"Results": [json.dumps(role)], "QueryInfo": {"SelectFields": []}}))
    found = read_source(tmp_path, SourceOptions(organization_id=ORG, management_account="999900001111"))
    assert unknown(found)["what 1 item of AWS Config tell"] == "the query did not select `resourceType`"


def test_counts_are_no_items(tmp_path):
    value = {"Results": [json.dumps({"COUNT(*)": 7})], "QueryInfo": {"SelectFields": []}}
    (tmp_path / "items.json").write_text(json.dumps(value))
    assert not unknown(read_source(tmp_path, SourceOptions(organization_id=ORG, management_account="999900001111")))


def test_tables_beside_items_are_listed(tmp_path):
    arn = f"arn:aws:iam::{OWN}:role/a"
    (tmp_path / "export.csv").write_text(f"resourceId,arn\nAROAEXAMPLE,{arn}\n")
    (tmp_path / "roles.txt").write_text(f"ROLES\t{arn}\n")
    (tmp_path / "policy.txt").write_text(f"{arn} {json.dumps(OPEN)}")
    (tmp_path / "notes.txt").write_text("collected on Monday")
    one = item("AWS::SQS::Queue", QUEUE, {"Policy": ""})
    (tmp_path / "items.json").write_text(json.dumps({"configurationItems": [one]}))
    found = read_source(tmp_path, SourceOptions(organization_id=ORG, management_account="999900001111"))
    assert sorted(found.unread) == ["export.csv", "policy.txt", "roles.txt"]
    assert ["policy.txt" in reason for reason in unknown(found).values()] == [True]


def test_permission_sets_that_somebody_cut(tmp_path):
    broken = item("AWS::SSO::PermissionSet", SET, {**MANAGED, "CustomerManagedPolicyReferences": ["x"]})
    with pytest.raises(InputError, match="permission sets of another form"):
        read(tmp_path, broken)
