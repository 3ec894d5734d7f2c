"""IPv4 blocks together with wildcard patterns on the same variable.

An IPv4 address has one spelling, four numbers without leading zeros, so its texts are a finite language that
can be walked octet by octet beside the automata of the patterns.  Guarantee: a text that lies in the blocks
and fits, a conflict if there is none, None where IPv6 addresses remain possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from perimeter_smt.logic.atoms import Within
from perimeter_smt.solve.theories.addresses import gaps, span
from perimeter_smt.solve.theories.automaton import Automaton
from perimeter_smt.solve.theories.literals import Conflict, Literal, named
from perimeter_smt.solve.theories.work import TooLargeError, Work

_OCTETS = tuple(map(str, range(256)))


def find(
    typed: Sequence[Literal], globs: Sequence[Literal], fits: Callable[[str], bool], work: Work
) -> str | Conflict | None:
    """An IPv4 text in the blocks of `typed` that matches `globs` and for which `fits` holds.

    Raises TooLargeError after `work` combinations of automaton states.
    """
    wide = [x for x in typed if isinstance(x.atom, Within) and x.atom.family == 4]
    low, high = 0, (1 << 32) - 1
    for literal in wide:
        if literal.positive:
            first, last = span(literal.atom)  # type: ignore[arg-type]
            low, high = max(low, first), min(high, last)
    outside = [span(x.atom) for x in wide if not x.positive]  # type: ignore[arg-type]
    other = any(x.positive and isinstance(x.atom, Within) and x.atom.family != 4 for x in typed)
    ranges = gaps((low, high), outside) if low <= high and not other else []
    automata = [(x.language.automaton, x.positive) for x in globs if x.language is not None]
    refused: list[str] = []
    for block in (part for first, last in ranges for part in _aligned(first, last)):
        text = _walk(block, automata, work, fits, refused)
        if text is not None:
            return text
    if refused:
        return None
    return named([*typed, *globs])


def _aligned(first: int, last: int) -> list[tuple[tuple[int, int], ...]]:
    """The range as boxes: a range of values per octet."""
    out = []
    while first <= last:
        size = 1
        while first % (size * 256) == 0 and first + size * 256 - 1 <= last:
            size *= 256
        place = {1: 3, 256: 2, 65536: 1, 16777216: 0, 1 << 32: -1}[size]
        if place < 0:
            return [((0, 255),) * 4]
        octets = [(first >> shift) & 255 for shift in (24, 16, 8, 0)]
        count = min((last - first + 1) // size, 256 - octets[place])
        box = [(o, o) for o in octets[:place]] + [(octets[place], octets[place] + count - 1)]
        out.append(tuple(box + [(0, 255)] * (3 - place)))
        first += count * size
    return out


def _walk(
    box: tuple[tuple[int, int], ...],
    automata: Sequence[tuple[Automaton, bool]],
    work: Work,
    fits: Callable[[str], bool],
    refused: list[str],
) -> str | None:
    level: dict[tuple[int, ...], str] = {tuple(a.start for a, _ in automata): ""}
    for place, (low, high) in enumerate(box):
        following: dict[tuple[int, ...], str] = {}
        tail = "." if place < 3 else ""
        work.charge(len(level) * (high - low + 1) * len(automata))
        for states, text in level.items():
            for octet in range(low, high + 1):
                piece = _OCTETS[octet] + tail
                after = tuple(_run(a, s, piece) for (a, _), s in zip(automata, states, strict=True))
                if place == 3:
                    accepted = all(a.accepting[s] == want for (a, want), s in zip(automata, after, strict=True))
                    if accepted and fits(text + piece):
                        return text + piece
                    if accepted:
                        refused.append(text + piece)
                elif after not in following:
                    following[after] = text + piece
        level = following
        if len(level) > work.states:
            raise TooLargeError(f"more than {work.states} combinations of states in an address")
    return None


def _run(automaton: Automaton, state: int, text: str) -> int:
    for char in text:
        state = automaton.step(state, automaton.kind(char))
    return state
