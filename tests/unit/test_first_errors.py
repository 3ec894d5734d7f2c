"""What somebody tries first with the wrong thing, and the one line that says what it is."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run


def error(capsys, *words):
    assert run([*map(str, words)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("found", [
    {"totalDiscoveredResources": 3, "resourceCounts": [{"resourceType": "AWS::SQS::Queue", "count": 3}]},
    {"TotalDiscoveredResources": 3, "GroupedResourceCounts": [{"GroupName": "AWS::SQS::Queue", "ResourceCount": 3}]},
])  # fmt: skip
def test_counts_of_config(tmp_path, capsys, found):
    (tmp_path / "counts.json").write_text(json.dumps(found))
    for source in (tmp_path, tmp_path / "counts.json"):
        assert "counts.json: counts of resources, which hold no policies" in error(capsys, "inventory", source)


def test_tables(tmp_path, capsys):
    (tmp_path / "out.csv").write_text('"arn","type"\n"arn:aws:sqs:eu-west-1:333344445555:invoices","AWS::SQS::Queue"\n')
    for source in (tmp_path, tmp_path / "out.csv"):
        assert "out.csv: a table, as consoles and Athena export it (CSV)" in error(capsys, "inventory", source)


@pytest.mark.parametrize(("text", "said"), [
    ('{"Version": "2012-10-17",\n "Statement": [],\n}', ":2: not valid JSON: trailing comma before `}`, column 17"),
    ('{"Statement": [{"Effect": "Deny"},\n]}', ":1: not valid JSON: trailing comma before `]`, column 34"),
])  # fmt: skip
def test_trailing_commas(tmp_path, capsys, text, said):
    (tmp_path / "policy.json").write_text(text)
    assert said in error(capsys, "lint", tmp_path / "policy.json")


def test_a_trailing_comma_in_answers(tmp_path, capsys):
    (tmp_path / "roles.json").write_text('{"Roles": [\n {"Arn": "a",}\n]}')
    assert "roles.json:2: trailing comma before `}`, column 13" in error(capsys, "inventory", tmp_path)


def test_no_folder_of_verdicts(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert "is no folder of verdicts" in error(capsys, "cache", "--prune", tmp_path)
    (tmp_path / "0a").mkdir()
    assert run(["cache", "--prune", str(tmp_path)]) == 0


def test_init_into_what_is_no_folder(tmp_path, capsys):
    assert "/dev/null: is no folder, expected a new one" in error(capsys, "init", "/dev/null", "--from", tmp_path)


def test_a_long_name(capsys):
    said = error(capsys, "inventory", "n" * 3000)
    assert len(said) < 600
    assert "n...n" in said


def test_a_foreign_character_is_told_once(tmp_path, capsys):
    text = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "No\u2029", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}, ensure_ascii=False)  # fmt: skip
    (tmp_path / "p.json").write_text(text)
    said = error(capsys, "prove", "--org-id", "o-acme0000082", "--scp", tmp_path / "p.json")
    assert len(said.splitlines()) == 1
    assert "$.Statement[0].Sid: character U+2029 is not allowed" in said
