"""The page says no more than the run: one answer for all forms, every row of a mitigation."""

from __future__ import annotations

from perimeter_smt import __version__
from perimeter_smt.questions.mitigations.model import Line, Mitigation
from perimeter_smt.questions.verdicts import Kinds, Report, Verdict
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


def test_classes_of_accounts_the_day_and_the_version():
    verdicts = (Verdict("O1", "a title", ("s3",), "proved"),)
    kinds = Kinds(accounts=1000, classes=3, principals=5000, principal_classes=7)
    result = report_json(Report("acme", "guardrails", "over", verdicts, kinds=kinds))
    root = {"id": "r-ac00", "name": "root", "scps": [], "rcps": [], "accounts": [], "units": []}
    organization = {"id": "o-acme0000001", "management_account": "999900001111", "root": root, "trust": []}
    found = html({**result, "organization": organization, "today": "2026-11-27"})
    assert "1,000 accounts in 3 classes, 5,000 principals in 7" in found
    assert "judged on 2026-11-27" in found
    assert f"perimeter-smt {__version__}" in found
