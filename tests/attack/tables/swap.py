"""A table with other content for a while: everything that was computed from tables is forgotten before and after."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import perimeter_smt.policy.sizes as sizes
import perimeter_smt.request.actions as actions
import perimeter_smt.request.keys as keys

FOLDER = Path(__file__).resolve().parents[3] / "encodings" / "keys"


def tables() -> dict[str, dict[str, Any]]:
    """Every table by name, as it is."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def list_of(table: Mapping[str, Any]) -> str:
    """The name of the list that holds a table's rows."""
    return next(name for name in ("rows", "members", "keys") if name in table)


def forget() -> None:
    """Empty every cache of the program but those of the service reference, which has one table's rows alone."""
    for found in gc.get_objects():
        module = getattr(found, "__module__", "") if type(found) is _lru_cache_wrapper else ""
        if module.startswith("perimeter_smt") and module != "perimeter_smt.request.actions":
            found.cache_clear()


@contextmanager
def without(name: str, rows: list[Any]) -> Iterator[None]:
    """Some rows of a table are not there."""
    known = tables()
    table = known[name]
    place = list_of(table)
    known[name] = {**table, place: [row for row in table[place] if row not in rows]}
    # the places from which the program reads tables
    original, beside, measured = keys._tables, (actions._beside, actions._arns_beside), sizes._rows
    forget()
    keys._tables = lambda: known  # type: ignore[assignment]
    sizes._rows = lambda: known["policy-sizes"]["rows"]
    if name == "resource-types-beside":
        left = actions.types_beside(known[name][place])
        arns = {(row["service"], row["type"]): tuple(row["arns"]) for row in known[name][place] if "arns" in row}
        actions._beside = lambda: left  # type: ignore[assignment]
        actions._arns_beside = lambda: arns  # type: ignore[assignment]
        _forget_actions()
    try:
        yield
    finally:
        keys._tables, sizes._rows = original, measured
        actions._beside, actions._arns_beside = beside  # type: ignore[assignment]
        if name == "resource-types-beside":
            _forget_actions()
        forget()


def _forget_actions() -> None:
    actions.actions.cache_clear()
    actions.action_info.cache_clear()
    actions.asked_on_stars.cache_clear()
    actions._service_file.cache_clear()
    actions.resource_type.cache_clear()
    actions.resource_types.cache_clear()
