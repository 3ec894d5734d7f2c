"""What `encode` writes is decided by z3 and cvc5, from the text alone, as `prove` decides it."""

from __future__ import annotations

import pytest

from perimeter_smt.solve.backends.cvc5 import installed
from tests.attack.small import written

# Small worlds: an objective that is proved, one that is not, an assertion of one's own that does not hold.
WORLDS = {"proved": 1, "refuted": 2, "an assertion": 4}


@pytest.mark.parametrize("name", WORLDS)
def test_the_text_says_what_prove_says(name):
    """A breach that prove rules out is unsatisfiable, one that it shows is satisfiable; cvc5 finds what z3 does not."""
    found = list(written.judge(WORLDS[name], 60.0))
    assert [each for each in found if each[0].isupper()] == []
    asked = [text for kind, text in found if kind == "asked" and not text.startswith("premise")]
    if name != "proved" and not installed():
        assert asked[0] in ("refuted sat", "refuted unknown")
    else:
        assert asked == ["proved unsat" if name == "proved" else "refuted sat"]


@pytest.mark.skipif(not installed(), reason="cvc5 is not installed: pip install perimeter-smt[crosscheck]")
def test_both_read_the_same_text():
    """What z3 rules out cvc5 does not find."""
    world = written.small(WORLDS["proved"])
    texts = [text for name, text in written.scripts(world, world.reading) if name.endswith("-breach")]
    assert [(written.by_z3(text, 20.0), written.by_cvc5(text, 90.0)) for text in texts] == [("unsat", "unsat")]
