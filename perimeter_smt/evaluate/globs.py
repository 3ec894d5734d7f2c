"""Texts with wildcards, matched in time linear in the text (semantics 1.4, 1.5.2, 2.2).

A pattern is a sequence of atoms. Short ones become regular expressions; where those could backtrack for long, a
bit-parallel automaton reads the text once: state `i` means that the first `i` consuming atoms have matched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

SEPARATOR = "\0"  # stands for the first five colons of an ARN, see arns.py
_BACKTRACKING_LIMIT = 200_000
_INSIDE = f"[^:{SEPARATOR}]"

Matcher = Callable[[str], bool]


class Atom(NamedTuple):
    """One part of a pattern: one of `chars`, or any character (None); `star`: any run of them.

    `inside`: the wildcard stays inside its ARN field, it matches neither a colon nor a separator.
    """

    chars: str | None
    star: bool = False
    inside: bool = False


def fold(text: str) -> str:
    """Lower case, one character for one, of ASCII and Latin-1 letters only (semantics 0.4)."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


_LOWER = {code: code + 32 for code in (*range(0x41, 0x5B), *range(0xC0, 0xD7), *range(0xD8, 0xDF))}
_UPPER = {chr(lower): chr(upper) for upper, lower in _LOWER.items()}


def literal(text: str, *, ignore_case: bool = False) -> list[Atom]:
    """Atoms for plain text."""
    if not ignore_case:
        return [Atom(char) for char in text]
    return [Atom(char + _UPPER.get(char, "")) for char in fold(text)]


@lru_cache(maxsize=65536)
def glob(text: str, *, ignore_case: bool = False) -> Matcher:
    """A matcher for a text in which `*` and `?` act everywhere and match every character."""
    if ignore_case:  # the text is folded instead: most patterns of actions are plain names, and need no expression
        folded = glob(fold(text))
        return lambda name: folded(fold(name))
    atoms: list[Atom] = []
    for char in text:
        if char == "*":
            atoms.append(Atom(None, star=True))
        elif char == "?":
            atoms.append(Atom(None))
        else:
            atoms.append(Atom(char))
    return matcher(atoms)


def matcher(atoms: Iterable[Atom]) -> Matcher:
    """A function that tells whether a whole text matches."""
    parts = _collapsed(atoms)
    if all(atom.chars is not None and len(atom.chars) == 1 for atom in parts):
        plain = "".join(atom.chars or "" for atom in parts)
        return plain.__eq__
    stars = sum(atom.star for atom in parts)
    if stars > 8:
        return _automaton(parts)
    pattern = re.compile("".join(map(_regex, parts)), re.DOTALL)
    if stars < 2:
        return lambda text: pattern.fullmatch(text) is not None
    longest = int(_BACKTRACKING_LIMIT ** (1 / stars))
    slow: list[Matcher] = []

    def match(text: str) -> bool:
        if len(text) <= longest:
            return pattern.fullmatch(text) is not None
        if not slow:
            slow.append(_automaton(parts))
        return slow[0](text)

    return match


def _collapsed(atoms: Iterable[Atom]) -> list[Atom]:
    """Runs of stars as one, the freest of them."""
    out: list[Atom] = []
    for atom in atoms:
        if atom.star and out and out[-1].star:
            out[-1] = out[-1] if out[-1].inside <= atom.inside else atom
        else:
            out.append(atom)
    return out


def _regex(atom: Atom) -> str:
    if atom.chars is None:
        one = _INSIDE if atom.inside else "."
    elif len(atom.chars) == 1:
        one = re.escape(atom.chars)
    else:
        one = "[" + "".join(map(re.escape, atom.chars)) + "]"
    return one + "*" * atom.star


def _automaton(parts: list[Atom]) -> Matcher:
    """Shift-And: one shift and two masks per character, whatever the number of stars."""
    loops = {False: 0, True: 0}
    wild = {False: 0, True: 0}
    by_char: dict[str, int] = {}
    bit = 1
    for atom in parts:
        if atom.star:
            loops[atom.inside] |= bit
            continue
        if atom.chars is None:
            wild[atom.inside] |= bit
        for char in atom.chars or "":
            by_char[char] = by_char.get(char, 0) | bit
        bit <<= 1
    final = bit

    def match(text: str) -> bool:
        states = 1
        for char in text:
            free = char not in (":", SEPARATOR)
            step = by_char.get(char, 0) | wild[False] | (wild[True] if free else 0)
            stay = loops[False] | (loops[True] if free else 0)
            states = ((states & step) << 1) | (states & stay)
            if not states:
                return False
        return bool(states & final)

    return match
