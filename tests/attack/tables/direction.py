"""Whether rows do what their table is said to do: `python -m tests.attack.tables.direction`.

`encodings/axiom-sources.json` says of each table whether a row adds requests or excludes some. Small organizations are
made toward drawn rows (`toward.py`) and asked with the row and without it. A hole that is there only with the row
was added by it; one that is there only without it was excluded. A table of which rows are said to add, and of which
one excludes, is told: a proof would rest on it, and nobody would know on what.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from random import Random

from perimeter_smt.resources import encodings
from tests.attack.tables.count import proof
from tests.attack.tables.swap import list_of, tables, without
from tests.attack.tables.toward import toward


def said() -> dict[str, str]:
    """What a row of each table is said to do: adds, excludes, neither."""
    sources = json.loads(encodings().joinpath("axiom-sources.json").read_text(encoding="utf-8"))
    return {row["table"]: row["row"] for row in sources["tables"]}


def directions(name: str, *, rows: int, seconds: float, seed: int = 1) -> Counter[str]:
    """How many worlds a row of the table added a hole to, or took it from, and how many were asked."""
    found: Counter[str] = Counter()
    if name == "partitions":  # an organization of a partition that no row tells cannot be asked
        return found
    known = list(tables()[name][list_of(tables()[name])])
    begun = time.monotonic()
    for row in Random(seed).sample(known, min(rows, len(known))):
        if time.monotonic() - begun > seconds:
            break
        worlds = list(toward(name, row))
        there = [proof(world) for world in worlds]
        with without(name, [row]):
            gone = [proof(world) for world in worlds]
        for one, other in zip(there, gone, strict=True):
            found["asked"] += 1
            if "error" not in one + other and one != other:
                found["adds" if one.count("'sat'") > other.count("'sat'") else "excludes"] += 1
    return found


def main(argv: list[str] | None = None) -> int:
    """Ask every table, or some; 1 if a row excludes requests and its table is not said to."""
    parser = argparse.ArgumentParser(description="whether rows of tables add requests or exclude some")
    parser.add_argument("--table", action="append", default=[], help="this one alone (repeatable)")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10, help="for each table")
    options = parser.parse_args(argv)
    wrong = 0
    for name, row in sorted(said().items()):
        if options.table and name not in options.table:
            continue
        found = directions(name, rows=options.rows, seconds=options.seconds)
        unsaid = found["excludes"] and row != "excludes"
        wrong += bool(unsaid)
        told = f"{found['adds']} added, {found['excludes']} excluded of {found['asked']}"
        print(f"{name}: said {row}, {told}{'  NOT SAID' if unsaid else ''}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
