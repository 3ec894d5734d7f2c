"""`perimeter cache`."""

from __future__ import annotations

from pathlib import Path

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FOLDER
from perimeter_smt.errors import InputError


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--prune", is_flag=True, help="Remove the verdicts that were not used for so long.")
@click.option("--days", type=click.FloatRange(min=0), default=30.0, show_default=True, help="With --prune: so long.")
def cache(folder: Path, prune: bool, days: float) -> int:
    """Tell how many verdicts `prove --cache FOLDER` keeps, or remove the old ones.

    Exit codes: 0 done, 2 bad input.
    """
    from perimeter_smt.questions.obligations import cache as kept

    if prune and folder.is_dir() and any(folder.iterdir()) and not kept.holds_entries(folder):
        raise InputError("is no folder of verdicts, expected one that `prove --cache` wrote", file=str(folder))
    gone, left = kept.prune(folder, days if prune else float("inf"))
    output.emit((f"removed {gone} entries, {left} left" if prune else f"{left} entries") + "\n")
    return 0
