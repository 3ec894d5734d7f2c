"""A mitigation with rows that no policy can guard is never said to be proved as a whole."""

from __future__ import annotations

import json

import jsonschema
import pytest

from perimeter_smt.questions.mitigations.model import Line, Mitigation
from perimeter_smt.questions.verdicts import Assumption, Report, Verdict
from perimeter_smt.report.exit_codes import of_report
from perimeter_smt.report.html.render import html
from perimeter_smt.report.json import report_json, schema
from perimeter_smt.report.junit import junit
from perimeter_smt.report.markdown import markdown
from perimeter_smt.report.read import read_result
from perimeter_smt.report.text import render

HELD = Line("sqs: queues of others", "proved", "denied")
OPEN = Line("s3: access logs", "not-guardable", "no condition key tells the target")
PRESUMED = Assumption("AE1.no-resource", "presumed by all", "a page", presumed=True)


def report(status, *lines, name="E2"):
    verdict = Verdict("O1", "only trusted identities reach my resources", ("sqs",), "proved")
    one = Mitigation(name, "no service is told to carry data out", status, lines, (PRESUMED,))
    return Report("acme", "guardrails", "over", (verdict,), mitigations=(one,), demanded=(name,))


def line_of(text, name="E2"):
    return next(line for line in text.splitlines() if f"  {name}  " in line)


@pytest.mark.parametrize("width", [80, 120])
def test_in_part_stands_on_the_line_with_both_counts(width):
    text = render(report("proved", HELD, HELD, OPEN), width=width)
    assert line_of(text).split(maxsplit=2)[:2] == ["in", "part"]
    assert "2 rows proved, 1 that IAM cannot guard" in text
    assert "proved " not in line_of(text)[:15]
    assert "E2 in part: " in render(report("proved", HELD, OPEN), details=True)


def test_whole_proofs_keep_their_word():
    assert line_of(render(report("proved", HELD))) == "proved         E2  no service is told to carry data out"


def test_a_list_is_listed_and_counts_for_nothing():
    empty = report("listed", Line("data planes", "listed", "none"), name="S1")
    assert line_of(render(empty), "S1").startswith("listed ")
    assert line_of(render(empty), "S1").endswith(": none here")
    assert line_of(render(report("listed", OPEN, name="S1")), "S1").endswith(": 1 row, nothing proved")
    for found in (empty, report("listed", OPEN, name="S1")):
        assert found.exit_code == of_report(found) == 0
        assert "bold red" not in render(found)
        assert "found " not in render(found)


def test_exit_code_speaks_of_the_rows_that_can_be_guarded():
    assert report("proved", HELD, OPEN).exit_code == of_report(report("proved", HELD, OPEN)) == 0
    assert report("refuted", OPEN, Line("x", "refuted", "gets through")).exit_code == 1


def test_json_keeps_its_status_and_counts(tmp_path):
    result = report_json(report("proved", HELD, OPEN))
    jsonschema.validate(result, json.loads(schema("prove")))
    (one,) = result["mitigations"]
    assert (one["status"], one["not_guardable"], one["presumes"]) == ("proved", 1, ["AE1.no-resource"])
    assert "| proved, but 1 row not guardable |" in markdown(result, [])
    assert 'badge unknown">in part<' in html(result)
    assert "AE1.no-resource" in html(result)
    assert 'skipped="1"' in junit(result, [])
    listed = report_json(report("listed", Line("data planes", "listed", "none"), name="S1"))
    jsonschema.validate(listed, json.loads(schema("prove")))
    assert "listed, nothing proved" in markdown(listed, [])
    assert 'skipped="1"' in junit(listed, [])


def test_results_of_before_are_read(tmp_path):
    result = report_json(report("proved", HELD, OPEN))
    for part in (*result["verdicts"], *result["mitigations"]):
        del part["presumes"]
    del result["mitigations"][0]["not_guardable"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(result))
    read = read_result(path)
    assert read["mitigations"][0]["not_guardable"] == 1
    assert read["verdicts"][0]["presumes"] == []
