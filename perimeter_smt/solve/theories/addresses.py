"""IP addresses: which block of a family a variable lies in.

A text denotes an address as `ipaddress` reads it.  Guarantee: exact; every answer is a text or a conflict,
except that texts ruled out one by one in an IPv6 block may leave it undecided (an address has many spellings).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from perimeter_smt.logic.atoms import Parses, Within
from perimeter_smt.solve.theories import strings
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.literals import Conflict, Literal, Undecided, excluding, named

# Addresses that people recognise: documentation ranges first, then private and shared space.
_FAMILIAR = {
    4: ("198.51.100.7", "203.0.113.7", "192.0.2.7", "10.0.0.7", "172.16.0.7", "192.168.0.7", "100.64.0.7"),
    6: ("2001:db8::7", "fd00::7", "fe80::7"),
}
_BITS = {4: 32, 6: 128}
Block = tuple[int, int]  # first and last address


def find(
    literals: Sequence[Literal], hints: Sequence[str] = (), avoid: Sequence[str] = ()
) -> str | Conflict | Undecided:
    """A text other than `avoid` that satisfies the address literals of one variable, from `hints` if possible."""
    quick = _clash(literals)
    if quick is not None:
        return quick
    for hint in hints:
        if is_value(hint) and hint not in avoid and all(literal.accepts(hint) for literal in literals):
            return hint
    if not any(literal.positive for literal in literals):
        return strings.find(excluding(avoid))
    blamed: list[Literal] = []
    for family in (4, 6):
        inside, outside = _blocks(literals, family)
        if inside is None:
            continue
        found = _pick(family, inside, outside, literals, avoid)
        if isinstance(found, str):
            return found
        if found:
            return Undecided(f"`{literals[0].variables[0]}`: too many addresses are ruled out by their text")
        blamed.extend(literal for literal in literals if _family(literal) in (None, family))
    return named(list(dict.fromkeys(blamed)) or literals)


def _family(literal: Literal) -> int | None:
    return literal.atom.family if isinstance(literal.atom, Within) else None


def span(fact: Within) -> Block:
    """The first and last address of a block."""
    host = _BITS[fact.family] - fact.prefix
    first = fact.network >> host << host
    return first, first + (1 << host) - 1


def _clash(literals: Sequence[Literal]) -> Conflict | None:
    """Two literals that exclude each other, or None."""
    narrow: Literal | None = None
    for literal in literals:
        if literal.positive and isinstance(literal.atom, Within):
            if narrow is None or (isinstance(narrow.atom, Within) and literal.atom.prefix > narrow.atom.prefix):
                narrow = literal
    some = narrow or next((literal for literal in literals if literal.positive), None)
    if some is None:
        return None
    for literal in literals:
        if not literal.positive and isinstance(literal.atom, Parses):
            return Conflict((some, literal))
    if narrow is None or not isinstance(narrow.atom, Within):
        return None
    first, last = span(narrow.atom)
    for literal in literals:
        if not isinstance(literal.atom, Within):
            continue
        low, high = span(literal.atom)
        covers = literal.atom.family == narrow.atom.family and low <= first and last <= high
        if covers != literal.positive:
            if literal.positive or covers:
                return Conflict((narrow, literal))
    return None


def _blocks(literals: Sequence[Literal], family: int) -> tuple[Block | None, list[Block]]:
    """The block of `family` that the positive literals leave, and the blocks that the negative ones take away."""
    first, last = 0, (1 << _BITS[family]) - 1
    outside = []
    for literal in literals:
        if not isinstance(literal.atom, Within):
            continue
        if literal.atom.family != family:
            if literal.positive:
                return None, []
            continue
        low, high = span(literal.atom)
        if literal.positive:
            first, last = max(first, low), min(last, high)
        else:
            outside.append((low, high))
    return ((first, last) if first <= last else None), outside


def gaps(inside: Block, outside: Sequence[Block]) -> list[Block]:
    """The maximal ranges of `inside` that no block of `outside` covers, in ascending order."""
    out, cursor = [], inside[0]
    for low, high in sorted(outside):
        if low > cursor:
            out.append((cursor, min(low - 1, inside[1])))
        cursor = max(cursor, high + 1)
        if cursor > inside[1]:
            break
    if cursor <= inside[1]:
        out.append((cursor, inside[1]))
    return [(low, high) for low, high in out if low <= high]


def _pick(
    family: int, inside: Block, outside: list[Block], literals: Sequence[Literal], avoid: Sequence[str]
) -> str | bool:
    """A readable text, False when there is none, True when the texts to avoid may have hidden one."""
    for text in _FAMILIAR[family]:
        if text not in avoid and all(literal.accepts(text) for literal in literals):
            return text
    free = gaps(inside, outside)
    taken = set(avoid)
    for low, high in free:
        # Hosts that look like hosts come first; then as many of the range as the texts to avoid could hide.
        offsets = (7, 1, 10, 2, *range(len(taken) + 4))
        for offset in offsets:
            if low + offset <= high:
                text = str(ipaddress.ip_address((low + offset).to_bytes(_BITS[family] // 8, "big")))
                if text not in taken:
                    return text
    return family == 6 and bool(free)


def texts(family: int, value: int) -> list[str]:
    """The usual spellings of an address; none if `value` is out of range."""
    if not 0 <= value < 1 << _BITS[family]:
        return []
    found = ipaddress.ip_address(value.to_bytes(_BITS[family] // 8, "big"))
    return list(dict.fromkeys((str(found), found.exploded, found.exploded.upper())))
