"""Objectives against services, services that agree folded into one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perimeter_smt.questions.verdicts import Verdict
from perimeter_smt.report.page import Page
from perimeter_smt.report.words import LOOKS, ORDER, Cell, cell, named, worst

_COLUMN = 9
_NAMES = 24


@dataclass(frozen=True)
class Row:
    """Services with the same class for every objective."""

    cells: tuple[Cell, ...]
    services: tuple[str, ...]


def rows(verdicts: Sequence[Verdict], objectives: Sequence[str]) -> list[Row]:
    """The rows of the matrix, worst first; every service of a verdict stands in exactly one of them."""
    found: dict[str, dict[str, Cell]] = {}
    for verdict in verdicts:
        if verdict.objective not in objectives:
            continue
        for service in verdict.services:
            cells = found.setdefault(service, {})
            cells[verdict.objective] = worst((cell(verdict), cells.get(verdict.objective, "none")))
    folded: dict[tuple[Cell, ...], list[str]] = {}
    for service in sorted(found):
        folded.setdefault(tuple(found[service].get(o, "none") for o in objectives), []).append(service)
    return sorted((Row(cells, tuple(names)) for cells, names in folded.items()), key=_badness)


def _badness(row: Row) -> tuple[list[int], list[int], str]:
    marks = [ORDER.index(c) for c in row.cells]
    return sorted(marks), marks, row.services[0]


def write_matrix(page: Page, verdicts: Sequence[Verdict], objectives: Sequence[str]) -> None:
    """Write the matrix: words where there is room, letters with a legend where there is not."""
    found = rows(verdicts, objectives)
    if not found:
        return
    letters = page.width is not None and page.width < _COLUMN * len(objectives) + _NAMES
    column = 3 if letters else _COLUMN
    page.raw(page.styled("".join(o.ljust(column) for o in objectives) + "services", "dim"))
    for row in found:
        shown = ((LOOKS[c].letter if letters else LOOKS[c].word, LOOKS[c].style) for c in row.cells)
        line = "".join(page.styled(text, style) + " " * (column - len(text)) for text, style in shown)
        page.raw(line + _services(page, row.services, column * len(objectives)))
    if letters:
        used = {c for row in found for c in row.cells}
        legend = (f"{LOOKS[c].letter} = {LOOKS[c].meaning}" for c in ORDER if c in used)
        page.text(", ".join(legend), style="dim")


def _services(page: Page, names: tuple[str, ...], used: int) -> str:
    """As many names as fit, and the count of all where some are left out."""
    room = None if page.width is None else page.width - used
    if len(names) == 1 or room is None:
        return named(names)
    shown = [named(names, limit) for limit in (5, 4, 3, 2)]
    shown += [f"{names[0]} and {len(names) - 1} more", f"{names[0]} + {len(names) - 1}"]
    return next((text for text in shown if len(text) <= room), f"{len(names)} services")
