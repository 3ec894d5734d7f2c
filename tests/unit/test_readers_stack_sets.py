"""Stack sets with the template inside and accounts that are listed: what they make in each of them is read."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source

OWN, ONE, OTHER = "999900001111", "111122223333", "444455556666"
OPTIONS = SourceOptions(organization_id="o-acme0000001", management_account=OWN, account=OWN, region="us-east-1")
SET = """
Parameters: {Partner: {Type: String, Default: "210987654321"}, Untold: {Type: String}}
Resources:
  Everywhere:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: audit
      PermissionModel: SELF_MANAGED
      Parameters: [{ParameterKey: Partner, ParameterValue: PARTNER}]
      StackInstancesGroup: GROUPS
      TemplateBody: |
        Parameters: {Partner: {Type: String}}
        Resources:
          Jobs:
            Type: AWS::SQS::Queue
            Properties: {QueueName: !Sub "jobs-${AWS::Region}"}
          Auditor:
            Type: AWS::IAM::Role
            Properties:
              RoleName: auditor
              AssumeRolePolicyDocument:
                Statement: [{Effect: Allow, Principal: {AWS: !Ref Partner}, Action: "sts:AssumeRole"}]
"""
LISTED = f"""[{{DeploymentTargets: {{Accounts: ["{ONE}", {OTHER}]}}, Regions: [eu-west-1, eu-west-3]}}]"""


def read(tmp_path, groups=LISTED, partner="!Ref Partner", text=SET):
    file = tmp_path / "sets.yaml"
    file.write_text(text.replace("GROUPS", groups).replace("PARTNER", partner))
    return read_source(file, OPTIONS)


def account(found, own):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def facts(found):
    return [u.name for u in found.unknowns if u.affects == "facts"]


def test_a_stack_in_each_account_and_region(tmp_path):
    """The whole set was one fact not known, although all of it is in the template."""
    found = read(tmp_path)
    for own in (ONE, OTHER):
        assert {r.arn for r in account(found, own).resources} == {
            f"arn:aws:sqs:{region}:{own}:jobs-{region}" for region in ("eu-west-1", "eu-west-3")}  # fmt: skip
        (role,) = account(found, own).principals
        assert role.arn == f"arn:aws:iam::{own}:role/auditor"
        assert "210987654321" in str(role.trust)
    assert "what `Everywhere` makes" not in facts(found)
    assert all(u.name != "account of the template" for u in found.unknowns)


def test_values_of_one_group_override_those_of_the_set(tmp_path):
    groups = (
        f'[{{DeploymentTargets: {{Accounts: ["{ONE}"]}}, Regions: [eu-west-1], ParameterOverrides: '
        f'[{{ParameterKey: Partner, ParameterValue: "{OTHER}"}}]}}]'
    )
    (role,) = account(read(tmp_path, groups), ONE).principals
    assert OTHER in str(role.trust)


def test_a_value_that_is_not_known_is_named(tmp_path):
    found = read(tmp_path, partner="!Ref Untold")
    assert any("auditor" in u.name or "Auditor" in u.name for u in found.unknowns if u.affects == "grants")


@pytest.mark.parametrize("groups", [
    "[{DeploymentTargets: {OrganizationalUnitIds: [ou-ac00-aaaaaaaa]}, Regions: [eu-west-1]}]",
    f'[{{DeploymentTargets: {{OrganizationalUnitIds: [ou-ac00-aaaaaaaa], AccountFilterType: INTERSECTION, '
    f'Accounts: ["{ONE}"]}}, Regions: [eu-west-1]}}]',
    f'[{{DeploymentTargets: {{Accounts: ["{ONE}"]}}, Regions: !Ref Untold}}]',
    "[{DeploymentTargets: {AccountsUrl: 's3://acme-lists/accounts'}, Regions: [eu-west-1]}]",
    "!Ref Untold", "[x]", "[{DeploymentTargets: [a]}]", "[{DeploymentTargets: {Accounts: x}, Regions: y}]",
])  # fmt: skip
def test_targets_that_are_not_listed_are_named(tmp_path, groups):
    assert "what `Everywhere` makes" in facts(read(tmp_path, groups))


@pytest.mark.parametrize("body", ["TemplateURL: 'https://acme-templates.s3.amazonaws.com/a.yaml'",
                                  "TemplateBody: 'Resources: ['", "TemplateBody: 'a: 1'"])  # fmt: skip
def test_a_template_that_is_not_here_is_named(tmp_path, body):
    text = SET[: SET.index("TemplateBody:")] + body + "\n"
    assert "what `Everywhere` makes" in facts(read(tmp_path, text=text))


def test_a_set_that_may_not_be_there(tmp_path):
    text = SET.replace(
        "    Type: AWS::CloudFormation::StackSet", "    Condition: C\n    Type: AWS::CloudFormation::StackSet"
    )
    found = read(tmp_path, text=text + "Conditions: {C: !Equals [!Ref Untold, x]}\n")
    assert "whether `Everywhere` is there" in [u.name for u in found.unknowns]
    assert not account(found, ONE).listed
