"""Files that a user names: read whole, never more than a limit, whatever the file system says their size is.

A device such as /dev/zero says that it has no size and never ends.
"""

from __future__ import annotations

from pathlib import Path

from perimeter_smt.errors import InputError


def read_text(path: Path, most: int, what: str) -> str:
    """The text of a file of at most `most` characters; InputError if it cannot be read, is larger, or is not UTF-8.

    `what` says what was expected, for instance `one policy`. A byte order mark is left out.
    """
    file = str(path)
    limit = 4 * most  # a character has at most four bytes
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise InputError(f"cannot be read: {reason.lower()}", file=file) from None
    if len(data) > limit:
        raise InputError(f"the file has more than {limit} bytes, expected {what}", file=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", file=file, line=line) from None
    if len(text) > most:
        raise InputError(f"the text has {len(text)} characters, expected at most {most}", file=file)
    return text


def printable(file: str) -> str:
    """The name of a file as it can be written: bytes of it that are not UTF-8 stand as escapes."""
    return file.encode("utf-8", "backslashreplace").decode()
