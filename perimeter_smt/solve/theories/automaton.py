"""Wildcard patterns as automata, determinised lazily.

A pattern of n positions is a nondeterministic automaton whose state is a set of positions, held as the bits
of one Python integer: reading a character is a handful of integer operations whatever n is (the Shift-And
method, extended with self-loops and skippable positions).  Each set met gets a number, and transitions are
remembered, so repeated questions about the same pattern cost one list look-up per character.

Guarantee: `Automaton.accepts` agrees with `logic.interpret.regex(pattern).fullmatch`.
"""

from __future__ import annotations

from perimeter_smt.logic.atoms import Pattern, Run, Text
from perimeter_smt.solve.theories.alphabet import OPAQUE, RANK, folded, rank, unmentioned
from perimeter_smt.solve.theories.work import TooLargeError

MAX_POSITIONS = 40_000
DEAD = 0
NEVER = 1 << 60


class Automaton:
    """The language of one pattern.

    State 0 is dead.  `need[s]` is a lower bound on the characters still to read before acceptance,
    `accepting[s]` tells acceptance, `full` is the state from which every continuation is accepted (or -1).
    """

    __slots__ = ("_alive", "_ids", "_loops", "_optional", "_sets", "_stars", "_suffix", "accepting",
                 "classes", "full", "moves", "need", "representatives", "start", "table")  # fmt: skip

    def __init__(self, pattern: Pattern) -> None:
        """Compile `pattern`; raises TooLargeError when it has more than MAX_POSITIONS positions."""
        self._compile(_positions(pattern))
        self._sets: list[int] = [0]
        self._ids: dict[int, int] = {0: DEAD}
        self._alive: dict[int, tuple[int, ...]] = {}
        self.table: list[list[int]] = [[DEAD] * len(self.representatives)]
        self.accepting: list[bool] = [False]
        self.need: list[int] = [NEVER]
        self.full = -1
        self.start = self._intern(1)

    def _compile(self, positions: list[tuple[str, bool, bool, bool]]) -> None:
        """Bit masks per character class; a position is (characters, negated, loops, may be skipped)."""
        size = len(positions)
        mentioned = sorted({c for chars, _, _, _ in positions for c in chars if c in RANK or c in OPAQUE}, key=rank)
        other = 0  # positions that accept a character which the pattern does not mention
        move: dict[str, int] = dict.fromkeys(mentioned, 0)
        loops = optional = stars = 0
        suffix = [0] * (size + 1)
        for index in range(size - 1, -1, -1):
            chars, negated, loop, skip = positions[index]
            suffix[index] = suffix[index + 1] + (not skip)
            bit = 1 << index
            loops |= bit if loop else 0
            optional |= bit if skip else 0
            if not negated:
                for char in chars:
                    if char in move:
                        move[char] |= bit
                continue
            other |= bit
            if not chars and loop:
                stars |= bit
            for char in chars:
                if char in move:
                    move[char] |= bit  # turned round below, where `other` is taken out of every mentioned character
        masks = {char: mask ^ other for char, mask in move.items()}
        ids: dict[int, int] = {}
        self.classes: dict[str, int] = {}
        self.representatives: list[str] = []
        rest = unmentioned(masks)
        if rest is not None:
            ids[other] = 0
            self.representatives.append(rest)
        for char in mentioned:
            if masks[char] not in ids:
                ids[masks[char]] = len(ids)
                self.representatives.append(char)
            self.classes[char] = ids[masks[char]]
        self.moves = list(ids)
        self._loops, self._optional, self._stars, self._suffix = loops, optional, stars, suffix

    def _intern(self, bits: int) -> int:
        """The number of the state with these positions, closed under skipping and freed of dominated ones."""
        if bits & self._optional:
            # Addition carries a bit through the skippable positions above it; XOR shows where it went.
            bits |= ((bits & self._optional) + self._optional) ^ self._optional
        stars = bits & self._stars
        if stars:  # what an earlier position accepts, the last star reached accepts too
            high = stars.bit_length() - 1
            bits = (bits >> high) << high
        found = self._ids.get(bits)
        if found is not None:
            return found
        number = len(self._sets)
        size = len(self._suffix) - 1
        self._ids[bits] = number
        self._sets.append(bits)
        self.table.append([-1] * len(self.representatives))
        self.accepting.append(bool(bits >> size))
        self.need.append(self._suffix[bits.bit_length() - 1])
        if size and bits >> (size - 1) == 3 and self._stars >> (size - 1):
            self.full = number
        return number

    def step(self, state: int, kind: int) -> int:
        """The state after a character of class `kind`."""
        found = self.table[state][kind]
        if found < 0:
            hit = self._sets[state] & self.moves[kind]
            found = self._intern(((hit & ~self._loops) << 1) | (hit & self._loops)) if hit else DEAD
            self.table[state][kind] = found
        return found

    def row(self, state: int) -> list[int]:
        """The states after a character of each class."""
        found = self.table[state]
        if -1 in found:
            bits, loops = self._sets[state], self._loops
            after: dict[int, int] = {0: DEAD}  # most classes lead to the same few states
            for kind, move in enumerate(self.moves):
                hit = bits & move
                number = after.get(hit)
                if number is None:
                    kept = hit & loops
                    number = after[hit] = self._intern((hit ^ kept) << 1 | kept)
                found[kind] = number
        return found

    def alive(self, state: int) -> tuple[int, ...]:
        """The classes of characters that a state can read."""
        found = self._alive.get(state)
        if found is None:
            found = self._alive[state] = tuple([kind for kind, after in enumerate(self.row(state)) if after != DEAD])
        return found

    def kind(self, char: str) -> int:
        """The class of a character of the alphabet."""
        return self.classes.get(char, 0)

    def accepts(self, text: str) -> bool:
        """Whether the pattern matches the whole of `text` (a text over the alphabet)."""
        state, kinds, table = self.start, self.classes, self.table
        for char in text:
            kind = kinds.get(char, 0)
            after = table[state][kind]
            state = after if after >= 0 else self.step(state, kind)
            if state == DEAD:
                return False
        return self.accepting[state]

    @property
    def masks(self) -> tuple[int, int, int, int]:
        """The number of positions before the accepting one; those that loop, that may be skipped, that are stars."""
        return len(self._suffix) - 1, self._loops, self._optional, self._stars

    @property
    def size(self) -> int:
        """The number of states met so far."""
        return len(self._sets)


def _positions(pattern: Pattern) -> list[tuple[str, bool, bool, bool]]:
    out: list[tuple[str, bool, bool, bool]] = []
    for part in _merged(pattern):
        if isinstance(part, Text):
            out.extend((folded(char) if part.fold else char, False, False, False) for char in part.text)
        else:
            chars, negated = part.chars.chars, part.chars.negated
            spare = 0 if part.high is None else part.high - part.low
            if part.low + spare > MAX_POSITIONS:
                raise TooLargeError(f"a run of {part.low + spare} characters")
            out.extend([(chars, negated, False, False)] * part.low)
            out.extend([(chars, negated, False, True)] * spare)
            if part.high is None:
                out.append((chars, negated, True, True))
        if len(out) > MAX_POSITIONS:
            raise TooLargeError(f"a pattern of more than {MAX_POSITIONS} positions")
    return out


def _merged(pattern: Pattern) -> list[Text | Run]:
    """The same language with neighbouring runs over one set of characters joined."""
    out: list[Text | Run] = []
    for part in pattern:
        last = out[-1] if out else None
        if isinstance(part, Run) and isinstance(last, Run) and last.chars == part.chars:
            high = None if part.high is None or last.high is None else part.high + last.high
            out[-1] = Run(part.chars, part.low + last.low, high)
        else:
            out.append(part)
    return out
