"""131 labelled triples: the reference, a candidate, and whether the candidate grants anything new."""

from __future__ import annotations

import pytest

from benchmarks.triples import PASSES, Triples

EXPLAINED: dict[str, str] = {}  # a triple whose label is not met, and why; docs/verification/triples.md tells more


@pytest.fixture(scope="module")
def triples(shared):
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip("skipped: the labelled triples, which are in ../shared/corpus")
    return Triples(folder)


def test_all_triples_are_there(triples):
    """The corpus holds 131 triples, each with its own name, and explanations are about them."""
    assert len(triples.questions) == len(set(triples.questions)) == 131
    assert set(EXPLAINED) <= set(triples.questions)


def test_labels_are_met_or_explained(triples):
    """Every triple is answered, with a replayed request for each FAIL, and differs from its label as listed only."""
    differing = []
    for number, label in enumerate(triples.labels):
        answer = triples.ask(number, "native")
        assert answer.decided, answer
        assert ("newly_allowed" in answer.detail) == (PASSES[answer.status] == "FAIL")
        if PASSES[answer.status] != label:
            differing.append(answer.question)

    assert sorted(differing) == sorted(EXPLAINED)
