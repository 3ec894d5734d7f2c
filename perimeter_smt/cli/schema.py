"""`perimeter schema`."""

from __future__ import annotations

import click

from perimeter_smt.cli.output import emit


@click.command()
@click.argument("name")
def schema(name: str) -> None:
    """Print the JSON Schema of an output: prove, compare, evaluate, explain, lint, axioms or why."""
    from perimeter_smt.report.json import schema as text

    emit(text(name))
