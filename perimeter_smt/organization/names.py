"""Names of principals that no text can tell apart.

A name is compared with texts of policies as part of a longer text, between slashes and colons.  What a text says of it
lies between two places where the text may be cut: its ends, its slashes and colons, and before and after wildcards,
which may reach beyond the name.  Two names are alike if they match the same of these parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ESCAPE = re.compile(r"\$\{([*?$])\}")
_MOST = 400  # parts with wildcards


class NameTests:
    """What the texts of an organization tell apart of names."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._literals: set[str] = set()
        parts: dict[str, None] = {}
        self.exact = False  # every name may be told from every other
        for text in texts:
            self.exact = self.exact or bool(_ESCAPE.search(text)) or len(parts) > _MOST
            for segment in re.split("[/:]", _VARIABLE.sub("\0", text)):
                if "\0" in segment and segment != "\0":
                    self.exact = self.exact or bool(re.search(r"[^\0*?]", segment))  # a name inside a name
                elif "*" in segment or "?" in segment:
                    parts.update(dict.fromkeys(_parts(segment)))
                else:
                    self._literals.add(segment.lower())
        self._patterns = [
            re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in part), flags)
            for part in parts
            for flags in (re.DOTALL, re.DOTALL | re.IGNORECASE)
        ]
        self._known: dict[str, object] = {}

    def signature(self, name: str) -> object:
        """A value that is equal for names that nothing tells apart."""
        if name not in self._known:
            self._known[name] = tuple(map(self._segment, name.split("/")))
        return self._known[name]

    def speaks_of(self, name: str) -> bool:
        """Whether a text may match this name, or another spelling of its last part, by more than its length."""
        last = name.rsplit("/", 1)[-1]
        folded = (pattern for pattern in self._patterns if pattern.flags & re.IGNORECASE)
        return self._named(last) or any(pattern.fullmatch(last) for pattern in folded)

    def _segment(self, text: str) -> object:
        return text if self._named(text) else (tuple(bool(pattern.fullmatch(text)) for pattern in self._patterns),)

    def _named(self, text: str) -> bool:
        """Whether a text holds the name itself; names of AWS's own roles mean something besides."""
        return (
            self.exact or text.lower() in self._literals or text.lower().startswith(("aws", "cloudfront")) or not text
        )


def _parts(segment: str) -> Iterable[str]:
    """The parts of a segment with wildcards between two places where it may be cut; those that say something."""
    marks = [i for i, char in enumerate(segment) if char in "*?"]
    starts = [0, *marks, *(i + 1 for i in marks)]
    ends = [len(segment), *marks, *(i + 1 for i in marks)]
    for start in dict.fromkeys(starts):
        for end in dict.fromkeys(ends):
            part = segment[start:end]
            if part.strip("*"):
                yield part
