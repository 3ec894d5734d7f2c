"""Published model counts: the number of requests of a small domain that nine policies allow.

Policies that AWS would not read (principals without a type) are left out and named.
"""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_policy
from perimeter_smt.questions.findings.measure import count_in_domain

NOT_OF_AWS = {"s3_allow_notprincipal", "s3_allow_principals", "s3_allow_pstar"}


def test_counts_agree(shared):
    """The domain lists resources; actions are those that the policy names."""
    folder = shared / "corpus/quacky/manual_s3"
    if not folder.is_dir():
        pytest.skip(f"skipped: published model counts, which are not at {folder}")
    counts = json.loads((folder / "counts.json").read_text())["counts"]
    refused = set()
    for name, expected in counts.items():
        text = (folder / "exp_single" / name / "policy.json").read_text()
        domain = json.loads((folder / "exp_single" / name / "domain.json").read_text())
        try:
            document = parse_policy(text, Kind.IDENTITY, file=name)
        except InputError:
            refused.add(name)
            continue
        actions = domain.get("Action") or sorted({v for s in document.statements for v in s.action.values})
        keys = domain.get("Condition")
        found = count_in_domain(document, {"actions": actions, "resources": domain["Resource"]}, keys)
        assert found == expected["abc"], name
    assert refused == NOT_OF_AWS
