"""`perimeter who-can` and `perimeter what-can`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import PATH, a_day, fill, set_option, text_options, today_option
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.cli.stopping import Stopping
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.findings.verdicts import Callers

_SOURCE = click.option(
    "--source", type=PATH, default=Path(), show_default="the current folder", help="Workspace, or what `prove` takes."
)


@click.command(name="who-can")
@click.argument("action")
@_SOURCE
@click.option("--resource", default="", metavar="ARN", help="Only on this resource; wildcards are allowed.")
@today_option
@source_flags
@identity_flags
@set_option
@text_options
@timed
def who_can(
    action: str,
    source: Path,
    resource: str,
    today: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """Tell who can call ACTION: every principal of the source and outsiders, each with the conditions.

    Exit codes: 0 nobody can, 1 somebody can, 2 bad input, 3 not decided.
    """
    day = a_day(today)
    from perimeter_smt.questions.findings.who import known_action
    from perimeter_smt.questions.findings.who import who_can as ask

    try:
        workspace = _workspace(source, settings, options)
    except InputError:
        known_action(action)  # a misspelled action is told first, whatever the source
        raise
    with Stopping() as stop:
        with Bar(no_color=no_color) as bar:
            found = ask(workspace, action, resource, progress=bar, stop=stop, today=day)
        return stop.exit_code(_answer(found, as_json=as_json, no_color=no_color))


@click.command(name="what-can")
@click.argument("principal")
@_SOURCE
@click.option("--service", "services", multiple=True, metavar="PREFIX", help="Only this service. Repeatable.")
@today_option
@source_flags
@identity_flags
@set_option
@text_options
@timed
def what_can(
    principal: str,
    source: Path,
    services: tuple[str, ...],
    today: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """Tell what PRINCIPAL can do: an ARN, an account id, a service principal, or `anonymous`.

    Exit codes: 0 nothing, 1 something, 2 bad input, 3 not decided.
    """
    day = a_day(today)
    from perimeter_smt.questions.findings.who import what_can as ask

    workspace = _workspace(source, settings, options)
    with Stopping() as stop:
        with Bar(no_color=no_color) as bar:
            found = ask(workspace, principal, services=services or None, progress=bar, stop=stop, today=day)
        return stop.exit_code(_answer(found, as_json=as_json, no_color=no_color))


def _workspace(source: Path, settings: tuple[str, ...], options: dict[str, Any]) -> Workspace:
    from perimeter_smt.organization.readers import read_source

    return read_source(source, source_options(fill(settings), options, source))


def _answer(found: Callers, *, as_json: bool, no_color: bool) -> int:
    from perimeter_smt.report import access

    if as_json:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(access.callers_json(found)))
    else:
        color = output.colors(sys.stdout, no_color=no_color)
        output.emit(access.render_callers(found, width=output.width(), color=color))
    return found.exit_code
