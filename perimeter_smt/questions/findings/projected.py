"""The search on one policy without a question at every step: its statements and the findings are boxes (boxes.py).

The engine still has the last word.  It finds the classes, says which points of the product can be requests at all,
tries every part of a finding once more without it, and at the end proves that all findings are access, that they are
all of it, and that none lies in the others.  A request that speaks against is a class that was missing: it is added,
and the search starts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perimeter_smt.logic.formula import Formula, both, disj, neg
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.questions.findings.boxes import Box, Classes, Rule, dimension_of, meet, uncovered
from perimeter_smt.questions.findings.search import Clause, Cover, Cube, Search, _UndecidedError
from perimeter_smt.solve.result import Result

_FIRST = 40  # questions for classes before the search
_ROUNDS = 500  # searches that go on with a class more, before it is left to the engine


class _NewClassError(Exception):
    """A request was met of a class that was not known."""


class _UnfitError(Exception):
    """The policy is no set of boxes over these elements."""


@dataclass
class Projected(Search):
    """A search where access is what some Allow of `rules` matches and no Deny."""

    rules: tuple[Rule, ...] = ()
    wishes: tuple[Formula, ...] = ()  # what an example should fulfil, best first

    def __post_init__(self) -> None:
        super().__post_init__()
        told = [(dimension_of(one.field, one.key), one.formula) for one in self.literals]
        self._missing = {key: len(told) + at for at, key in enumerate(self.absent)}
        told += [(dimension_of("condition", key), formula) for key, formula in self.absent.items()]
        self._parts = []
        for rule in self.rules:
            self._parts.append([(part.dimension, len(told) + at) for at, part in enumerate(rule.parts)])
            told += [(part.dimension, part.formula) for part in rule.parts]
        self._told = told
        self.classes = Classes(told)
        self._never: list[list[tuple[int, bool]]] = []  # of the formulas told, what no request fulfils together
        self._sure: list[Cube] = []  # cubes that are access, as the engine says
        self._examples: dict[Cube, tuple[frozenset[Cube], Result]] = {}
        self._found: list[Cube] = []
        self.by_engine = False

    def cover(self) -> Cover:
        """Cubes that cover all access, none of them covered by the others."""
        try:
            self._enumerate()
            for _ in range(_ROUNDS):
                try:
                    return self._searched()
                except _NewClassError:
                    continue
        except _UnfitError:
            pass
        except _UndecidedError as problem:
            return Cover(tuple(self._found), str(problem))  # each was confirmed when it was found
        self.by_engine = True
        return super().cover()

    def example(self, cube: Cube, others: Sequence[Cube], wishes: Sequence[Formula] = ()) -> Result:
        """A request of the cube, of none of the others, that fulfils the first of the wishes that can be."""
        known = self._examples.get(cube)
        if known and known[0] == frozenset(others):
            return known[1]
        return super().example(cube, others, wishes)

    def boxes(self) -> tuple[list[Box], list[Box], list[Box]]:
        """What Allow and Deny statements match, and what the engine found to be no request at all."""
        return self._allows, self._denies, self._empty

    def near(self, cube: Cube) -> list[int]:
        """The rules that a request of the cube may match; no other does, as far as classes are known."""
        every = range(len(self.rules))
        return [n for n in every if self.by_engine or meet(self.box(cube), self._rules[n]) is not None]

    def _enumerate(self) -> None:
        """Requests of every class along every dimension, or of many; others are met when they matter."""
        left = list(range(len(self.classes.dimensions)))
        last = self.checks + _FIRST
        while left and self.checks < last:
            result = self._ask(*(self.classes.unknown(at) for at in left))
            if result.status == "sat":
                assert result.model is not None
                self._add(result.model)
                continue
            stuck = [left[at] for at in result.needed if at < len(left)] or left
            for at in stuck:
                single = self._ask(self.classes.unknown(at))
                if single.status == "sat":
                    assert single.model is not None
                    self._add(single.model)
                else:
                    left.remove(at)
        self._renew()

    def _add(self, model: Model) -> bool:
        """Learn the classes of a request, and see whether the rules say of it what the policy does."""
        point, new = self.classes.add(model)
        said = [
            all(self.classes.where[number] >> point[self.classes.place[dimension]] & 1 for dimension, number in parts)
            for parts in self._parts
        ]
        allowed = any(hit for hit, rule in zip(said, self.rules, strict=True) if rule.allow)
        denied = any(hit for hit, rule in zip(said, self.rules, strict=True) if not rule.allow)
        if truth(self.access, model) is not (allowed and not denied):
            raise _UnfitError
        return new

    def _renew(self) -> None:
        """Everything as bits of the classes that are known by now."""
        self._full = self.classes.full
        self._clause_bits: dict[Clause, tuple[int, int]] = {}
        self._boxes: dict[Cube, Box] = {}
        self._facts.clear()
        self._rules = []
        for parts in self._parts:
            box = list(self._full)
            for dimension, number in parts:
                box[self.classes.place[dimension]] &= self.classes.where[number]
            self._rules.append(tuple(box))
        rules = list(zip(self.rules, self._rules, strict=True))
        self._allows = [box for rule, box in rules if rule.allow and all(box)]
        self._denies = [box for rule, box in rules if not rule.allow and all(box)]
        self._empty = [self._signed(said) for said in self._never]
        self._safe = [*self._empty, *(self.box(cube) for cube in self._sure)]

    def _signed(self, said: Sequence[tuple[int, bool]]) -> Box:
        box = list(self._full)
        for number, sign in said:
            at = self.classes.place[self._told[number][0]]
            where = self.classes.where[number]
            box[at] &= where if sign else ~where
        return tuple(box)

    def box(self, cube: Sequence[Clause]) -> Box:
        """The classes that a cube admits."""
        key = tuple(cube)
        found = self._boxes.get(key)
        if found is None:
            box = list(self._full)
            for clause in cube:
                at, bits = self._of(clause)
                box[at] &= bits
            found = self._boxes[key] = tuple(box)
        return found

    def _of(self, clause: Clause) -> tuple[int, int]:
        """The dimension of a clause, and its classes."""
        found = self._clause_bits.get(clause)
        if found is None:
            numbers = [self._missing[self.literals[~i].key.lower()] if i < 0 else i for i in clause]
            bits = 0
            for number in numbers:
                bits |= self.classes.where[number]
            found = self.classes.place[self._told[numbers[0]][0]], bits
            self._clause_bits[clause] = found
        return found

    def _core_of(self, cube: Cube) -> list[Clause] | None:
        if self.by_engine:
            return super()._core_of(cube)
        box = self.box(cube)
        if not all(box):
            return list(cube)
        for deny in self._denies:
            inside = meet(box, deny)
            if inside is not None and uncovered(inside, self._safe) is not None:
                return None
        return list(cube) if uncovered(box, (*self._safe, *self._allows)) is None else None

    def _core(self, places: Sequence[int]) -> list[int] | None:
        if self.by_engine:
            return super()._core(places)
        kept = list(places)
        if not self._included(tuple((i,) for i in kept)):
            return None
        for i in sorted(places, key=self._rank):
            trial = [j for j in kept if j != i]
            if self._included(tuple((j,) for j in trial)):
                kept = trial
        return kept

    def _follows(self, clauses: Sequence[Clause], place: int) -> bool:
        if self.by_engine:
            return super()._follows(clauses, place)
        at, bits = self._of((place,))
        return not self.box(clauses)[at] & ~bits

    def _excluded(self, cube: Cube, at: int) -> bool:
        if self.by_engine:
            return super()._excluded(cube, at)
        return not self.box(cube)[self._of(cube[at])[0]]

    def _inside(self, option: Clause, clause: Clause) -> bool:
        if self.by_engine:
            return super()._inside(option, clause)
        return not self._of(option)[1] & ~self._of(clause)[1]

    def _alive(self, cube: Cube, beside: Clause) -> bool:
        if self.by_engine:
            return super()._alive(cube, beside)
        box = list(self.box(cube))
        at, bits = self._of(beside)
        box[at] &= ~bits
        return all(box) and uncovered(tuple(box), self._empty) is not None

    def _searched(self) -> Cover:
        """One search with the classes that are known."""
        self._renew()
        found = self._found = [cube for cube in self._found if self._included(cube)]
        reason = ""
        while (model := self._rest(found)) is not None:
            cube = self._cube(model)
            if cube is None:
                raise _UnfitError
            if len(found) >= self.limit:
                reason = f"more than {self.limit} findings"
                break
            found.append(self._tight(cube, model))
        self._prove(found, whole=not reason)
        kept = self._needed(found)
        self._prove(kept, whole=not reason)
        return Cover(tuple(kept), reason)

    def _rest(self, found: Sequence[Cube]) -> Model | None:
        """A request with access that lies in none of the cubes."""
        boxes = [*self._denies, *map(self.box, found)]
        for allow in self._allows:
            while (point := uncovered(allow, [*boxes, *self._empty])) is not None:
                said = []
                for at, bits in enumerate(point):
                    said += self.classes.said(at, (bits & -bits).bit_length() - 1)
                facts = [self._told[n][1] if sign else neg(self._told[n][1]) for n, sign in said]
                result = self._ask(*facts)
                if result.status == "sat":
                    return result.model
                self._never.append([said[at] for at in result.needed if at < len(said)])
                self._empty.append(self._signed(self._never[-1]))
                self._safe.append(self._empty[-1])
        return None

    def _tight(self, cube: Cube, model: Model) -> Cube:
        """Without clauses that the engine finds unneeded, because of what no request can be; widened again then."""
        for clause in cube:
            one = self.literals[max(clause)]
            rest = tuple(other for other in cube if other is not clause)
            if one.field == "action" or self._met(rest):
                continue
            result = self._ask(*map(self._clause, rest), self._no_access)
            if result.status == "sat":
                assert result.model is not None
                self._refuse(result.model)
                if self._add(result.model):
                    raise _NewClassError
                continue
            self._sure.append(tuple(rest[at] for at in result.needed if at < len(rest)))
            self._safe.append(self.box(self._sure[-1]))
            return self._tight(self._grown(list(rest), self._bits(model)), model)
        self._confirm(both(self.formula(cube), self._no_access))
        return cube

    def _needed(self, cubes: list[Cube]) -> list[Cube]:
        """Without cubes that the others cover; what is left shows a request of each that is in no other."""
        if self.by_engine:
            return super()._needed(cubes)
        kept = list(cubes)
        for cube in cubes:
            others = [other for other in kept if other is not cube]
            if uncovered(self.box(cube), [*map(self.box, others), *self._empty]) is None:
                kept = others
        for cube in list(kept):
            others = [other for other in kept if other is not cube]
            result = super().example(cube, others, self.wishes)
            if result.status == "unknown":
                raise _UndecidedError(result.reason)
            if result.status == "unsat":
                kept = others
            else:
                self._examples[cube] = frozenset(others), result
        return kept

    def _prove(self, cubes: Sequence[Cube], *, whole: bool) -> None:
        """Nothing but access is in the cubes, and all of it."""
        stated = disj(self.formula(cube) for cube in cubes)
        self._confirm(both(stated, self._no_access))
        if whole:
            self._confirm(both(self.access, neg(stated)))

    def _confirm(self, question: Formula) -> None:
        """The engine finds no request for it; one that it finds is of a class that was missing."""
        result = self._ask(question)
        if result.status == "sat":
            assert result.model is not None
            if not self._add(result.model):
                raise _UnfitError
            raise _NewClassError
