"""Grants of KMS keys as ways in, and callers and calls that are not there."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.report.access import render_callers

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-aaaa-bbbb-cccc-ddddeeeeffff"
WORKSPACE = """
id: o-acme0000001
management_account: "999999999999"
delegated_administrators: []
root:
  id: r-ab12
  accounts:
    - {id: "999999999999", principals: [], resources: []}
    - id: "444455556666"
      principals:
        - {arn: "arn:aws:iam::444455556666:role/batch", policies: []}
        - {arn: "arn:aws:iam::444455556666:role/team/idle", policies: []}
      resources: []
    - id: "111122223333"
      principals: []
      resources:
        - {arn: "KEY", POLICY
           grants: [{grantee: "arn:aws:iam::444455556666:role/batch", operations: [Decrypt, GenerateDataKey]},
                    {grantee: "arn:aws:iam::777788889999:role/vendor", operations: [Encrypt]}]}
"""


@pytest.fixture(params=["", "policy: key.json,"], ids=["no policy told", "root user alone"])
def space(request, tmp_path):
    (tmp_path / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (tmp_path / "organization.yaml").write_text(WORKSPACE.replace("KEY", KEY).replace("POLICY", request.param))
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    (tmp_path / "key.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return read_source(tmp_path, SourceOptions())


def test_a_role_can_what_a_grant_covers(space):
    """KMS guide, grants: the grantee principal may make the operations of the grant, on that key."""
    (caller,) = what_can(space, "arn:aws:iam::444455556666:role/batch").callers
    assert (caller.status, caller.reason) == ("complete", "")
    (key,) = [one for one in caller.findings if any("kms:" in action for action in one.elements.actions)]
    assert set(key.elements.actions) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert key.elements.other == (f"the call is on {KEY}",)
    assert decide(key.example.case).allowed


def test_findings_hold_what_grants_let_in(space):
    """A grant to a stranger is a way in, whatever the policy of the key says."""
    found = findings_of_workspace(space)
    assert (found.status, found.exit_code) == ("complete", 1)
    (one,) = found.findings
    assert one.elements.actions == ("kms:Encrypt",)
    assert one.elements.other == ("a grant names the caller, as arn:aws:iam::777788889999:role/vendor",)
    assert one.example.request.principal.role_arn == "arn:aws:iam::777788889999:role/vendor"
    assert decide(one.example.case).allowed


def test_who_can_by_a_grant(space):
    found = who_can(space, "kms:*", KEY)
    can = {one.name for one in found.callers if one.findings}
    assert {"arn:aws:iam::444455556666:role/batch", "outsiders"} <= can
    assert "arn:aws:iam::444455556666:role/team/idle" not in can
    assert found.exit_code == 1


def test_callers_that_are_not_there(space):
    found = what_can(space, "arn:aws:iam::444455556666:role/gone", services=["kms"])
    assert "is not there" in found.notes[0]
    assert "note: `arn:aws:iam::444455556666:role/gone` is not there" in render_callers(found)
    assert what_can(space, "arn:aws:iam::444455556666:role/team/idle", services=["kms"]).notes == ()
    for wrong in ("arn:aws:iam::444455556666:role/Idle", "arn:aws:iam::444455556666:role/team/IDLE"):
        with pytest.raises(InputError, match="did you mean `arn:aws:iam::444455556666:role/team/idle`"):
            what_can(space, wrong)
    with pytest.raises(InputError, match="is of partition `aws-us-gov`"):
        what_can(space, "arn:aws-us-gov:iam::444455556666:role/batch")


def test_calls_that_are_not_there(space):
    """Nobody can, because there is no such call: the answer says so."""
    for resource in ("*", "arn:aws:kms:eu-west-1:111122223333:alias/data"):
        found = who_can(space, "kms:Decrypt", resource)
        assert found.exit_code == 0
        assert len(found.notes) == 1, resource
    assert who_can(space, "kms:ReEncryptFrom", KEY).notes == ()
