"""Sharing by attributes and AWS RAM, and delegated administrators: each decides a verdict."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.actions import action_info, resource_types
from perimeter_smt.request.keys import support_list, table_rows

ORG, OWN, OTHER, MANAGEMENT, PARTNER = (
    "o-acme0000001", "111122223333", "444455556666", "999900001111", "999988887777",
)  # fmt: skip
IMAGE = "arn:aws:ec2:eu-west-1::image/ami-0ac00000000000001"
ONLY_HERE = """{"Version": "2012-10-17", "Statement": [{"Sid": "OnlyHere", "Effect": "Deny", "Action": "sts:AssumeRoot",
  "Resource": "*", "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}}]}"""
ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
  "Action": "sts:AssumeRole"}]}"""


def workspace(tmp_path, *, resource="", top="", perimeter=""):
    for name, text in (("only-here", ONLY_HERE), ("all", ALL), ("trust", TRUST)):
        (tmp_path / f"{name}.json").write_text(text)
    (tmp_path / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\ncidrs: [203.0.113.0/24]\naccepted: [management-account, service-linked-roles, "
        f"service-principals]\n{perimeter}"
    )
    (tmp_path / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
{top}
root:
  id: r-0000
  accounts:
    - {{id: "{MANAGEMENT}", principals: [], resources: []}}
    - id: "{OWN}"
      scps: [FullAWSAccess, only-here.json]
      principals:
        - {{arn: "arn:aws:iam::{OWN}:role/app", policies: [all.json], trust: trust.json}}
      resources: [{resource}]
    - id: "{OTHER}"
      principals:
        - {{arn: "arn:aws:iam::{OTHER}:role/app", policies: [all.json], trust: trust.json}}
      resources: []
"""
    )
    return load_workspace(tmp_path)


def asked(space, objective, service):
    report = prove(space, objectives=[objective], services=[service], mode="grants", reading="exact",
                   availability=False, enumerate_all=True)  # fmt: skip
    (verdict,) = report.verdicts
    return verdict


@pytest.mark.parametrize(("shared", "status"), [
    ("", "proved"), (f'shared_with: ["{OTHER}"]', "proved"), (f"shared_with: [{ORG}]", "proved"),
    (f"shared_with: [{ORG}/r-0000]", "proved"), (f'shared_with: ["{PARTNER}"]', "refuted"),
    ("shared_with: [all]", "refuted"), ("shared_with: []", "proved"),
])  # fmt: skip
def test_an_image_that_is_shared(tmp_path, shared, status):
    """A stranger launches an image of mine only where it is shared with the stranger's account, or with all."""
    found = asked(workspace(tmp_path, resource=f'{{arn: "{IMAGE}", {shared}}}'), "O1", "ec2")
    assert found.status == status
    calls = {(c.request.action, c.request.resource) for c in found.counterexamples if c.kind == "beyond"}
    if status == "refuted":
        limits = {c.example.request.action for c in found.limits if c.example}
        assert {action for action, _ in calls} | limits <= {"ec2:RunInstances", "ec2:CopyImage"}
        assert {resource for _, resource in calls} <= {IMAGE}


def test_sharing_is_for_members_of_the_organization_and_their_identities(tmp_path):
    """Sharing with my organization lets roles of mine in other accounts use it: O3 stays, and they do call."""
    from perimeter_smt.questions.changes.ask import compare_workspaces

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before = workspace(tmp_path / "a", resource=f'{{arn: "{IMAGE}"}}')
    after = workspace(tmp_path / "b", resource=f'{{arn: "{IMAGE}", shared_with: [{ORG}]}}')
    (part,) = compare_workspaces(before, after, services=("ec2",), modes=("grants",)).parts
    opened = {c.callers for c in part.opens.changes}
    assert opened == {"my identities"}
    assert {c.request.request.principal.account for c in part.opens.changes} <= {OTHER, MANAGEMENT}


def test_what_is_shared_with_whom_is_checked(tmp_path):
    with pytest.raises(InputError, match="expected an account id"):
        workspace(tmp_path, resource=f'{{arn: "{IMAGE}", shared_with: [somebody]}}')
    with pytest.raises(InputError, match="resources of `sqs` are not shared by an attribute or by AWS RAM"):
        workspace(tmp_path, resource=f'{{arn: "arn:aws:sqs:eu-west-1:{OWN}:q", shared_with: ["{OTHER}"]}}')
    profile = f"arn:aws:route53profiles:eu-west-1:{OWN}:profile/rp-0a1b2c3d4e5f6071"
    with pytest.raises(InputError, match="of `route53profiles` is for is not known, expected them in its `policy`"):
        workspace(tmp_path, resource=f'{{arn: "{profile}", shared_with: ["{OTHER}"]}}')


@pytest.mark.parametrize("row", table_rows("sharing"), ids=lambda row: row["names"][0])
def test_calls_of_a_share_are_asked_on_what_is_shared(row):
    """The tables agree: the service is known to share, and AWS asks the calls on the type that the row names."""
    assert row["service"] in support_list("shared-resources-services")
    for action in row["actions"]:
        types = {use.type for use in action_info(action).resource_types}
        arns = [kind.arn.split(":", 5)[5] for kind in resource_types(row["service"]) if kind.key in types]
        assert any(fnmatchcase(arn, pattern) for arn in arns for pattern in row["names"]), action


@pytest.mark.parametrize(("top", "status"), [
    ("", "refuted"),
    ("delegated_administrators: []", "proved"),
    (f'delegated_administrators: [{{account: "{OWN}", service: iam.amazonaws.com}}]', "proved"),
    (f'delegated_administrators: [{{account: "{OTHER}", service: iam.amazonaws.com}}]', "refuted"),
    (f'delegated_administrators: [{{account: "{OTHER}", service: guardduty.amazonaws.com}}]', "proved"),
])  # fmt: skip
def test_only_delegated_administrators_take_root_sessions(tmp_path, top, status):
    """The SCP guards the calls of one account; whether others may call at all is what the list tells."""
    space = workspace(tmp_path, top=top, perimeter='scopes: {O5: ["sts:AssumeRoot"]}')
    found = asked(space, "O5", "sts")
    assert found.status == status
    assert {c.request.principal.account for c in found.counterexamples if c.kind == "hole"} <= {OTHER}


def test_a_delegated_administrator_is_a_member(tmp_path):
    with pytest.raises(InputError, match="is not in the organization"):
        workspace(tmp_path, top=f'delegated_administrators: [{{account: "{PARTNER}", service: iam.amazonaws.com}}]')
