"""A report says in every form what its proofs stand on, those of mitigations too, at places that exist."""

from __future__ import annotations

import json

from perimeter_smt.cli.main import run
from perimeter_smt.questions.mitigations.model import Line, Mitigation
from perimeter_smt.questions.verdicts import Assumption, Blame, Report, Verdict
from perimeter_smt.report.html import html
from perimeter_smt.report.index import explain
from perimeter_smt.report.json import report_json
from perimeter_smt.report.text import render

SOFT = Assumption("AC2", "soft axiom, accepted by name or by the reading", "service authorization reference")
HARD = Assumption("environment", "axioms AE13, AN2", "encodings/environment")
ENV = Assumption("environment", "axioms AN2, AP8", "encodings/environment")
CARRIED = Mitigation("E2", "nothing is carried out", "proved", (Line("row", "proved", "denied"),), (SOFT, HARD))


def report(**more):
    proved = Verdict("O1", "a title", ("s3",), "proved", assumptions=(ENV,), **more)
    return Report("acme", "guardrails", "over", (proved,), mitigations=(CARRIED,))


def test_soft_axioms_of_mitigations_are_named_in_the_short_text():
    text = render(report())
    assert "1 soft axiom: AC2" in text
    assert "3 documented axioms" in text  # those of both, each once


def test_the_page_lists_what_mitigations_assume_and_links_to_it():
    page = html(report_json(report()))
    assert 'id="assume-AC2"' in page and page.count('href="#assume-AC2"') == 1
    assert "service authorization reference" in page


def test_a_policy_inside_an_answer_of_aws_has_no_line():
    inside = Blame("rcp", "only-us", 0, "OnlyUs", "Deny", "cli/policy.json", 0)
    page = html(report_json(report(used=(inside,))))
    assert "cli/policy.json only-us OnlyUs" in page and "policy.json:0" not in page


def test_every_name_of_an_assumption_is_explained():
    for name in ("today", "sessions", "vpcs", "egress", "first-hops", "organization", "environment"):
        assert any(one.text.startswith("assumption: ") for one in explain(name)), name


def test_a_fix_in_an_answer_of_aws_names_no_line(tmp_path, capsys):
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "OnlyUs", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
            "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-acme0000001"},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    }  # fmt: skip
    root = "arn:aws:organizations::999900001111:root/o-acme0000001/r-0000"
    summary = {"Id": "p-only0001", "Name": "only-us", "Type": "RESOURCE_CONTROL_POLICY"}
    answers = {
        "roots": {"Roots": [{"Id": "r-0000", "Arn": root, "Name": "Root"}]},
        "policy-p-only0001": {"Policy": {"PolicySummary": summary, "Content": json.dumps(policy)}},
        "targets-p-only0001": {"Targets": [{"TargetId": "r-0000", "Arn": root, "Name": "Root", "Type": "ROOT"}]},
    }
    for name, value in answers.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    run(["prove", str(tmp_path), "--objective", "O1", "--service", "sqs", "--no-availability", "--no-mitigations"])
    text = capsys.readouterr().out
    assert "(PL031)" in text and "line 0" not in text


def accounts(folder):
    listed = [{"Id": number, "Name": number} for number in ("999900001111", "111122223333")]
    (folder / "accounts.json").write_text(json.dumps({"Accounts": listed}))
    organization = {"Id": "o-acme0000001", "MasterAccountId": "999900001111"}
    (folder / "organization.json").write_text(json.dumps({"Organization": organization}))
    bucket = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-a/*"}
    answer = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": bucket})}
    (folder / "bucket-policy-acme-a.json").write_text(json.dumps(answer))


def test_an_account_that_the_organization_does_not_have_is_refused(tmp_path, capsys):
    accounts(tmp_path)
    assert run(["findings", str(tmp_path), "--account", "111122223334"]) == 2
    assert "none of the accounts of the organization, did you mean `111122223333`?" in capsys.readouterr().err
    assert run(["findings", str(tmp_path), "--account", "111122223333"]) == 1


def test_a_file_that_is_no_policy_is_told_in_one_line(tmp_path, capsys):
    plan = tmp_path / "plan.json"
    plan.write_text('{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}}')
    assert run(["pack", str(plan), "--type", "scp"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    empty = tmp_path / "empty.json"
    empty.write_text("")
    assert run(["lint", str(empty)]) == 2
    assert "not valid JSON" in capsys.readouterr().err
