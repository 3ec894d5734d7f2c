"""Ways out of a workspace, and callers that reach every service: complete answers with the same proofs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import cli
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace
from perimeter_smt.questions.findings.who import what_can
from perimeter_smt.report.access import render_findings
from perimeter_smt.report.json import schema

ORG, MINE, PARTNER = "o-acme0000001", "111122223333", "777788889999"
MANAGEMENT = "others of account 999900001111"  # which organization.yaml does not list
SENDER, ADMIN = f"arn:aws:iam::{MINE}:role/sender", f"arn:aws:iam::{MINE}:role/admin"
PROVED = ("included", "complete", "apart", "restated")
GUARD = {
    "Effect": "Deny", "Action": ["sqs:*", "s3:*"], "Resource": "*",
    "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG, "aws:ResourceAccount": PARTNER}},
}  # fmt: skip


def document(*statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def made(folder, *guards, admin=False):
    """One account with a role that sends to any queue, and if asked an administrator."""
    (folder / "sender.json").write_text(
        document({"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"})
    )
    (folder / "admin.json").write_text(document({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    (folder / "scp.json").write_text(document(*(guards or [{**GUARD, "Action": "sns:Publish"}])))
    (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
    principals = [(SENDER, "sender.json"), *([(ADMIN, "admin.json")] if admin else [])]
    listed = "".join(f"    - arn: {arn}\n      policies: [{file}]\n" for arn, file in principals)
    (folder / "organization.yaml").write_text(
        f'id: {ORG}\nmanagement_account: "999900001111"\nroot:\n  id: r-ac00\n  name: root\n'
        f'  scps: [FullAWSAccess, scp.json]\n  accounts:\n  - id: "{MINE}"\n    name: app\n    principals:\n{listed}'
    )
    return read_source(folder, SourceOptions())


def test_everybody_reaches_out_without_a_guard(tmp_path):
    """The role by its own grants, the account's root user by anything; nothing of the organization is named."""
    found = findings_of_workspace(made(tmp_path), direction="out", services=["sqs"])
    assert (found.direction, found.proved, found.exit_code) == ("out", PROVED, 1)
    mine = [one for one in found.findings if one.resource == SENDER]
    assert [set(one.elements.actions) for one in mine] == [{"sqs:SendMessage", "sqs:GetQueueUrl"}]
    assert {one.resource for one in found.findings} == {SENDER, f"others of account {MINE}", MANAGEMENT}
    for one in found.findings:
        assert decide(one.example.case).allowed
        assert one.example.request.resource_account != MINE


def test_a_guard_leaves_the_partner(tmp_path):
    """Of a resource perimeter with one exception the exception is what is left, as a condition that is read back."""
    guard = {**GUARD, "Condition": {"StringNotEquals": {"aws:ResourceAccount": [MINE, PARTNER]}}}
    found = findings_of_workspace(made(tmp_path, guard), direction="out", services=["sqs"])
    assert found.proved == PROVED
    (one,) = [one for one in found.findings if one.resource == SENDER]
    assert one.elements.condition == {"StringEquals": {"aws:ResourceAccount": [PARTNER]}}


def test_no_way_out(tmp_path):
    """Proved: nobody whom the guard binds reaches a queue of others."""
    guard = {**GUARD, "Condition": {"StringNotEquals": {"aws:ResourceAccount": MINE}}}
    found = findings_of_workspace(made(tmp_path, guard), direction="out", services=["sqs"])
    assert [one.resource for one in found.findings if one.resource == SENDER] == []
    assert found.status == "complete"


@pytest.mark.parametrize("zone", ["account", "perimeter", "everyone"])
def test_zones_of_ways_out(tmp_path, zone):
    """What lies outside depends on the zone; where all counts, the role's own account does, too."""
    found = findings_of_workspace(made(tmp_path), direction="out", zone=zone, services=["sqs"])
    assert found.proved == PROVED
    assert any(one.resource == SENDER for one in found.findings)


def test_a_way_out_of_the_account_that_hangs_on_whose_policy_decides(tmp_path):
    """Regression: a queue of a neighbour whose policy says `*` has a say, and no element tells that it is the one."""
    made(tmp_path)
    allow = {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "sqs:SendMessage", "Resource": "*"}
    (tmp_path / "queue.json").write_text(document(allow))
    file = tmp_path / "organization.yaml"
    other = '  - id: "444455556666"\n    principals: []\n    resources:\n'
    queues = "".join(
        f"    - arn: arn:aws:sqs:eu-west-1:444455556666:{name}\n{policy}"
        for name, policy in (("one", "      policy: queue.json\n"), ("two", ""))
    )
    file.write_text(file.read_text() + other + queues)
    space = read_source(tmp_path, SourceOptions())
    found = findings_of_workspace(space, direction="out", zone="account", services=["sqs"])
    assert found.proved == PROVED
    assert any("the call is on arn:aws:sqs:eu-west-1:444455556666:one" in one.elements.other for one in found.findings)


def test_the_command(tmp_path):
    """JSON by its schema, text with the answer first; one policy has no way out, and an unknown service is refused."""
    made(tmp_path)
    call = ["findings", str(tmp_path), "--direction", "out", "--service", "sqs"]
    told = CliRunner().invoke(cli, [*call, "--json"], standalone_mode=False)
    value = json.loads(told.output)
    Draft202012Validator(json.loads(schema("findings"))).validate(value)
    assert value["direction"] == "out"
    text = CliRunner().invoke(cli, call, standalone_mode=False).output
    assert text.startswith("3 findings: insiders reach resources outside the organization")
    queue = tmp_path / "queue.json"
    queue.write_text(document({"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}))
    for wrong in (["--direction", "out"], ["--service", "sqs"]):
        with pytest.raises(InputError, match="policy"):
            CliRunner().invoke(
                cli, ["findings", str(queue), *wrong], standalone_mode=False, catch_exceptions=False
            )  # fmt: skip
    with pytest.raises(InputError, match="unknown service"):
        findings_of_workspace(made(tmp_path), direction="out", services=["squid"])


def test_an_administrator_over_every_service(tmp_path):
    """All actions of all services but those that a guardrail takes away are few sets, whose patterns say the rest."""
    guards = [
        {"Effect": "Deny", "Action": ["ec2:RunInstances", "rds:CreateDBInstance"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*", "kms:*"], "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
    ]  # fmt: skip
    found = what_can(made(tmp_path, *guards, admin=True), ADMIN)
    assert found.proved == PROVED
    (caller,) = found.callers
    assert len(caller.findings) < 20
    widest = max(caller.findings, key=lambda one: one.count)
    assert widest.count > 15_000
    assert widest.elements.actions == ("*",)
    assert {"ec2:RunInstances", "rds:CreateDBInstance"} <= set(widest.elements.except_actions)


def test_who_is_not_listed_is_asked_of_every_service(tmp_path):
    """No policy says what a root user holds: what policies name is not all that it can do."""
    found = what_can(made(tmp_path), f"arn:aws:iam::{MINE}:root")
    assert len(found.services) > 300
    assert (found.exit_code, found.proved) == (1, PROVED)


def test_an_answer_names_the_services_that_were_asked(tmp_path):
    """Of calls of other services nothing is said: not even that insiders make none."""
    guard = {**GUARD, "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}, "Action": "sqs:*"}
    space = made(tmp_path, guard)
    found = findings_of_workspace(space, direction="out")
    assert found.services == ("sqs",)
    assert "asked: calls of sqs, no others" in render_findings(found)
    assert what_can(space, SENDER).services == ("sqs",)


def test_ways_out_of_principals_without_grants_are_not_none(tmp_path):
    """Their account's root user can still call anything: the services in question must be named."""
    made(tmp_path)
    file = tmp_path / "organization.yaml"
    file.write_text(file.read_text().replace("      policies: [sender.json]\n", ""))
    space = read_source(tmp_path, SourceOptions())
    with pytest.raises(InputError, match="no listed principal is granted any call"):
        findings_of_workspace(space, direction="out")
    with pytest.raises(InputError, match="no policy names a call"):
        what_can(space, SENDER)
    found = findings_of_workspace(space, direction="out", services=["sqs"])
    assert {one.resource for one in found.findings} == {f"others of account {MINE}", MANAGEMENT}
