"""Catalogues: finite variables with many rows, whose rows demand facts of the text variables.

`Member` literals cut the rows down as bit sets.  Then the first row, in ascending order, is taken whose
group's requirements agree with the text literals.  Guarantee: the row chosen satisfies all literals and its
requirements hold in the texts returned; a conflict is proved and minimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.problem import Catalogue
from perimeter_smt.solve.theories.component import TheorySolver, split
from perimeter_smt.solve.theories.literals import Conflict, Literal, Undecided

_PAIRS = 500  # learned at a time


@dataclass(frozen=True, slots=True)
class Rows:
    """A chosen row per catalogue, and texts for the variables that their requirements speak about."""

    rows: Mapping[str, int]
    texts: Mapping[str, str]


class Table:
    """One catalogue, with the group of each row looked up in constant time."""

    def __init__(self, catalogue: Catalogue, requires: Sequence[tuple[Literal, ...]]) -> None:
        """`requires` lists the requirements of each group of the catalogue as literals."""
        self.catalogue = catalogue
        self.all = (1 << catalogue.size) - 1
        self.requires: list[tuple[Literal, ...]] = [*requires, ()]
        self.rows: list[int] = [group.rows & self.all for group in catalogue.groups]
        free = self.all
        self.group: list[int] = [len(self.rows)] * catalogue.size
        for number, rows in enumerate(self.rows):
            free &= ~rows
            for index in indexes(rows):
                self.group[index] = number
        self.rows.append(free)
        self._inside: dict[int, frozenset[str]] = {}
        self._bits: dict[int, int] = {}  # by key of the literal

    def inside(self, row: int) -> frozenset[str]:
        """The names of the sets that hold `row`."""
        found = self._inside.get(row)
        if found is None:
            bit = 1 << row
            found = self._inside[row] = frozenset(n for n, bits in self.catalogue.sets.items() if bits & bit)
        return found

    def allowed(self, literals: Sequence[Literal]) -> int:
        """The rows that satisfy all `Member` literals."""
        bits = self.all
        for literal in literals:
            bits &= self.bits(literal)
        return bits

    def bits(self, literal: Literal) -> int:
        """The rows that satisfy one `Member` literal."""
        found = self._bits.get(literal.key)
        if found is None:
            assert isinstance(literal.atom, Member)
            inside = self.catalogue.sets.get(literal.atom.name, 0)
            found = self._bits[literal.key] = inside if literal.positive else self.all & ~inside
        return found


def indexes(bits: int) -> Iterator[int]:
    """The rows of a bit set, in ascending order."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


Chosen = Mapping[str, Sequence[Literal]]


def empty(table: Table, literals: Sequence[Literal]) -> list[Conflict]:
    """Minimal sets of `Member` literals that no row satisfies, or none if some row does.

    All pairs at once, since a search that meets one of them meets the others next; else one larger set.
    """
    if table.allowed(literals):
        return []
    all_bits = [table.bits(literal) for literal in literals]
    some = [(literal, bits) for literal, bits in zip(literals, all_bits, strict=True) if bits]
    pairs = (Conflict((one, other)) for (one, rows), (other, its) in combinations(some, 2) if not rows & its)
    return list(islice(pairs, _PAIRS)) or [_smallest(table, literals)]


def _smallest(table: Table, literals: Sequence[Literal]) -> Conflict:
    """A minimal set of literals, out of some that no row satisfies."""
    behind = [table.all]  # what all later literals allow, from the last one on
    for literal in reversed(literals[1:]):
        behind.append(behind[-1] & table.bits(literal))
    kept: list[Literal] = []
    allowed = table.all
    for literal in literals:
        if allowed & behind.pop():
            kept.append(literal)
            allowed &= table.bits(literal)
    return Conflict(tuple(kept))


def choose(
    tables: Mapping[str, Table], members: Chosen, texts: Sequence[Literal], theories: TheorySolver
) -> Rows | Conflict | Undecided:
    """Rows for all catalogues in `tables` such that their requirements hold together with the literals `texts`."""
    search = _Search(tables, texts, theories)
    found = search.extend(members, list(tables), {}, [])
    if not isinstance(found, Conflict):
        return found
    if len(tables) == 1:
        ((name, table),) = tables.items()
        inside = {literal.key for literal in found.literals}
        return _minimal_alone(table, [x for x in members.get(name, ()) if x.key in inside], found, theories)
    return _minimal(tables, found, theories)


class _Search:
    """Depth-first choice of one group per catalogue. Remembers which requirements failed, and why."""

    def __init__(self, tables: Mapping[str, Table], texts: Sequence[Literal], theories: TheorySolver) -> None:
        self._tables, self._theories = tables, theories
        self._parts = split(texts)
        self._part_of = {v: i for i, part in enumerate(self._parts) for x in part for v in x.variables}

    def extend(
        self, members: Chosen, names: list[str], rows: dict[str, int], required: list[Literal]
    ) -> Rows | Conflict | Undecided:
        """The rest of the choice, for the catalogues `names`; `required` is what the earlier ones demand."""
        if not names:
            answer = self.decide(required)
            if isinstance(answer, Conflict | Undecided):
                return answer
            return Rows(dict(rows), answer)
        name, *rest = names
        table = self._tables[name]
        own = members.get(name, ())
        bits = table.allowed(own)
        blamed: dict[int, Literal] = {literal.key: literal for literal in own}
        undecided: Undecided | None = None
        mine: set[int] = set()
        while bits:
            row = (bits & -bits).bit_length() - 1
            group = table.group[row]
            bits &= ~table.rows[group]
            more = list(table.requires[group])
            mine.update(literal.key for literal in more)
            partial = self.decide([*required, *more]) if rest else None
            if isinstance(partial, Conflict | Undecided):
                found: Rows | Conflict | Undecided = partial
            else:
                rows[name] = row
                found = self.extend(members, rest, rows, [*required, *more])
            if isinstance(found, Rows):
                return found
            if isinstance(found, Undecided):
                undecided = undecided or found
            else:
                blamed.update((literal.key, literal) for literal in found.literals)
        if undecided:
            return undecided
        asserted = {literal.key for part in self._parts for literal in part} | {x.key for x in required}
        return Conflict(tuple(x for key, x in sorted(blamed.items()) if key not in mine or key in asserted))

    def decide(self, required: Sequence[Literal]) -> Mapping[str, str] | Conflict | Undecided:
        """Texts for the components that `required` touches, or why there are none."""
        touched: set[int] = set()
        for literal in required:
            for variable in literal.variables:
                if variable in self._part_of:
                    touched.add(self._part_of[variable])
        joined = {literal.key: literal for literal in required}
        for number in sorted(touched):
            joined.update((literal.key, literal) for literal in self._parts[number])
        opposite = next((x for x in joined.values() if x.key ^ 1 in joined), None)
        if opposite is not None:
            return Conflict((opposite, joined[opposite.key ^ 1]))
        answer = self._theories.decide_all(list(joined.values()))
        return answer.texts if not isinstance(answer, Conflict | Undecided) else answer


def _minimal_alone(table: Table, members: Sequence[Literal], conflict: Conflict, theories: TheorySolver) -> Conflict:
    """The same for a single catalogue: first its own literals, by the rows they rule out, then those on texts."""
    texts = [x for x in conflict.literals if not isinstance(x.atom, Member)]
    refuted = _Refuted(table, texts, theories)
    behind = [table.all]
    for literal in reversed(members[1:]):
        behind.append(behind[-1] & table.bits(literal))
    kept: list[Literal] = []
    allowed = table.all
    for literal in members:
        if not refuted.covers(allowed & behind.pop()):
            kept.append(literal)
            allowed &= table.bits(literal)
    for literal in texts:
        rest = [x for x in refuted.texts if x is not literal]
        fewer = _Refuted(table, rest, theories)
        if fewer.covers(allowed):
            refuted = fewer
    return Conflict((*kept, *refuted.texts))


class _Refuted:
    """The rows whose demands are known to contradict some literals on texts."""

    def __init__(self, table: Table, texts: Sequence[Literal], theories: TheorySolver) -> None:
        self.texts, self._table = texts, table
        self._search = _Search({}, texts, theories)
        self._rows = 0

    def covers(self, rows: int) -> bool:
        """Whether the demands of every one of `rows` contradict the literals."""
        left = rows & ~self._rows
        while left:
            group = self._table.group[(left & -left).bit_length() - 1]
            if not isinstance(self._search.decide(self._table.requires[group]), Conflict):
                return False
            self._rows |= self._table.rows[group]
            left &= ~self._table.rows[group]
        return True


def _minimal(tables: Mapping[str, Table], conflict: Conflict, theories: TheorySolver) -> Conflict:
    """Drop literals from a conflict while it remains one: many at a time, then one by one."""

    def conflicting(literals: Sequence[Literal]) -> Sequence[Literal] | None:
        texts = [x for x in literals if not isinstance(x.atom, Member)]
        rows: dict[str, list[Literal]] = {}
        for x in literals:
            if isinstance(x.atom, Member):
                rows.setdefault(x.atom.var, []).append(x)
        found = _Search(tables, texts, theories).extend(rows, list(tables), {}, [])
        if not isinstance(found, Conflict):
            return None
        inside = {x.key for x in found.literals}
        return [x for x in literals if x.key in inside]

    kept: Sequence[Literal] = conflict.literals
    size = len(kept)
    while size > 1:
        size = (size + 1) // 2
        at = 0
        while at < len(kept):
            rest = conflicting([*kept[:at], *kept[at + size :]])
            if rest is None:
                at += size
            elif rest[:at] == kept[:at]:
                kept = rest
            else:
                kept, at = rest, 0
    return Conflict(tuple(kept))
