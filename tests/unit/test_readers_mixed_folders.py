"""Folders that hold more than one form: what is not read is listed, and the way in is told."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.inventory import inventory
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace
from tests import told

LEAVING = {"Sid": "Stay", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
SCP = {"Version": "2012-10-17", "Statement": [LEAVING]}


def read(path):
    return read_source(path, SourceOptions(organization_id=told.ORG, account=told.OWN, region=told.REGION))


def unknown(workspace, beginning):
    (found,) = [each for each in workspace.unknowns if each.name.startswith(beginning)]
    return found


def listed(workspace):
    (remark,) = [remark.text for remark in inventory(workspace).remarks if "that is read" in remark.text]
    return remark


NEXT = {
    "cli": "none in the source: answers of `aws organizations` in one folder with it tell them, or `perimeter collect`",
    "config": "none in the source: no item is one; answers of `aws organizations` in one folder with it tell them, or "
    "`perimeter collect`",
    "template": "none in the source: `--org SOURCE` tells them",
    "plan": "none in the source: `--org SOURCE` tells them",
}


@pytest.mark.parametrize("form", NEXT)
def test_where_guardrails_stand(tmp_path, form):
    """Only "none in the source" was said, and no way to tell them."""
    assert unknown(read(told.FORMS[form](tmp_path)), "SCPs and RCPs").reason == NEXT[form]


def test_guardrails_beside_items_of_config(tmp_path):
    """As answers of the CLI they count; a policy by itself is named, with the answer that it should stand in."""
    told.config(tmp_path)
    told.write(tmp_path, "scps/stay.json", SCP)
    found = unknown(read(tmp_path), "what is in 1 file")
    assert found.reason.endswith("the answer that tells where it is attached (`describe-policy`)")
    (tmp_path / "scps" / "stay.json").unlink()
    summary = {"Id": "p-stay00001", "Name": "stay", "Type": "SERVICE_CONTROL_POLICY"}
    told.write(tmp_path, "policy.json", {"Policy": {"PolicySummary": summary, "Content": json.dumps(SCP)}})
    told.write(tmp_path, "targets-p-stay00001.json", {"Targets": [{"TargetId": told.OWN, "Type": "ACCOUNT"}]})
    found = read(tmp_path)
    (account,) = [account for account, _ in found.organization.accounts() if account.id == told.OWN]
    assert "Stay" in str(account.guardrails.scps)
    assert len(account.resources) == len(told.RESOURCES)


def test_what_lies_beside_templates(tmp_path):
    """A policy by itself, a plan and a template that breaks off were passed over without a word."""
    file = told.template(tmp_path)
    told.write(tmp_path, "scps/stay.json", SCP)
    found = read(tmp_path)
    assert "`scps/stay.json`" in listed(found)
    assert not [each for each in found.unknowns if each.affects == "grants"]
    (tmp_path / "more.json").write_text(file.read_text()[:700])
    (tmp_path / "package.json").write_text('{"name": "till"}')
    found = read(tmp_path)
    assert "`more.json`" in listed(found)
    assert "package.json" not in listed(found)
    assert "no template that can be read" in unknown(found, "what is in `more.json`").reason
    assert findings_of_workspace(found).status == "unknown"


def test_a_management_account_that_nobody_told(tmp_path, capsys):
    """The number that stands in for it was shown as if it were its own."""
    told.config(tmp_path)
    assert run(["inventory", str(tmp_path), "--org-id", told.ORG]) == 0
    assert f"organization {told.ORG}, management account not told, partition aws" in capsys.readouterr().out
    assert run(["inventory", str(tmp_path), "--org-id", told.ORG, "--management-account", told.MANAGEMENT]) == 0
    assert f"management account {told.MANAGEMENT}, partition aws" in capsys.readouterr().out


def test_a_workspace_over_an_organization(tmp_path, capsys):
    """`--org` was passed over where the workspace has an organization of its own."""
    workspace, below = told.workspace(tmp_path / "mine"), told.config(tmp_path / "below")
    assert run(["inventory", str(workspace), "--org", str(below)]) == 2
    assert "a workspace, which has an organization of its own: expected no `--org`" in capsys.readouterr().err
