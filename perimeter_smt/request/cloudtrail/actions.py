"""The IAM actions of an event: by tables where names differ, else the name of the event without its version."""

from __future__ import annotations

import re
from functools import lru_cache

from perimeter_smt.request.actions import action_info
from perimeter_smt.request.keys import table_rows

_HOST = ".amazonaws.com"
# API versions behind the names of Lambda (`ListFunctions20150331`) and CloudFront (`GetDistribution2020_05_31`).
_VERSION = re.compile(r"20[0-9]{2}_?[0-9]{2}_?[0-9]{2}(v[0-9]+)?$")
_METHODS = (("Get", "GET"), ("Create", "POST"), ("Update", "PATCH"), ("Delete", "DELETE"), ("Put", "PUT"))


@lru_cache(maxsize=16384)
def actions_of(source: str, name: str) -> tuple[str, ...] | None:
    """The actions of an event such as (`s3.amazonaws.com`, `HeadObject`); None: not known which.

    Empty: the event is no call that IAM decides on.
    """
    service = service_of(source)
    rows = _events()
    found = rows.get((service, name.lower()))
    if found is not None:
        return found
    bare = _VERSION.sub("", name)
    found = rows.get((service, bare.lower()))
    if found is not None:
        return found
    info = action_info(f"{service}:{bare}")
    if info is not None:
        return (str(info),)
    if service == "apigateway":
        return next(((f"apigateway:{method}",) for verb, method in _METHODS if bare.startswith(verb)), None)
    return None


@lru_cache(maxsize=1024)
def service_of(source: str) -> str:
    """The service prefix of IAM actions for an event source such as `monitoring.amazonaws.com`."""
    host = source.lower().removesuffix(".cn").removesuffix(_HOST)
    return _sources().get(host, host)


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    return {row["source"]: row["service"] for row in table_rows("cloudtrail-sources")}


@lru_cache(maxsize=1)
def _events() -> dict[tuple[str, str], tuple[str, ...]]:
    rows = table_rows("cloudtrail-events")
    return {(row["service"], row["event"].lower()): tuple(row["actions"]) for row in rows}
