"""Permission sets of IAM Identity Center in plans and templates, as the roles that they make."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.sources import changed

ORG, HOME, MEMBER, REGION = "o-acme0000007", "111122223333", "444455556666", "eu-west-1"
OPTIONS = SourceOptions(organization_id=ORG, management_account="999900001111", account=HOME, region=REGION)
SET, INSTANCE = "aws_ssoadmin_permission_set", "arn:aws:sso:::instance/ssoins-0123456789abcdef"
INLINE = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
ENDING = "0000000000000000"


def plan(*changes, **more):
    """A plan of `(type, name, actions, values, unknown, references)`."""
    found, resources = [], []
    for kind, name, actions, values, unknown, references in changes:
        found.append({"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": {
            "actions": actions, "before": None if actions == ["create"] else values,
            "after": None if actions == ["delete"] else values, "after_unknown": unknown}})  # fmt: skip
        expressions = {key: {"references": refs} for key, refs in references.items()}
        expressions |= {key: {} for key in values if key not in expressions}
        resources.append({"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name,
                          "provider_config_key": "aws", "expressions": expressions})  # fmt: skip
    return {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": found, "planned_values": {},
            "configuration": {"root_module": {"resources": resources}}, **more}  # fmt: skip


def of(kind, name, values, *, actions=("create",), refers=True):
    unknown = {"permission_set_arn": True} if refers else {}
    references = {"permission_set_arn": [f"{SET}.readers.arn", f"{SET}.readers"]} if refers else {}
    return (f"aws_ssoadmin_{kind}", name, list(actions), values, unknown, references)


READERS = (SET, "readers", ["create"], {"name": "Readers", "instance_arn": INSTANCE}, {"arn": True}, {})
GIVEN = (
    of("permission_set_inline_policy", "i", {"inline_policy": INLINE}),
    of("managed_policy_attachment", "m", {"managed_policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    of("permissions_boundary_attachment", "b", {"permissions_boundary": [{"customer_managed_policy_reference": [
        {"name": "limits", "path": "/x/"}], "managed_policy_arn": None}]}),
)  # fmt: skip
ASSIGNED = of("account_assignment", "a", {"target_id": MEMBER, "target_type": "AWS_ACCOUNT", "principal_type": "GROUP"})
LIMITS = ("aws_iam_policy", "l", ["create"], {"name": "limits", "path": "/x/", "policy": INLINE,
          "arn": f"arn:aws:iam::{MEMBER}:policy/x/limits"}, {}, {})  # fmt: skip


def read(tmp_path, *changes, base=None):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(*changes)))
    return read_source(path, OPTIONS) if base is None else changed(read_source(base), path, OPTIONS)


def roles(workspace, account=MEMBER):
    return [p for a, _ in workspace.organization.accounts() if a.id == account for p in a.principals]


def actions(role):
    return [s.action.values for policy in role.policies for s in policy.statements]


def names(workspace, affects):
    return [u.name for u in workspace.unknowns if u.affects == affects]


def test_assignments_make_roles(tmp_path):
    found = read(tmp_path, READERS, *GIVEN, LIMITS, ASSIGNED)
    (role,) = roles(found)
    path = f"aws-reserved/sso.amazonaws.com/{REGION}"
    assert role.arn == f"arn:aws:iam::{MEMBER}:role/{path}/AWSReservedSSO_Readers_{ENDING}"
    assert sorted(actions(role)) == [("*",), ("s3:Get*",)]
    assert role.boundary is not None
    assert "AssumeRoleWithSAML" in repr(role.trust)
    assert names(found, "grants") == []


def test_policies_of_customers_are_those_of_each_account(tmp_path):
    own = of("customer_managed_policy_attachment", "c", {"customer_managed_policy_reference": [{"name": "limits",
             "path": "/x/"}]})  # fmt: skip
    elsewhere = of("account_assignment", "e", {"target_id": HOME})
    found = read(tmp_path, READERS, own, LIMITS, ASSIGNED, elsewhere)
    assert [actions(role) for role in roles(found)] == [[("s3:Get*",)]]
    assert roles(found, HOME) == []  # the policy is not in that account, so that the role is named
    assert any(f":policy/x/limits` of `arn:aws:iam::{HOME}" in name for name in names(found, "grants"))


@pytest.mark.parametrize(("values", "refers", "affects"), [
    ({"target_id": MEMBER, "permission_set_arn": "arn:aws:sso:::permissionSet/ssoins-0/ps-0"}, False, "grants"),
    ({}, True, "facts"),
])  # fmt: skip
def test_assignments_that_are_not_known_are_named(tmp_path, values, refers, affects):
    kind, name, does, given, unknown, references = of("account_assignment", "a", values, refers=refers)
    unknown = unknown if values else {**unknown, "target_id": True}
    found = read(tmp_path, READERS, (kind, name, does, given, unknown, references))
    assert any("account_assignment.a" in each for each in names(found, affects))


def test_a_permission_set_that_the_plan_does_not_hold(tmp_path):
    kind, name, does, given, _, _ = GIVEN[0]
    given = {**given, "permission_set_arn": "arn:aws:sso:::permissionSet/ssoins-0/ps-0"}
    found = read(tmp_path, (kind, name, does, given, {}, {}))
    assert names(found, "grants") == ["what `aws_ssoadmin_permission_set_inline_policy.i` changes"]


REAL = f"arn:aws:iam::{MEMBER}:role/aws-reserved/sso.amazonaws.com/{REGION}/AWSReservedSSO_Readers_0a1b2c3d4e5f6a7b"
BASE = f"""
id: {ORG}
management_account: "999900001111"
root:
  id: r-acme
  accounts:
    - id: "{MEMBER}"
      resources: []
      principals:
        - arn: {REAL}
          policies: [AwsSSOInlinePolicy.json]
          trust: trust.json
"""


def test_a_change_reaches_the_role_that_is_there(tmp_path):
    """Its ending is made up in the plan; a second role beside the real one kept what the plan replaces."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "organization.yaml").write_text(BASE)
    (base / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    (base / "AwsSSOInlinePolicy.json").write_text(INLINE.replace("s3:Get*", "s3:*"))
    (base / "trust.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{MEMBER}:saml-provider/AWSSSO_1_DO_NOT_DELETE"},
        "Action": "sts:AssumeRoleWithSAML"}]}))  # fmt: skip
    found = read(tmp_path, READERS, GIVEN[0], ASSIGNED, base=base)
    (role,) = roles(found)
    assert role.arn.endswith("0a1b2c3d4e5f6a7b")
    assert actions(role) == [("s3:Get*",)]
    assert "AWSSSO_1_DO" in repr(role.trust)
    gone = (*GIVEN[0][:2], ["delete"], *GIVEN[0][3:])
    found = read(tmp_path, READERS, gone, ASSIGNED, base=base)
    assert names(found, "facts") == ["what `aws_ssoadmin_permission_set_inline_policy.i` takes away"]


TEMPLATE = """
Resources:
  Set:
    Type: AWS::SSO::PermissionSet
    Properties:
      Name: Readers
      InstanceArn: arn:aws:sso:::instance/ssoins-0123456789abcdef
      InlinePolicy: {INLINE}
      ManagedPolicies: [arn:aws:iam::aws:policy/AdministratorAccess]
      PermissionsBoundary: {CustomerManagedPolicyReference: {Name: limits, Path: /x/}}
  Use: {Type: AWS::SSO::Assignment, Properties: {PermissionSetArn: SETARN, TargetId: "444455556666",
        TargetType: AWS_ACCOUNT, PrincipalType: GROUP, PrincipalId: g}}
"""


@pytest.mark.parametrize("inline", [json.dumps(INLINE), INLINE])
def test_permission_sets_in_templates(tmp_path, inline):
    path = tmp_path / "sets.yaml"
    path.write_text(TEMPLATE.replace("{INLINE}", inline).replace("SETARN", "!GetAtt Set.PermissionSetArn"))
    found = read_source(path, OPTIONS)
    (role,) = roles(found)
    assert sorted(actions(role)) == [("*",), ("s3:Get*",)]
    assert names(found, "grants") == [f"boundary of `{role.arn}`"]  # it stands in the account
    path.write_text(TEMPLATE.replace("{INLINE}", inline).replace("SETARN", "!ImportValue set"))
    assert names(read_source(path, OPTIONS), "grants") == ["what `Use` makes"]


@pytest.mark.parametrize(("arn", "said"), [
    ("arn:aws:s3::444455556666:accesspoint/logs", "has no Region"),
    ("arn:aws:sqs::444455556666:jobs", "has no Region"),
])  # fmt: skip
def test_resources_that_are_nowhere_are_named(tmp_path, arn, said):
    """Nothing reached them, so that all claims held of them: a policy for everybody was proved away."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"ResourceArn": arn, "Policy": INLINE}))
    (unknown,) = [u for u in read_source(path, OPTIONS).unknowns if u.affects == "grants"]
    assert said in unknown.reason
