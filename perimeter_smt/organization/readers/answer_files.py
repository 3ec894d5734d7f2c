"""Files of answers and what they hold: JSON, one value after another, JSON Lines, YAML; packed, and however named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import Place
from perimeter_smt.policy.json_positions import read_json

JSON_FILES, YAML_FILES = (".json", ".jsonl", ".ndjson", ".gz"), (".yaml", ".yml")
_MAYBE = ("", ".txt", ".out", ".log")  # of a redirected answer: it is one if it begins like one
_TABLES, _HEAD = (".csv", ".tsv", ".table"), 65536
_OF_A_WORKSPACE = ("perimeter.yaml", "organization.yaml")


def files(path: Path, also: tuple[str, ...] = ()) -> Iterator[Path]:
    """The files at or below a path that may hold answers, in the order of their names; `also`: more extensions."""
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        suffix = file.suffix.lower()
        if file.name.startswith(".") or not file.is_file() or file.name in _OF_A_WORKSPACE:
            continue
        if suffix in (*JSON_FILES, *YAML_FILES, *also) or (suffix in _MAYBE and _begins(file)):
            yield file


def tables(path: Path) -> Iterator[Path]:
    """Files of a folder that hold answers in another form (`--output text`, CSV of a console): ARNs stand there."""
    for file in sorted(path.rglob("*")) if path.is_dir() else ():
        if file.suffix.lower() in (*_MAYBE, *_TABLES) and not file.name.startswith(".") and file.is_file():
            with file.open("rb") as opened:
                if b"arn:aws" in opened.read(_HEAD) and not _begins(file):
                    yield file


def _begins(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] in (b"{", b"[") or head[:3] in (b"\xff\xfe{", b"\xff\xfe[")


def values_of(file: Path, data: bytes) -> Iterator[tuple[Any, Place]]:
    """The values of a file: one, several in a list, one on each line, or one after another."""
    if not data:
        return
    at = Place(str(file))
    if file.suffix.lower() in YAML_FILES:
        yield from _from_yaml(data, at)
        return
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        yield from _several(file, data, error)
        return
    if isinstance(value, list):
        yield from ((item, at.at(index)) for index, item in enumerate(value))
    else:
        yield value, at


def _several(file: Path, data: bytes, error: orjson.JSONDecodeError) -> Iterator[tuple[Any, Place]]:
    """Values one after another; InputError for what breaks off, with the line where it does."""
    first = data.splitlines()[0]
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        yield from _stream(file, data, error)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield orjson.loads(line), Place(str(file), (), number)
        except orjson.JSONDecodeError as inner:
            raise _broken(file, inner, number) from None


def _stream(file: Path, data: bytes, error: orjson.JSONDecodeError) -> Iterator[tuple[Any, Place]]:
    """Answers that were written behind one another (`>>`, `cat`), each over several lines."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _broken(file, error, 1) from None
    decoder, position = json.JSONDecoder(), 0
    found: list[tuple[Any, Place]] = []
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        try:
            value, end = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as inner:
            if not found:  # it was meant to be one
                raise _broken(file, error, data.count(b"\n", 0, error.pos) + 1) from None
            raise _broken(file, inner, line) from None
        found.append((value, Place(str(file), (), line)))
        position = end + len(text[end:]) - len(text[end:].lstrip())
    yield from found


def _broken(file: Path, error: Exception, line: int) -> InputError:
    """What is wrong where a text breaks off; a trailing comma is told where it stands."""
    try:
        read_json(file.read_bytes().decode("utf-8-sig"), file=str(file))
    except InputError as found:
        if "trailing comma" in found.message:
            return InputError(found.message.removeprefix("not valid JSON: "), file=str(file), line=found.line)
    except (OSError, UnicodeDecodeError, RecursionError):
        pass
    return InputError(f"not JSON: {str(error).partition(':')[0].lower()}", file=str(file), line=line)


def _from_yaml(data: bytes, at: Place) -> Iterator[tuple[Any, Place]]:
    """What `--output yaml` writes; nothing for what is no YAML of one or more plain documents."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = list(YAML(typ="safe").load_all(data.decode("utf-8", "replace")))
    except (YAMLError, ValueError, TypeError, RecursionError):
        return
    for value in found:
        value = _plain(value)
        if isinstance(value, list):
            yield from ((item, at.at(index)) for index, item in enumerate(value))
        elif value is not None:
            yield value, at


def _plain(value: Any) -> Any:
    """Values as JSON has them: days and times are texts again."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value
