"""`perimeter replay`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import PATH, Choice, fill, set_option, text_options
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--workspace", type=PATH, metavar="SOURCE", required=True, help="Whose guardrails are asked.")
@click.option("--change", type=PATH, metavar="SOURCE", help="Changed workspace, plan or template, or a policy.")
@click.option("--type", "kind", type=Choice(["scp", "rcp"]), help="Kind of the policy of --change.")
@click.option("--attach-to", metavar="ID", help="Unit or account that gets the policy of --change, else the root.")
@click.option("--no-solver", is_flag=True, help="Leave open what three-valued evaluation leaves open.")
@source_flags
@identity_flags
@set_option
@text_options
@timed
def replay(
    logs: tuple[Path, ...],
    workspace: Path,
    change: Path | None,
    kind: str | None,
    attach_to: str | None,
    no_solver: bool,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
    **options: Any,
) -> int:
    """Judge the events of CloudTrail LOGS (files, folders, `-`) by the guardrails of a workspace or of a change.

    Exit codes: 0 nothing newly blocked, 1 something newly blocked, 2 bad input, 3 something may newly be blocked, 130
    ended by Ctrl-C, with what was judged until then.
    """
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.questions.replay.replay import replay as judge

    values = fill(settings)
    if (kind or attach_to) and change is None:
        raise InputError(f"`{'--type' if kind else '--attach-to'}` without `--change`")
    if attach_to and not kind:
        raise InputError("`--attach-to` is for a policy, expected `--type` too")
    told = () if kind else (workspace, *([change] if change else []))  # a policy may hold what options fill
    space = read_source(workspace, source_options(values, options, *told))
    changed = None if change is None else _changed(space, workspace, change, kind, attach_to, values, options)
    with Bar(no_color=no_color) as bar:
        found = judge(logs, space, changed, solve=not no_solver, progress=bar)
    if as_json:
        from perimeter_smt.report.json import dumps
        from perimeter_smt.report.replay import replay_json

        output.emit(dumps(replay_json(found)))
    else:
        from perimeter_smt.report.replay import render

        output.emit(render(found, width=output.width(), color=output.colors(sys.stdout, no_color=no_color)))
    return found.exit_code


def _changed(
    space: Workspace,
    base: Path,
    change: Path,
    kind: str | None,
    attach_to: str | None,
    values: Mapping[str, str],
    options: Mapping[str, Any],
) -> Workspace:
    """The workspace with a policy attached, or overlaid by a plan or template, or another one in its place."""
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.organization.readers.recognise import Form, recognise

    if kind is not None:
        from perimeter_smt.policy.kinds import Kind
        from perimeter_smt.policy.parse import load_policy
        from perimeter_smt.questions.replay.attach import attached
        from perimeter_smt.request.variables import refuse_unset

        return attached(space, refuse_unset(load_policy(change, Kind(kind), values)), attach_to)
    overlays = recognise(change) in (Form.TERRAFORM, Form.CLOUDFORMATION)
    given = {**options, "base": base if overlays else options.get("base")}
    return read_source(change, source_options(values, given))
