"""Exports of AWS Config: items as JSON, JSON Lines, snapshots, histories, answers of aggregators; packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.aws_cli.read import files
from perimeter_smt.organization.readers.config.items import Item, read_item
from perimeter_smt.organization.readers.config.others import read_others
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.organization.readers.recognise import NOTES, read_bytes

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_LISTS = ("configurationItems", "BaseConfigurationItems", "baseConfigurationItems")
_GONE = ("ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded")


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Every item; of several items of one resource the newest counts."""
    newest: dict[tuple[str, str, str, str], Item] = {}
    found = 0
    for file in files(path):
        for value, at in _items(file):
            found += 1
            item = Item.of(value, at, options.account or "")
            if item is None:
                continue
            key = (item.type, item.account, item.region, item.id)
            known = newest.get(key)
            if known is None or item.time >= known.time:
                newest[key] = item
    if not found:
        raise InputError("no configuration item of AWS Config", file=str(path))
    there = [item for item in newest.values() if item.status not in _GONE]
    read_others(draft, [item for item in there if not _read(draft, item)])


def _read(draft: Draft, item: Item) -> bool:
    """Read an item. InputError for one of another form than Config writes."""
    try:
        return read_item(draft, item)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        said = str(error).lower()
        raise InputError(f"an item of another form than AWS Config writes: {said}", file=str(item.at)) from None


def _items(file: Path) -> Iterator[tuple[dict[str, Any], Place]]:
    data = read_bytes(file)
    if not data:
        return
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        yield from _lines(file, data)
        return
    yield from _of(value, Place(str(file)))


def _lines(file: Path, data: bytes) -> Iterator[tuple[dict[str, Any], Place]]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InputError(f"not JSON: {str(error).partition(':')[0]}", file=str(file), line=number) from None
        yield from _of(value, Place(str(file), (), number))


def _of(value: Any, at: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    """The items of a decoded value, whatever they are wrapped in."""
    if isinstance(value, str):  # results of queries are texts
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of(item, at.at(index))
    elif isinstance(value, dict):
        if "resourceType" in value:
            yield value, at
            return
        for name in (*_LISTS, "Results"):
            if isinstance(value.get(name), list):
                yield from _of(value[name], at.at(name))
        for name in NOTES:
            if isinstance(value.get(name), (dict, str)):
                yield from _of(value[name], at.at(name))
