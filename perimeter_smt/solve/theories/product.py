"""The search for a word in several automata at once.

Guarantee: `search` returns a word that all `wanted` accept and all `unwanted` refuse, None only if there is none,
and raises `TooLargeError` or `OutOfWorkError` when a bound is hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heappop, heappush

from perimeter_smt.solve.theories.alphabet import RANK, rank, unmentioned
from perimeter_smt.solve.theories.automaton import DEAD, NEVER, Automaton
from perimeter_smt.solve.theories.union import Union
from perimeter_smt.solve.theories.work import TooLargeError, Work


class Words:
    """A finite set of words as one automaton (a tree), with the interface that `search` uses."""

    def __init__(self, words: Iterable[str]) -> None:
        self.accepting: list[bool] = [False, False]
        self.full = -1
        self.start = 1
        listed = list(words)
        self.classes = {char: i + 1 for i, char in enumerate(dict.fromkeys("".join(listed)))}
        width = len(self.classes) + 1
        self.table: list[list[int]] = [[DEAD] * width, [DEAD] * width]
        for word in listed:
            state = self.start
            for char in word:
                kind = self.classes[char]
                if self.table[state][kind] == DEAD:
                    self.table[state][kind] = len(self.table)
                    self.table.append([DEAD] * width)
                    self.accepting.append(False)
                state = self.table[state][kind]
            self.accepting[state] = True

    def step(self, state: int, kind: int) -> int:
        """The state after a character of class `kind`."""
        return self.table[state][kind]


Machine = Automaton | Union | Words


def representatives(automata: Sequence[Machine], opaque: str = "") -> list[tuple[str, tuple[int, ...]]]:
    """One readable character for each way the automata tell characters apart, with its class in each.

    The characters of `opaque` count as characters of the alphabet too.
    """
    mentioned = {char for automaton in automata for char in automaton.classes}
    rest = unmentioned(mentioned)
    chars = {char for char in mentioned if char in RANK} | set(opaque) | ({rest} if rest is not None else set())
    found: dict[tuple[int, ...], str] = {}
    for char in sorted(chars, key=rank):
        found.setdefault(tuple([automaton.classes.get(char, 0) for automaton in automata]), char)
    return [(char, kinds) for kinds, char in found.items()]


def search(
    wanted: Sequence[Automaton],
    unwanted: Sequence[Machine],
    work: Work | None = None,
    opaque: str = "",
    *,
    states: int | None = None,
) -> str | None:
    """A shortest word that all `wanted` accept and all `unwanted` refuse; None when there is none.

    A* over the product, guided by the characters that the wanted patterns still need.  Ties go to the word
    that is further advanced, then to readable characters.  With a `Union` among the unwanted, the word is the one that
    keeps farthest from its patterns, not the shortest.  `states` bounds this search further.  Words may hold the
    characters `opaque` besides those of the alphabet.

    Answers are remembered: the same few patterns meet again in most conflicts and in related documents.
    """
    work = work or Work()
    limit = min(work.states, states or work.states)
    size = len(wanted) + len(unwanted)
    room = work.left // max(size, 1)
    run = _remembered if all(isinstance(automaton, Automaton) for automaton in unwanted) else _search
    try:
        word, reached = (run if limit <= room else _search)(tuple(wanted), tuple(unwanted), min(limit, room), opaque)
    except TooLargeError:
        work.charge(limit * size)  # more than is left, if that was the bound
        raise
    work.charge(reached * size)
    return word


@lru_cache(maxsize=16384)
def _remembered(
    wanted: tuple[Automaton, ...], unwanted: tuple[Machine, ...], limit: int, opaque: str
) -> tuple[str | None, int]:
    return _search(wanted, unwanted, limit, opaque)


def _search(
    wanted: tuple[Automaton, ...], unwanted: tuple[Machine, ...], limit: int, opaque: str
) -> tuple[str | None, int]:
    """The word, and how many combinations of states were reached."""
    automata: list[Machine] = [*wanted, *unwanted]
    count = len(wanted)
    start = tuple(automaton.start for automaton in automata)
    needs = [automaton.need for automaton in wanted]
    loads = [(count + i, machine.load) for i, machine in enumerate(unwanted) if isinstance(machine, Union)]
    if any(start[i] == automata[i].full for i in range(count, len(automata))):
        return None, 1
    if any(automaton.start == DEAD for automaton in wanted):
        return None, 1
    possible = _Letters(automata, count, representatives(automata, opaque))
    # Entries: estimate of the whole length, estimate of the rest, tie-breaker, states, characters so far.
    first = max((need[s] for need, s in zip(needs, start, strict=False)), default=0)
    heap: list[tuple[int, int, int, tuple[int, ...], int]] = [(first, first, 0, start, 0)]
    best: dict[tuple[int, ...], int] = {start: 0}
    came: dict[tuple[int, ...], tuple[tuple[int, ...], str]] = {}
    serial = 0
    while heap:
        _, _, _, states, length = heappop(heap)
        if length > best[states]:
            continue
        if all(automata[i].accepting[s] == (i < count) for i, s in enumerate(states)):
            return _word(states, came), len(best)
        for char, key in possible.after(states):
            for index, (automaton, after) in enumerate(zip(automata, key, strict=True)):
                if after == DEAD if index < count else after == automaton.full:
                    break
            else:
                if best.get(key, NEVER) <= length + 1:
                    continue
                if len(best) >= limit:
                    raise TooLargeError(f"more than {limit} automaton states")
                best[key] = length + 1
                came[key] = (states, char)
                serial += 1
                rest = max((need[s] for need, s in zip(needs, key, strict=False)), default=0)
                whole = length + 1 + rest
                if loads:
                    whole = rest + sum(load[key[place]] for place, load in loads)
                heappush(heap, (whole, rest, serial, key, length + 1))
    return None, len(best)


Letter = tuple[str, tuple[int, ...]]  # a character, and its class in each automaton


class _Letters:
    """The combinations of states that one character leads to, each with the first character that does."""

    def __init__(self, automata: Sequence[Machine], wanted: int, letters: list[Letter]) -> None:
        self._automata = automata
        self._first = automata[0] if wanted else None
        self._all = letters
        self._some: dict[tuple[int, ...], list[Letter]] = {}

    def after(self, states: tuple[int, ...]) -> Iterable[tuple[str, tuple[int, ...]]]:
        """Those worth trying in a combination of states."""
        # Unions and words may have many classes of characters, of which few are asked for: they have no rows.
        machines = [
            (machine, state, machine.row(state) if isinstance(machine, Automaton) else None)
            for machine, state in zip(self._automata, states, strict=True)
        ]
        found: dict[tuple[int, ...], str] = {}
        for char, kinds in self._alive(states):
            key = [
                machine.step(state, kind) if row is None else row[kind]
                for (machine, state, row), kind in zip(machines, kinds, strict=True)
            ]
            found.setdefault(tuple(key), char)
        return [(char, key) for key, char in found.items()]

    def _alive(self, states: tuple[int, ...]) -> list[Letter]:
        """The letters that lead the most demanding of the wanted automata on."""
        if not isinstance(self._first, Automaton):
            return self._all
        alive = self._first.alive(states[0])
        found = self._some.get(alive)
        if found is None:
            found = self._some[alive] = [letter for letter in self._all if letter[1][0] in alive]
        return found


def _word(states: tuple[int, ...], came: dict[tuple[int, ...], tuple[tuple[int, ...], str]]) -> str:
    out: list[str] = []
    while states in came:
        states, char = came[states]
        out.append(char)
    return "".join(reversed(out))
