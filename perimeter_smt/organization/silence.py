"""Tables of which AWS publishes no list: mitigations answer as far as these know, and reports say so.

A path that such a table does not know is not asked (`silence` in `encodings/axiom-sources.json`).
"""

from __future__ import annotations

import json
from functools import lru_cache

from perimeter_smt.resources import encodings


@lru_cache(maxsize=1)
def silent_tables() -> dict[str, tuple[str, ...]]:
    """By the id of a mitigation, such as `C2`, the tables that may know too little for it."""
    sources = json.loads(encodings().joinpath("axiom-sources.json").read_text(encoding="utf-8"))
    out: dict[str, tuple[str, ...]] = {}
    for row in sources["tables"]:
        by = row.get("silence_by", "")
        if by.isalnum() and by[-1:].isdigit() and len(by) == len("C2"):
            out[by] = (*out.get(by, ()), row["table"])
    return out
