"""Data flows one way: every folder imports only folders above it (design of the package)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import perimeter_smt

ROOT = Path(perimeter_smt.__file__).parent
ORDER = (
    "policy", "request", "organization", "collect", "lint", "evaluate", "logic", "encode", "solve", "witness",
    "questions", "report", "assertions", "cli",
)  # fmt: skip
STRANGERS = {("logic", "evaluate"), ("encode", "evaluate"), ("solve", "evaluate"), ("solve", "encode")}


def imports():
    for file in sorted(ROOT.rglob("*.py")):
        folder = file.relative_to(ROOT).parts[0]
        if folder not in ORDER:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                parts = name.split(".")
                if parts[0] == "perimeter_smt" and len(parts) > 1 and parts[1] in ORDER:
                    yield file.relative_to(ROOT), folder, parts[1]


def test_every_folder_has_a_place():
    """A new folder must be given its place in the order."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(ORDER)


def test_imports_point_upwards():
    """No folder knows what comes after it."""
    wrong = [f"{file} imports {used}" for file, folder, used in imports() if ORDER.index(used) > ORDER.index(folder)]
    assert not wrong


def test_the_two_readings_share_no_code():
    """The encoding and its solver never look at the evaluator, nor the solver at the encoding."""
    wrong = [f"{file} imports {used}" for file, folder, used in imports() if (folder, used) in STRANGERS]
    assert not wrong


@pytest.mark.parametrize("used", ["logic", "encode", "solve", "witness", "questions"])
def test_the_evaluator_is_independent(used):
    """The evaluator knows nothing of formulas."""
    assert not [file for file, folder, other in imports() if folder == "evaluate" and other == used]
