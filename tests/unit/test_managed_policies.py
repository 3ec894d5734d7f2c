"""Managed policies with their versions: the default one is held, the others wait for `iam:SetDefaultPolicyVersion`."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.model import ManagedPolicy, PolicyVersion
from perimeter_smt.organization.perimeter import RoleException
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.workspace import load_workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.roles import each_account
from tests.mitigation_worlds import MINE, allow, arn, policy, role, trusts, workspace

OWN = f"arn:aws:iam::{MINE}:policy/work"
OPTIONS = SourceOptions(organization_id="o-acme0000001", management_account="999900001111", complete=True)
NOBODY = {"Version": "2012-10-17", "Statement": [trusts({"AWS": arn("nobody")})]}


def document(action):
    return {"Version": "2012-10-17", "Statement": [allow(action)]}


def holder(*versions, listed=True, holders=("switcher",)):
    """C2 on a role that may choose versions, and the managed policies of its account."""
    principals = [
        role("break-glass", trusts({"AWS": MINE})),
        role("switcher", trusts({"AWS": arn("nobody")}), may=(allow("iam:SetDefaultPolicyVersion"),)),
    ]
    exception = RoleException(arn=arn("break-glass"), held_by=(arn("security"),))
    found = workspace(*principals, role_exceptions=(exception,))
    documents = [PolicyVersion(id=f"v{n}", document=policy(Kind.IDENTITY, allow(action), name=f"v{n}"), default=n == 0)
                 for n, action in enumerate(versions)]  # fmt: skip
    managed = ManagedPolicy(arn=OWN, versions=tuple(documents), versions_listed=listed,
                            attached_to=tuple(map(arn, holders)))  # fmt: skip
    known = each_account(found, lambda a: a.model_copy(update={"managed": (managed,)}) if a.id == MINE else a)
    return found, known


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (holder("s3:GetObject")[0], "conditional"),
        (holder("s3:GetObject")[1], "proved"),
        (holder("s3:GetObject", "sts:AssumeRole")[1], "conditional"),
        (holder("s3:GetObject", listed=False)[1], "conditional"),
        (holder("s3:GetObject", "sts:AssumeRole", holders=("break-glass",))[1], "proved"),
    ],
    ids=["not known", "one version", "two versions", "others unknown", "of another"],
)
def test_versions_decide_who_gains_by_choosing_one(known, status):
    """C2: without the versions any policy may have a broader one; with them, only those that have two."""
    rows = [line for line in ask(known, ["C2"], Asking())[0].lines if line.subject.startswith("exception")]
    assert {row.status for row in rows} == {status}
    if status == "conditional":
        assert rows[0].hops[0].request.action == "iam:SetDefaultPolicyVersion"


YAML = f"""
id: o-acme0000001
management_account: "999900001111"
root:
  id: r-ac00
  accounts:
    - id: "{MINE}"
      managed_policies:
        - arn: {OWN}
          versions:
            - {{id: v2, policy: narrow.json, default: true}}
            - {{id: v1, policy: wide.json}}
        - {{arn: "arn:aws:iam::aws:policy/Some", versions: [{{policy: wide.json}}]}}
      groups:
        - {{name: workers, policies: ["{OWN}"]}}
      principals:
        - {{arn: "{arn("app")}", policies: ["{OWN}", other.json], trust: trust.json,
           boundary: "arn:aws:iam::aws:policy/Some"}}
        - {{arn: "arn:aws:iam::{MINE}:user/ann", groups: [workers]}}
      resources: []
"""


@pytest.fixture
def folder(tmp_path):
    for name, value in (("narrow", document("s3:GetObject")), ("wide", document("*")), ("trust", NOBODY),
                        ("other", document("sqs:SendMessage"))):  # fmt: skip
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (tmp_path / "organization.yaml").write_text(YAML)
    return tmp_path


def test_a_workspace_names_them_by_arn(folder):
    (account,) = [a for a, _ in load_workspace(folder).organization.accounts()]
    own, of_aws = account.managed
    assert [(v.id, v.default) for v in own.versions] == [("v2", True), ("v1", False)]
    assert own.attached_to == (arn("app"), f"arn:aws:iam::{MINE}:user/ann")
    assert of_aws.attached_to == (arn("app"),)
    app, ann = account.principals
    assert [p.name for p in app.policies] == ["narrow", "other"]
    assert app.boundary.kind is Kind.BOUNDARY
    assert [p.name for p in ann.policies] == ["narrow"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("default: true", "default: false", "no default version, expected one `default: true`"),
        ("policy: wide.json}\n", "policy: wide.json, default: true}\n", "2 default versions"),
        ("id: v1", "id: v2", "duplicate version `v2`"),
        (f"policies: [\"{OWN}\", other", f"policies: [\"{OWN}s\", other", "unknown managed policy"),
        (f"arn: {OWN}", "arn: arn:aws:iam::444455556666:policy/x", "expected that account"),
        (f"arn: {OWN}", f"arn: {arn('app')}", "is not the ARN of a managed policy"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_line(folder, before, after, said):
    assert before in YAML
    (folder / "organization.yaml").write_text(YAML.replace(before, after, 1))
    with pytest.raises(InputError) as error:
        load_workspace(folder)
    assert said in str(error.value)
    assert "organization.yaml:" in str(error.value)


DETAILS = {
    "RoleDetailList": [
        {"Arn": arn("app"), "RolePolicyList": [], "AssumeRolePolicyDocument": NOBODY,
         "AttachedManagedPolicies": [{"PolicyArn": OWN}]},
    ],
    "UserDetailList": [
        {"Arn": f"arn:aws:iam::{MINE}:user/ann", "UserPolicyList": [], "AttachedManagedPolicies": [],
         "GroupList": ["w"]}
    ],
    "GroupDetailList": [
        {"Arn": f"arn:aws:iam::{MINE}:group/w", "GroupPolicyList": [], "AttachedManagedPolicies": [{"PolicyArn": OWN}]}
    ],
    "Policies": [
        {"Arn": OWN, "PolicyName": "work", "DefaultVersionId": "v2", "PolicyVersionList": [
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": document("s3:GetObject")},
            {"VersionId": "v1", "IsDefaultVersion": False, "Document": document("*")}]},
    ],
}  # fmt: skip


def as_config():
    common = {"accountId": MINE, "configurationItemStatus": "OK", "tags": {}, "version": "1.3"}
    versions = [
        {
            "versionId": v["VersionId"],
            "isDefaultVersion": v["IsDefaultVersion"],
            "document": quote(json.dumps(v["Document"])),
        }
        for v in DETAILS["Policies"][0]["PolicyVersionList"]
    ]
    attached = [{"policyArn": OWN, "policyName": "work"}]
    return {"configurationItems": [
        {**common, "resourceType": "AWS::IAM::Policy", "arn": OWN, "configuration": {"policyVersionList": versions}},
        {**common, "resourceType": "AWS::IAM::Role", "arn": arn("app"), "configuration": {
            "rolePolicyList": [], "attachedManagedPolicies": attached,
            "assumeRolePolicyDocument": quote(json.dumps(NOBODY))}},
        {**common, "resourceType": "AWS::IAM::User", "arn": f"arn:aws:iam::{MINE}:user/ann", "configuration": {
            "userPolicyList": None, "attachedManagedPolicies": [], "groupList": ["w"]}},
        {**common, "resourceType": "AWS::IAM::Group", "arn": f"arn:aws:iam::{MINE}:group/w", "configuration": {
            "groupPolicyList": [], "attachedManagedPolicies": attached}},
    ]}  # fmt: skip


@pytest.mark.parametrize("value", [DETAILS, as_config()], ids=["cli", "config"])
def test_sources_hold_them(tmp_path, value):
    (tmp_path / "x.json").write_text(json.dumps(value))
    found = read_source(tmp_path, OPTIONS)
    (account,) = [a for a, _ in found.organization.accounts()]
    (managed,) = account.managed
    assert [(v.id, v.default, v.document.statements[0].action.values) for v in managed.versions] == [
        ("v2", True, ("s3:GetObject",)), ("v1", False, ("*",))]  # fmt: skip
    assert set(managed.attached_to) == {arn("app"), f"arn:aws:iam::{MINE}:user/ann"}
    assert managed.versions_listed
    for principal in account.principals:
        assert [p.statements[0].action.values for p in principal.policies] == [("s3:GetObject",)]
    assert f"`{OWN}` has 1 version beside the default one, which alone counts" in [
        remark.text for remark in inventory(found).remarks]  # fmt: skip


def test_a_change_of_iam_leaves_open_who_has_which(tmp_path):
    """A plan tells the new text of a policy, not which versions IAM keeps."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/x.json").write_text(json.dumps(DETAILS))
    plan = {"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [
        {"address": "aws_iam_policy.work", "mode": "managed", "type": "aws_iam_policy", "name": "work",
         "values": {"arn": OWN, "name": "work", "policy": json.dumps(document("s3:PutObject"))}}]}}}  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    options = SourceOptions(organization_id="o-acme0000001", management_account="999900001111", complete=True,
                            organization=tmp_path / "acme", account=MINE)  # fmt: skip
    (account,) = [a for a, _ in read_source(tmp_path / "plan.json", options).organization.accounts()]
    assert account.managed is None
