"""How many texts of up to some length match wildcard patterns: exact, by counting ways through their automata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

ALPHABET = 95  # printable ASCII
_STAR = "*"
_State = tuple[frozenset[int], ...]


def count_texts(inside: Sequence[str], outside: Sequence[str], length: int) -> int:
    """Texts of printable ASCII, of 1 to `length` characters, that match all of `inside` and none of `outside`."""
    patterns = [*inside, *outside]
    letters = sorted({c for pattern in patterns for c in pattern if c not in "*?"})
    weights = [*((c, 1) for c in letters), ("", ALPHABET - len(letters))]
    states: Counter[_State] = Counter({tuple(_closed(p, {0}) for p in patterns): 1})
    known: dict[tuple[_State, str], _State] = {}
    total = 0
    for _ in range(length):
        after: Counter[_State] = Counter()
        for state, ways in states.items():
            for letter, weight in weights:
                if weight <= 0:
                    continue
                if (state, letter) not in known:
                    known[state, letter] = tuple(_step(p, s, letter) for p, s in zip(patterns, state, strict=True))
                following = known[state, letter]
                if all(following[i] for i in range(len(inside))):
                    after[following] += ways * weight
        states = after
        total += sum(ways for state, ways in states.items() if _accepts(patterns, state, len(inside)))
    return total


def _accepts(patterns: Sequence[str], state: _State, wanted: int) -> bool:
    ends = [len(pattern) in places for pattern, places in zip(patterns, state, strict=True)]
    return all(ends[:wanted]) and not any(ends[wanted:])


def _step(pattern: str, places: frozenset[int], letter: str) -> frozenset[int]:
    """The places after one character; the empty letter stands for those that no pattern names."""
    out: set[int] = set()
    for place in places:
        if place == len(pattern):
            continue
        here = pattern[place]
        if here == _STAR:
            out.add(place)
        elif here in ("?", letter):
            out.add(place + 1)
    return _closed(pattern, out)


def _closed(pattern: str, places: set[int]) -> frozenset[int]:
    """With the places behind stars."""
    out = set(places)
    for place in sorted(places):
        while place < len(pattern) and pattern[place] == _STAR:
            place += 1
            out.add(place)
    return frozenset(out)
