"""`perimeter report`."""

from __future__ import annotations

from pathlib import Path

import click

from perimeter_smt.cli.formats import format_options, report_options, wanted, write
from perimeter_smt.cli.options import FILE
from perimeter_smt.errors import InputError


@click.command()
@click.argument("file", type=FILE)
@format_options
@report_options
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
def report(
    file: Path,
    formats: str,
    target: Path | None,
    baseline: Path | None,
    update_baseline: bool,
    details: bool,
    case: int | None,
    quiet: bool,
    no_color: bool,
) -> int:
    """Show a saved result of `prove --json` or `lint --json` in another form.

    Exit codes: 0 shown, 2 bad input; with --baseline also 1 something new is refuted or found, 3 something new is not
    decided.
    """
    asked = wanted(formats, target, baseline, update_baseline, details=details, quiet=quiet, case=case)
    from perimeter_smt.report.entries import is_lint
    from perimeter_smt.report.exit_codes import of_entries
    from perimeter_smt.report.read import read_result

    result = read_result(file)
    if case is not None and is_lint(result):
        raise InputError("a result of lint has no requests, expected one of `prove --json`", path="--case")
    new = write(result, asked, no_color=no_color)
    if new is None:
        return 0
    return int(bool(new)) if is_lint(result) else of_entries(result, new)
