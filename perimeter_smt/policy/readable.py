"""Condition values that no operator can read: `Bool maybe`, month 13, a prefix of 33 bits (semantics 2.4 to 2.8).

Such a value compares with nothing, so that a positive condition never holds and a negated one always does: a typing
mistake that turns a guardrail off, or into one that denies everything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from ipaddress import ip_network

from perimeter_smt.policy.operators import BaseOperator, Family

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,15})?")
_EPOCH = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|[+-]([0-9]{2}):([0-9]{2}))?)?)?)?"
)
_RANGE = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
_LONGEST = 1000


def unreadable(operator: BaseOperator, value: str) -> str | None:
    """What was expected in place of a value that the operator cannot read; None if it can, or a variable fills it."""
    reader = _READERS.get(operator.family)
    if reader is None or (operator.variables and "${" in value):
        return None
    can_read, expected = reader
    return None if len(value) <= _LONGEST and can_read(value) else expected


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    if _EPOCH.fullmatch(text):
        return True
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second, zone_hour, zone_minute = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
        time(int(hour or 0), int(minute or 0), int(second or 0))
        time(int(zone_hour or 0), int(zone_minute or 0))
    except ValueError:
        return False
    return True


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True


def _is_range(text: str) -> bool:
    if not _RANGE.fullmatch(text):
        return False
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


_READERS: Mapping[Family, tuple[Callable[[str], bool], str]] = {
    Family.NUMERIC: (_is_number, "a number"),
    Family.DATE: (_is_date, "a date such as `2026-01-31T00:00:00Z`"),
    Family.BOOL: (_is_boolean, "`true` or `false`"),
    Family.NULL: (_is_boolean, "`true` or `false`"),
    Family.BINARY: (_is_base64, "base64"),
    Family.IP: (_is_range, "an address or a range such as `203.0.113.0/24`"),
}
