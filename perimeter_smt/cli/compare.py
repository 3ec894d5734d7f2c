"""`perimeter compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FILE, KINDS, Choice, fill, set_option, text_options


@click.command()
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--type", "kind", type=Choice(KINDS), required=True, help="Kind of both policies.")
@click.option("--free-context", is_flag=True, help="Every condition key is free, also where AWS could not send it.")
@click.option(
    "--reading",
    type=Choice(["exact", "over"]),
    default="exact",
    show_default=True,
    help="The chosen readings of AWS's documentation, or also what a rival reading lets through.",
)
@set_option
@text_options
def compare(
    before: Path,
    after: Path,
    kind: str,
    free_context: bool,
    reading: Literal["exact", "over"],
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Tell what policy AFTER allows or denies that BEFORE does not.

    Exit codes: 0 nothing newly allowed, 1 something newly allowed, 2 bad input, 3 not decided.
    """
    values = fill(settings)
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.request.variables import refuse_unset

    documents = [refuse_unset(load_policy(path, Kind(kind), values)) for path in (before, after)]
    from perimeter_smt.questions.compare import compare as ask

    found = ask(documents[0], documents[1], free_context=free_context, reading=reading)
    if as_json:
        from perimeter_smt.report.json import comparison_json, dumps

        output.emit(dumps(comparison_json(found)))
    else:
        from perimeter_smt.report.comparison import render

        output.emit(render(found, width=output.width(), color=output.colors(sys.stdout, no_color=no_color)))
    if found.relation == "unknown":
        return 3
    return 1 if found.newly_allowed else 0
