"""An inventory as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from perimeter_smt.organization.inventory import Inventory
from perimeter_smt.organization.model import Unknown
from perimeter_smt.report.page import Page
from perimeter_smt.report.unknowns import write_unknowns

_LINES = 12


def inventory_json(found: Inventory, unknowns: Sequence[Unknown]) -> dict[str, Any]:
    """As `schemas/inventory.json` describes it."""
    collected = {"collected": found.collected.model_dump() if found.collected else None}
    rest = {name: value for name, value in asdict(found).items() if name != "collected"}
    return {"format": 1, **rest, **collected, "unknowns": [unknown.model_dump(mode="json") for unknown in unknowns]}


def render(found: Inventory, unknowns: Sequence[Unknown], *, width: int | None = None, color: bool = False) -> str:
    """Tables of counts, remarks, and what is not known."""
    page = Page(width, color=color)
    page.text(f"inventory of `{found.name}`", style="bold")
    told = all(unknown.name != "management account" for unknown in unknowns)
    management = found.management_account if told else "not told"
    page.text(f"organization {found.organization}, management account {management}, "
              f"partition {found.partition}", style="dim")  # fmt: skip
    if found.collected:
        page.text(str(found.collected), style="dim", hang=2)
    page.blank()
    _table(page, found.counts)
    page.blank()
    page.text("policies, as often as they are attached:", style="bold")
    _table(page, {**found.policies, "distinct": found.distinct})
    if found.resources:
        page.blank()
        page.text("resources by service:", style="bold")
        _table(page, found.resources)
    if found.remarks:
        page.blank()
        page.text("to look at:", style="bold yellow")
        for remark in found.remarks[:_LINES]:
            page.text(f"{remark.text}{f' ({remark.place})' if remark.place else ''}", indent=2, hang=2)
        if len(found.remarks) > _LINES:
            page.text(f"and {len(found.remarks) - _LINES} more (all of them with `--json`)", indent=2)
    write_unknowns(page, unknowns)
    return str(page)


def _table(page: Page, counts: dict[str, int]) -> None:
    wide = max((len(name) for name in counts), default=0)
    for name, count in counts.items():
        page.raw(f"  {name.ljust(wide)}  {count:>8,}")
