"""`perimeter compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import KINDS, PATH, Choice, a_day, fill, set_option, text_options, today_option
from perimeter_smt.cli.source_options import identity_flags, source_flags
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

# What only two organizations have, by parameter.
_OF_SOURCES = {
    "mode": "--mode", "objectives": "--objective", "services": "--service", "changes": "--change", "base": "--org",
    "org_account": "--org-account",
    "region": "--region", "parameters": "--parameter", "complete": "--complete", "org_id": "--org-id",
    "management_account": "--management-account", "accounts": "--account", "perimeter_file": "--perimeter",
}  # fmt: skip


@click.command()
@click.argument("before", type=PATH)
@click.argument("after", type=PATH, required=False)
@click.option("--type", "kind", type=Choice(KINDS), help="Compare two policies of this kind, not organizations.")
@click.option("--git", metavar="A..B", help="Two revisions of BEFORE (and AFTER); A alone: with the work tree.")
@click.option("--change", "changes", multiple=True, type=PATH, help="Plan, template, folder of them. Repeatable.")
@click.option(
    "--mode",
    type=Choice(["both", "guardrails", "grants"]),
    help="Guardrails alone, whatever is granted, with the grants as they are, or both (default).",
)
@click.option("--objective", "objectives", multiple=True, metavar="O1..O6", help="Sort by this objective. Repeatable.")
@click.option("--service", "services", multiple=True, metavar="PREFIX", help="Only this service. Repeatable.")
@click.option("--free-context", is_flag=True, help="With --type: every condition key is free.")
@click.option(
    "--reading",
    type=Choice(["exact", "over"]),
    help="The chosen readings of AWS's documentation (default of --type), or also what a rival reading lets through.",
)
@today_option
@source_flags
@identity_flags
@set_option
@text_options
@timed
def compare(
    before: Path,
    after: Path | None,
    kind: str | None,
    free_context: bool,
    settings: tuple[str, ...],
    **options: Any,
) -> int:
    """Tell what AFTER lets through or stops that BEFORE does not: workspaces, any sources, or two policies.

    Exit codes: 0 nothing newly allowed, 1 something newly allowed, 2 bad input, 3 not decided.
    """
    values = fill(settings)
    options["today"] = a_day(options["today"])
    if kind is None:
        if free_context:
            raise InputError("`--free-context` is for two policies, expected `--type` beside it")
        if after is None and not options["git"] and not options["changes"]:
            raise InputError("nothing to compare with: expected AFTER, `--git` or `--change`")
        from perimeter_smt.cli.compare_sources import compare_sources

        return compare_sources(before, after, values, {**options, "mode": options["mode"] or "both"})
    wrong = [option for name, option in _OF_SOURCES.items() if options[name]]
    if wrong:
        raise InputError(f"`{wrong[0]}` is for organizations, not for two policies of one `--type`")
    return _documents(before, after, kind, values, free_context=free_context, **options)


def _documents(
    before: Path, after: Path | None, kind: str, values: dict[str, str], *, free_context: bool, **options: Any
) -> int:
    from perimeter_smt.cli.compare_sources import both_paths
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.request.variables import refuse_unset

    if after is None and not options["git"]:
        raise InputError("one policy, expected AFTER or `--git`")
    reading: Literal["exact", "over"] = options["reading"] or "exact"
    with both_paths(before, after, options["git"]) as places:
        documents = [refuse_unset(load_policy(path, Kind(kind), values)) for path, _ in places]
    from perimeter_smt.questions.compare import compare as ask

    found = ask(documents[0], documents[1], free_context=free_context, reading=reading, today=options["today"])
    if options["as_json"]:
        from perimeter_smt.report.json import comparison_json, dumps

        output.emit(dumps(comparison_json(found)))
    else:
        from perimeter_smt.report.comparison import render

        output.emit(render(found, width=output.width(), color=output.colors(sys.stdout, no_color=options["no_color"])))
    if found.relation == "unknown":
        return 3
    return 1 if found.newly_allowed else 0
