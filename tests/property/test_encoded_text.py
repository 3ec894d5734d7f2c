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
    what, said = next(written.judge(WORLDS[name], 60.0))  # the breach comes first, a premise would come after it
    wanted = "proved unsat" if name == "proved" else "refuted sat"
    assert what == "asked"
    assert said == wanted or (not installed() and said == "refuted unknown")
