"""In how many worlds a table changes an answer: `python -m tests.attack.tables`.

Some rows of each table are drawn. For each, small organizations are made toward the row (`toward.py`), the requests
that they show and the policies that it speaks of are put to the other commands (`answers.py`); every answer is asked
with the table as it is and without the row. A world counts where the two differ. Tables that none of these tell are
emptied before the examples of the documentation are asked. `by_hand.py` has worlds toward single rows, asked first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from perimeter_smt.encode.world.world import build
from perimeter_smt.errors import PerimeterError
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.solve.result import Limits
from tests.attack.records import FOLDER, Record, read, today, write
from tests.attack.tables.answers import beside, examples, folder
from tests.attack.tables.by_hand import ROWS
from tests.attack.tables.swap import list_of, tables, without
from tests.attack.tables.toward import Toward, toward


def proof(world: Toward) -> str:
    """What the formulas say of a world: whether its objective has a hole, and whether anything breaks it at all."""
    try:
        encoded = build(
            world.workspace, (world.service,), free_grants=not world.workspace.grants_given,
            objectives=(world.objective,), actions={world.action.lower()},
        )  # fmt: skip
        run = prepare(encoded, (world.objective,), "exact", False, 1, Limits(seconds=20), ())
        asked = (questions.hole(encoded, world.objective), questions.breach(encoded, world.objective))
        return str([run.ask(formula, run.exact).status for formula in asked])
    except PerimeterError as error:
        return f"error: {error}"


def verdict(world: Toward) -> str:
    """What is said of a world: verdicts look at first hops, too."""
    report = prove(world.workspace, services=[world.service], objectives=[world.objective], availability=False)
    return str([(v.status, v.reason) for v in report.verdicts])


def count(name: str, *, rows: int, seconds: float, enough: int, seed: int = 1) -> Record:
    """In how many worlds, and of how many, an answer changes without a row of the table."""
    own = [row for row in ROWS if row.table == name]
    if told := [row for row in own if row.flips()]:
        return Record(len(told), len(own), by_hand=told[0].what)
    table = tables()[name]
    known = list(table[list_of(table)])
    chosen = Random(seed).sample(known, min(rows, len(known)))
    changed = made = 0
    begun = time.monotonic()
    for row in chosen:
        if changed >= enough or time.monotonic() - begun > seconds:
            break
        with folder() as place:
            asked: list[Callable[[], str]] = [question for _, question in beside(name, row, Path(place))]
            ask = verdict if name == "forwarding-services" else proof
            asked += [lambda world=world, ask=ask: ask(world) for world in toward(name, row)]  # type: ignore[misc]
            made += len(asked)
            same = [r for r in known if name == "qualified-names" and r["service"] == row["service"]]  # one pattern
            changed += _differs(name, same or [row], asked)
    if changed:
        return Record(changed, made)
    asked = [question for _, question in examples(name)]
    return Record(_differs(name, known, asked), made + len(asked))


def _differs(name: str, rows: list[Any], asked: list[Callable[[], str]]) -> int:
    before = [question() for question in asked]
    with without(name, rows):
        after = [question() for question in asked]
    return sum(one != other for one, other in zip(before, after, strict=True))


def main(argv: list[str] | None = None) -> int:
    """Count for every table, or some of them, and write the counts; a resumed run adds to them."""
    parser = argparse.ArgumentParser(description="worlds made toward the rows of each table")
    parser.add_argument("--counts", type=Path, default=FOLDER / "tables.json", help="written after every table")
    parser.add_argument("--table", action="append", default=[], help="this one alone (repeatable), counted anew")
    parser.add_argument("--again", action="store_true", help="all are counted anew, but for those of this run's sizes")
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each table")
    parser.add_argument("--enough", type=int, default=4, help="worlds that differ, then the next table")
    options = parser.parse_args(argv)
    counts = read(options.counts)
    mark = {"date": today(), "sizes": f"--enough {options.enough} --rows {options.rows} --seconds {options.seconds:g}"}
    for name in tables():
        known = counts.get(name)
        fresh = known is not None and (not options.again or (known.date, known.sizes) == (mark["date"], mark["sizes"]))
        if name in options.table or (not options.table and not fresh):
            found = count(name, rows=options.rows, seconds=options.seconds, enough=options.enough)
            counts[name] = replace(found, **mark)
            write(options.counts, counts)
            print(name, found.changed, found.asked, found.by_hand, flush=True)
    return 0
