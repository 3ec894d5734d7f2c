"""Exports of AWS Config: items as JSON, JSON Lines, snapshots, histories, answers of aggregators; packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.config import permission_sets
from perimeter_smt.organization.readers.config.item import Item, as_object
from perimeter_smt.organization.readers.config.items import read_item
from perimeter_smt.organization.readers.config.others import IDS, Named, name_silent, named, read_others
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.organization.readers.recognise import NOTES

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_LISTS = ("configurationItems", "BaseConfigurationItems", "baseConfigurationItems")
_LEFT = ("UnprocessedResourceIdentifiers", "unprocessedResourceKeys")
_GONE = ("ResourceDeleted", "ResourceDeletedNotRecorded")
_SUMMARY = "configurationItemSummary"  # of items that are too large for a notification
_TOO_LARGE = "the notification leaves out an item of this size"
_TOLD = frozenset(("resourceType", "configuration", "supplementaryConfiguration"))  # of an item
_TORN = "several items tell different things of it, and not when"


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Every item, and the answers of the AWS CLI beside them."""
    from perimeter_smt.organization.readers.aws_cli.read import read as read_export

    read_export(path, draft, options)


class Export:
    """Items and names of resources, gathered from any number of files."""

    def __init__(self, draft: Draft, account: str) -> None:
        self.draft, self.account = draft, account
        self.items: list[Item] = []
        self.names: list[Named] = []  # resources that are listed without their configuration
        self.typeless: list[Place] = []  # items that do not say of which type they are
        self.found = False

    def add(self, value: Any, at: Place) -> None:
        """Whatever a decoded value of Config holds, however it is wrapped."""
        self.found = True
        for inner, place in _of(value, at):
            item = Item.of(inner, place, self.account)
            if item is not None:
                self.items.append(item)
            else:
                self.typeless.append(place)
        for holder, place in _wrappers(value, at):
            for name in (*_LEFT, *IDS):
                reason = "left out of the answer" if name in _LEFT else "listed without its configuration"
                for index, inner in enumerate(holder.get(name) or ()):
                    self.names.append(named(inner, place.at(name, index), self.account, reason))
            if summary := as_object(holder.get(_SUMMARY)):
                self.names.append(named(summary, place.at(_SUMMARY), self.account, _TOO_LARGE))
            if holder.get("NextToken") or holder.get("nextToken"):
                self.draft.unknown("items of AWS Config", "the answer has more pages", "grants", place, account="*")
                self.draft.endpoints_cut = True

    def finish(self) -> None:
        """Read the newest item of every resource."""
        newest = newest_of(self.items)
        there = [item for item in newest if item.status not in _GONE]
        _accounts(self.draft, there)
        if self.typeless:
            items_of = "1 item" if len(self.typeless) == 1 else f"{len(self.typeless)} items"
            self.draft.unknown(f"what {items_of} of AWS Config tell", "the query did not select `resourceType`",
                               "grants", self.typeless[0], account="*")  # fmt: skip
        rest = [item for item in there if not _read(self.draft, item)]
        try:
            rest = permission_sets.read(self.draft, rest)
        except (TypeError, KeyError, AttributeError, ValueError):
            at = next(item.at for item in rest if item.type in permission_sets.TYPES)
            raise InputError("permission sets of another form than their resource type has", file=str(at)) from None
        read_others(self.draft, rest)
        name_silent(self.draft, self.names, newest)


def newest_of(items: list[Item]) -> list[Item]:
    """Of several items of one resource the newest; a resource is known by its ARN, or where that is missing by its id.

    A role that was deleted and made again has the ARN of the former one and another id.
    """
    arns: dict[tuple[str, str, str, str], str] = {}
    for item in items:
        if item.arn:
            arns[item.type, item.account, item.region, item.id] = item.arn
    newest: dict[tuple[str, ...], Item] = {}
    for item in items:
        own = (item.type, item.account, item.region, item.id)
        arn = item.arn or arns.get(own, "")
        key = (item.type, arn) if arn else own
        known = newest.get(key)
        if known is None or item.time > known.time:
            newest[key] = item
        elif item.time == known.time:
            same = (item.configuration, item.more, item.status) == (known.configuration, known.more, known.status)
            newest[key] = item if same else replace(item, torn=_TORN)
    return list(newest.values())


def _accounts(draft: Draft, items: list[Item]) -> None:
    """Accounts that are no ids: somebody made them unreadable."""
    wrong: dict[str, list[Item]] = {}
    for item in items:
        if not (len(item.account) == 12 and item.account.isdigit()):
            wrong.setdefault(item.account, []).append(item)
    for account, of_it in wrong.items():
        some = "1 item" if len(of_it) == 1 else f"{len(of_it)} items"
        what = f"account `{account}`" if account else "account"
        draft.unknown(f"{what} of {some}", "not told: expected 12 digits", "grants", of_it[0].at, account="*")


def _read(draft: Draft, item: Item) -> bool:
    """Read an item. InputError for one of another form than Config writes."""
    try:
        return read_item(draft, item)
    except (TypeError, KeyError, AttributeError, ValueError):
        raise InputError(f"an item of another form than AWS Config writes (`{item.type}`)", file=str(item.at)) from None


def _wrappers(value: Any, at: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    """The objects around items: answers, and what notifications hold."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _wrappers(inner, at.at(index))
    elif isinstance(value, dict) and "resourceType" not in value:
        yield value, at
        for name in NOTES:
            if inner := as_object(value.get(name)):
                yield from _wrappers(inner, at.at(name))


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
        if _TOLD & value.keys() and not any(name in value for name in (*_LISTS, "Results")):
            yield value, at
            return
        for name in (*_LISTS, "Results"):
            if name in value and not isinstance(value[name], list):
                raise InputError(f"`{name}` is no list", file=str(at))
            if isinstance(value.get(name), list):
                yield from _of(value[name], at.at(name))
        for name in NOTES:
            if isinstance(value.get(name), (dict, str)):
                yield from _of(value[name], at.at(name))
