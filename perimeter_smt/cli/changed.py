"""`perimeter changed`: what policy files newly allow or deny since a commit, for hooks and reviews."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FILE, MORE_KINDS, Choice, a_day, fill, set_option, text_options, today_option
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document

_FAIL_ON = ("never", "more", "unknown")


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--since", default="HEAD", show_default=True, metavar="COMMIT", help="Compare with the files of COMMIT.")
@click.option("--type", "kind", type=Choice(MORE_KINDS), help="Kind of all policies; else told by name or content.")
@click.option(
    "--fail-on", type=Choice(_FAIL_ON), default="unknown", show_default=True,
    help="more: something is newly allowed; unknown: or that is not decided.",
)  # fmt: skip
@today_option
@set_option
@text_options
def changed(
    files: tuple[Path, ...],
    since: str,
    kind: str | None,
    fail_on: str,
    today: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Tell what policy FILES newly allow or deny, compared with themselves in a commit of git.

    New files are named and pass; files that hold no policy are passed over.
    Exit codes: 0 nothing newly allowed, 1 something newly allowed, 2 bad input, 3 not decided.
    """
    values, day = fill(settings), a_day(today)
    from perimeter_smt.questions.changes.since import changed_documents, commit_of, exit_code

    commit_of(since)
    found = []
    for one in changed_documents(_policies(files, kind, values), since, fill=values, today=day):
        found.append(one)
        if as_json:
            continue
        if one.comparison is None:
            output.emit(f"{visible(one.file)}: new since {visible(since)}, nothing to compare with")
        elif one.comparison.relation != "equivalent":
            from perimeter_smt.report.comparison import render

            color = output.colors(sys.stdout, no_color=no_color)
            output.emit(f"{visible(one.file)}: {render(one.comparison, width=output.width(), color=color)}")
    if as_json:
        from perimeter_smt.report.json import changed_json, dumps

        output.emit(dumps(changed_json(since, found)))
    return exit_code(found, fail_on)


def _policies(files: tuple[Path, ...], kind: str | None, values: dict[str, str]) -> Iterator[Document]:
    from perimeter_smt.cli.policy_files import read_if_policy

    for path in files:
        found = read_if_policy(path, kind, values)
        if found is not None:
            yield found
