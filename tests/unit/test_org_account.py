"""`--org-account`: whose the answers of an organization are that tell no account."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run

ORG, BASE, PLANNED = "o-acme0000047", "333300003333", "444400004444"
BUCKET = "arn:aws:s3:::acme-ledger"


def policy(*who):
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def folder(tmp_path):
    """Answers on a bucket that tell no account, and a plan for another one."""
    (tmp_path / "base").mkdir()
    answer = {"Policy": json.dumps(policy(f"arn:aws:iam::{BASE}:root"))}
    (tmp_path / "base" / "ledger.json").write_text(json.dumps(answer))
    values = {"name": "fresh", "policy": "", "fifo_queue": False}
    made = {"address": "aws_sqs_queue.fresh", "mode": "managed", "type": "aws_sqs_queue", "values": values}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [made]}},
        "resource_changes": [{**made, "change": change}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path


def said(capsys, *words):
    code = run([*map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_inventory_and_what_to_say(folder, capsys):
    asked = ("inventory", folder / "plan.json", "--org", folder / "base", "--org-id", ORG, "--management-account",
             "999900001111", "--account", PLANNED, "--region", "eu-west-1", "--json")  # fmt: skip
    code, out, _ = said(capsys, *asked)
    assert code == 0
    assert "say `--org-account`" in out
    code, out, _ = said(capsys, *asked, "--org-account", BASE)
    assert code == 0
    assert "say `--org-account`" not in out
    assert set(json.loads(out)["resources"]) == {"s3", "sqs"}


def test_compare_with_a_change_of_another_account(folder, capsys):
    """The bucket is that of BEFORE's account, so that it lets in nobody of another one."""
    asked = ("compare", folder / "base", "--change", folder / "plan.json", "--org-id", ORG, "--management-account",
             "999900001111", "--account", PLANNED, "--region", "eu-west-1", "--mode", "grants", "--json")  # fmt: skip
    _, out, _ = said(capsys, *asked, "--org-account", BASE)
    assert not [u for u in json.loads(out)["unknowns"] if "account is not told" in u["reason"]]


def test_it_says_nothing_by_itself(folder, capsys):
    code, _, err = said(capsys, "inventory", folder / "base", "--org-id", ORG, "--org-account", BASE)
    assert code == 2
    assert err == "error: --org-account: says nothing without `--org` or `--change`: expected `--account`\n"
    code, _, err = said(capsys, "inventory", folder / "base", "--org", folder / "base", "--org-account", "mine")
    assert code == 2
    assert "`mine`" in err
