"""What `perimeter evaluate --explain` prints, word for word. Renew: `python -m pytest tests/golden --renew`."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from perimeter_smt.evaluate import decide, explain
from perimeter_smt.report.decisions import decision_json, explained_json, render
from perimeter_smt.report.json import dumps, schema
from perimeter_smt.request.case import read_case


def statement(effect: str, action: str, **more: object) -> dict:
    return {"Effect": effect, "Action": action, "Resource": "*", **more}


def policy(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


NOT_MINE = {"StringNotEquals": {"aws:ResourceOrgID": "o-acme0000001"}}
CASE = {
    "id": "copy out",
    "policies": {
        "identity": [policy(statement("Allow", "s3:*"))],
        "scp": [[policy(statement("Allow", "*"), statement("Deny", "s3:*", Sid="OnlyMine", Condition=NOT_MINE))]],
        "rcp": [[policy(statement("Allow", "*", Principal="*"))], []],
    },
    "request": {
        "principal": {"type": "user", "arn": "arn:aws:iam::111122223333:user/alice", "account": "111122223333"},
        "action": "s3:PutObject",
        "resource": "arn:aws:s3:::orders/report.csv",
        "resource_account": "111122223333",
        "context": {"aws:ResourceOrgID": "o-outsider0001"},
    },
}


def found(**context: str) -> tuple:
    asked = {**CASE["request"], "context": context or CASE["request"]["context"]}
    case = read_case({**CASE, "request": asked}, file="case.json", default_id="1")
    return case, decide(case), explain(case)


def test_text(golden):
    golden("explain-pipe.txt", render(*found()))
    golden("explain-40.txt", render(*found(), width=40))
    golden("explain-implicit.txt", render(*found(**{"aws:ResourceOrgID": "o-acme0000001"})))


def test_lines(golden):
    case, decision, explained = found()
    line, full = decision_json(case.id, decision), explained_json(case.id, decision, explained)
    Draft202012Validator(json.loads(schema("evaluate"))).validate(line)
    Draft202012Validator(json.loads(schema("explain"))).validate(full)
    assert line.items() <= full.items()
    golden("explain.json", dumps(full, pretty=True) + "\n")
