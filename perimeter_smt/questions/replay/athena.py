"""CloudTrail events out of CSV as Athena writes it: structs as `{type=IAMUser, arn=...}`, names in lower case.

CloudTrail guide, querying CloudTrail logs with Athena.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import IO, Any

import orjson

from perimeter_smt.errors import InputError

_NAMES = {
    name.lower(): name
    for name in (
        *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress"),
        *("userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData"),
        *("requestID", "eventID", "readOnly", "resources", "eventType", "recipientAccountId", "sharedEventID"),
        *("vpcEndpointId", "tlsDetails", "principalId", "accountId", "invokedBy", "accessKeyId", "userName"),
        *("sessionContext", "sessionIssuer", "attributes", "mfaAuthenticated", "creationDate", "webIdFederationData"),
        *(
            "federatedProvider",
            "tlsVersion",
            "cipherSuite",
            "clientProvidedHostHeader",
            "sourceIdentity",
            "assumedRoot",
        ),
        *("ec2RoleDelivery", "identityProvider", "vpcEndpointAccountId", "insightDetails", "onBehalfOf", "inScopeOf"),
    )
}
_JSON = ("requestParameters", "responseElements", "additionalEventData")
_MOST = 4 << 20
_NEXT = re.compile(r",\s*[A-Za-z0-9_.-]+\s*=")  # the comma before a further member
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")


def rows_of(stream: IO[bytes], file: str) -> Iterator[dict[str, Any]]:
    """The events of a CSV file, one per row."""
    csv.field_size_limit(_MOST)
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    try:
        for number, row in enumerate(csv.DictReader(text), 2):
            event = event_of_row({name: text for name, text in row.items() if name and isinstance(text, str)})
            if "eventSource" not in event or "eventName" not in event:
                raise InputError("no columns `eventsource` and `eventname`", file=file, line=number)
            yield event
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"no CSV: {error}".lower(), file=file) from None
    finally:
        text.detach()


def event_of_row(row: dict[str, str]) -> dict[str, Any]:
    """The event of a row, by the names of its columns."""
    event = {_NAMES.get(name.lower(), name): text for name, text in row.items() if text}
    return {name: _value(name, text) for name, text in event.items()}


def _value(name: str, text: str) -> Any:
    if name in _JSON:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            found = _Struct(text).value() if text[:1] == "{" else None  # a map, as CloudTrail Lake writes it
            return found if isinstance(found, dict) and all(map(_PLAIN.fullmatch, found)) else None
    if text[:1] in ("{", "["):
        return _Struct(text).value()
    return None if text == "null" else text


class _Struct:
    """A value as Athena prints it: `{name=value, ...}`, `[a, b]`, or plain text up to `,`, `}` or `]`."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def value(self, *, within: bool = False) -> Any:
        """The next value; `within` an object, where a comma ends it only before the next name."""
        self._blanks()
        mark = self._text[self._at : self._at + 1]
        if mark == "{":
            return self._object()
        if mark == "[":
            return self._list()
        return self._plain(",}]", within=within)

    def _object(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        self._at += 1
        while not self._ends("}"):
            name = self._plain("=") or ""
            self._at += 1
            value = self.value(within=True)
            if value is not None:
                out[_NAMES.get(name.lower(), name)] = value
            self._comma()
        return out

    def _list(self) -> list[Any]:
        out = []
        self._at += 1
        while not self._ends("]"):
            out.append(self.value())
            self._comma()
        return out

    def _plain(self, marks: str, *, within: bool = False) -> str | None:
        start = self._at
        while self._at < len(self._text):
            mark = self._text[self._at]
            if mark in marks and not (within and mark == "," and not _NEXT.match(self._text, self._at)):
                break
            self._at += 1
        found = self._text[start : self._at].strip()
        return None if found in ("null", "") else found

    def _ends(self, mark: str) -> bool:
        self._blanks()
        if self._at >= len(self._text) or self._text[self._at] == mark:
            self._at += 1
            return True
        return False

    def _comma(self) -> None:
        self._blanks()
        if self._text[self._at : self._at + 1] not in ("}", "]", ""):
            self._at += 1

    def _blanks(self) -> None:
        while self._text[self._at : self._at + 1] == " ":
            self._at += 1
