"""Who can, and what can: callers of a workspace and outsiders, under the composed decision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import cli
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.report.access import render_callers
from perimeter_smt.report.json import schema

ACME = Path(__file__).resolve().parents[2] / "docs/examples/acme"
READER = "arn:aws:iam::444455556666:role/report-reader"
REPORTS = "arn:aws:s3:::acme-reports/*"
PROVED = ("included", "complete", "apart", "restated")


@pytest.fixture(scope="module")
def acme():
    return read_source(ACME, SourceOptions())


def test_readers_of_a_bucket(acme):
    """The role that reads, from three places; roles without a grant and outsiders cannot."""
    found = who_can(acme, "s3:GetObject", REPORTS)
    assert found.proved == PROVED
    assert found.exit_code == 1
    by_name = {one.name: one for one in found.callers}
    assert [one.elements.condition for one in by_name[READER].findings]
    networks = {key for one in by_name[READER].findings for keys in one.elements.condition.values() for key in keys}
    assert {"aws:SourceIp", "aws:SourceVpce"} <= networks
    for name in ("outsiders", "arn:aws:iam::111122223333:role/orders-service", "others of account 777788889999"):
        assert not by_name[name].findings, name
    for one in by_name[READER].findings:
        assert decide(one.example.case).allowed
        assert one.example.request.principal.role_arn == READER
    text = render_callers(found, width=80)
    assert text.startswith("2 callers can: s3:GetObject on")
    assert all(len(line) <= 80 or "arn:" in line or ".json" in line for line in text.splitlines())


def test_nobody_can(acme):
    """An action that no listed resource or role is granted."""
    found = who_can(acme, "sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:nothing")
    assert not any(one.findings for one in found.callers if one.kind == "principal" and "break-glass" not in one.name
                   and "administrator" not in one.name)  # fmt: skip


def test_what_a_role_can_do(acme):
    """The role's own policies, as the resources' policies, SCPs and endpoint policies let them."""
    found = what_can(acme, READER)
    assert found.proved == PROVED
    (caller,) = found.callers
    actions = {action for one in caller.findings for action in one.elements.actions}
    assert {"s3:GetObject", "s3:ListBucket", "kms:Decrypt", "secretsmanager:GetSecretValue"} <= actions
    assert "s3:PutObject" not in actions


def test_what_strangers_can_do(acme):
    """The partner's role fetches; anonymous callers can do nothing with buckets."""
    found = what_can(acme, "arn:aws:iam::210987654321:role/acme-import", services=["s3"])
    assert found.exit_code != 0
    (nobody,) = what_can(acme, "anonymous", services=["s3"]).callers
    assert all("acme-" not in resource for one in nobody.findings for resource in one.elements.resources)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["who-can", "s3:GetObjekt"], "GetObject"),
        (["who-can", "s4:GetObject"], "unknown service"),
        (["who-can", "GetObject"], "no action"),
        (["who-can", "s3:GetObject", "--resource", "acme"], "no ARN"),
        (["what-can", "bob"], "no caller"),
        (["what-can", "anonymous", "--service", "s4"], "unknown service"),
    ],
)
def test_bad_words(words, said):
    """One line names what is wrong."""
    result = CliRunner().invoke(cli, [*words, "--source", str(ACME)], standalone_mode=False)
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


def test_json():
    """As the schema says."""
    words = ["who-can", "s3:GetObject", "--resource", REPORTS, "--source", str(ACME), "--json"]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.exception is None
    Draft202012Validator(json.loads(schema("callers"))).validate(json.loads(result.output))
