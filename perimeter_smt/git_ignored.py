"""Files below a folder that git would not ignore (gitignore(5): every `.gitignore` from the top of the work tree)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from perimeter_smt.errors import InputError

_NAME = ".gitignore"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Rules:
    """What one `.gitignore` says of the paths below its folder."""

    folder: Path
    spec: GitIgnoreSpec

    def says(self, path: Path, *, is_folder: bool) -> bool | None:
        """True: ignored, False: taken back in, None: nothing."""
        relative = path.relative_to(self.folder).as_posix() + ("/" if is_folder else "")
        return self.spec.check_file(relative).include


def files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """The files of this suffix in the order of their paths; `.git` and what git ignores is left out."""
    top = folder.resolve()
    yield from _walk(folder, top, _above(top), suffix)


def _walk(shown: Path, real: Path, rules: tuple[_Rules, ...], suffix: str) -> Iterator[Path]:
    rules = (*rules, *_read(real))
    try:
        entries = sorted(shown.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or 'unknown error').lower()}", file=str(shown)) from None
    for entry in entries:
        is_folder = entry.is_dir()
        place = real / entry.name
        if entry.name == ".git" or (is_folder and entry.is_symlink()) or _ignored(place, rules, is_folder=is_folder):
            continue
        if is_folder:
            yield from _walk(entry, place, rules, suffix)
        elif entry.name.endswith(suffix) and entry.is_file():
            yield entry


def _above(folder: Path) -> tuple[_Rules, ...]:
    """The rules of the folders above, up to the top of the work tree; none outside of one."""
    found: list[_Rules] = []
    if (folder / ".git").exists():
        return ()
    for parent in folder.parents:
        found += _read(parent)
        if (parent / ".git").exists():
            return tuple(reversed(found))
    return ()


def _read(folder: Path) -> list[_Rules]:
    file = folder / _NAME
    try:
        if not file.is_file() or file.stat().st_size > _MAX_BYTES:
            return []
        lines = file.read_text("utf-8", errors="replace").splitlines()
        return [_Rules(folder, GitIgnoreSpec.from_lines(lines))]
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", file=str(file)) from None


def _ignored(path: Path, rules: tuple[_Rules, ...], *, is_folder: bool) -> bool:
    """The innermost file that says something decides."""
    for one in reversed(rules):
        said = one.says(path, is_folder=is_folder)
        if said is not None:
            return said
    return False
