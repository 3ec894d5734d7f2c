"""Outcomes as rows: for the terminal and for the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from benchmarks.harness import Outcome, median, percentile, ratios

COLUMNS = (
    "back end", "asked", "decided", "median", "p99", "longest", "sum", "median with encoding", "p99 with encoding",
    "times native", "the same with encoding", "memory",
)  # fmt: skip


def row(outcome: Outcome, native: Outcome | None) -> dict[str, Any]:
    """The figures of one back end. Times in milliseconds, memory in MB, ratios as medians over the questions."""
    solve = [answer.solve * 1e3 for answer in outcome.answers]
    total = [answer.total * 1e3 for answer in outcome.answers]
    out: dict[str, Any] = {
        "back end": outcome.backend,
        "asked": len(outcome.answers),
        "of": outcome.offered,
        "decided": sum(answer.decided for answer in outcome.answers),
        "median": median(solve),
        "p99": percentile(solve, 99),
        "longest": max(solve, default=float("nan")),
        "sum": sum(total),
        "median with encoding": median(total),
        "p99 with encoding": percentile(total, 99),
        "times native": None,
        "the same with encoding": None,
        "memory": outcome.peak,
        "stopped": outcome.stopped,
    }
    if native is not None and outcome is not native:
        out["times native"] = median(ratios(native, outcome))
        out["the same with encoding"] = median(ratios(native, outcome, "total"))
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in out.items()}


def rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One row per back end."""
    native = next((outcome for outcome in outcomes if outcome.backend == "native"), None)
    return [row(outcome, native) for outcome in outcomes]


def render(title: str, figures: Sequence[dict[str, Any]]) -> Table:
    """The rows for people."""
    table = Table(title=title, title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "back end" else "right")
    for found in figures:
        table.add_row(*(cell(column, found) for column in COLUMNS))
    return table


def cell(column: str, found: dict[str, Any]) -> str:
    """One figure with its unit."""
    value = found[column]
    if column == "asked" and value < found["of"]:
        return f"{value} of {found['of']}"
    if value is None:
        return ""
    if column in ("back end", "asked", "decided"):
        return str(value)
    if column == "memory":
        return f"{value:.0f} MB"
    if column in ("times native", "the same with encoding"):
        return f"{value:,.1f}"
    return f"{value / 1e3:,.2f} s" if value >= 1e3 else f"{value:.2f} ms"
