"""Many patterns that must not match, as one automaton.

The positions of all patterns lie side by side in one Python integer, so a step takes a few operations on long
integers however many patterns there are, where a product of automata takes one look-up for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.solve.theories.alphabet import rank, unmentioned
from perimeter_smt.solve.theories.automaton import DEAD, Automaton

FULL = 1


class Union:
    """The texts that some of the patterns match, with the interface that `automaton.search` uses.

    `load[s]` tells how many positions a state holds: the fewer, the farther it is from a match.
    """

    def __init__(self, members: Sequence[Automaton]) -> None:
        """Take over what the automata of the single patterns were compiled to."""
        self._loops = self._optional = self._stars = self._accepts = self._fulls = start = 0
        self._below: dict[int, int] = {}  # star to the positions of its pattern in front of it
        offsets: list[int] = []
        offset = 0
        for member in members:
            offsets.append(offset)
            size, loops, optional, stars = member.masks
            self._loops |= loops << offset
            self._optional |= optional << offset
            self._stars |= stars << offset
            self._accepts |= 1 << offset + size
            if size and stars >> size - 1:
                self._fulls |= 1 << offset + size - 1
            for place in range(size):
                if stars >> place & 1:
                    self._below[1 << offset + place] = ((1 << place) - 1) << offset
            start |= 1 << offset
            offset += size + 1
        self.classes, self._moves = _classes(members, offsets)
        self._sets: list[int] = [0, 0]
        self._ids: dict[int, int] = {}
        self.table: list[list[int]] = [[DEAD] * len(self._moves), [FULL] * len(self._moves)]
        self.accepting: list[bool] = [False, True]
        self.load: list[int] = [0, 0]
        self.full = FULL
        self.start = self._intern(start, 0)

    def _intern(self, bits: int, before: int) -> int:
        """The number of the state with these positions, reached from a state with the positions `before`."""
        if bits & self._optional:
            bits |= ((bits & self._optional) + self._optional) ^ self._optional
        if bits & self._fulls:
            return FULL
        new = bits & self._stars & ~before
        while new:  # what an earlier position of a pattern accepts, a star reached accepts too
            high = 1 << new.bit_length() - 1
            bits &= ~self._below[high]
            new = new & ~self._below[high] & ~high
        if not bits:
            return DEAD
        found = self._ids.get(bits)
        if found is None:
            found = self._ids[bits] = len(self._sets)
            self._sets.append(bits)
            self.table.append([-1] * len(self._moves))
            self.accepting.append(bool(bits & self._accepts))
            self.load.append(bits.bit_count())
        return found

    def step(self, state: int, kind: int) -> int:
        """The state after a character of class `kind`."""
        found = self.table[state][kind]
        if found < 0:
            before = self._sets[state]
            hit = before & self._moves[kind]
            loops = hit & self._loops
            found = self.table[state][kind] = self._intern((hit ^ loops) << 1 | loops, before)
        return found


def _classes(members: Sequence[Automaton], offsets: Sequence[int]) -> tuple[dict[str, int], list[int]]:
    """Classes of characters that the patterns together tell apart, and the positions that accept each; 0: all else."""
    mentioned = {char for member in members for char in member.classes}
    rest = unmentioned(mentioned)
    masks: dict[int, int] = {}
    classes: dict[str, int] = {}
    for char in (*([rest] if rest is not None else []), *sorted(mentioned, key=rank)):
        mask = 0
        for member, offset in zip(members, offsets, strict=True):
            mask |= member.moves[member.classes.get(char, 0)] << offset
        classes[char] = masks.setdefault(mask, len(masks))
    if rest is not None:
        del classes[rest]
    return classes, list(masks)
