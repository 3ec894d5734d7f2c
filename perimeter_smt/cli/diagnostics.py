"""`--timings`, `-v` and `--debug`: where the time went, what happened, and a file to send without secrets."""

from __future__ import annotations

import json
import logging
import platform
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from perimeter_smt import __version__
from perimeter_smt.cli import output
from perimeter_smt.report.page import visible
from perimeter_smt.stages import kept

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.verdicts import Report

HOLDS = "versions, names of options, times, counts and verdicts; no policies, names, ids, accounts or paths"


@dataclass
class Diagnosis:
    """What is kept while a command runs, told when it ends, however it ends."""

    times: Mapping[str, float]
    workspace: Workspace | None = None
    report: Report | None = None
    error: BaseException | None = None


@contextmanager
def diagnosed(*, timings: bool, verbose: int, debug: Path | None) -> Iterator[Diagnosis]:
    """Run a command with its times kept; the file of `--debug` is written even if it fails."""
    output.refuse_existing(debug)
    with _logged(verbose), kept() as times:
        found = Diagnosis(times)
        try:
            yield found
        except BaseException as error:
            found.error = error
            raise
        finally:
            if timings:
                click.echo(timings_text(times), err=True, nl=False)
            if debug is not None:
                output.emit(json.dumps(bundle(found), indent=1), debug)
                click.echo(f"{visible(str(debug))} holds {HOLDS}", err=True)


def timings_text(times: Mapping[str, float]) -> str:
    """A line per stage with its share, the whole last."""
    total = sum(times.values())
    wide = max((len(visible(name)) for name in (*times, "total")), default=0)
    lines = [
        f"{visible(name).ljust(wide)}  {spent:8.2f} s  {spent / (total or 1):4.0%}\n"
        for name, spent in (*times.items(), ("total", total))
    ]
    return "".join(lines)


def bundle(found: Diagnosis) -> dict[str, Any]:
    """What helps to understand a run without saying whose it is: only words and numbers of this program."""
    return {
        "format": 1,
        "holds": HOLDS,
        "versions": _versions(),
        "command": _command(),
        "seconds": {_ours(name): round(spent, 3) for name, spent in found.times.items()},
        "counts": _counts(found.workspace) if found.workspace else {},
        "verdicts": _verdicts(found.report) if found.report is not None else [],
        "error": _error(found.error) if found.error else None,
    }


def _versions() -> dict[str, str]:
    import z3

    from perimeter_smt.request.keys import table_dates

    return {
        "perimeter": __version__, "python": platform.python_version(), "system": platform.system(),
        "machine": platform.machine(), "z3": z3.get_version_string(), **dict(sorted(table_dates().items())),
    }  # fmt: skip


def _command() -> dict[str, Any]:
    """The command and the options that were given, by name; a value only where the program made it up."""
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    given = {}
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if isinstance(parameter, click.Option) and source in (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP):
            value = context.params.get(parameter.name or "")
            told = isinstance(value, (bool, int)) or isinstance(parameter.type, click.Choice)
            given[max(parameter.opts, key=len)] = value if told else "(left out)"
    return {"name": context.info_name, "options": given}


def _counts(space: Workspace) -> dict[str, Any]:
    """How large the organization is, nothing of what is in it."""
    from perimeter_smt.organization.inventory import inventory

    found = inventory(space)
    return {"counts": dict(found.counts), "policies": dict(found.policies), "distinct": found.distinct}


def _verdicts(report: Report) -> list[dict[str, Any]]:
    from perimeter_smt.report.sections import OWN

    return [
        {
            "objective": "own assertion" if verdict.title == OWN else verdict.objective,
            "status": verdict.status,
            "services": len(verdict.services),
            "counterexamples": dict(Counter(found.kind for found in verdict.counterexamples)),
            "assumptions": [_ours(one.name) for one in verdict.assumptions],
        }
        for verdict in (*report.verdicts, *report.availability)
    ]


def _error(error: BaseException) -> dict[str, Any]:
    """Its type and the places in this program; not its message, which may quote the input."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    here = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames if "perimeter_smt" in f.filename]
    return {"type": type(error).__name__, "frames": here}


def _ours(name: str) -> str:
    """A name that the program knows, else that it is one of the user's own."""
    from perimeter_smt.errors import InputError
    from perimeter_smt.report.index import explain

    if name in _STAGES:
        return name
    try:
        explain(name)
    except InputError:
        return "own assertion"
    return name


_STAGES = frozenset(
    ("read", "classes of accounts", "encode", "prepare", "workers", "availability", "mitigations", "report")
)


@contextmanager
def _logged(verbose: int) -> Iterator[None]:
    """Messages of this program on stderr: -v what was done, -vv also what begins."""
    log = logging.getLogger("perimeter_smt")
    if not verbose:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible("%(relativeCreated)7.0f ms  %(message)s"))
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


class _Visible(logging.Formatter):
    """Control characters of names stay text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return visible(super().format(record))
