"""`perimeter redundant` and `perimeter pack`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FILE, KINDS, PATH, Choice, fill, set_option, text_options
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--type", "kind", type=Choice(KINDS), help="Kind of the policies; without it, PATHS is one source.")
@click.option("--free-context", is_flag=True, help="Every condition key is free, also where AWS could not send it.")
@set_option
@text_options
@timed
def redundant(
    paths: tuple[Path, ...],
    kind: str | None,
    free_context: bool,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Find statements that decide nothing: unreachable, covered by others, or denied anyway.

    With --type, PATHS are policies that stand together: attached at one place, or of one principal. Without, PATHS is a
    workspace or another source, in which every policy is judged wherever it stands.

    Exit codes: 0 every statement is needed, 1 some could go, 2 bad input, 3 not decided.
    """
    values = fill(settings)
    from perimeter_smt.questions.redundancy.places import places, standings
    from perimeter_smt.questions.redundancy.redundant import redundant as ask
    from perimeter_smt.questions.redundancy.untold import doubted
    from perimeter_smt.report import redundancy

    if kind is not None:
        found = ask(standings(_documents(paths, kind, values)), free_context=free_context)
    else:
        if len(paths) > 1:
            raise InputError("several paths without `--type`: expected one source, or the kind of these policies")
        from perimeter_smt.organization.readers import SourceOptions, read_source

        space = read_source(paths[0], SourceOptions(fill=values))
        with Bar(no_color=no_color) as bar:
            found = ask(places(space.organization), free_context=free_context, progress=bar)
        found = doubted(found, space)
    _emit(redundancy.redundant_json(found), redundancy.render, found, as_json=as_json, no_color=no_color)
    if any(one.redundant for one in found):
        return 1
    return 3 if any(one.status == "unknown" for one in found) else 0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--type", "kind", type=Choice(["scp", "rcp"]), required=True, help="Kind of the policies.")
@click.option("--size", type=click.IntRange(min=100), help="Characters of one policy [default: AWS's quota].")
@click.option("--count", type=click.IntRange(min=1), help="Policies [default: AWS's 10 or 5, less full access].")
@click.option("--no-sids", is_flag=True, help="Drop the statements' ids, too.")
@click.option("--output", "folder", type=PATH, help="A new or empty folder for the policies: KIND-1.json and so on.")
@set_option
@text_options
@timed
def pack(
    paths: tuple[Path, ...],
    kind: str,
    size: int | None,
    count: int | None,
    no_sids: bool,
    folder: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Rewrite SCPs or RCPs of one place to fit AWS's limits, proved to decide as before.

    Exit codes: 0 they fit, 1 they do not, 2 bad input, 3 equality was not proved: nothing is written.
    """
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is not empty, expected a new or empty folder for `--output`", file=str(folder))
    documents = _documents(paths, kind, fill(settings), sized=False)
    from perimeter_smt.questions.redundancy.pack import pack as ask
    from perimeter_smt.report import redundancy

    found = ask(documents, size=size, count=count, keep_sids=not no_sids)
    if folder is not None and found.proved:
        folder.mkdir(parents=True, exist_ok=True)
        for number, document in enumerate(found.documents, 1):
            output.emit(redundancy.document_text(document), folder / f"{kind}-{number}.json")
    _emit(redundancy.packed_json(found), redundancy.render_packed, found, as_json=as_json, no_color=no_color)
    return 3 if not found.proved else 0 if found.fits else 1


def _documents(paths: tuple[Path, ...], kind: str, values: dict[str, str], *, sized: bool = True) -> list[Document]:
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy
    from perimeter_smt.request.variables import refuse_unset

    for number, path in enumerate(paths):
        if path in paths[:number]:
            raise InputError("named twice", file=str(path))
        if path.is_dir():
            raise InputError("a folder, expected policies; without `--type` it is read as a source", file=str(path))
    return [refuse_unset(load_policy(path, Kind(kind), values, sized=sized)) for path in paths]


def _emit(value: dict[str, Any], render: Any, found: Any, *, as_json: bool, no_color: bool) -> None:
    if as_json:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(value))
        return
    output.emit(render(found, width=output.width(), color=output.colors(sys.stdout, no_color=no_color)))
