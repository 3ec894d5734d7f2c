"""What people and programs read, word for word. Renew: `python -m pytest tests/golden --renew`."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, ValidationError

from perimeter_smt.report.comparison import render as render_comparison
from perimeter_smt.report.json import comparison_json, dumps, report_json, schema
from perimeter_smt.report.text import render, summary
from perimeter_smt.request.case import read_case

COLORS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [None, 80, 40])
def test_text(report, golden, width):
    name, value = report
    golden(f"{name}-{width or 'pipe'}.txt", render(value, width=width))


def test_details(report, golden):
    name, value = report
    golden(f"{name}-details.txt", render(value, width=80, details=True))


def test_colors_change_nothing_else(report):
    _, value = report
    for width in (None, 120, 40):
        colored = render(value, width=width, color=True)
        assert "\x1b[" in colored
        assert COLORS.sub("", colored) == render(value, width=width)


def test_arns_are_never_cut(report):
    _, value = report
    for width in (20, 40, 80):
        text = render(value, width=width)
        for found in (f for v in value.verdicts for f in v.counterexamples if f.kind == "hole"):
            assert found.request.resource in text
            assert found.request.principal.arn in text


def test_terminal_lines_fit_unless_a_word_does_not(report):
    _, value = report
    for width in (40, 80, 120):
        for line in render(value, width=width).splitlines():
            assert len(line) <= width or len(max(line.split(), key=len)) > width - 14, line


def test_a_pipe_keeps_one_fact_on_one_line(report):
    _, value = report
    lines = [line.strip() for line in render(value, details=True).splitlines()]
    for verdict in value.verdicts:
        for found in verdict.counterexamples:
            if found.kind == "hole":
                assert any(line.endswith(found.why) for line in lines)


def test_policies_cannot_steer_the_terminal(report):
    _, value = report
    evil = replace(value, workspace="a\x1b[2J\n\x9bb")
    assert "\x1b" not in render(evil)
    assert "a\\x1b[2J\\x0a\\x9bb" in render(evil)


def test_summary_is_the_first_line(report):
    _, value = report
    assert render(value).splitlines()[0] == summary(value)
    assert "\n" not in summary(value)


def test_json(report, golden):
    name, value = report
    golden(f"{name}.json", dumps(report_json(value), pretty=True) + "\n")


def test_json_follows_the_schema_and_is_the_same_each_time(report):
    _, value = report
    text = dumps(report_json(value))
    Draft202012Validator(json.loads(schema("prove"))).validate(json.loads(text))
    assert text == dumps(report_json(value))
    assert text.isascii()


def test_comparison_text(comparison, golden):
    name, value = comparison
    golden(f"compare-{name}.txt", render_comparison(value))


def test_comparison_json(comparison, golden):
    name, value = comparison
    found = comparison_json(value)
    Draft202012Validator(json.loads(schema("compare"))).validate(json.loads(dumps(found)))
    golden(f"compare-{name}.json", dumps(found, pretty=True) + "\n")


def test_the_case_in_a_report_is_the_case(report):
    _, value = report
    asked = {"principal": {"type": "anonymous"}, "action": "s3:GetObject", "resource": "arn:aws:s3:::orders/x"}
    case = read_case({"id": "c", "policies": {"identity": []}, "request": asked}, file="c.json", default_id="1")
    verdict = value.verdicts[0]
    limit = replace(verdict.limits[0], example=replace(verdict.limits[0].example, case=case))
    out = report_json(replace(value, verdicts=(replace(verdict, limits=(limit,)),)))
    Draft202012Validator(json.loads(schema("prove"))).validate(out)
    found = out["verdicts"][0]["limits"][0]["example"]
    assert read_case(found["case"], file="c.json", default_id="1") == case
    assert report_json(value)["verdicts"][0]["limits"][0]["example"]["case"] is None


@pytest.mark.parametrize("member", ["verdicts", "availability", "format"])
def test_the_schema_is_strict(report, member):
    _, value = report
    validator = Draft202012Validator(json.loads(schema("prove")))
    missing = report_json(value)
    del missing[member]
    with pytest.raises(ValidationError):
        validator.validate(missing)
    with pytest.raises(ValidationError):
        validator.validate(report_json(value) | {"surplus": 1})
