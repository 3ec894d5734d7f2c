"""What `perimeter inventory` counts and remarks."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from perimeter_smt.cli.main import run
from perimeter_smt.report.json import schema

ACME = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acme"
ORG, OWN = "o-acme0000001", "111122223333"


def test_counts_as_text(capsys):
    assert run(["inventory", str(ACME)]) == 0
    out = capsys.readouterr().out
    assert "inventory of `acme`" in out
    assert "accounts               " in out
    assert "VPC endpoints" in out


def test_json_follows_its_schema(capsys):
    assert run(["inventory", str(ACME), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads(schema("inventory")))
    assert found["counts"]["accounts"] == 5
    assert found["policies"]["rcp"] == 3
    assert found["distinct"] <= sum(found["policies"].values())


def test_deleted_and_missing_principals_are_remarked(tmp_path, capsys):
    """A unique id in a policy is a principal that was deleted; a role of a listed account must be there."""
    gone, missing = "AROAEXAMPLEEXAMPLE000", f"arn:aws:iam::{OWN}:role/missing"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [gone, missing]}, "Action": "sqs:*", "Resource": "*"}]}  # fmt: skip
    queue = {"Attributes": {"QueueArn": f"arn:aws:sqs:eu-west-1:{OWN}:q", "Policy": json.dumps(policy)}}
    (tmp_path / "q.json").write_text(json.dumps(queue))
    assert run(["inventory", str(tmp_path), "--org-id", ORG, "--complete", "--json"]) == 0
    remarks = [remark["text"] for remark in json.loads(capsys.readouterr().out)["remarks"]]
    assert any(f"deleted principal `{gone}`" in text for text in remarks)
    assert any(f"no principal `{missing}`" in text for text in remarks)


def test_lint_takes_a_template(tmp_path, capsys):
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"B": {
        "Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "acme-reports", "PolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
                                                    "Action": "s3:*", "Resource": "*"}]}}}}}  # fmt: skip
    path = tmp_path / "t.json"
    path.write_text(json.dumps(template))
    assert run(["lint", str(path)]) == 1
    assert "t.json" in capsys.readouterr().out
