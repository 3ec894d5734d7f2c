"""Laws between verdicts of whole workspaces, a short run; and that a broken law is noticed."""

from __future__ import annotations

from random import Random

import pytest

from perimeter_smt.encode.world import guardrails
from tests.attack.laws.non_laws import NON_LAWS
from tests.attack.laws.run import LAWS, drawn, judge
from tests.attack.laws.state import Pair, all_of, contradicts, transported

PLANTED = (11, 32)


@pytest.mark.parametrize("first", [61, 64, 67])
def test_laws_hold_on_random_workspaces(first):
    """Equal policies have equal verdicts, narrower ones prove no less; counterexamples carry over."""
    found = [seen for seed in range(first, first + 3) for seen in judge(seed, 6)]
    assert [text for what, text in found if what.isupper()] == []
    assert sum(what.startswith(("holds", "carried")) for what, _ in found) > 50


@pytest.mark.parametrize("name", sorted(NON_LAWS))
def test_what_is_no_law_is_broken(name):
    """What reads like a law and is none: the verdicts differ, as AWS's pages say."""
    pair = NON_LAWS[name]()
    before, after = pair.before.ask(tuple(pair.breaches)), pair.after.ask(tuple(pair.breaches))
    assert any(contradicts(before[o], after[o], relation) for o, relation in pair.breaches.items())


def test_a_planted_defect_breaks_a_law(monkeypatch):
    """With all SCPs but the first forgotten, one policy for all differs from one each, or replays fail."""
    whole = guardrails._scps
    monkeypatch.setattr(guardrails, "_scps", lambda levels: whole(levels)[:1])
    found = [what for seed in PLANTED for what, _ in judge(seed, 9, "polic")]
    assert "BROKEN" in found or "CRASH" in found


def test_counterexamples_that_do_not_carry_over_are_noticed():
    """A request that a guardrail stops is none of the state that has it."""
    pair = NON_LAWS["a guardrail less"]()
    (found, *_) = pair.after.ask(("O3",))["O3"].counterexamples
    wrong = Pair("equal", pair.before, pair.after, all_of("="), "=")
    assert transported(wrong, "O3", found, forward=False) == "counterexample is stopped in the other state"


def test_rewritings_change_what_is_written():
    """Each law applies to some of these workspaces, so that none is empty."""
    left = set(LAWS)
    for seed in range(1, 120):
        state = drawn(seed)
        for name in sorted(left):
            pair = LAWS[name](Random(f"{name} {seed}"), state)
            if pair is not None and pair.before != pair.after:
                left.discard(name)
        if not left:
            break
    assert left == set()
