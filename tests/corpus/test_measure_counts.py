"""Published model counts: the number of requests of a small domain that nine policies allow.

Principals there are bare numbers, which AWS would not read: they become account ids. One policy matches principals by
a partial wildcard, which AWS never expands: it is left out.
"""

from __future__ import annotations

import json

import pytest

from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.measure import count_in_domain

NOT_OF_AWS = "s3_allow_pstar"


def test_counts_agree(shared):
    """The domain lists resources, principals, keys; actions are those that the policy names."""
    folder = shared / "corpus/quacky/manual_s3"
    if not folder.is_dir():
        pytest.skip(f"skipped: published model counts, which are not at {folder}")
    counts = json.loads((folder / "counts.json").read_text())["counts"]
    assert NOT_OF_AWS in counts
    for name, expected in counts.items():
        if name == NOT_OF_AWS:
            continue
        policy = json.loads((folder / "exp_single" / name / "policy.json").read_text())
        listed = json.loads((folder / "exp_single" / name / "domain.json").read_text())
        kind = Kind.IDENTITY
        for statement in policy["Statement"]:
            for element in {"Principal", "NotPrincipal"} & set(statement):
                statement[element] = {"AWS": [_account(text) for text in statement[element]]}
                kind = Kind.RESOURCE
        document = parse_object(policy, kind, file=name, name=name, strict=False)
        domain = {
            "actions": sorted({v for s in document.statements for v in s.action.values}),
            "resources": listed["Resource"],
            "principals": [_account(text) for text in listed.get("Principal", ())],
        }
        assert count_in_domain(document, domain, listed.get("Condition")) == expected["abc"], name


def _account(text: str) -> str:
    return text.rjust(12, "0")
