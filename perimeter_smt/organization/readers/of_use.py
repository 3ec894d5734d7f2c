"""Options that no source has a use for: a mistake, which would go unnoticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.recognise import Form, read_bytes, recognise
from perimeter_smt.organization.readers.sources import SourceOptions, named_by

_TEMPLATES = frozenset((Form.CLOUDFORMATION,))
_OF_AN_ACCOUNT = frozenset((Form.CLOUDFORMATION, Form.TERRAFORM, Form.CLI, Form.CONFIG, Form.POLICIES))
_BRACKETS = "<>[]{}$ "


def refuse_useless(sources: Sequence[Path], options: SourceOptions) -> None:
    """InputError for `--parameter`, `--account` and `--set` of which none of the sources can make anything.

    Sources are all that is read with these options: states, changes, and the organization below them. What is not
    there, or is of no known form, is left to the reader.
    """
    if not (options.parameters or options.account or options.fill):
        return
    paths = list(_all(sources, options))
    forms = {recognise(path) for path in paths}
    if options.parameters and not forms & _TEMPLATES:
        name = next(iter(options.parameters))
        raise InputError(
            f"`{name}` is of no template: expected a source with a CloudFormation template", path="--parameter"
        )
    if options.account and not forms & _OF_AN_ACCOUNT:
        raise InputError("the source tells the account of everything in it: expected no account", path="--account")
    for name in options.fill:
        if not any(_holds(path, name.strip(_BRACKETS)) for path in paths):
            raise InputError(f"no file of the source holds the placeholder `{name}`", path="--set")


def _all(sources: Sequence[Path], options: SourceOptions) -> Iterator[Path]:
    """The paths, and what those name that are a `perimeter.yaml` of another source."""
    left = [*sources, *([options.organization] if options.organization else [])]
    seen: set[Path] = set()
    while left:
        path = left.pop(0)
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        yield path
        if recognise(path) is Form.PERIMETER:
            left += named_by(path)


def _holds(path: Path, name: str) -> bool:
    """Whether some file at or below a path holds a name, in whatever brackets."""
    wanted = name.encode()
    files = path.rglob("*") if path.is_dir() else (path,)
    return any(wanted in read_bytes(file) for file in files if file.is_file())
