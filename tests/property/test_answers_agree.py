"""`findings`, `who-can`, `what-can` and `compare` of small workspaces hold exactly what the evaluator lets through."""

from __future__ import annotations

import pytest

from tests.attack.small import answers, changes


@pytest.mark.parametrize("first", [1, 24, 33])
def test_sets_are_exactly_the_access(first):
    """Drawn requests of every zone and direction: each that gets through is in a set, no other is."""
    found = [each for seed in range(first, first + 7) for each in answers.judge(seed, 60)]
    assert [each for each in found if each[0].isupper()] == []
    kinds = {kind for kind, _ in found}
    assert {"asked", "allowed", "denied"} <= kinds


@pytest.mark.parametrize("first", [1, 51])
def test_comparisons_miss_nothing(first):
    """Drawn requests that one state alone lets through are of something that opens or closes."""
    found = [each for seed in range(first, first + 8) for each in changes.judge(seed, 60)]
    assert [each for each in found if each[0].split()[0].isupper()] == []
    assert {"asked", "same"} <= {kind for kind, _ in found}
