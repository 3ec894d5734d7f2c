"""A page of plain lines: words wrapped to a terminal's width, never inside an ARN; colour only where it is wanted.

Without a width (a pipe, a file) nothing is wrapped or cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

MAX_WIDTH = 120
MIN_WIDTH = 20
_NARROW = 60
_LABEL = 10
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WORD = re.compile(r"https://[\w.-]+(?:/[\w./#?&=%~+-]*[\w/#])?|\bPL[0-9]{3}\b")
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def visible(text: str) -> str:
    """The text on one line, control characters spelled out: what a policy holds must not steer a terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


class Page:
    """Lines of a report. `width` None: no wrapping; `color`: with escape codes for colours; `links`: with hyperlinks
    of web addresses, and of these names to these addresses.
    """

    def __init__(
        self, width: int | None = None, *, color: bool = False, links: Mapping[str, str] | None = None
    ) -> None:
        self.width = None if width is None else max(MIN_WIDTH, min(width, MAX_WIDTH))
        self.color = color
        self.links = links
        self._lines: list[str] = []

    @property
    def narrow(self) -> bool:
        """Whether labels need a line of their own."""
        return self.width is not None and self.width < _NARROW

    def styled(self, text: str, style: str = "") -> str:
        """The text in the styles named, such as `bold red`; unchanged without colour."""
        if not self.color or not style or not text:
            return text
        codes = ";".join(_CODES[name] for name in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"

    def blank(self) -> None:
        """An empty line, never two in a row and none at the top."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def raw(self, line: str) -> None:
        """A line that is laid out already."""
        line = line.rstrip()
        self._lines.append(line if self.links is None else _WORD.sub(self._linked, line))

    def _linked(self, found: re.Match[str]) -> str:
        """A web address, or a name that has one, as a hyperlink (OSC 8)."""
        word = found.group()
        target = word if word.startswith("https://") else (self.links or {}).get(word)
        return f"\x1b]8;;{target}\x1b\\{word}\x1b]8;;\x1b\\" if target else word

    def text(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
        """A paragraph; lines after the first are indented by `hang` more."""
        for number, line in enumerate(self._wrapped(visible(text), indent, indent + hang)):
            blanks = indent + (hang if number else 0)
            self.raw(" " * blanks + self.styled(line, style))

    def item(self, label: str, texts: str | Iterable[str], *, indent: int = 0, style: str = "") -> None:
        """A label and what it labels, one paragraph per text; nothing if there is none."""
        parts = [texts] if isinstance(texts, str) else list(texts)
        parts = [part for part in parts if part]
        if not parts:
            return
        if self.narrow:
            self.raw(" " * indent + self.styled(label, "dim"))
            for part in parts:
                self.text(part, indent=indent + 2, hang=2, style=style)
            return
        at = indent + _LABEL
        shown = label
        for part in parts:
            for line in self._wrapped(visible(part), at, at + 2):
                first = line is not None and shown is label
                pad = self.styled(label, "dim") + " " * (_LABEL - len(label)) if first else " " * _LABEL
                self.raw(" " * indent + pad + self.styled(line, style))
                shown = ""

    def command(self, label: str, line: str, *, indent: int = 0) -> None:
        """A command line: broken after a `|` where there is no room, so that it runs as it stands."""
        parts = line.split(" | ")
        at = indent + (2 if self.narrow else _LABEL)
        if self.width is not None and len(line) + at > self.width:
            parts = [f"{part} |" for part in parts[:-1]] + parts[-1:]
        else:
            parts = [line]
        if self.narrow:
            self.raw(" " * indent + self.styled(label, "dim"))
        for number, part in enumerate(parts):
            pad = (
                self.styled(label, "dim") + " " * (_LABEL - len(label)) if not number and not self.narrow else " " * at
            )
            self.raw(" " * (indent if not number and not self.narrow else 0) + pad + visible(part))

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n" if self._lines else ""

    def _wrapped(self, text: str, first: int, rest: int) -> list[str]:
        if self.width is None:
            return [text]
        room = max(MIN_WIDTH - 4, self.width - max(first, rest))
        return wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
