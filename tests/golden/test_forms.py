"""Every form of a saved result: read back, checked against published schemas, with hostile names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema

from perimeter_smt.errors import InputError
from perimeter_smt.lint import lint
from perimeter_smt.lint.fold import fold
from perimeter_smt.policy.guessed_kind import guess_kind
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.verdicts import Report
from perimeter_smt.report.baseline import baseline_text, new_entries, read_baseline, unlisted
from perimeter_smt.report.entries import entries
from perimeter_smt.report.exit_codes import of_entries
from perimeter_smt.report.findings import findings_json
from perimeter_smt.report.forms import FORMS, Shown, text
from perimeter_smt.report.json import report_json
from perimeter_smt.report.markdown import code, plain
from perimeter_smt.report.read import read_result, report_of
from perimeter_smt.report.text import render
from tests.published import SARIF, wrong

XSD = Path(__file__).resolve().parents[1] / "data/junit.xsd"
HOSTILE = "<script>`@all`|\x1b[2J\u202e]]>&\r\n# =1+1\ufffe"


def shown(result: Any) -> Shown:
    return Shown(result, entries(result))


def policies(name: str = "p.json", *actions: str) -> dict[str, Any]:
    """The lint result of one SCP with these actions."""
    statements = [{"Effect": "Deny", "Action": action, "Resource": "*"} for action in actions or ("s3:Nosuch",)]
    value = {"Version": "2012-10-17", "Statement": statements}
    found = fold(lint(parse_object(value, Kind.SCP, file=name, name="p", strict=False)))
    return findings_json(found, 1, {name: guess_kind(value)})


def hostile(value: Any) -> Any:
    """The same result with hostile text for every file, document, reason and name of the workspace."""
    if isinstance(value, dict):
        names = ("file", "workspace", "document", "sid", "why", "resource", "message")
        return {k: HOSTILE if k in names and isinstance(v, str) else hostile(v) for k, v in value.items()}
    return [hostile(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(params=["report", "lint", "hostile report", "hostile lint"])
def result(request: pytest.FixtureRequest, report: tuple[str, Report]) -> Any:
    found = report_json(report[1]) if "report" in request.param else policies("p.json", "s3:Nosuch", "s3:None")
    return hostile(found) if "hostile" in request.param else found


def test_saved_reports_read_back_the_same(report: tuple[str, Report], tmp_path: Path) -> None:
    """The text of a saved result is that of the run, and its JSON too, but for cases that were replayed."""
    file = tmp_path / "r.json"
    file.write_text(FORMS["json"].write(shown(report_json(report[1]))))
    saved = read_result(file)
    assert render(report_of(saved)) == render(report[1])
    assert report_json(report_of(saved)) == report_json(report[1])


def test_sarif_is_as_published(result: Any) -> None:
    log = json.loads(FORMS["sarif"].write(shown(result)))
    assert wrong(SARIF, log) == []
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    assert all(rule["help"]["text"] and rule["properties"]["security-severity"] for rule in rules)
    keys = [found["partialFingerprints"]["perimeter/v1"] for found in run["results"]]
    assert len(set(keys)) == len(keys)
    assert wrong(SARIF, log | {"version": "2.0"}), "the schema is the one that counts"


def test_sarif_points_at_the_statement(report: tuple[str, Report]) -> None:
    if report[0] != "refuted":
        return
    log = json.loads(FORMS["sarif"].write(shown(report_json(report[1]))))
    first = log["runs"][0]["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("rcp.json", 4)
    assert first["level"] == "error"
    assert "arn:aws:sts::999988887777:assumed-role/Outsider/session asks for s3:GetObject" in first["message"]["text"]
    assert [one["physicalLocation"]["artifactLocation"]["uri"] for one in first["relatedLocations"]] == [
        "rcp.json",
        "scp/base.json",
    ]


def test_junit_is_as_its_schema_says(result: Any) -> None:
    found = FORMS["junit"].write(shown(result))
    xmlschema.XMLSchema(XSD).validate(found)
    root = ElementTree.fromstring(found.encode())
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(root.attrib[name]) == len(list(root.iter(tag)))


def test_junit_holds_every_objective_and_service(report: tuple[str, Report]) -> None:
    """A case passes where its verdict is proved and nowhere else."""
    root = ElementTree.fromstring(FORMS["junit"].write(shown(report_json(report[1]))).encode())
    passed = {(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase") if not len(case)}
    verdicts = (*report[1].verdicts, *report[1].availability)
    assert len(list(root.iter("testcase"))) == sum(len(verdict.services) for verdict in verdicts)
    assert passed == {
        (f"perimeter.{verdict.objective}", service)
        for verdict in verdicts
        if verdict.status == "proved"
        for service in verdict.services
    }


def test_csv_has_a_row_for_everything(result: Any) -> None:
    rows = list(csv.reader(io.StringIO(FORMS["csv"].write(shown(result)))))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    expected = sum(len(v["services"]) for v in (*result.get("verdicts", ()), *result.get("availability", ())))
    assert len(rows) == 1 + (expected or len(entries(result)))


def test_markdown_keeps_names_text(result: Any) -> None:
    """Outside of code spans there is no markup of strangers; no line break or cell border ends a span."""
    found = FORMS["markdown"].write(shown(result))
    assert "\x1b" not in found
    for line in found.splitlines():
        assert "<script>" not in line or line.count("``") >= 2


@pytest.mark.parametrize("name", ["a", "`", "``b`", "x|y", "@all", "<b>", "", "*"])
def test_code_spans_hold_anything(name: str) -> None:
    span = code(name)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)]
    assert "|" not in span
    assert plain("a *b* <c>") == r"a \*b\* \<c\>"


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    from perimeter_smt.errors import InputError

    file = tmp_path / "r.json"
    for bad in ("", "[]", "{}", '{"format": 2, "verdicts": []}', '{"format": 1, "findings": [3]}'):
        file.write_text(bad)
        with pytest.raises(InputError, match=r"r\.json"):
            read_result(file)


def test_a_baseline_holds_what_is_known(report: tuple[str, Report], tmp_path: Path) -> None:
    """Nothing is new after it was written; without it all is. What is open never counts as proved."""
    file = tmp_path / "known.json"
    result = report_json(report[1])
    found = entries(result)
    file.write_text(baseline_text(found))
    assert new_entries(found, read_baseline(file)) == []
    assert new_entries(found, frozenset()) == found
    assert of_entries(result, found) == report[1].exit_code
    assert of_entries(result, []) == 0
    hidden = unlisted(result)
    assert {entry.rule for entry in hidden} == ({"O1", "O3", "my-rule"} if report[0] == "refuted" else set())
    assert of_entries(result, hidden) == (3 if hidden else 0)
    assert "which is not to say that they are closed" in text(Shown(result, [], len(found)))


def test_a_hole_that_spreads_to_another_service_is_new(report: tuple[str, Report], tmp_path: Path) -> None:
    if report[0] != "refuted":
        return
    result = report_json(report[1])
    file = tmp_path / "known.json"
    file.write_text(baseline_text(entries(result)))
    result["verdicts"][0]["services"].append("dynamodb")
    new = new_entries(entries(result), read_baseline(file))
    assert {(entry.rule, entry.kind) for entry in new} == {("O1", "hole")}
    assert of_entries(result, new) == 1


def test_lines_and_picked_values_do_not_change_keys(report: tuple[str, Report]) -> None:
    result = report_json(report[1])
    before = [entry.keys for entry in entries(result)]
    for verdict in result["verdicts"]:
        for found in verdict["counterexamples"]:
            found["request"]["resource"] = "arn:aws:s3:::other/a"
            for blame in (*found["through"], *([found["closest"]["statement"]] if found["closest"] else ())):
                blame["line"] += 7
    assert [entry.keys for entry in entries(result)] == before


def test_lint_baselines_know_places_by_what_they_say(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    file.write_text(baseline_text(entries(policies("p.json", "s3:None"))))
    found = entries(policies("p.json", "s3:Nosuch", "s3:None", "s3:None"))
    new = new_entries(found, read_baseline(file))
    assert [entry.message.partition(" ")[0] for entry in new] == ["`s3:Nosuch`", "`s3:None`"]


def test_ocsf_has_a_finding_per_proof_and_per_finding(result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compliance findings of class 2003; the models of the library read them back; the time can be fixed."""
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    events = json.loads(FORMS["ocsf"].write(shown(result)))
    for event in events:
        ComplianceFinding.model_validate(event)
        assert (event["class_uid"], event["type_uid"], event["time"]) == (2003, 200301, 1_700_000_000_000)
        assert "\n" not in event["message"]
        assert "\x1b" not in event["message"]
    found = entries(result)
    failed = [event for event in events if event["compliance"]["status_id"] != 1]
    assert [event["finding_info"]["uid"] for event in failed] == [entry.fingerprint for entry in found]
    assert {event["severity"] for event in failed} <= {"High", "Medium", "Low"}
    proofs = [v for v in (*result.get("verdicts", ()), *result.get("availability", ())) if v["status"] == "proved"]
    assert len(events) - len(failed) == len(proofs)


def test_ocsf_refuses_a_time_that_is_none(report: tuple[str, Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="`yesterday` is no number of seconds"):
        FORMS["ocsf"].write(shown(report_json(report[1])))
