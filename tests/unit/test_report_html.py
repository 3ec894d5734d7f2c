"""The page says no more than the run: one answer for all forms, every row of a mitigation."""

from __future__ import annotations

from perimeter_smt.questions.mitigations.model import Line, Mitigation
from perimeter_smt.questions.verdicts import Report, Verdict
from perimeter_smt.report.html import html
from perimeter_smt.report.json import report_json

ROW = Line("role deploy", "refuted", "a token of anybody gets credentials")


def page(objectives, **more):
    verdicts = tuple(Verdict(name, "a title", ("s3",), "proved") for name in objectives)
    return html(report_json(Report("acme", "guardrails", "over", verdicts, **more)))


def test_some_objectives_are_not_all():
    assert "CLOSED. All 6 checks proved" in page(["O1", "O2", "O3", "O4", "O5", "O6"])
    assert "PROVED for O1 only" in page(["O1"])
    assert "CLOSED" not in page(["O1"]).split("</header>")[0]


def test_a_demanded_mitigation_that_fails_is_said_and_shown():
    failed = Mitigation("C1", "credentials", "refuted", (ROW,))
    found = page(["O1", "O2", "O3", "O4", "O5", "O6"], mitigations=(failed,), demanded=("C1",))
    assert "NOT CLOSED" in found
    assert "a token of anybody gets credentials" in found
