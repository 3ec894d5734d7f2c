"""`perimeter init`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from perimeter_smt.cli.options import fill, set_option
from perimeter_smt.cli.source_options import identity_flags, source_flags, source_options
from perimeter_smt.errors import InputError

_KEPT = {"org_id": "organization", "management_account": "management_account", "region": "region",
         "org_account": "org_account"}  # fmt: skip


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "source", type=click.Path(path_type=Path), required=True, help="The source to read.")
@source_flags
@identity_flags
@set_option
def init(folder: Path, source: Path, settings: tuple[str, ...], **options: Any) -> int:
    """Write a commented perimeter.yaml to FOLDER, inferred from the policies of a source that is read in place.

    Beside it perimeter.schema.json, by which editors complete and check it.

    Exit codes: 0 written, 2 bad input.
    """
    from perimeter_smt.organization.proposals import proposals
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.report.json import schema
    from perimeter_smt.report.perimeter_file import SCHEMA_FILE, perimeter_yaml

    target = folder / "perimeter.yaml"
    if folder.exists() and not folder.is_dir():
        raise InputError("is no folder, expected a new one, or one without perimeter.yaml", file=str(folder))
    if target.exists():
        raise InputError("exists already, expected a folder without one", file=str(target))
    if folder.resolve() == source.resolve():  # it would name itself
        raise InputError("is the source itself, expected another folder for perimeter.yaml", file=str(folder))
    chosen = source_options(fill(settings), options, source)
    workspace = read_source(source, chosen)
    found = proposals(workspace)
    kept: dict[str, str | Mapping[str, str]] = {"path": _from(folder, source)}
    kept |= {name: str(options[key]) for key, name in _KEPT.items() if options.get(key)}
    if chosen.account:
        kept["account"] = chosen.account
    if chosen.complete:
        kept["complete"] = "true"
    if chosen.organization:
        kept["org"] = _from(folder, chosen.organization)
    kept |= {"parameter": chosen.parameters, "set": chosen.fill}
    folder.mkdir(parents=True, exist_ok=True)
    text = perimeter_yaml(workspace, found, kept, datetime.now(UTC).date())
    target.write_text(text, "utf-8")
    if not (described := folder / SCHEMA_FILE).exists():
        described.write_text(schema("perimeter-yaml"), "utf-8")
    click.echo(f"{target}: read it, then run `perimeter prove {folder}`")
    return 0


def _from(folder: Path, path: Path) -> str:
    """The path as it is written in a file of the folder."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
