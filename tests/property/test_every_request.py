"""Questions about small worlds in which every request is tried: answers are exact, not only never contradicted."""

from __future__ import annotations

import pytest

from tests.attack.small import every, every_event

QUESTIONS = {
    "access-not-granted": (1, 6),
    "no-new-access": (2, 5),
    "redundant": (3, 5),
    "pack": (4, 3),
    "public": (5, 12),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_request(name):
    """PASS, needed, proved and the like are said if and only if all requests say so."""
    which, worlds = QUESTIONS[name]
    found = [each for seed in range(1, worlds + 1) for each in every.judge(seed, which)]
    assert [each for each in found if each[0].isupper()] == []
    assert sum(kind == "asked" for kind, _ in found) == worlds


def test_every_completion_of_an_event():
    """Allow, deny or depends, with keys that decide, by everything that an event leaves out."""
    found = [each for seed in range(1, 26) for each in every_event.judge(seed, 4)]
    assert [each for each in found if each[0].isupper()] == []
    assert {text.split()[-1] for kind, text in found if kind == "asked"} == {"allow", "deny", "depends"}
    assert {text.split()[0] for kind, text in found if kind == "asked"} == {"mine", "foreign", "whose"}
