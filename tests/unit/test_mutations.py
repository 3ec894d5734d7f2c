"""The mutations of `tests.attack.mutations` still fit the source, so that the long run can be made at any time."""

from __future__ import annotations

import pytest

from tests.attack.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.file}: {m.rule}")
def test_source_text_stands_once(mutation):
    """A rule that is rewritten takes its mutation along."""
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutation.applied(text) != text


def test_both_readings_are_broken_often_enough():
    """Six rules of the evaluator and six of the encoding at least."""
    evaluator = sum(m.file.startswith("perimeter_smt/evaluate/") for m in MUTATIONS)
    assert evaluator >= 6
    assert len(MUTATIONS) - evaluator >= 6
