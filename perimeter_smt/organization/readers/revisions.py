"""A folder or file as it stands in a revision of its git repository, read from git without touching the work tree."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from perimeter_smt.errors import InputError
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.states import with_documents
from perimeter_smt.policy.document import Document, Location, Statement

_HEAD = "HEAD"


def revisions(text: str, path: Path) -> tuple[str, str | None]:
    """The two revisions of `A..B`, `A...B` (from where they parted), `A..` or `A` (None: the work tree).

    InputError for what git does not know.
    """
    first, dots, second = text.partition("...") if "..." in text else text.partition("..")
    if not first and not second:
        raise InputError("an empty range, expected such as `main..HEAD`", path="--git")
    folder = _folder(path)
    old = _commit(first or _HEAD, folder)
    if not dots:
        return old, None
    new = _commit(second or _HEAD, folder)
    if dots == "...":
        base = _git(folder, "merge-base", old, new).decode().strip()
        return base, new
    return old, new


@contextmanager
def at_revision(path: Path, revision: str) -> Iterator[Path]:
    """The path as a revision has it, in a folder of its own that is gone afterwards; InputError if it has none."""
    folder = _folder(path)
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    inside = path.resolve().relative_to(top.resolve()).as_posix()
    listed = _git(folder, "ls-tree", "-r", "-z", "--full-tree", revision, *([] if inside == "." else ["--", inside]))
    entries = [line.split(b"\t", 1) for line in listed.split(b"\0") if line]
    blobs = [(head.split()[2], name.decode("utf-8", "surrogateescape")) for head, name in entries
             if head.split()[0] in (b"100644", b"100755")]  # fmt: skip
    if not blobs:
        raise InputError(f"not in revision `{revision[:12]}`", file=str(path))
    with TemporaryDirectory(prefix="perimeter-") as temporary:
        for name, data in zip((name for _, name in blobs), _contents(folder, [own for own, _ in blobs]), strict=True):
            target = Path(temporary) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        yield Path(temporary) / inside if inside != "." else Path(temporary)


def relabelled(workspace: Workspace, folder: Path, shown: str) -> Workspace:
    """The workspace with the places of its policies below `folder` named as `shown`."""
    prefix = str(folder)

    def place(at: Location) -> Location:
        return replace(at, file=shown + at.file.removeprefix(prefix)) if at.file.startswith(prefix) else at

    def statement(found: Statement) -> Statement:
        return replace(found, location=place(found.location))

    def document(found: Document) -> Document:
        statements = tuple(map(statement, found.statements))
        return found.model_copy(update={"location": place(found.location), "statements": statements})

    return workspace.model_copy(update={"organization": with_documents(workspace.organization, document)})


def _folder(path: Path) -> Path:
    """The nearest folder that is there: a path may be of another revision only."""
    found = path.resolve()
    while not found.is_dir():
        found = found.parent
    return found


def _commit(name: str, folder: Path) -> str:
    _git(folder, "rev-parse", "--git-dir")  # says so where there is no repository
    try:
        found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except InputError:
        raise InputError(f"no revision `{name}`", path="--git") from None
    return found.decode().strip()


def _contents(folder: Path, names: list[bytes]) -> Iterator[bytes]:
    """The contents of blobs, in order."""
    answer = _git(folder, "cat-file", "--batch", given=b"\n".join(names) + b"\n")
    position = 0
    for _ in names:
        end = answer.index(b"\n", position)
        size = int(answer[position:end].split()[2])
        yield answer[end + 1 : end + 1 + size]
        position = end + 2 + size


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    try:
        found = subprocess.run(["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise InputError("`git` is not installed", path="--git") from None
    if found.returncode:
        said = found.stderr.decode("utf-8", "replace").strip().splitlines()
        if said and "not a git repository" in said[-1]:
            raise InputError("no repository of git", file=str(folder))
        raise InputError(f"git: {said[-1].removeprefix('fatal: ') if said else 'failed'}", path="--git")
    return found.stdout
