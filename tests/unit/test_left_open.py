"""X-42 in every guardrail: no question ends in an internal error, and each names the point.

Every Deny of the example is told in three: where the referer is not like a text with a variable, where it equals it,
and where the variable is missing. Together they deny all that the one denied, unless wildcards in the value of the
variable act.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "acme"
VALUE = "x${aws:UserAgent}"
PARTS = (
    ("StringNotLike", "aws:Referer", VALUE),
    ("StringEquals", "aws:Referer", VALUE),
    ("Null", "aws:UserAgent", "true"),
)
READER = "arn:aws:iam::444455556666:role/report-reader"
SOME = ("--service", "s3", "--service", "sts")


def in_three(statement):
    if statement["Effect"] != "Deny":
        return [statement]
    out = []
    for number, (operator, key, value) in enumerate(PARTS):
        one = json.loads(json.dumps(statement))
        one.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        if number and "Sid" in one:
            one["Sid"] += "ABC"[number]
        out.append(one)
    return out


def copied(target, readings=""):
    shutil.copytree(EXAMPLE, target)
    for file in target.rglob("*.json"):
        policy = json.loads(file.read_text())
        policy["Statement"] = [part for statement in policy["Statement"] for part in in_three(statement)]
        file.write_text(json.dumps(policy))
    with (target / "perimeter.yaml").open("a") as out:
        out.write(readings)
    return target


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("left-open")
    return {
        "open": copied(folder / "open"),
        "acts": copied(folder / "acts", "readings: {X-42: rival}\n"),
        "plain": EXAMPLE,
    }


# The command, where {open} hangs on the point and {acts} settles that such wildcards act; the exit code; what is said.
COMMANDS = [
    ("prove {open}", 3, "not without X-42"),
    ("prove {open} --mode grants --reading under", 3, "not without X-42"),
    ("prove {open} --reading exact", 3, "No hole"),
    ("prove {acts}", 3, "(X-42) is left open"),
    ("prove {acts} --mode grants --reading exact", 3, "(X-42) is left open"),
    ("prove {open} --mitigation C2 --mitigation L1 --mode grants", 3, "X-42"),
    ("prove {acts} --mitigation C2 --mitigation L1 --mode grants", 3, "(X-42) is left open"),
    ("prove {open} --mitigation N2 --mitigation E1 --details", 3, "held back; not without X-42"),
    ("prove {acts} --mitigation N2 --mitigation E1 --details", 3, "all of it: "),
    ("prove {open} --without-exceptions", 3, "X-42"),
    ("prove {open} --no-mitigations --assertion {open}/{own} --service secretsmanager", 3, "not without X-42"),
    ("prove {acts} --no-mitigations --assertion {acts}/{own} --service secretsmanager", 3, "X-42"),
    ("findings {open}", 1, "the other way at X-42"),
    ("findings {acts}", 3, "(X-42) is left open"),
    ("findings {acts} --direction out", 3, "(X-42) is left open"),
    ("who-can s3:GetObject --source {open}", 1, "X-42"),
    ("who-can s3:GetObject --source {acts}", 3, "(X-42) is left open"),
    (f"what-can {READER} --source {{open}}", 1, "X-42"),
    (f"what-can {READER} --source {{acts}}", 3, "(X-42) is left open"),
    ("compare {plain} {open}", 3, "not without X-42"),
    ("compare {open} {plain}", 0, "not without X-42"),
    ("compare {plain} {acts}", 3, "(X-42) is left open"),
    ("public {open}", 0, ""),
    ("public {acts}", 0, ""),
    ("access-not-granted {open} --actions kms:Decrypt", 1, ""),
    ("access-not-granted {acts} --actions kms:Decrypt", 1, ""),
    ("redundant {open}", 0, ""),
    ("lint {acts}", 0, ""),
    ("encode {open} --output {to}", 0, ""),
]  # fmt: skip
NARROWED = ("prove", "findings", "compare")


@pytest.mark.parametrize(("command", "code", "said"), COMMANDS)
def test_no_command_ends_in_an_internal_error(folders, capsys, tmp_path, command, code, said):
    words = command.format(**folders, own="no-public-secrets.smt2", to=tmp_path / "out").split()
    words += SOME if words[0] in NARROWED and "--service" not in words else ()
    found = run(words)
    shown = capsys.readouterr()
    assert "internal error" not in shown.err, shown.err
    assert found == code, shown.out + shown.err
    assert said in " ".join(shown.out.split())
