"""`--timings`, `-v` and `--debug` beside the answers of every command that may work for long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from perimeter_smt.cli.main import cli

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("findings", ["p.json", "--type", "resource"]),
        ("measure", ["p.json", "--type", "resource"]),
        ("redundant", ["p.json", "--type", "resource"]),
        ("compare", ["p.json", "p.json", "--type", "resource"]),
        ("public", ["p.json", "--type", "resource"]),
    ],
)
def test_the_same_answer_with_times_beside_it(command, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("p.json").write_text(json.dumps(POLICY))
    plain = CliRunner().invoke(cli, [command, *options])
    told = CliRunner().invoke(cli, [command, *options, "--timings", "-v", "--debug", "d.json"])
    assert (told.exit_code, told.stdout) == (plain.exit_code, plain.stdout)
    assert f"{command} took" in told.stderr
    assert f"\n{command} " in f"\n{told.stderr}"
    kept = json.loads(Path("d.json").read_text())
    assert "111122223333" not in json.dumps(kept)
    again = CliRunner().invoke(cli, [command, *options, "--debug", "d.json"], standalone_mode=False)
    assert again.exit_code != 0, "a file that is there is not overwritten"
