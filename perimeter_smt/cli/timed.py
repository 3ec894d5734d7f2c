"""`--timings`, `-v` and `--debug` for commands that are told of as a whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from perimeter_smt.cli.options import FILE

_F = TypeVar("_F", bound=Callable[..., object])
_R = TypeVar("_R")


def diagnostic_options(function: _F) -> _F:
    """`--timings`, `--verbose`, `--debug`."""
    function = click.option(
        "--debug", type=FILE, help="New file to send with a question: versions, counts, times; no names and no ids."
    )(function)
    function = click.option("-v", "--verbose", count=True, help="Tell on stderr what is done; -vv tells more.")(
        function
    )
    return click.option("--timings", is_flag=True, help="Tell on stderr where the time went.")(function)


def timed(function: Callable[..., _R]) -> Callable[..., _R]:
    """A command with these options: the time of all of it, and of the stages in it."""

    @wraps(function)
    def run(*args: Any, timings: bool, verbose: int, debug: Path | None, **kwargs: Any) -> _R:
        if not (timings or verbose or debug):
            return function(*args, **kwargs)
        from perimeter_smt.cli.diagnostics import diagnosed
        from perimeter_smt.stages import stage

        name = click.get_current_context().info_name or "command"
        with diagnosed(timings=timings, verbose=verbose, debug=debug), stage(name):
            return function(*args, **kwargs)

    return diagnostic_options(run)
