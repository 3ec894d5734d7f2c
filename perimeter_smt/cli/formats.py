"""`--format`, `--output` and baselines: a result in one form on stdout or in a file, or in several in a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.again import command_line
from perimeter_smt.cli.options import FILE, PATH
from perimeter_smt.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from perimeter_smt.report.forms import Shown

NAMES = ("text", "json", "sarif", "junit", "markdown", "html", "csv", "github", "gitlab", "ocsf")
_STEM = "perimeter"

_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; `check` before the work starts."""

    formats: tuple[str, ...]
    target: Path | None
    baseline: Path | None
    update: bool
    details: bool = False
    quiet: bool = False
    case: int | None = None
    command: str = ""

    def check(self) -> None:
        """InputError for a target that is there already, or a baseline that is not."""
        if len(self.formats) > 1 and self.target is None:
            raise InputError("several forms need a folder: `--output FOLDER`")
        if len(self.formats) == 1:
            output.refuse_existing(self.target)
        elif self.target is not None and self.target.exists() and not self.target.is_dir():
            raise InputError("is no folder, expected one for several forms", file=str(self.target))
        for path in self._files():
            output.refuse_existing(path)
        if self.case is not None and (self.formats != ("text",) or self.baseline or self.quiet or self.details):
            raise InputError("`--case` is an answer of its own, expected no `--format`, `--baseline` or `--details`")
        if self.quiet and self.details:
            raise InputError("both `--quiet` and `--details`, expected one of them")
        if self.update and self.baseline is None:
            raise InputError("`--update-baseline` needs `--baseline FILE`")
        if self.baseline is not None and not self.update and not self.baseline.is_file():
            raise InputError("no such baseline, `--update-baseline` writes one", file=str(self.baseline))

    def _files(self) -> list[Path]:
        if len(self.formats) < 2 or self.target is None or not self.target.is_dir():
            return []
        from perimeter_smt.report.forms import FORMS

        return [self.target / f"{_STEM}.{FORMS[name].suffix}" for name in self.formats]


def format_options(function: _F) -> _F:
    """`--format`, `--output`, `--baseline`, `--update-baseline`."""
    function = click.option(
        "--update-baseline", is_flag=True, help="Write what is found to the baseline: all of it is known then."
    )(function)
    function = click.option("--baseline", type=FILE, help="Known findings: only what is new is shown and counts.")(
        function
    )
    function = click.option("--output", "target", type=PATH, help="New file, or folder for several forms.")(function)
    return click.option(
        "--format", "formats", metavar="FORM,...", default="text", show_default=True, help=f"{', '.join(NAMES)}."
    )(function)


def report_options(function: _F) -> _F:
    """`--details`, `--case` and `--quiet` of reports on proofs."""
    function = click.option("-q", "--quiet", is_flag=True, help="The answer only, in one line.")(function)
    function = click.option(
        "--case", type=click.IntRange(min=1), metavar="N", help="Only the replayed case of request N, for `evaluate`."
    )(function)
    return click.option("--details", is_flag=True, help="Every request, limit and proof in full.")(function)


def wanted(
    formats: str,
    target: Path | None,
    baseline: Path | None,
    update: bool,
    *,
    as_json: bool = False,
    details: bool = False,
    quiet: bool = False,
    case: int | None = None,
) -> Wanted:
    """The options of one call, checked; `--json` is `--format json`."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in formats.split(",") if name.strip()))
    for name in names:
        if name not in NAMES:
            near = did_you_mean(name, NAMES)
            raise InputError(f"`--format`: unknown form `{name}`{near}: expected {', '.join(NAMES)}")
    if as_json:
        if names not in (("text",), ("json",)):
            raise InputError("both `--json` and `--format`, expected one of them")
        names = ("json",)
    if not names:
        raise InputError(f"`--format`: expected {', '.join(NAMES)}")
    found = Wanted(names, target, baseline, update, details, quiet, case, command_line())
    found.check()
    return found


def write(result: Mapping[str, Any], asked: Wanted, *, no_color: bool) -> list[Any] | None:
    """Write a result in the forms asked for. With a baseline: the new findings, else None."""
    from perimeter_smt.report.baseline import baseline_text
    from perimeter_smt.report.entries import entries
    from perimeter_smt.report.forms import FORMS, text

    if asked.case is not None:
        _write_case(result, asked.case, asked.target)
        return None
    if asked.baseline is not None and asked.update:
        _replace(asked.baseline, baseline_text(entries(result)))
    shown = new_findings(result, asked.baseline)
    shown = replace(shown, details=asked.details, quiet=asked.quiet, command=asked.command)
    if len(asked.formats) > 1 and asked.target is not None:
        asked.target.mkdir(parents=True, exist_ok=True)
        for name in asked.formats:
            output.emit(FORMS[name].write(shown), asked.target / f"{_STEM}.{FORMS[name].suffix}")
    elif asked.formats == ("text",) and asked.target is None:
        color = output.colors(sys.stdout, no_color=no_color)
        links = output.links(sys.stdout, no_color=no_color)
        output.emit(text(shown, width=output.width(), color=color, links=links))
    else:
        output.emit(FORMS[asked.formats[0]].write(shown), asked.target)
    return list(shown.found) if asked.baseline is not None else None


def new_findings(result: Mapping[str, Any], baseline: Path | None) -> Shown:
    """A result with its findings; with a baseline with those that are new."""
    from perimeter_smt.report.baseline import new_entries, read_baseline, unlisted
    from perimeter_smt.report.entries import entries
    from perimeter_smt.report.forms import Shown

    found = entries(result)
    if baseline is None:
        return Shown(result, found)
    new = new_entries(found, read_baseline(baseline))
    return Shown(result, [*new, *unlisted(result)], len(found) - len(new))


def _write_case(result: Mapping[str, Any], number: int, target: Path | None) -> None:
    from perimeter_smt.report.json import dumps
    from perimeter_smt.report.numbers import case_of
    from perimeter_smt.report.read import report_of

    output.emit(dumps(case_of(report_of(result), result, number)), target)


def _replace(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {(error.strerror or 'unknown error').lower()}", file=str(path)) from None
