"""Names of files that are no text, or nearly those of a workspace."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

OUTSIDE = {"StringNotEquals": {"aws:SourceVpce": "vpce-0b0b0b0b0b0b0b0b0", "aws:PrincipalTag/archive": "yes"}}
DENIED = {"Sid": "Vault", "Effect": "Deny", "Action": "glacier:*", "Resource": "*", "Condition": OUTSIDE}


@pytest.fixture
def latin(tmp_path):
    """A folder with an SCP whose name is Latin-1, as an old archive leaves it."""
    folder = tmp_path / "policies"
    folder.mkdir()
    file = Path(os.fsdecode(os.fsencode(folder) + b"/pi\xe8ce_scp.json"))
    try:
        file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [DENIED]}))
    except OSError:
        pytest.skip("the file system takes no such name")
    return folder


FORMS = "text,json,sarif,junit,markdown,html,csv,gitlab,ocsf"


def test_a_name_that_is_no_utf_8(latin, tmp_path, capsys):
    """Reports, `init` and the cache broke with an internal error: the name could not be written."""
    said = ["prove", str(latin), "--service", "glacier", "--objective", "O5", "--no-mitigations"]
    assert run([*said, "--format", FORMS, "--output", str(tmp_path / "out")]) == 1
    assert run([*said, "--cache", str(tmp_path / "cache")]) == 1
    assert run(["init", str(tmp_path / "mine"), "--from", str(latin)]) == 0
    assert run(["encode", str(latin), "--service", "glacier", "--output", str(tmp_path / "smt")]) == 0
    assert "internal error" not in capsys.readouterr().err
    assert "pi\\udce8ce_scp.json" in (tmp_path / "mine" / "perimeter.yaml").read_text()


@pytest.mark.parametrize("name", ["organization", "perimeter"])
def test_files_of_a_workspace_under_another_ending(tmp_path, capsys, name):
    """The policies were read by themselves, and what the files say of them was passed over."""
    (tmp_path / f"{name}.yml").write_text("orgs: [o-acme0000001]\n")
    (tmp_path / "limits_scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [DENIED]}))
    assert run(["inventory", str(tmp_path)]) == 2
    assert f"{name}.yml: not read under this name, expected `{name}.yaml`" in capsys.readouterr().err
