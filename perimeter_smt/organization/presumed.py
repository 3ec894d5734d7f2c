"""The presumed axioms by name: what AWS does not state without exception, and what every proof that needs it says."""

from __future__ import annotations

import json
from functools import lru_cache

from perimeter_smt.resources import encodings


@lru_cache(maxsize=1)
def presumed() -> dict[str, str]:
    """The sentence that each of them presumes, by name (`encodings/axiom-sources.json`)."""
    table = json.loads(encodings().joinpath("axiom-sources.json").read_text(encoding="utf-8"))
    return {name: row["presumes"] for row in table["doubts"] for name in row["names"]}
