"""Condition keys that no table knows, in requests that exist only because they carry one (AK3)."""

from __future__ import annotations

from collections.abc import Collection

from perimeter_smt.encode.world.keys import NO_UNKNOWN
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.keys import key_info, nearest_key


def without(departs: Collection[str], found: Counterexample | None = None) -> str:
    """`not without` what a request departs from; with AK3, the keys and the nearest that AWS knows."""
    text = f"not without {', '.join(departs)}"
    if NO_UNKNOWN not in departs or found is None:
        return text
    names = sorted(name for name in found.request.context if not key_info(name).known)
    return text + "".join(f"; no table knows the key `{name}`{nearest_key(name)}" for name in names)
