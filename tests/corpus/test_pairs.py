"""A fixed sample of the archived pairs: policy and mutant, both directions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.pairs import Pairs

FILE = Path(__file__).with_name("pairs_explained.json")
EXPLAINED = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pairs(shared):
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip("skipped: the archived pairs, which are in ../shared/corpus")
    return Pairs(folder)


@pytest.fixture(scope="module")
def sample(shared, pairs):
    """The pairs of the quick benchmark, and all that are explained."""
    quick = set(Pairs(shared / "corpus", quick=True).questions) | set(EXPLAINED["pairs"])
    return [number for number, name in enumerate(pairs.questions) if name in quick]


def test_explanations_are_complete(pairs):
    """Each explained pair is one of the archive, differs from it, and names a reason that is spelled out."""
    archived = dict(zip(pairs.questions, pairs.archived, strict=True))
    for name, found in EXPLAINED["pairs"].items():
        assert archived[name] == found["archived"] != found["here"]
        assert found["reason"] in EXPLAINED["reasons"]


def test_relation_equals_the_archive_or_is_explained(pairs, sample):
    """Every pair is decided; every direction that differs has its request, which compare has replayed."""
    assert len(sample) >= 60
    for number in sample:
        answer = pairs.ask(number, "native")
        explained = EXPLAINED["pairs"].get(answer.question)
        assert answer.status == (explained["here"] if explained else pairs.archived[number]), answer
        assert ("newly_allowed" in answer.detail) == (answer.status in ("more", "incomparable"))
        assert ("newly_denied" in answer.detail) == (answer.status in ("less", "incomparable"))
