"""What is installed is whole: the formal text and the schemas lie in the wheel, and the program finds them there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_NETWORK = (
    "ConnectionError",
    "NewConnectionError",
    "No matching distribution found for hatchling",
    "Could not find a",
)
CODE = """
import perimeter_smt
from pathlib import Path
from perimeter_smt.report.json import SCHEMAS, schema
from perimeter_smt.resources import encodings
assert Path(perimeter_smt.__file__).is_relative_to(Path.cwd()), perimeter_smt.__file__
assert encodings().name == "_encodings", encodings()
for name in SCHEMAS:
    assert schema(name)
from perimeter_smt.cli.main import run
raise SystemExit(run(["prove", "acme", "--objective", "O1", "--service", "sqs", "--no-availability"]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a user builds it; skipped where the build tool cannot be fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--disable-pip-version-check", "-w", str(folder), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode and any(sign in done.stdout + done.stderr for sign in NO_NETWORK):
        pytest.skip("skipped: building a wheel fetches hatchling, and the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("perimeter_smt-*.whl")
    return found


def files_below(folder: str, *suffixes: str) -> set[str]:
    top = ROOT / folder
    return {p.relative_to(top).as_posix() for p in top.rglob("*") if p.suffix in suffixes}


@pytest.mark.parametrize(
    ("folder", "place", "suffixes"),
    [
        ("encodings", "perimeter_smt/_encodings", (".smt2", ".json")),
        ("perimeter_smt/report/schemas", "perimeter_smt/report/schemas", (".json",)),
        ("perimeter_smt", "perimeter_smt", (".py", ".typed")),
    ],
)
def test_nothing_is_missing(wheel, folder, place, suffixes):
    """Every file of the folder lies in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {f"{place}/{name}" for name in files_below(folder, *suffixes)}
    assert expected
    assert expected <= names


def test_installed_program_works_outside_the_checkout(wheel, tmp_path):
    """An unpacked wheel proves an example with the files that it brought along."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "acme").symlink_to(ROOT / "docs/examples/acme")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "PROVED for" in done.stdout
