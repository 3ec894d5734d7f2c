"""Objectives against services, services that agree folded into one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from perimeter_smt.questions.verdicts import Verdict
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import LOOKS, ORDER, Cell, cell, named, worst

_COLUMN = 9
_NAMES = 18
_WIDEST = 40
_ASKS = {"O1": "who", "O2": "who", "O3": "what", "O4": "what", "O5": "where", "O6": "where"}
Holes = Mapping[tuple[str, str], Sequence[int]]  # objective and service to the numbers of holes
_NONE: Holes = MappingProxyType({})


@dataclass(frozen=True)
class Row:
    """Services with the same class for every objective."""

    cells: tuple[Cell, ...]
    services: tuple[str, ...]


def rows(verdicts: Sequence[Verdict], objectives: Sequence[str], shown: Sequence[str] = ()) -> list[Row]:
    """The rows of the matrix, worst first; every service of a verdict stands in exactly one of them.

    `shown`: services that a request below names; they come first in their rows, in this order.
    """
    first = {name: at for at, name in reversed(list(enumerate(shown)))}
    found: dict[str, dict[str, Cell]] = {}
    for verdict in verdicts:
        if verdict.objective not in objectives:
            continue
        for service in verdict.services:
            cells = found.setdefault(service, {})
            cells[verdict.objective] = worst((cell(verdict), cells.get(verdict.objective, "none")))
    folded: dict[tuple[Cell, ...], list[str]] = {}
    for service in sorted(found, key=lambda name: (first.get(name, len(first)), name)):
        folded.setdefault(tuple(found[service].get(o, "none") for o in objectives), []).append(service)
    return sorted((Row(cells, tuple(names)) for cells, names in folded.items()), key=_badness)


def _badness(row: Row) -> tuple[list[int], list[int], str]:
    marks = [ORDER.index(c) for c in row.cells]
    return sorted(marks), marks, row.services[0]


def write_matrix(
    page: Page, verdicts: Sequence[Verdict], objectives: Sequence[str], holes: Holes = MappingProxyType({})
) -> None:
    """Write the matrix: words where there is room, letters with a legend where there is not."""
    found = rows(verdicts, objectives, [service for _, service in holes])
    if not found:
        return
    letters = page.width is not None and page.width < _COLUMN * len(objectives) + _NAMES
    column = 4 if letters else _COLUMN
    room = _WIDEST if page.width is None else min(_WIDEST, page.width - column * len(objectives) - 2)
    names = [services(row.services, max(6, room)) for row in found]
    wide = max(map(len, names)) + 2
    heads = (o if letters else f"{o} {_ASKS.get(o, '')}".rstrip() for o in objectives)
    page.raw(" " * wide + page.styled("".join(head.ljust(column) for head in heads).rstrip(), "dim"))
    for row, name in zip(found, names, strict=True):
        line = ""
        for objective, kind in zip(objectives, row.cells, strict=True):
            look = LOOKS[kind]
            word = look.letter if letters else look.word
            if kind == "hole" and not letters:
                word = f"{word} {_numbers(holes.get((objective, row.services[0]), ()))}".rstrip()
            line += page.styled(word, look.style) + " " * (column - len(word))
        page.raw(name.ljust(wide) + line)
    if letters:
        used = {c for row in found for c in row.cells}
        legend = (f"{LOOKS[c].letter} = {LOOKS[c].meaning}" for c in ORDER if c in used)
        page.text(", ".join(legend), style="dim")


def _numbers(found: Sequence[int]) -> str:
    """`1`, `1-3`, or the first and a sign that there are more: a cell has room for three characters."""
    if len(found) < 2:
        return "".join(map(str, found))
    spread = f"{found[0]}-{found[-1]}"
    return spread if len(spread) < 4 and found[-1] - found[0] == len(found) - 1 else f"{found[0]}+"


def services(names: Sequence[str], room: int) -> str:
    """As many names as fit, and the count of the others."""
    if len(", ".join(names)) <= room:
        return ", ".join(names)
    shown = [named(names, limit) for limit in (5, 4, 3, 2)]
    shown += [f"{names[0]} and {len(names) - 1} more", f"{names[0]} + {len(names) - 1}"]
    return next((text for text in shown if len(text) <= room), f"{len(names)} services")
