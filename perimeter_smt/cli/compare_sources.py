"""Two states of an organization for `perimeter compare`: folders, revisions, or an organization and a change."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perimeter_smt.cli import output
from perimeter_smt.cli.options import chosen_objectives
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.source_options import source_options
from perimeter_smt.errors import InputError, SeveralInputError

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.organization.readers.sources import SourceOptions

Named = tuple[Path, str]  # a path and what is shown in its place; nothing: itself


def compare_sources(before: Path, after: Path | None, values: dict[str, str], options: dict[str, Any]) -> int:
    """Read both states, compare them, print; the exit code."""
    from perimeter_smt.questions.changes.ask import MODES, compare_workspaces

    told = [path for path in (before, after or before, *options["changes"]) if path.exists()]  # others are of revisions
    chosen = source_options(values, options, *told)
    with Bar(no_color=options["no_color"]) as bar, both_paths(before, after, options["git"]) as (old, new):
        base = chosen
        if chosen.organization_account and chosen.organization is None:  # `--account` is that of the changes
            base = chosen.of_organization()
        first = _read(old, base)
        second = first if _same(old[0], new[0]) else _read(new, base)
        for change in options["changes"]:
            from perimeter_smt.organization.readers.sources import changed

            second = changed(second, change, chosen)
        found = compare_workspaces(
            first,
            second,
            objectives=chosen_objectives(options["objectives"]),
            services=options["services"] or None,
            modes=MODES if options["mode"] == "both" else (options["mode"],),
            reading=options["reading"] or "over",
            progress=bar,
            today=options["today"],
        )
    if options["as_json"]:
        from perimeter_smt.report.changes_json import changes_json
        from perimeter_smt.report.json import dumps

        output.emit(dumps(changes_json(found)))
    else:
        from perimeter_smt.report.changes import render

        output.emit(render(found, width=output.width(), color=output.colors(sys.stdout, no_color=options["no_color"])))
    return found.exit_code


def _same(before: Path, after: Path) -> bool:
    """Whether two paths are one folder, or one name of one file in one folder.

    Files of the same bytes are not: what lies beside a template and the name of a file are read, too, and what is not
    known of one may be different of the other. Nor are pipes, which tell something else each time.
    """
    try:
        if before.is_dir():
            return before.samefile(after)
        return before.is_file() and before.name == after.name and before.parent.samefile(after.parent)
    except OSError:
        return False  # the reader says what is wrong


@contextmanager
def both_paths(before: Path, after: Path | None, revisions: str | None) -> Iterator[tuple[Named, Named]]:
    """Where the two states lie; revisions are taken out of git for as long as they are needed."""
    if revisions is None:
        yield (before, ""), (after or before, "")
        return
    from perimeter_smt.organization.readers.revisions import at_revision
    from perimeter_smt.organization.readers.revisions import revisions as told

    old, new = told(revisions, before)
    with ExitStack() as stack:
        places: list[Named] = []
        for path, revision in ((before, old), (after or before, new)):
            if revision is None:
                places.append((path, ""))
            else:
                places.append((stack.enter_context(at_revision(path, revision)), f"{revision[:12]}:{path.as_posix()}"))
        yield places[0], places[1]


def _read(place: Named, options: SourceOptions) -> Workspace:
    from perimeter_smt.organization.readers import read_source

    path, shown = place
    try:
        found = read_source(path, options)
    except InputError as error:
        if not shown:
            raise
        each = (InputError(e.message, file=e.file.replace(str(path), shown), path=e.path, line=e.line)
                for e in error.each)  # fmt: skip
        raise SeveralInputError(each) from None
    if not shown:
        return found
    from perimeter_smt.organization.readers.revisions import relabelled

    return relabelled(found, path, shown).model_copy(update={"name": shown})
