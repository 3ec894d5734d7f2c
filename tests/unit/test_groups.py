"""Groups of an account: what they hold decides with grants."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import read_source
from perimeter_smt.questions.perimeter import prove

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"


def workspace(tmp_path, action, more=""):
    (tmp_path / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\nscopes: {{O3: [sqs]}}\naccepted: [management-account, service-linked-roles]\n"
    )
    (tmp_path / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-ac00
  accounts:
    - id: "{OWN}"
      groups: [{{name: staff, policies: [staff.json]}}]
      principals:
        - {{arn: "arn:aws:iam::{OWN}:user/alice", groups: [staff]{more}}}
      resources: []
    - {{id: "{MANAGEMENT}", principals: [], resources: []}}
"""
    )
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    (tmp_path / "staff.json").write_text(json.dumps(policy))
    return tmp_path


@pytest.mark.parametrize(("action", "caller"), [("sqs:*", True), ("s3:*", False)])
def test_what_a_group_holds_decides(tmp_path, action, caller):
    found = read_source(workspace(tmp_path, action))
    report = prove(found, objectives=["O3"], mode="grants", availability=False, enumerate_all=True, limit=8)
    callers = {c.request.principal.type for v in report.verdicts for c in v.counterexamples}
    assert ("user" in callers) is caller


def test_groups_that_are_not_there(tmp_path):
    folder = workspace(tmp_path, "sqs:*")
    path = folder / "organization.yaml"
    path.write_text(path.read_text().replace("groups: [staff]", "groups: [others]"))
    with pytest.raises(InputError, match="unknown group `others`"):
        read_source(folder)
    path.write_text(path.read_text().replace(":user/alice", ":role/alice"))
    with pytest.raises(InputError, match="a role is in no group"):
        read_source(folder)
