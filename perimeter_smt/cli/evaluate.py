"""`perimeter evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import PATH, completing, fill, set_option, text_options
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from perimeter_smt.cli.cases import Value
    from perimeter_smt.questions.requests.filled import Filler
    from perimeter_smt.request.case import Case


@click.command()
@click.argument("file")
@click.option("--explain", "explained", is_flag=True, help="Every statement, and what of it did not match.")
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="X-n",
    help="Read this open point the other way.",
    shell_complete=completing("open_points"),
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first case that cannot be decided.")
@click.option("--workspace", type=PATH, metavar="SOURCE", help="Cases without policies get those of this source.")
@source_flags
@identity_flags
@set_option
@text_options
def evaluate(
    file: str,
    explained: bool,
    readings: tuple[str, ...],
    fail_fast: bool,
    workspace: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """Decide the cases of FILE (`-`: standard input): one case, an array, or JSON Lines.

    Prints one JSON line per case; of one that cannot be decided, its `error`. Exit codes: 0 all decided, 2 bad input.
    """
    _check_readings(readings, path="--reading")
    name = "standard input" if file == "-" else file
    from perimeter_smt.cli.cases import read_values

    filler = filled_from(workspace, fill(settings), options)
    answer = _Answer(
        frozenset(readings), filler, explained=explained, as_json=as_json or not explained, no_color=no_color
    )
    first: InputError | None = None
    bad = total = 0
    with _opened(file) as stream:
        for value in read_values(stream, name):
            total += 1
            try:
                text = answer(case_of(value, name, filler))
            except InputError as error:
                text = answer.error(_id(value), error)
                first, bad = first or error, bad + 1
            sys.stdout.write(text + "\n")
            if bad and fail_fast:
                break
    if first is None:
        return 0
    many = f"{bad} of {total} cases cannot be decided, the first: " if bad > 1 else ""
    output.complain(f"{many}{first}")
    return 2


def _check_readings(readings: Iterable[str], *, path: str) -> None:
    from perimeter_smt.evaluate import OPEN_POINTS

    for reading in sorted(readings):
        if reading not in OPEN_POINTS:
            raise InputError(
                f"unknown open point `{reading}`{did_you_mean(reading, OPEN_POINTS)}: expected one of "
                f"{', '.join(OPEN_POINTS)}",
                path=path,
            )


class _Answer:
    """The answer to a case as the options want it: a line of JSON, or text."""

    def __init__(
        self, rivals: frozenset[str], filler: Filler | None, *, explained: bool, as_json: bool, no_color: bool
    ) -> None:
        self._filler = filler
        self._rivals, self._explained, self._as_json = rivals, explained, as_json
        self._color = output.colors(sys.stdout, no_color=no_color)

    def __call__(self, case: Case) -> str:
        from perimeter_smt.evaluate import decide, explain
        from perimeter_smt.report import decisions
        from perimeter_smt.report.json import dumps

        rivals = self._rivals | case.readings
        decision = decide(case, rivals=rivals)
        if self._filler is not None:
            taken = (*decision.assumptions, *self._filler.assumed(case))
            decision = replace(decision, assumptions=taken)
        if not self._explained:
            return dumps(decisions.decision_json(case.id, decision))
        found = explain(case, rivals=rivals)
        if self._as_json:
            return dumps(decisions.explained_json(case.id, decision, found))
        return decisions.render(case, decision, found, width=output.width(), color=self._color)

    def error(self, name: str, error: InputError) -> str:
        """The record of a case that cannot be decided."""
        from perimeter_smt.report.decisions import error_json
        from perimeter_smt.report.json import dumps

        if self._as_json:
            return dumps(error_json(name, error))
        return f"{visible(name)}: error: {visible(str(error))}"


def filled_from(workspace: Path | None, values: Mapping[str, str], options: Mapping[str, Any]) -> Filler | None:
    """What fills cases: the source of `--workspace`, None without one."""
    if workspace is None:
        given = next((name for name, value in options.items() if value), None)
        if given is not None or values:
            raise InputError("options of a source without a source, expected `--workspace`")
        return None
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.questions.requests.filled import Filler

    return Filler(read_source(workspace, source_options(values, options, workspace)))


def case_of(value: Value, file: str, filler: Filler | None = None) -> Case:
    """The case, or an error that tells its line (JSON Lines) or its place in the array."""
    from perimeter_smt.request.case import read_case
    from perimeter_smt.request.saved import refuse_unsaved

    if value.error is not None:
        raise value.error
    given = value.value
    fills = filler is not None and isinstance(given, dict) and "policies" not in given
    if fills and isinstance(given, dict):
        given = {**given, "policies": {}}
    try:
        case = read_case(given, file=file, default_id=str(value.number))
        _check_readings(case.readings, path="$.readings")
        if fills and filler is not None:
            return filler.case(case)
        refuse_unsaved(given, case, file=file)
    except InputError as error:
        path = error.path if value.path == "$" else value.path + error.path.removeprefix("$")
        raise InputError(error.message, file=file, path=path, line=value.line) from None
    return case


def _id(value: Value) -> str:
    """The id of a case that may be none: its own if it has one, else its number."""
    own = value.value.get("id") if isinstance(value.value, dict) else None
    return str(own) if isinstance(own, str) else str(value.number)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = open(file, "rb")  # noqa: PTH123, SIM115  (closed below)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise InputError(f"cannot be read: {reason.lower()}", file=file) from None
    with stream:
        yield stream
