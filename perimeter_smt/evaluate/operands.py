"""Values of conditions as numbers, instants, address ranges, truth values and bytes (semantics 2.6, 2.8).

Every reader returns None for a text that is not of its type.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,15})?")
_EPOCH = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_LONGEST = 1000  # no number or date needs more, and exact arithmetic is not linear
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal | None:
    """A decimal number with sign, fraction and exponent. Decimals compare exactly."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(maxsize=4096)
def instant(text: str, four_digits_are_epoch: bool = False) -> Fraction | None:
    """Seconds since 1970, from ISO 8601 or from epoch seconds; four digits are a year unless told otherwise (X-14)."""
    if len(text) > _LONGEST:
        return None
    plain_year = len(text) == 4 and not four_digits_are_epoch
    if not plain_year and _EPOCH.fullmatch(text):
        return Fraction(text)
    found = _DATE.fullmatch(text)
    return _seconds(*found.groups()) if found else None


def _seconds(
    year: str,
    month: str | None,
    day: str | None,
    hour: str | None,
    minute: str | None,
    second: str | None,
    fraction: str | None,
    zone: str | None,
) -> Fraction | None:
    try:
        days = date(int(year), int(month or 1), int(day or 1)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    offset = 0
    if zone and zone != "Z":
        zone_hours, zone_minutes = int(zone[1:3]), int(zone[4:6])
        if zone_hours > 23 or zone_minutes > 59:
            return None
        offset = (zone_hours * 60 + zone_minutes) * (-60 if zone[0] == "-" else 60)
    return days * 86400 + hours * 3600 + minutes * 60 + seconds - offset + Fraction(fraction or 0)


@lru_cache(maxsize=4096)
def address(text: str) -> Address | None:
    """A bare IP address in any legal spelling."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def network(text: str, bare_v6_prefix: int = 128) -> Network | None:
    """A CIDR range, host bits masked away, or a bare address (X-9 for bare IPv6)."""
    base, slash, prefix = text.partition("/")
    found = address(base)
    if found is None or (slash and not re.fullmatch(r"[0-9]{1,3}", prefix)):
        return None
    if not slash:
        prefix = "32" if found.version == 4 else str(bare_v6_prefix)
    try:
        return ipaddress.ip_network(f"{base}/{prefix}", strict=False)
    except ValueError:
        return None


def boolean(text: str) -> bool | None:
    """`true` or `false` in any case."""
    return {"true": True, "false": False}.get(text.lower())


@lru_cache(maxsize=4096)
def binary(text: str) -> bytes | None:
    """Bytes from base64."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
