"""`perimeter inventory`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import fill, set_option, text_options
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.cli.timed import timed


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@source_flags
@identity_flags
@set_option
@text_options
@timed
def inventory(source: Path, settings: tuple[str, ...], as_json: bool, no_color: bool, **options: Any) -> int:
    """Tell what was read from a SOURCE: accounts, principals, policies, endpoints, and what is not known.

    Exit codes: 0 read, 2 bad input.
    """
    from perimeter_smt.organization.inventory import inventory as count
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.report import inventory as report

    workspace = read_source(source, source_options(fill(settings), options, source))
    found = count(workspace)
    if as_json:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(report.inventory_json(found, workspace.unknowns)))
        return 0
    color = output.colors(sys.stdout, no_color=no_color)
    output.emit(report.render(found, workspace.unknowns, width=output.width(), color=color))
    return 0
