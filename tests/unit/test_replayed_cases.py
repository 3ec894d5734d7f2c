"""The case of every request that is shown is one that `perimeter evaluate` takes, and decides as the report says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from perimeter_smt.cli.main import cli

ORG = "o-acme0000001"
MINE, OTHER = "111122223333", "444455556666"


def document(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def put(path: Path, *statements: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document(*statements)))


def replayed(*arguments: str) -> list[tuple[dict[str, object], dict[str, object]]]:
    """Every request of a report with its case and what `evaluate` says of it."""
    result = json.loads(CliRunner().invoke(cli, ["prove", *arguments, "--json"], catch_exceptions=False).output)
    found = [f for v in (*result["verdicts"], *result["availability"]) for f in v["counterexamples"]]
    found += [
        lim["example"] for v in result["verdicts"] for lim in v["limits"] if lim["example"] and lim["example"]["case"]
    ]
    found += [
        f
        for m in result["mitigations"]
        for line in m["lines"]
        for f in (line["counterexample"], *line["hops"])
        if f and f["case"]
    ]
    cases = "\n".join(json.dumps(one["case"]) for one in found)
    answers = CliRunner().invoke(cli, ["evaluate", "-"], input=cases).output.splitlines()
    return list(zip(found, [json.loads(answer) for answer in answers], strict=True))


def holds(found: list[tuple[dict[str, object], dict[str, object]]]) -> None:
    assert found
    for one, answer in found:
        assert answer.get("decision") == ("deny" if one["kind"] == "blocked" else "allow"), answer


@pytest.mark.parametrize("mode", ["grants", "guardrails"])
def test_roles_of_others_whose_trust_nobody_listed(tmp_path: Path, mode: str) -> None:
    (tmp_path / "organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '{OTHER}'\n"
        f"root: {{id: r-ac00, accounts: [{{id: '{MINE}', principals: "
        f"[{{arn: 'arn:aws:iam::{MINE}:user/alice', policies: [p.json]}}]}}]}}\n"
    )
    (tmp_path / "perimeter.yaml").write_text(f"orgs: [{ORG}]\nscopes: {{O3: {{actions: ['sts:*']}}}}\n")
    put(tmp_path / "p.json", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    found = replayed(str(tmp_path), "--mode", mode, "--service", "sts", "--objective", "O3")
    assert any(one["case"]["request"]["action"] == "sts:AssumeRole" for one, _ in found)
    holds(found)


def test_a_case_carries_the_reading_under_which_it_gets_through(tmp_path: Path) -> None:
    """Whether an RCP on the bucket binds a call through an access point is open (X-44)."""
    bucket, point = "arn:aws:s3:::acme-data", f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/partners"
    (tmp_path / "organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '{OTHER}'\n"
        f"root: {{id: r-ac00, rcps: [rcp.json], accounts: [{{id: '{OTHER}', listed: true}},"
        f" {{id: '{MINE}', listed: true, principals: [],"
        f" resources: [{{arn: '{bucket}', policy: b.json}}, {{arn: '{point}', policy: a.json, bucket: acme-data,"
        " origin: internet}]}]}\n"
    )
    (tmp_path / "perimeter.yaml").write_text(
        f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles, service-principals]\n"
        "scopes: {O1: {actions: ['s3:GetObject']}}\n"
    )
    put(tmp_path / "rcp.json", {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::*"})
    partner = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "s3:GetObject"}
    put(tmp_path / "b.json", {**partner, "Resource": f"{bucket}/*"})
    put(tmp_path / "a.json", {**partner, "Resource": f"{point}/object/*"})
    found = replayed(str(tmp_path), "--mode", "grants", "--service", "s3", "--objective", "O1", "--no-availability")
    rival = [(one, answer) for one, answer in found if "X-44" in one["depends_on"]]
    assert [one["case"]["readings"] for one, _ in rival] == [["X-44"]]
    holds(found)
    case = {**rival[0][0]["case"], "readings": []}
    chosen = CliRunner().invoke(cli, ["evaluate", "-"], input=json.dumps(case))
    assert json.loads(chosen.output)["decision"] == "deny"
    explained = CliRunner().invoke(cli, ["explain", "-", "--json"], input=json.dumps(rival[0][0]["case"]))
    assert json.loads(explained.output)["decision"] == "allow"


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        (["X-444"], "unknown open point `X-444`, did you mean `X-44`?"),
        ("X-44", "found a string, expected a list of open points such as `X-1`"),
        ([["X-1"]], "found a list, expected an open point such as `X-1`"),
    ],
)
def test_readings_of_a_case_are_checked(readings: object, message: str) -> None:
    request = {"principal": {"type": "anonymous"}, "action": "s3:GetObject", "resource": "arn:aws:s3:::acme-data/a"}
    case = {"policies": {}, "request": request, "readings": readings}
    result = CliRunner().invoke(cli, ["evaluate", "-"], input=json.dumps(case))
    assert message in result.output
    assert "$.readings" in result.output
