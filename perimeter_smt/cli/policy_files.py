"""Policies to lint: files, folders and workspaces as documents, with the kind of each and how it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.organization.readers.recognise import Form, recognise
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.guessed_kind import Guess, Sure, guess_kind, is_policy
from perimeter_smt.policy.json_positions import MAX_CHARACTERS, read_json
from perimeter_smt.policy.kind_of_file import kind_of_file
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_and_check
from perimeter_smt.policy.resembling import is_statement, json_of, resembles_policy

_BY_NAME = "the name of the file or its folder"
_BY_OPTION = "`--type`"
_BY_WORKSPACE = "the workspace"
_WORKSPACE_FILES = ("perimeter.yaml", "organization.yaml")
_WHOLE = (Form.WORKSPACE, Form.PERIMETER, Form.LZA, Form.IAM_COLLECT)  # folders that are one source
_SOME_ORGANIZATION = "o-example0000"


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


def read_if_policy(path: Path, kind: str | None, values: Mapping[str, str]) -> Document | None:
    """The policy of one file, None if it holds none; its kind is told as in a folder that is searched from the top."""
    found = Policies()
    _file(path, path.parents[-1], kind, values, found, asked=kind is not None)
    if found.errors:
        raise found.errors[0]
    return found.documents[0] if found.documents else None


def _folder(top: Path, kind: str | None, values: Mapping[str, str], found: Policies) -> None:
    if _is_workspace(top) or _form(top) in _WHOLE:
        _workspace(top, values, found)
        return
    before = len(found.documents) + len(found.errors)
    workspaces: list[Path] = []
    from perimeter_smt.git_ignored import files_below  # this and what reads workspaces: for folders alone

    files = list(files_below(top, ".json"))
    if not files and _form(top) is not None:  # packed, or in lines
        _workspace(top, values, found)
        return
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
    if kind is None and file.is_file() and is_source(file):
        _workspace(file, values, found)
        return
    try:
        text = read_text(file, MAX_CHARACTERS, "one policy")  # once: a named pipe gives its text but once
        value = json_of(text)
        if not asked and not resembles_policy(text, value):
            found.skipped.append(file)
            return
        guess = _kind(file, top, kind, value, text)
        document, refused = parse_and_check(text, guess.kind, file=str(file), fill=values)
        if refused and guess.sure is not Sure.CERTAIN:
            # Only a kind that is sure can refuse a policy: a guess may be wrong.
            kind_left = Kind.RESOURCE if document.statements and document.statements[0].principal else Kind.IDENTITY
            other, also = parse_and_check(text, kind_left, file=str(file), fill=values)
            if also is None:
                document, refused = other, None
                guess = Guess(kind_left, Sure.GUESS, f"AWS refuses it as {guess.kind}")
        found.add(document, guess)
        found.errors += [refused] if refused else []
    except InputError as error:
        found.errors.append(error)


def _kind(file: Path, top: Path, kind: str | None, value: object, text: str) -> Guess:
    if kind is not None:
        return Guess(Kind(kind), Sure.CERTAIN, _BY_OPTION)
    try:
        return Guess(kind_of_file(file, top), Sure.CERTAIN, _BY_NAME)
    except InputError:
        if isinstance(value, Mapping) and is_policy(value):
            return guess_kind(value)
        if isinstance(value, Mapping) and is_statement(value):
            return Guess(Kind.IDENTITY, Sure.GUESS, "a single statement")  # which is refused as such
        if value is None:
            read_json(text, file=str(file))  # says what is wrong
            raise InputError("not valid JSON, and its name tells no kind of policy", file=str(file)) from None
        raise


def _form(path: Path) -> Form | None:
    """The form of a source; None for what is none, such as a policy by itself."""
    try:
        return recognise(path)
    except InputError:
        return None


def is_source(file: Path) -> bool:
    """Whether a file describes an organization; an answer of the command line may hold a policy alone."""
    form = _form(file)
    if form is not Form.CLI:
        return form is not None
    try:
        value = json_of(read_text(file, MAX_CHARACTERS, "one policy"))
    except InputError:
        return True
    return not (isinstance(value, Mapping) and is_policy(value))


def _is_workspace(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _WORKSPACE_FILES)


def _workspace_of(file: Path, top: Path) -> Path | None:
    """The workspace that a file lies in, no further up than the folder that was asked for."""
    for folder in file.parents:
        if folder == top or not folder.is_relative_to(top):
            return None
        if _is_workspace(folder):
            return folder
    return None


def _workspace(folder: Path, values: Mapping[str, str], found: Policies) -> None:
    """Every document of a workspace or another source, of the kind that it has there, once."""
    from perimeter_smt.organization.readers import SourceOptions, read_source
    from perimeter_smt.organization.readers.inferred import documents_of

    # No finding depends on the organization, so that one that a source does not tell is no error here.
    try:
        try:
            workspace = read_source(folder, SourceOptions(fill=values))
        except InputError as error:
            if "--org-id" not in error.message:
                raise
            workspace = read_source(folder, SourceOptions(fill=values, organization_id=_SOME_ORGANIZATION))
    except InputError as error:
        found.errors.append(error)
        return
    once: dict[tuple[str, str, Kind], Document] = {}
    for document in documents_of(workspace.organization):
        once.setdefault((document.location.file, document.location.path, document.kind), document)
    for document in once.values():
        found.add(document, Guess(document.kind, Sure.CERTAIN, _BY_WORKSPACE))
