"""Mitigations in the report: exit codes, forms, exceptions with owners and expiry, wildcard grants."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate.perimeter import reaches_outside
from perimeter_smt.organization.perimeter import RoleException, Scope, Vendor
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.yaml import parse_yaml
from perimeter_smt.questions.mitigations import QUESTIONS, ask, chosen
from perimeter_smt.questions.mitigations.exceptions import ask as opened
from perimeter_smt.questions.mitigations.model import Asking, Line, worst
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.report.answer import answer
from perimeter_smt.report.json import report_json, schema
from perimeter_smt.report.read import report_of
from perimeter_smt.report.text import render
from tests.mitigation_worlds import MINE, ORG, STRANGER, allow, arn, role, trusts, workspace

OPEN = role("open", trusts({"AWS": STRANGER}))
ACCEPTED = ("management-account", "service-linked-roles", "forward-access-sessions", "service-principals")
ONLY_MINE = {
    "Effect": "Deny", "Action": "s3:*", "Resource": "*",
    "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
}  # fmt: skip


def report(*principals, demanded=(), mitigations=("C1",), today=None, scps=(ONLY_MINE,), **perimeter):
    space = workspace(*principals, scps=scps, accepted=ACCEPTED, **perimeter)
    return prove(
        space, objectives=["O3"], services=["s3"], availability=False, reading="exact", mitigations=mitigations,
        demanded=demanded, today=today,
    )  # fmt: skip


def test_a_mitigation_counts_where_it_is_demanded():
    assert report(OPEN).exit_code == 0
    assert report(OPEN, demanded=["C1"]).exit_code == 1
    assert report(OPEN, mitigations=(), demanded=["all"]).demanded == tuple(QUESTIONS)
    by_file = report(OPEN, mitigations=())
    assert (by_file.mitigations, by_file.demanded) == ((), ())


def test_perimeter_yaml_demands_by_name():
    perimeter = read_perimeter(parse_yaml(f"orgs: [{ORG}]\nmitigations: [C1, L1]\n", file="perimeter.yaml"))
    assert perimeter.mitigations == ("C1", "L1")
    assert read_perimeter(parse_yaml(f"orgs: [{ORG}]\nmitigations: all\n", file="p")).mitigations == ("all",)
    with pytest.raises(InputError, match="unknown mitigation `C9`"):
        read_perimeter(parse_yaml(f"orgs: [{ORG}]\nmitigations: [C9]\n", file="perimeter.yaml"))
    with pytest.raises(InputError, match="unknown mitigation `X`"):
        chosen(["X"])


def test_every_form_shows_the_rows(tmp_path, capsys, monkeypatch):
    found = report_json(report(OPEN, demanded=["C1"]))
    Draft202012Validator(json.loads(schema("prove"))).validate(found)
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(found))
    shown = {}
    for name in ("text", "markdown", "sarif", "junit", "csv"):
        assert run(["report", str(saved), "--format", name]) == 0
        shown[name] = capsys.readouterr().out
    assert "HOLE           C1" in shown["text"]
    assert "| `C1` | only who is trusted gets credentials of mine | yes | **REFUTED** |" in shown["markdown"]
    (result,) = json.loads(shown["sarif"])["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("C1", "error")
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(shown["junit"])}
    assert suites["C1 only who is trusted gets credentials of mine"].get("failures") == "1"
    rows = [row for row in csv.DictReader(io.StringIO(shown["csv"])) if row["objective"] == "C1"]
    assert [(row["service"], row["status"], row["findings"]) for row in rows] == [(OPEN.arn, "refuted", "1")]
    again = report_json(report_of(found))["mitigations"]
    assert [line["subject"] for line in again[0]["lines"]] == [
        line["subject"] for line in found["mitigations"][0]["lines"]
    ]


def test_the_first_line_says_what_the_exit_code_says():
    """All objectives may be proved, and a demanded mitigation not."""
    assert "NOT CLOSED" in answer(report(OPEN, demanded=["C1"]))
    assert "NOT CLOSED" not in answer(report(OPEN))


def test_what_is_not_demanded_fails_no_test(tmp_path, capsys):
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(report_json(report(OPEN))))
    assert run(["report", str(saved), "--format", "junit"]) == 0
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(capsys.readouterr().out)}
    (suite,) = [suite for name, suite in suites.items() if name.startswith("C1")]
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")


def test_the_worst_row_is_the_status():
    lines = [Line("a", "proved", ""), Line("b", "not-asked", ""), Line("c", "conditional", "")]
    assert worst(lines) == "conditional"
    assert (worst(lines[:2]), worst([])) == ("proved", "not-asked")


EXCEPTION = """
orgs: [o-acme0000001]
exceptions:
  roles:
    - arn: arn:aws:iam::111122223333:role/App
      objectives: [O3]
      owner: team@acme.example
      ticket: SEC-7
      expires: "2027-03-31"
"""


@pytest.mark.parametrize(("today", "status"), [("2027-03-31", "proved"), ("2027-04-01", "refuted")])
def test_an_expired_exception_does_not_count_and_says_so(today, status):
    """The last day is the one written."""
    (entry,) = read_perimeter(parse_yaml(EXCEPTION, file="perimeter.yaml")).role_exceptions
    exempt = {**ONLY_MINE, "Condition": {**ONLY_MINE["Condition"], "ArnNotEquals": {"aws:PrincipalArn": arn("App")}}}
    found = report(scps=(exempt,), mitigations=(), today=date.fromisoformat(today), role_exceptions=(entry,))
    assert {verdict.status for verdict in found.verdicts} == {status}
    assert found.today == today
    gone = f"callers {arn('App')}: expired on 2027-03-31 (owner team@acme.example, ticket SEC-7)"
    assert found.expired == ((gone,) if status == "refuted" else ())
    assert ("expired on 2027-04-01" in render(found)) is (status == "refuted")


def test_a_vendor_expires_too():
    vendor = Vendor(account=STRANGER, external_id="none", expires=date(2027, 1, 1))
    before, after = (report(OPEN, vendors=(vendor,), today=date(2027, 1, day)) for day in (1, 2))
    assert [found.mitigations[0].status for found in (before, after)] == ["proved", "refuted"]


@pytest.mark.parametrize("text", ["2027-02-30", "31.3.2027", "soon"])
def test_a_day_is_a_day(text):
    with pytest.raises(InputError, match="expected a day such as `2027-03-31`"):
        read_perimeter(parse_yaml(EXCEPTION.replace("2027-03-31", text), file="perimeter.yaml"))
    assert run(["prove", "nowhere", "--today", text]) == 2


def test_what_an_exception_opens():
    exempt = {**ONLY_MINE, "Condition": {**ONLY_MINE["Condition"], "ArnNotEquals": {"aws:PrincipalArn": arn("App")}}}
    needed = RoleException(arn=arn("App"), objectives=("O3",))
    spare = RoleException(arn=arn("Other"), objectives=("O3",))
    space = workspace(
        scps=(exempt,), accepted=ACCEPTED, role_exceptions=(needed, spare), scopes={"O3": Scope(actions=("s3:*",))}
    )
    first, second = opened(space, Asking(reading="exact")).lines
    assert (first.status, first.text) == ("conditional", "opens O3")
    assert first.counterexample.request.principal.role_arn == arn("App")
    assert second.status == "proved"


@pytest.mark.parametrize(
    ("resource", "scps", "status"),
    [
        ("*", (), "refuted"),
        ("*", (ONLY_MINE,), "proved"),
        ("arn:aws:s3:::*", (), "refuted"),
        ("arn:aws:s3:::acme-*", (), "proved"),
    ],
)
def test_a_wildcard_grant_that_guardrails_alone_hold_back(resource, scps, status):
    reader = role("reader", trusts({"AWS": arn("x")}), may=(allow("s3:GetObject", resource),))
    space = workspace(reader, scps=scps, accepted=ACCEPTED, scopes={"O3": Scope(actions=("s3:*",))})
    (line,) = ask(space, ["L1"], Asking())[0].lines
    assert line.status == status
    if scps:
        assert (line.text, line.statement.kind) == ("held back by guardrails alone: scp", "scp")
    if status == "refuted":
        found = line.counterexample
        assert found.request.principal.role_arn == arn("reader")
        assert reaches_outside(space, found.request, found.facts)
        assert not reaches_outside(space, found.request, found.facts.model_copy(update={"resource_account": MINE}))
