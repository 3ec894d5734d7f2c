"""CloudTrail events out of files, folders and standard input, one at a time: memory does not grow with the logs.

Read are `Records` files as CloudTrail writes them (also packed), JSON Lines of events or of such files, arrays, events
as EventBridge hands them on (`detail`), answers of lookup-events, and CSV as Athena writes it. What wraps an event is
taken off: messages of SQS and SNS, events of CloudWatch Logs, rows of CloudTrail Lake; events of Security Lake (OCSF)
are turned back. Insights ask nothing; digests hold no events.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.questions.replay.athena import event_of_row, rows_of
from perimeter_smt.questions.replay.ocsf import event_of, is_ocsf

_ENDINGS = (".json", ".json.gz", ".jsonl", ".ndjson", ".jsonl.gz", ".csv", ".csv.gz", ".gz", ".log")
_PACKED = (".parquet", ".orc", ".avro", ".zip", ".bz2", ".xz", ".zst")  # refused: nothing is left out in silence
_CHUNK = 1 << 22
_WHOLE = 32 << 20  # files up to this size are decoded at once
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_RECORDS = re.compile(rb'\{\s*"Records"\s*:\s*\[')

_LISTS = ("Records", "Events", "events", "logEvents", "Messages", "QueryResultRows")
_TEXTS = ("CloudTrailEvent", "Body", "body", "Message", "message", "eventJson")  # JSON within JSON

Event = dict[str, Any]


def events_of(paths: Iterable[Path | str]) -> Iterator[Event]:
    """The events of files and folders (`-`: standard input), in the order of their names."""
    for path in paths:
        if str(path) == "-":
            yield from _stream(sys.stdin.buffer, "standard input", None)
            continue
        files = list(_files(Path(path)))
        if not files:
            raise InputError("no log files below this folder", file=str(path))
        for file in files:
            yield from _of_file(file)


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise InputError("no such file or folder", file=str(path))
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name.lower().endswith(_PACKED):
            raise InputError("expected JSON, gzip or CSV: unpack or convert it first", file=str(file))
        if file.is_file() and file.name.lower().endswith(_ENDINGS) and "CloudTrail-Digest" not in file.name:
            yield file


def _of_file(file: Path) -> Iterator[Event]:
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            size = None if packed else file.stat().st_size
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
            if ".csv" in file.name.lower():
                yield from rows_of(stream, str(file))
            else:
                yield from _stream(stream, str(file), size)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason.lower()}", file=str(file)) from None


def _stream(stream: IO[bytes], file: str, size: int | None) -> Iterator[Event]:
    head = stream.read(_CHUNK).removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        return
    if size is not None and size <= _WHOLE:
        data = head + stream.read()
        try:
            yield from _decoded(orjson.loads(data), file)
            return
        except orjson.JSONDecodeError:
            yield from _lines(data, iter(()), file)
            return
    chunks = iter(lambda: stream.read(_CHUNK), b"")
    opening = _RECORDS.match(head.lstrip()) or re.match(rb"\[", head.lstrip())
    if opening:
        yield from _elements(head.lstrip()[opening.end() :], chunks, file)
    else:
        yield from _lines(head, chunks, file)


def _lines(head: bytes, chunks: Iterator[bytes], file: str) -> Iterator[Event]:
    number, rest = 0, head
    for chunk in chain(chunks, (b"\n",)):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            if line.strip():
                yield from _line(line, file, number)


def _line(line: bytes, file: str, number: int) -> Iterator[Event]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"not JSON at column {error.colno}: {error.msg}".lower(), file=file, line=number) from None
    yield from _decoded(value, file, number)


def _elements(rest: bytes, chunks: Iterator[bytes], file: str) -> Iterator[Event]:
    """The elements of an array too large to be decoded at once: cut between objects, joined again where that was wrong.

    A cut inside an event leaves a piece that is no JSON, to which the next one is added.
    """
    piece = b""
    while True:
        start = 0
        for cut in _BETWEEN.finditer(rest):
            piece += rest[start : cut.start() + 1]
            start = cut.end() - 1
            if (value := _loaded(piece)) is not None:
                yield from _decoded(value, file)
                piece = b""
            else:
                piece += b","
            if len(piece) > _WHOLE:
                raise InputError("an event of more than 32 MB", file=file)
        rest = rest[start:]
        chunk = next(chunks, b"")
        if not chunk:
            break
        rest += chunk
    last = piece + rest
    for end in (match.end() for match in re.finditer(rb"\}", last)):
        if (value := _loaded(last[:end])) is not None:
            yield from _decoded(value, file)
            return
    if last.strip(b" \r\n\t]}"):
        raise InputError("ends within an event", file=file)


def _loaded(piece: bytes) -> Any:
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError:
        return None


def events_in(value: Any) -> list[Event]:
    """The events of a decoded text; none where it holds something else."""
    try:
        return list(_decoded(value, "the request"))
    except InputError:
        return []


def _row(cells: list[Any]) -> Event | None:
    """A row of CloudTrail Lake, of which each cell is an object with one column."""
    if len(cells) < 2 or not all(isinstance(cell, dict) and len(cell) == 1 for cell in cells):
        return None
    texts = {name: text for cell in cells for name, text in cell.items() if isinstance(text, str)}
    event = event_of_row(texts)
    return event if "eventSource" in event and "eventName" in event else None


def _decoded(value: Any, file: str, line: int = 0) -> Iterator[Event]:
    if isinstance(value, list):
        row = _row(value)
        for item in value if row is None else (row,):
            yield from _decoded(item, file, line)
        return
    if not isinstance(value, dict):
        raise InputError("no CloudTrail event, expected an object", file=file, line=line)
    if ("eventSource" in value and "eventName" in value) or isinstance(value.get("insightDetails"), dict):
        yield value
    elif is_ocsf(value):
        yield event_of(value)
    elif isinstance(value.get("logFiles"), list) and "digestStartTime" in value:
        return  # a digest tells which files there are, and no event
    elif value.get("messageType") == "CONTROL_MESSAGE":
        return  # CloudWatch Logs looks whether a subscription is there
    elif (name := next((name for name in _LISTS if isinstance(value.get(name), list)), None)) is not None:
        yield from _decoded(value[name], file, line)
    elif (name := next((name for name in _TEXTS if isinstance(value.get(name), str)), None)) is not None:
        yield from _decoded(_loaded(value[name].encode()), file, line)
    elif isinstance(value.get("detail"), dict):
        yield from _decoded(value["detail"], file, line)
    else:
        raise InputError("no CloudTrail event: neither `eventSource` nor `Records`", file=file, line=line)
