"""`perimeter lint`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import MORE_KINDS, fill, set_option, text_options
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document
    from perimeter_smt.policy.kinds import Kind

_MANY = 20
_SOME_ORGANIZATION = "o-example0000"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--type", "kind", type=click.Choice(MORE_KINDS), help="Kind of all policies; else told by their names.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules and exit.")
@set_option
@text_options
def lint(
    paths: tuple[Path, ...],
    kind: str | None,
    list_rules: bool,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Look for known mistakes in policies: files, folders of *.json, workspaces or other sources.

    Exit codes: 0 nothing found, 1 findings, 2 bad input.
    """
    from perimeter_smt.lint import lint as check
    from perimeter_smt.report import findings

    color = output.colors(sys.stdout, no_color=no_color)
    if list_rules:
        output.emit(findings.render_rules(width=output.width(), color=color))
        return 0
    if not paths:
        raise InputError("nothing to lint: expected policy files, folders or a workspace")
    documents, errors = _read(paths, kind, fill(settings))
    found = [finding for document in documents for finding in check(document)]
    if as_json and documents:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(findings.findings_json(found, len(documents))))
    elif documents:
        output.emit(findings.render(found, len(documents), width=output.width(), color=color))
    for error in errors[:_MANY]:
        output.complain(str(error))
    if len(errors) > _MANY:
        output.complain(f"{len(errors) - _MANY} more files could not be read")
    return 2 if errors else int(bool(found))


def _read(paths: Iterable[Path], kind: str | None, values: dict[str, str]) -> tuple[list[Document], list[InputError]]:
    """All documents, and what is wrong with the files that are none."""
    from perimeter_smt.cli.kind_of_file import kind_of_file
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_policy

    documents: list[Document] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            if _is_source(path):
                documents += _of_workspace(path, values)
                continue
            for file, top in _files(path):
                try:
                    chosen = Kind(kind) if kind else kind_of_file(file, top)
                    documents.append(load_policy(file, chosen, values, strict=False))
                except InputError as error:
                    errors.append(error)
        except InputError as error:
            errors.append(error)
    return documents, errors


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """The policy files at a path in the order of their names, with the folder that was asked for."""
    if not path.exists():
        raise InputError("no such file or folder", file=str(path))
    if not path.is_dir():
        yield path, path.parent
        return
    found = sorted(file for file in path.rglob("*.json") if file.is_file())
    if not found:
        raise InputError("no *.json below this folder", file=str(path))
    yield from ((file, path) for file in found)


def _is_source(path: Path) -> bool:
    """Whether this is a workspace or another source, and not policies by themselves."""
    from perimeter_smt.organization.readers.recognise import recognise

    if not path.exists():
        return False
    try:
        return recognise(path) is not None
    except InputError:
        return False


def _of_workspace(path: Path, values: dict[str, str]) -> list[Document]:
    """Every document of a workspace or another source, of the kind that it has there, once."""
    from perimeter_smt.organization.readers import SourceOptions, read_source
    from perimeter_smt.organization.readers.inferred import documents_of

    # No finding depends on the organization, so that one that the source does not tell is no error here.
    options = SourceOptions(fill=values)
    try:
        workspace = read_source(path, options)
    except InputError as error:
        if "--org-id" not in error.message:
            raise
        workspace = read_source(path, SourceOptions(fill=values, organization_id=_SOME_ORGANIZATION))
    once: dict[tuple[str, str, Kind], Document] = {}
    for document in documents_of(workspace.organization):
        once.setdefault((document.location.file, document.location.path, document.kind), document)
    return list(once.values())
