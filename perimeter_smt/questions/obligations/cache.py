"""Verdicts kept in a folder, under keys that name everything they depend on.

Guarantee: what `get` returns was put there under the same key, byte for byte.  An entry that is damaged, or stands
under another key than its own, is none.  Entries are JSON, so that reading one runs nothing; whoever may write the
folder may of course write verdicts, as whoever may write the program.  Several processes may use one folder: an entry
appears in one step.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from perimeter_smt.errors import InputError
from perimeter_smt.questions.obligations.deciding import Decided

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_NAME = re.compile(r"[0-9a-f]{64}\.json|\.new-.*")
_BEYOND = b"beyond\n"  # before what a verdict asked of the whole organization: it stands under a key that tells
_ANSWERS = {b"yes": True, b"no": False}
Asked = tuple[tuple[str, tuple[str, ...]], ...]


class Cache:
    """Verdicts in a folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        """InputError where the name is that of a file."""
        if folder.exists() and not folder.is_dir():
            raise InputError("not a folder, expected one for `--cache`", file=str(folder))
        self.folder = folder

    def get(self, key: str) -> Decided | None:
        """What was put under the key, None if nothing or no longer what it was."""
        body = self._read(key)
        if body is None or body.startswith(_BEYOND):
            return None
        from pydantic import ValidationError

        try:
            return _adapter().validate_json(body)
        except ValidationError:
            return None

    def put(self, key: str, decided: Decided) -> None:
        """Keep a verdict."""
        self._write(key, _adapter().dump_json(decided, exclude={"said"}))

    def beyond(self, key: str) -> Asked:
        """What the verdict of this key asked of the whole organization; nothing if it stands here, or nowhere."""
        body = self._read(key) or b""
        if not body.startswith(_BEYOND):
            return ()
        try:
            return tuple((str(objective), tuple(map(str, services))) for objective, services in json.loads(body[7:]))
        except (ValueError, TypeError, RecursionError):
            return ()

    def mark_beyond(self, key: str, asked: Asked) -> None:
        """Say so."""
        self._write(key, _BEYOND + json.dumps(asked).encode())

    def answer(self, key: str) -> bool | None:
        """The answer kept under the key to a question of yes or no."""
        return _ANSWERS.get(self._read(key) or b"")

    def keep_answer(self, key: str, answer: bool) -> None:
        """Keep it."""
        self._write(key, next(body for body, told in _ANSWERS.items() if told is answer))

    def _read(self, key: str) -> bytes | None:
        """The body of an entry that is whole and its own."""
        path = self._path(key)
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            told = json.loads(head)
        except (OSError, ValueError, RecursionError):
            return None
        if told != {"key": key, "sha256": sha256(body).hexdigest()}:
            return None
        with suppress(OSError):
            os.utime(path)  # used: `prune` goes by the last use
        return body

    def _write(self, key: str, body: bytes) -> None:
        """The entry, written beside its place and moved there."""
        head = json.dumps({"key": key, "sha256": sha256(body).hexdigest()}).encode()
        try:
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
                file.write(head + b"\n" + body)
            Path(file.name).replace(path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"cannot keep verdicts: {reason}", file=str(self.folder)) from None

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Decided]:
    """Made once: it takes longer than reading all verdicts."""
    from pydantic import TypeAdapter

    return TypeAdapter(Decided)


def prune(folder: Path, days: float) -> tuple[int, int]:
    """Remove the entries that were not used for so many days; how many are gone, and how many are left.

    Only files that look like entries are touched. InputError if there is no such folder.
    """
    if not folder.is_dir():
        raise InputError("no such folder, expected one of `--cache`", file=str(folder))
    gone = left = 0
    for path in _entries(folder):
        try:
            if time.time() - path.stat().st_mtime >= days * 86_400:
                path.unlink()
                gone += 1
            else:
                left += 1
        except FileNotFoundError:  # another process was quicker
            pass
    return gone, left


def holds_entries(folder: Path) -> bool:
    """Whether anything in a folder looks like an entry, or a folder of entries."""
    return any(below.is_dir() and re.fullmatch("[0-9a-f]{2}", below.name) for below in folder.iterdir())


def _entries(folder: Path) -> Iterator[Path]:
    for below in sorted(folder.iterdir()):
        if below.is_dir() and re.fullmatch("[0-9a-f]{2}", below.name):
            yield from (path for path in sorted(below.iterdir()) if _NAME.fullmatch(path.name) and path.is_file())
