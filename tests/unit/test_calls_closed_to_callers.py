"""Answers tell the kinds of callers that AWS takes a call from never, and list no calls that a caller cannot make.

STS API reference, AssumeRole: "You cannot use AWS account root user credentials to call AssumeRole"; IAM guide,
comparison of STS operations: roles call neither GetFederationToken nor GetSessionToken.
"""

from __future__ import annotations

import pytest

from perimeter_smt import Kind, load_workspace
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.answer import findings, findings_of_workspace
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.report import access

OWN, OTHER = "111122223333", "999988887777"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "sts:AssumeRole"},
    ],
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (folder / "trust.json").write_text(str(TRUST).replace("'", '"'))
    (folder / "organization.yaml").write_text(f"""
id: o-acme0000001
management_account: "{OWN}"
root:
  id: r-0000
  accounts:
    - id: "{OWN}"
      principals: [{{arn: "arn:aws:iam::{OWN}:role/a", policies: [], trust: trust.json}}]
""")
    return load_workspace(folder)


def sets_of(found, kind):
    return [one for caller in found.callers if caller.kind == kind for one in caller.findings]


def test_who_can_assume_a_role_names_no_root_users(workspace):
    found = who_can(workspace, "sts:AssumeRole")
    made = sets_of(found, "outsiders")
    assert made and all(one.closed_to == ("root",) for one in made)
    assert "never     root users: AWS takes no such call from them" in access.render_callers(found)
    assert all(one["closed_to"] == ["root"] for one in access.callers_json(found)["callers"][-1]["access"])


@pytest.mark.parametrize("action", ["sts:GetFederationToken", "sts:GetSessionToken"])
def test_only_users_and_root_users_make_long_term_calls(workspace, action):
    made = sets_of(who_can(workspace, action), "outsiders")
    assert made and all(one.closed_to == ("role", "federated-user") for one in made)


def test_calls_that_all_callers_make_are_closed_to_nobody(workspace):
    found = who_can(workspace, "s3:GetObject")
    assert not any(one.closed_to for caller in found.callers for one in caller.findings)
    assert "never" not in access.render_callers(found)


def test_findings_of_a_role_and_of_its_trust_policy(workspace):
    (one,) = findings_of_workspace(workspace).findings
    assert one.closed_to == ("root",)
    (one,) = findings(parse_object(TRUST, Kind.TRUST, file="t.json", name="t"), account=OWN).findings
    assert one.closed_to == ("root",)


def test_a_service_that_takes_no_unsigned_calls():
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    policy = parse_object({"Version": "2012-10-17", "Statement": [statement]}, Kind.KMS, file="k.json", name="k")
    (one,) = findings(policy, account=OWN).findings
    # An axiom that may be departed from says so (AE2.anonymous): no word for sure.
    assert one.closed_to == ()


def test_what_a_root_user_can_holds_no_call_of_others(workspace):
    (caller,) = what_can(workspace, f"arn:aws:iam::{OTHER}:root", services=["sts"]).callers
    (one,) = caller.findings
    assert one.elements.actions == ("sts:*",)
    never = {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}
    assert set(one.elements.except_actions) == never
    assert caller.status == "complete"
