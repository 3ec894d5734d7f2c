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
    """Look for known mistakes in policies: files, folders of *.json, or workspaces.

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
    from perimeter_smt.organization.readers.workspace import ORGANIZATION_FILE, PERIMETER_FILE
    from perimeter_smt.policy.kinds import Kind
    from perimeter_smt.policy.parse import load_and_check

    documents: list[Document] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            if (path / PERIMETER_FILE).is_file() or (path / ORGANIZATION_FILE).is_file():
                documents += _of_workspace(path, values)
                continue
            for file, top in _files(path):
                try:
                    chosen = Kind(kind) if kind else kind_of_file(file, top)
                    document, refused = load_and_check(file, chosen, values)
                    documents.append(document)
                    errors += [refused] if refused else []
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


def _of_workspace(folder: Path, values: dict[str, str]) -> list[Document]:
    """Every document of a workspace, of the kind that its yaml gives, once."""
    from perimeter_smt.organization.readers import load_workspace

    found: list[Document] = []
    units = [load_workspace(folder, values).organization.root]
    while units:
        unit = units.pop(0)
        units += unit.units
        for level in (unit.guardrails, *(account.guardrails for account in unit.accounts)):
            found += [*level.scps, *level.rcps]
        for account in unit.accounts:
            found += [endpoint.policy for endpoint in account.endpoints if endpoint.policy]
            found += [resource.policy for resource in account.resources if resource.policy]
            for owned in account.principals:
                found += [*owned.policies, *(policy for policy in (owned.boundary, owned.trust) if policy)]
    once: dict[tuple[str, Kind], Document] = {}
    for document in found:
        once.setdefault((document.location.file, document.kind), document)
    return list(once.values())
