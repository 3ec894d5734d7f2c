"""The moment of a witness: keys of time that policies do not test agree with those that they do (AR16, AP12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor

from perimeter_smt.logic.interpret import instant

_NOW = Fraction(1767225600)  # 2026-01-01
_HOUR = 3600
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def times(context: Mapping[str, str | tuple[str, ...]], today: date | None = None) -> dict[str, str]:
    """`aws:CurrentTime`, `aws:EpochTime` and `aws:TokenIssueTime` where `context` holds some of them, or none.

    Where neither tells the moment it is on `today`, or without that on a day of its own.
    """
    begin = _NOW if today is None else Fraction((datetime(*today.timetuple()[:3], tzinfo=UTC) - _EPOCH) // _SECOND)
    now = (_told(context, "aws:EpochTime"), _told(context, "aws:CurrentTime"))
    issued = _told(context, "aws:TokenIssueTime")
    moment = next((told for told in now if told is not None), begin if issued is None else max(begin, issued))
    return {
        "aws:CurrentTime": _spelled(moment),
        "aws:EpochTime": str(floor(moment)),
        "aws:TokenIssueTime": _spelled(moment - _HOUR),
    }


def _told(context: Mapping[str, str | tuple[str, ...]], key: str) -> Fraction | None:
    text = context.get(key)
    return instant(text) if isinstance(text, str) else None


def _spelled(moment: Fraction) -> str:
    """A moment in whole seconds, as AWS spells it; those that no calendar holds are spelled in digits."""
    try:
        return (_EPOCH + timedelta(seconds=floor(moment))).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return str(floor(moment))
