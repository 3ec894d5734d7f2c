"""What `perimeter prove` prints for the example workspaces.

Left out of the comparison: the accounts and Regions that a counterexample picks, the hard axioms and facts that a
proof happened to use and their number, and the date of the service reference. They may change with the solver and
the tables.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
LABEL = 12
USED = re.compile(r"(?:environment|organization|AE1\.own-account): ")
PICKED = re.compile(r"\b[0-9]{12}\b|(?<=:)[a-z]{2}(?:-[a-z]+)+-[0-9](?=:)")
COUNTED = re.compile(r"[0-9]+ documented axioms?(?:, [0-9]+ stated facts?)?")
DATE = re.compile(r"(?<=^service reference of ).*$", re.MULTILINE)


def stable(text: str) -> str:
    """The text without what may change."""
    out = []
    for line in DATE.sub("...", text).splitlines():
        if USED.match(line[LABEL:]):
            out += [f"{line[:LABEL]}..."] if line[:LABEL].strip() else []
        else:
            kept = line.startswith(("  except", "except"))
            out.append(line if kept else COUNTED.sub("...", PICKED.sub("...", line)))
    return "\n".join(out) + "\n"


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("acme", [], 0),
        ("acme-with-mistakes", [], 1),
        ("acme-with-mistakes", ["--details"], 1),
        ("acme-with-mistakes", ["--mode", "grants", "--objective", "O1", "--no-availability"], 0),
    ],
    ids=["acme", "mistakes", "mistakes-details", "mistakes-grants"],
)
def test_text(name, options, code, golden, capsys, monkeypatch, request):
    monkeypatch.chdir(ROOT)
    assert run(["prove", f"docs/examples/{name}", *options]) == code
    golden(f"example-{request.node.callspec.id}.txt", stable(capsys.readouterr().out))
