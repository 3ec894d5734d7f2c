"""What `perimeter prove` prints for the example workspaces, word for word.

The axioms that a proof needed and the date of the service reference may change with the solver and the tables; they
are left out of the comparison.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
VARIES = re.compile(r"(?<=environment: axioms ).*(?= \(encodings)|(?<=^service reference of ).*$", re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("acme", [], 0),
        ("acme-with-mistakes", [], 1),
        ("acme-with-mistakes", ["--mode", "grants", "--objective", "O1", "--no-availability"], 0),
    ],
    ids=["acme", "mistakes", "mistakes-grants"],
)
def test_text(name, options, code, golden, capsys, monkeypatch, request):
    monkeypatch.chdir(ROOT)
    assert run(["prove", f"docs/examples/{name}", *options]) == code
    text = VARIES.sub("...", capsys.readouterr().out)
    golden(f"example-{request.node.callspec.id}.txt", text)
