"""Answers of `aws sso-admin` in a folder: the roles that permission sets make, and what of them is not told."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, OTHER = "o-acme0000001", "111122223333", "444455556666"
SETS = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef"
READERS, WRITERS = "ps-0123456789abcdef", "ps-fedcba9876543210"
INLINE = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
ANSWERS = {
    "list.json": {"PermissionSets": [f"{SETS}/{READERS}"]},
    "describe.json": {"PermissionSet": {"Name": "Readers", "PermissionSetArn": f"{SETS}/{READERS}"}},
    f"inline-{READERS}.json": {"InlinePolicy": INLINE},
    "Readers/managed.json": {"AttachedManagedPolicies": []},
    "Readers/customer.json": {"CustomerManagedPolicyReferences": [{"Name": "limits", "Path": "/x/"}]},
    "Readers/boundary.json": {"PermissionsBoundary": {"ManagedPolicyArn": f"arn:aws:iam::{OWN}:policy/x/limits"}},
    "assignments.json": {"AccountAssignments": [
        {"AccountId": OWN, "PermissionSetArn": f"{SETS}/{READERS}", "PrincipalType": "GROUP", "PrincipalId": "g"}]},
    "details.json": {"Policies": [{"PolicyName": "limits", "Arn": f"arn:aws:iam::{OWN}:policy/x/limits", "Path": "/x/",
                     "DefaultVersionId": "v1", "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True,
                                                                      "Document": json.loads(INLINE)}]}],
                     "RoleDetailList": [], "UserDetailList": [], "GroupDetailList": [], "IsTruncated": False},
}  # fmt: skip


def read(tmp_path, answers):
    for name, value in answers.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    return read_source(tmp_path, SourceOptions(organization_id=ORG, management_account="999900001111", account=OWN))


def roles(found):
    return [p for account, _ in found.organization.accounts() for p in account.principals]


def reasons(found):
    return " ".join(f"{u.name}: {u.reason}" for u in found.unknowns if u.affects == "grants")


def test_the_role_of_a_permission_set(tmp_path):
    """Inline, managed and customer's policies and the boundary, each from an answer of its own."""
    found = read(tmp_path, ANSWERS)
    (role,) = roles(found)
    assert role.arn.startswith(f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_")
    assert len(role.policies) == 2 and role.boundary is not None
    assert not reasons(found)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (f"inline-{READERS}.json", "expected `get-inline-policy-for-permission-set`"),
        ("Readers/managed.json", "expected `list-managed-policies-in-permission-set`"),
        ("Readers/customer.json", "expected `list-customer-managed-policy-references-in-permission-set`"),
        ("describe.json", "not described: expected `describe-permission-set`"),
        ("assignments.json", "its accounts are not told: expected `list-account-assignments`"),
    ],
)
def test_what_no_answer_tells(tmp_path, left_out, said):
    """A role of which a part is missing is left out and named: it may do more than what was saved."""
    found = read(tmp_path, {name: value for name, value in ANSWERS.items() if name != left_out})
    assert not roles(found)
    assert said in reasons(found)


def test_an_answer_that_does_not_say_of_which_set(tmp_path):
    """Neither an id nor a name in the path."""
    found = read(tmp_path, {**ANSWERS, "inline.json": {"InlinePolicy": INLINE}})
    assert "part of a permission set: neither the answer nor the name of its file tells of which" in reasons(found)


def test_more_pages_and_more_accounts(tmp_path):
    """A cut list of managed policies is not a whole one; accounts come from what is provisioned as well."""
    cut = {"AttachedManagedPolicies": [], "NextToken": "more"}
    found = read(tmp_path, {**ANSWERS, "Readers/managed.json": cut})
    assert not roles(found)
    assert "the answer has more pages" in reasons(found)
    found = read(tmp_path, {**ANSWERS, "Readers/accounts.json": {"AccountIds": [OTHER]}})
    assert f"`arn:aws:iam::{OTHER}:policy/x/limits`" in reasons(found)  # a policy of the customer lies in each account
    assert [role.account for role in roles(found)] == [OWN]


def test_roles_that_were_read_say_it_themselves(tmp_path):
    """Where the account's roles are there, the permission set adds none."""
    arn = f"arn:aws:iam::{OWN}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Readers_0a1b2c3d4e5f6a7b"
    trust = {"Version": "2012-10-17", "Statement": []}
    role = {"RoleName": arn.rsplit("/", 1)[1], "Arn": arn, "AssumeRolePolicyDocument": trust, "RolePolicyList": [],
            "AttachedManagedPolicies": [], "Path": "/"}  # fmt: skip
    trust["Statement"].append({"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "sts:AssumeRole"})
    answers = {**ANSWERS, "details.json": {**ANSWERS["details.json"], "RoleDetailList": [role]}}
    assert [found.arn for found in roles(read(tmp_path, answers))] == [arn]


def test_targets_of_others_are_none_of_policies(tmp_path):
    """Proxies of databases and maintenance windows have targets, too: they told of a policy that was nowhere."""
    proxy = {"Targets": [{"Endpoint": "db.example.com", "RdsResourceId": "db-1", "Type": "RDS_INSTANCE"}]}
    found = read(tmp_path, {**ANSWERS, "describe-db-proxy-targets.json": proxy})
    assert not [u for u in found.unknowns if u.name == "policy of a list of targets"]
    assert "`describe-db-proxy-targets.json`" in reasons(found)
