"""CloudTrail events out of CSV as Athena writes it: structs as `{type=IAMUser, arn=...}`, names in lower case.

CloudTrail guide, querying CloudTrail logs with Athena.
"""

from __future__ import annotations

import csv
import io
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
        *("ec2RoleDelivery", "identityProvider"),
    )
}
_JSON = ("requestParameters", "responseElements", "additionalEventData")
_MOST = 4 << 20


def rows_of(stream: IO[bytes], file: str) -> Iterator[dict[str, Any]]:
    """The events of a CSV file, one per row."""
    csv.field_size_limit(_MOST)
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    try:
        for number, row in enumerate(csv.DictReader(text), 2):
            event = {_NAMES.get(name.lower(), name): value for name, value in row.items() if name and value}
            if "eventSource" not in event or "eventName" not in event:
                raise InputError("no columns `eventsource` and `eventname`", file=file, line=number)
            yield {name: _value(name, value) for name, value in event.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"no CSV: {error}".lower(), file=file) from None
    finally:
        text.detach()


def _value(name: str, text: str) -> Any:
    if name in _JSON:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
    if text[:1] in ("{", "["):
        return _Struct(text).value()
    return None if text == "null" else text


class _Struct:
    """A value as Athena prints it: `{name=value, ...}`, `[a, b]`, or plain text up to `,`, `}` or `]`."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def value(self) -> Any:
        """The next value."""
        self._blanks()
        mark = self._text[self._at : self._at + 1]
        if mark == "{":
            return self._object()
        if mark == "[":
            return self._list()
        return self._plain(",}]")

    def _object(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        self._at += 1
        while not self._ends("}"):
            name = self._plain("=") or ""
            self._at += 1
            value = self.value()
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

    def _plain(self, marks: str) -> str | None:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in marks:
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
