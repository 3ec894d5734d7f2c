"""Counts of worlds in which something changes an answer, kept with the day and the sizes of the run that counted them.

They lie in `tests/attack/counts`: `axioms.json` (by `tests.attack.directed`), `tables.json` (`tests.attack.tables`) and
`random.json` (`tests.attack.coverage`). A run replaces what it counts anew and leaves the rest as it is, so that each
entry says for itself when it was counted; `tests.attack.coverage_page` makes the page of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "attack" / "counts"


@dataclass(frozen=True)
class Record:
    """Worlds in which an answer changes, of those that were asked; why none; with which others; the run.

    `by_hand` says what a world written by hand is, where the search found none.
    """

    changed: int
    asked: int
    why: str = ""
    group: tuple[str, ...] = ()
    by_hand: str = ""
    date: str = ""
    sizes: str = ""


def today() -> str:
    """The day of a run."""
    return datetime.now(UTC).date().isoformat()


def read(path: Path) -> dict[str, Record]:
    """The records of a file; none where there is no file."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {name: Record(**{**row, "group": tuple(row.get("group", ()))}) for name, row in found.items()}


def write(path: Path, records: Mapping[str, Record]) -> None:
    """Write records by name; what is empty is left out."""
    rows = {name: {k: v for k, v in asdict(records[name]).items() if v not in ("", ())} for name in sorted(records)}
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def runs(records: Mapping[str, Record]) -> list[str]:
    """Which runs the records come from, and how many of each."""
    found = Counter((record.date, record.sizes) for record in records.values())
    return [f"{count} on {date}, {_code(sizes)}" for (date, sizes), count in sorted(found.items())]


def _code(sizes: str) -> str:
    return f"`{sizes}`" if sizes.startswith("--") else sizes
