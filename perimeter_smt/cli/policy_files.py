"""Policies to lint: files, folders and workspaces as documents, with the kind of each and how it was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from perimeter_smt.cli.git_ignored import files_below
from perimeter_smt.cli.kind_of_file import kind_of_file
from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.lint.kinds import Guess, Sure, guess_kind, is_policy
from perimeter_smt.organization.readers import load_workspace
from perimeter_smt.organization.readers.workspace import ORGANIZATION_FILE, PERIMETER_FILE
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import MAX_CHARACTERS
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_and_check

_BY_NAME = "the name of the file or its folder"
_BY_OPTION = "`--type`"
_BY_WORKSPACE = "the workspace"


@dataclass(slots=True)
class Policies:
    """What was read: documents, kinds by file with how they were told, errors, and files that hold no policy."""

    documents: list[Document] = field(default_factory=list)
    kinds: dict[str, Guess] = field(default_factory=dict)
    errors: list[InputError] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)

    def add(self, document: Document, guess: Guess) -> None:
        """Note a document and how its kind was told."""
        self.documents.append(document)
        self.kinds[document.location.file] = guess


def read_policies(paths: Iterable[Path], kind: str | None, values: Mapping[str, str]) -> Policies:
    """The policies at these paths. A folder is searched for *.json that git does not ignore; what is no policy there is
    passed over. A workspace gives the kinds itself, also where it lies below a folder that was asked for.
    """
    found = Policies()
    for path in paths:
        try:
            if not path.exists():
                raise InputError("no such file or folder", file=str(path))
            if path.is_dir():
                _folder(path, kind, values, found)
            else:
                _file(path, path.parent, kind, values, found, asked=True)
        except InputError as error:
            found.errors.append(error)
    return found


def _folder(top: Path, kind: str | None, values: Mapping[str, str], found: Policies) -> None:
    if _is_workspace(top):
        _workspace(top, values, found)
        return
    before = len(found.documents) + len(found.errors)
    workspaces: list[Path] = []
    files = list(files_below(top, ".json"))
    if not files:
        raise InputError("no *.json below this folder", file=str(top))
    for file in files:
        home = _workspace_of(file, top)
        if home is None:
            _file(file, top, kind, values, found, asked=False)
        elif home not in workspaces:
            workspaces.append(home)
            _workspace(home, values, found)
    if len(found.documents) + len(found.errors) == before:
        raise InputError("none of the *.json below this folder is a policy", file=str(top))


def _file(file: Path, top: Path, kind: str | None, values: Mapping[str, str], found: Policies, *, asked: bool) -> None:
    try:
        text = read_text(file, MAX_CHARACTERS, "one policy")  # once: a named pipe gives its text but once
        value = _json(text)
        if not asked and not _resembles_policy(text, value):
            found.skipped.append(file)
            return
        guess = _kind(file, top, kind, value)
        document, refused = parse_and_check(text, guess.kind, file=str(file), fill=values)
        found.add(document, guess)
        found.errors += [refused] if refused else []
    except InputError as error:
        found.errors.append(error)


def _kind(file: Path, top: Path, kind: str | None, value: object) -> Guess:
    if kind is not None:
        return Guess(Kind(kind), Sure.CERTAIN, _BY_OPTION)
    try:
        return Guess(kind_of_file(file, top), Sure.CERTAIN, _BY_NAME)
    except InputError:
        if isinstance(value, Mapping) and is_policy(value):
            return guess_kind(value)
        raise


def _json(text: str) -> object:
    """The decoded text, None where it is no JSON; the parser of policies tells what is wrong."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _resembles_policy(text: str, value: object) -> bool:
    """Whether a file met in a folder is meant as a policy: then what is wrong with it is an error."""
    if isinstance(value, Mapping):
        names = [str(name) for name in value]
        return bool(get_close_matches("Statement", names, 1, 0.8)) or str(value.get("Version")) in (
            "2012-10-17",
            "2008-10-17",
        )
    return value is None and '"Statement"' in text


def _is_workspace(folder: Path) -> bool:
    return (folder / PERIMETER_FILE).is_file() or (folder / ORGANIZATION_FILE).is_file()


def _workspace_of(file: Path, top: Path) -> Path | None:
    """The workspace that a file lies in, no further up than the folder that was asked for."""
    for folder in file.parents:
        if folder == top or not folder.is_relative_to(top):
            return None
        if _is_workspace(folder):
            return folder
    return None


def _workspace(folder: Path, values: Mapping[str, str], found: Policies) -> None:
    """Every document of a workspace, of the kind that its yaml gives, once."""
    documents: list[Document] = []
    try:
        units = [load_workspace(folder, dict(values)).organization.root]
    except InputError as error:
        found.errors.append(error)
        return
    while units:
        unit = units.pop(0)
        units += unit.units
        for level in (unit.guardrails, *(account.guardrails for account in unit.accounts)):
            documents += [*level.scps, *level.rcps]
        for account in unit.accounts:
            documents += [endpoint.policy for endpoint in account.endpoints if endpoint.policy]
            documents += [resource.policy for resource in account.resources if resource.policy]
            for owned in account.principals:
                documents += [*owned.policies, *(policy for policy in (owned.boundary, owned.trust) if policy)]
    once: dict[tuple[str, Kind], Document] = {}
    for document in documents:
        once.setdefault((document.location.file, document.kind), document)
    for document in once.values():
        found.add(document, Guess(document.kind, Sure.CERTAIN, _BY_WORKSPACE))
