"""`perimeter schema`."""

from __future__ import annotations

import click

from perimeter_smt.cli.options import completing
from perimeter_smt.cli.output import emit


@click.command()
@click.argument("name", shell_complete=completing("schemas"))
def schema(name: str) -> None:
    """Print the JSON Schema of an output, such as prove, compare or evaluate, or of a file of the workspace.

    The files: perimeter-yaml and organization-yaml. An unknown NAME lists all of them.
    """
    from perimeter_smt.report.json import schema as text

    emit(text(name))
