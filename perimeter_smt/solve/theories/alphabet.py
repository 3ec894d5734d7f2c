"""The characters that values are made of, and which of them read well.

Policies may hold U+0020 to U+00FF; control characters, DEL and the non-breaking space are left out, since a
witness with an invisible character helps nobody.  Three or four characters that no pattern mentions stand
for each other, so leaving some out never changes a verdict unless patterns tell all others apart.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

ALPHABET = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0x100))))
_READABLE = "abcdefghijklmnopqrstuvwxyz0123456789-_./:ABCDEFGHIJKLMNOPQRSTUVWXYZ@+=, "
PREFERRED = _READABLE + "".join(char for char in ALPHABET if char not in _READABLE)
OPAQUE = "".join(map(chr, range(0xE000, 0xE040)))  # stand for unknown texts in `links`; never part of a value
_CHARACTERS = frozenset(ALPHABET)
RANK = {char: rank for rank, char in enumerate(PREFERRED)}


def rank(char: str) -> int:
    """The place of a character in the order in which characters are tried; opaque ones come last."""
    return RANK.get(char, ord(char))


def unmentioned(chars: Container[str]) -> str | None:
    """The plainest character that is not among `chars`, which stands for all such; None if there is none."""
    return next((char for char in PREFERRED if char not in chars), None)


def is_value(text: str) -> bool:
    """Whether every character of `text` lies in the alphabet."""
    return _CHARACTERS.issuperset(text)


@lru_cache(maxsize=4096)
def folded(char: str) -> str:
    """The characters of the alphabet that equal `char` when case is ignored, as `logic.interpret` reads it."""
    if char in RANK:
        return "".join(other for other in dict.fromkeys((char, char.lower(), char.upper())) if other in RANK)
    compare = re.compile(f"(?i:{re.escape(char)})")
    return "".join(other for other in ALPHABET if compare.fullmatch(other))
