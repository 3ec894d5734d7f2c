"""`perimeter evaluate`."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import text_options
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.cli.cases import Value
    from perimeter_smt.request.case import Case


@click.command()
@click.argument("file")
@click.option("--explain", "explained", is_flag=True, help="Every statement, and what of it did not match.")
@click.option("--reading", "readings", multiple=True, metavar="X-n", help="Read this open point the other way.")
@text_options
def evaluate(file: str, explained: bool, readings: tuple[str, ...], as_json: bool, no_color: bool) -> None:
    """Decide the cases of FILE (`-`: standard input): one case, an array, or JSON Lines.

    Prints one JSON line per case. Exit codes: 0 all decided, 2 bad input.
    """
    from perimeter_smt.evaluate import OPEN_POINTS

    for reading in readings:
        if reading not in OPEN_POINTS:
            raise InputError(
                f"unknown open point `{reading}`: expected one of {', '.join(OPEN_POINTS)}", path="--reading"
            )
    rivals = frozenset(readings)
    name = "standard input" if file == "-" else file
    from perimeter_smt.cli.cases import read_values
    from perimeter_smt.evaluate import decide, explain
    from perimeter_smt.report import decisions
    from perimeter_smt.report.json import dumps

    with _opened(file) as stream:
        for value in read_values(stream, name):
            case = _case(value, name)
            decision = decide(case, rivals=rivals)
            if not explained:
                sys.stdout.write(dumps(decisions.decision_json(case.id, decision)) + "\n")
            elif as_json:
                found = explain(case, rivals=rivals)
                sys.stdout.write(dumps(decisions.explained_json(case.id, decision, found)) + "\n")
            else:
                text = decisions.render(
                    case,
                    decision,
                    explain(case, rivals=rivals),
                    width=output.width(),
                    color=output.colors(sys.stdout, no_color=no_color),
                )
                sys.stdout.write(text + "\n")


def _case(value: Value, file: str) -> Case:
    """The case, or an error that tells its line (JSON Lines) or its place in the array."""
    from perimeter_smt.request.case import read_case

    try:
        return read_case(value.value, file=file, default_id=str(value.number))
    except InputError as error:
        path = error.path if value.path == "$" else value.path + error.path.removeprefix("$")
        raise InputError(error.message, file=file, path=path, line=value.line) from None


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    if file == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig") if hasattr(sys.stdin, "buffer") else sys.stdin
        return
    try:
        stream = open(file, encoding="utf-8-sig")  # noqa: PTH123, SIM115  (closed below)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise InputError(f"cannot be read: {reason.lower()}", file=file) from None
    with stream:
        yield stream
