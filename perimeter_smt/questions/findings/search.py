"""All access as few coarse sets: prime implicants of access over the literals, by questions to the engine.

As long as some access is not covered: take one such request, describe it by all literals that hold of it, drop
literals as long as everything described is access (a prime implicant), then add alternatives to the lists that are
left, again as long as everything described is access.  What comes out are products of lists, one per part of an IAM
statement, each of them access alone; together they are all access, and none is covered by the others: all three are
answers of the engine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from perimeter_smt.logic.formula import Formula, both, conj, disj, neg
from perimeter_smt.logic.interpret import Model
from perimeter_smt.questions.findings.boxes import Truths
from perimeter_smt.questions.findings.literals import Literal
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Result

Clause = tuple[int, ...]  # alternatives, as places of literals
Cube = tuple[Clause, ...]  # all of them hold
Stop = Callable[[], bool]
_ORDER = {"other": 0, "condition": 1, "resource": 2, "principal": 3, "action": 4}


@dataclass(frozen=True)
class Cover:
    """The cubes found; `reason` says what is missing where they are not all access."""

    cubes: tuple[Cube, ...]
    reason: str = ""


NO_WORDS = "some access hangs on facts that no element of these policies describes"
INTERRUPTED = "not decided: interrupted"


class _UndecidedError(Exception):
    """The engine gave up, or the search is to end."""


def _never() -> bool:
    return False


def _nothing(_: int) -> None:
    pass


@dataclass
class Search:
    """The question: `access` under `given`, described by `literals`; `absent` is that a key is missing, by name."""

    engine: Engine
    access: Formula
    given: tuple[Formula, ...]
    literals: tuple[Literal, ...]
    absent: dict[str, Formula]
    limit: int = 500
    checks: int = 0
    stop: Stop = _never  # whether the search is to end, asked between two questions
    seen: Callable[[int], None] = _nothing  # told how many sets were found, one by one

    def __post_init__(self) -> None:
        self._given = self.given
        self._formulas: dict[Cube, Formula] = {}
        self.by_engine = True  # nothing else knows what is access
        self._no_access = neg(self.access)
        self._truths = Truths(one.formula for one in self.literals)
        self._proved = _Proved()
        self._refused = _Met(len(self.literals))  # requests that are no access
        self._granted = _Met(len(self.literals))  # requests that are
        self._facts: dict[tuple[frozenset[Clause], int], bool] = {}
        self._groups: dict[tuple[str, str, str], list[int]] = {}
        for place, one in enumerate(self.literals):
            if one.positive and not one.words:
                self._groups.setdefault(one.group, []).append(place)
        self._places = {
            (one.key.lower(), one.values[0] == "true"): place
            for place, one in enumerate(self.literals)
            if one.operator == "Null"
        }

    def cover(self) -> Cover:
        """Cubes that cover all access, none of them covered by the others."""
        found: list[Cube] = []
        reason = ""
        try:
            while (result := self._ask(self.access, *(neg(self.formula(cube)) for cube in found))).status == "sat":
                assert result.model is not None
                cube = self._cube(result.model)
                if cube is None:
                    reason = NO_WORDS
                    break
                if len(found) >= self.limit:
                    reason = f"more than {self.limit} findings"
                    break
                found.append(cube)
                self.seen(len(found))
            return Cover(tuple(self._needed(found)), reason)
        except _UndecidedError as problem:
            return Cover(tuple(found), str(problem))

    def formula(self, cube: Cube) -> Formula:
        """The requests of a cube."""
        found = self._formulas.get(cube)
        if found is None:
            found = self._formulas[cube] = conj(self._clause(clause) for clause in cube)
        return found

    def example(self, cube: Cube, others: Sequence[Cube], wishes: Sequence[Formula] = ()) -> Result:
        """A request of the cube, of none of the others, that fulfils the first of the wishes that can be."""
        base = [self.access, self.formula(cube), *(neg(self.formula(other)) for other in others)]
        for wish in wishes:
            result = self.engine.check([*base, *self._given, wish])
            if result.status == "sat":
                return result
        return self.engine.check([*base, *self._given])

    def _clause(self, clause: Clause) -> Formula:
        return disj(self.absent[self.literals[~i].key.lower()] if i < 0 else self.literals[i].formula for i in clause)

    def _ask(self, *formulas: Formula) -> Result:
        if self.stop():
            raise _UndecidedError(INTERRUPTED)
        self.checks += 1
        result = self.engine.check([*formulas, *self._given])
        if result.status == "unknown":
            raise _UndecidedError(result.reason)
        return result

    def _bits(self, model: Model) -> int:
        """The literals that hold in a model."""
        value = self._truths.of(model)
        return sum(1 << place for place, one in enumerate(self.literals) if value[id(one.formula)])

    def _included(self, cube: Cube) -> bool:
        """Whether all that the cube describes is access."""
        return self._core_of(cube) is not None

    def _core_of(self, cube: Cube) -> list[Clause] | None:
        """Clauses of a cube that suffice for it to be access; None if it is not.

        Requests met before, and cubes proved before, are tried first.
        """
        if self._met(cube):
            return None
        known = self._proved.find(cube)
        if known is not None:
            return known
        result = self._ask(*map(self._clause, cube), self._no_access)
        if result.status == "sat":
            assert result.model is not None
            self._refuse(result.model)
            return None
        core = [cube[at] for at in result.needed if at < len(cube)]
        self._proved.add(core)
        return core

    def _met(self, cube: Cube) -> bool:
        """Whether a request met before lies in the cube and is no access."""
        return self._among(self._refused, cube)

    def _among(self, requests: _Met, cube: Sequence[Clause]) -> bool:
        """Whether one of these requests surely lies in the cube."""
        told = []
        for clause in cube:
            places = (i if i >= 0 else self._places.get((self.literals[~i].key.lower(), True)) for i in clause)
            told.append([i for i in places if i is not None])
        return requests.inside(told)

    def _refuse(self, model: Model) -> None:
        """Remember a request that is no access, by the literals that hold of it."""
        self._refused.add(self._bits(model))

    def _follows(self, clauses: Sequence[Clause], place: int) -> bool:
        """Whether clauses imply a literal, from what they say on its own field and key alone; answers are kept."""
        field, key = self.literals[place].field, self.literals[place].key.lower()
        first = [self.literals[max(clause)] for clause in clauses]
        own = frozenset(
            clause for clause, one in zip(clauses, first, strict=True) if (one.field, one.key.lower()) == (field, key)
        )
        if (own, place) not in self._facts:
            said = (self._clause(clause) for clause in sorted(own))
            self._facts[own, place] = self._ask(*said, neg(self.literals[place].formula)).status == "unsat"
        return self._facts[own, place]

    def _excluded(self, cube: Cube, at: int) -> bool:
        """Whether a clause contradicts what the others say of its field and key; answers are kept."""
        one = self.literals[max(cube[at])]
        alike = [
            c for c in cube if (x := self.literals[max(c)]).field == one.field and x.key.lower() == one.key.lower()
        ]
        key = (frozenset(alike), -2)
        if key not in self._facts:
            self._facts[key] = self._ask(*map(self._clause, alike)).status == "unsat"
        return self._facts[key]

    def _inside(self, option: Clause, clause: Clause) -> bool:
        """Whether a list admits an alternative already; answers are kept."""
        key = (frozenset([option, clause]), -1)
        if key not in self._facts:
            self._facts[key] = self._ask(self._clause(option), neg(self._clause(clause))).status == "unsat"
        return self._facts[key]

    def _alive(self, cube: Cube, beside: Clause) -> bool:
        """Whether the cube holds access beside a clause."""
        result = self._ask(self.access, *map(self._clause, cube), neg(self._clause(beside)))
        if result.model is not None:
            self._granted.add(self._bits(result.model))
        return result.status == "sat"

    def _cube(self, model: Model) -> Cube | None:
        """A coarse cube around a request; None if the literals do not describe it finely enough."""
        bits = self._bits(model)
        self._granted.add(bits)
        true = [place for place in range(len(self.literals)) if bits >> place & 1]
        said = [i for i in true if self.literals[i].field != "other"]
        null = [i for i in said if not self.literals[i].or_absent]
        plain = [i for i in null if self.literals[i].operator != "Null"]
        for places in (plain, null, said, true):
            core = self._core(places)
            if core is not None:
                return self._lively_actions(self._widened(self._prime(core, true), bits))
        return None

    def _core(self, places: Sequence[int]) -> list[int] | None:
        """Literals among these that imply access; None if all of them do not."""
        result = self._ask(*(self.literals[i].formula for i in places), self._no_access)
        if result.status == "sat":
            assert result.model is not None
            self._refuse(result.model)
            return None
        return [places[at] for at in result.needed if at < len(places)]

    def _prime(self, core: list[int], true: Sequence[int]) -> list[int]:
        """The literals that are needed, negative ones as weak as they can be."""
        kept = list(core)
        for i in core:
            one = self.literals[i]
            if one.positive or one.field not in ("condition", "resource"):
                continue
            weaker = [j for j in true if self._excludes_less(self.literals[j], one) and j not in kept]
            trial = [*(j for j in kept if j != i), *weaker]
            if weaker and self._included(tuple((j,) for j in trial)):
                kept = trial
        for i in sorted(kept, key=self._rank):
            trial = [j for j in kept if j != i]
            if self._included(tuple((j,) for j in trial)):
                kept = trial
        return kept

    def _rank(self, place: int) -> tuple[int, int, int]:
        """What is dropped first: what is least readable, then what says most."""
        one = self.literals[place]
        breadth = -_breadth(one)
        return _ORDER[one.field] if one.operator != "Null" else -1, breadth if one.positive else -breadth, place

    def _excludes_less(self, one: Literal, than: Literal) -> bool:
        return one.group == than.group and not one.positive and one != than and _below(one, than)

    def _widened(self, places: Sequence[int], bits: int) -> Cube:
        """Alternatives added to every positive literal, as long as all that is described is access."""
        return self._grown([(i,) for i in sorted(places, key=lambda i: (-_ORDER[self.literals[i].field], i))], bits)

    def _grown(self, cube: list[Clause], bits: int) -> Cube:
        """A cube that is access, with more alternatives."""
        for at in range(len(cube)):
            one = self.literals[cube[at][0]]
            if not one.positive or one.words:
                continue
            if one.field == "action" and self.by_engine:
                cube[at] = (*cube[at], *self._more_actions(cube, at))
                continue
            spare = _Spare(self, bits, one)
            for option in self._options(one, cube[at][0]):
                grown = option if one.operator == "Null" else (*cube[at], *option)
                if not self._holds(grown, bits) or self._inside(option, cube[at]):
                    continue
                added = (*cube[:at], option, *cube[at + 1 :])
                less = () if self._included(added) else spare.enough(cube, added)
                if less is None or self._excluded(added, at):
                    continue
                if not self._alive((*added, *less), cube[at]):
                    continue
                cube[at] = grown
                cube += less
                if one.operator == "Null":
                    break
            cube[at] = self._pruned(cube[at], bits)
        return tuple(cube)

    def _lively_actions(self, cube: Cube) -> Cube:
        """With only such classes of actions as some request of the cube calls."""
        actions = self._groups.get(("action", "", ""), [])
        at = next((at for at, clause in enumerate(cube) if self.literals[clause[0]].field == "action"), None)
        if at is not None or not actions:
            return cube
        found = self._met_actions(actions, cube, access=True)
        return cube if len(found) == len(actions) else (found, *cube)

    def _more_actions(self, cube: Sequence[Clause], at: int) -> Clause:
        """Classes of actions that may stand beside those of a clause: all that is described is access, and some is.

        Classes are apart, so that each can be judged alone; a question about all of them is answered class by class.
        """
        rest = [clause for place, clause in enumerate(cube) if place != at]
        left = [i for i in self._groups["action", "", ""] if i not in cube[at]]
        wrong = set(self._met_actions(left, rest, access=False))
        return self._met_actions([i for i in left if i not in wrong], rest, access=True)

    def _met_actions(self, classes: Sequence[int], cube: Sequence[Clause], *, access: bool) -> Clause:
        """Those of some classes of actions that a request in the cube calls that is access, or that is none."""
        known = self._granted if access else self._refused
        question = both(self.access if access else self._no_access, *map(self._clause, cube))
        found = {i for i in classes if self._among(known, (*cube, (i,)))}
        while left := [i for i in classes if i not in found]:
            result = self._ask(question, self._clause(tuple(left)))
            if result.status == "unsat":
                break
            assert result.model is not None
            bits = self._bits(result.model)
            known.add(bits)
            found |= {i for i in left if bits >> i & 1}
        return tuple(i for i in classes if i in found)

    def _options(self, one: Literal, place: int) -> list[Clause]:
        """What may stand beside a literal in its list; for a key that is missing, what a value of it may be."""
        if one.operator == "Null":
            if one.values != ("true",):
                return []
            key = one.key.lower()
            groups = [g for g in self._groups if g[0] == "condition" and g[2] == key and _can_be_absent(g[1])]
            return [(i, ~i) for group in groups for i in self._groups[group]]
        out: list[Clause] = [(i,) for i in self._groups.get(one.group, ()) if i != place]
        if one.field == "condition" and _can_be_absent(one.operator) and (one.key.lower(), True) in self._places:
            out.append((~place,))
        return out

    def _holds(self, clause: Clause, bits: int) -> bool:
        """Whether the request that a cube was made for stays in it."""
        null = self._places.get((self.literals[clause[0]].key.lower(), True), -1) if clause[-1] < 0 else -1
        return any(i >= 0 and bits >> i & 1 for i in clause) or (null >= 0 and bits >> null & 1 == 1)

    def _pruned(self, clause: Clause, bits: int) -> Clause:
        """Without alternatives that others of the list cover."""
        if len(clause) < 2:
            return clause
        kept = list(clause)
        for i in sorted((i for i in clause if i >= 0), key=lambda i: _breadth(self.literals[i])):
            rest = tuple(j for j in kept if j != i)
            if not any(j >= 0 for j in rest) or not self._holds(rest, bits):
                continue
            if self._inside((i,), rest):
                kept.remove(i)
        return tuple(kept)

    def _needed(self, cubes: list[Cube]) -> list[Cube]:
        """Without cubes that the others cover, those found first are tried first."""
        kept = list(cubes)
        for cube in cubes:
            others = [other for other in kept if other is not cube]
            apart = [neg(self.formula(other)) for other in others]
            if self._ask(self.access, self.formula(cube), *apart).status == "unsat":
                kept = others
        return kept


class _Spare:
    """Exclusions that cost a cube nothing and may make room for an alternative: 198.18.0.0/15 but not 198.18.7.0/24."""

    def __init__(self, search: Search, bits: int, one: Literal) -> None:
        self.search = search
        key = one.key.lower()
        told = ((i, other) for i, other in enumerate(search.literals) if not other.positive and bits >> i & 1)
        self.options = [i for i, other in told if other.field == one.field and other.key.lower() == key]
        self.of: Sequence[Clause] = ()  # the cube that `options` were tried on

    def enough(self, cube: Sequence[Clause], added: Cube) -> Cube | None:
        """Exclusions under which `added` is access, as few as possible; None if there are none."""
        search = self.search
        if self.of != cube:
            self.of = list(cube)
            left = [i for i in self.options if (i,) not in cube]
            self.options = [i for i in left if search._follows(cube, i)]
        core = search._core_of((*added, *((i,) for i in self.options))) if self.options else None
        if core is None:
            return None
        used = [i for i in self.options if (i,) in core]
        for i in sorted(used, key=lambda i: -_breadth(search.literals[i])):
            less = [j for j in used if j != i]
            if search._included((*added, *((j,) for j in less))):
                used = less
        return tuple((i,) for i in used)


class _Met:
    """Requests met before, by the literals that hold of them."""

    def __init__(self, literals: int) -> None:
        self._count = 0
        self._where = [0] * literals  # of each literal, for which requests it holds

    def add(self, bits: int) -> None:
        """One more."""
        here = 1 << self._count
        self._count += 1
        while bits:
            low = bits & -bits
            self._where[low.bit_length() - 1] |= here
            bits ^= low

    def inside(self, clauses: Iterable[Sequence[int]]) -> bool:
        """Whether one of them fits every list of alternatives."""
        left = (1 << self._count) - 1
        for clause in clauses:
            found = 0
            for i in clause:
                found |= self._where[i]
            left &= found
        return left != 0


class _Proved:
    """Cubes that are access: whatever each of their clauses covers a clause of is access as well."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[int], int] = {}  # of clauses
        self._cubes: list[int] = []  # as bit sets of clauses
        self._covers: dict[Clause, tuple[int, int]] = {}  # clauses that cover one, among so many

    def add(self, cube: Sequence[Clause]) -> None:
        """Remember a cube."""
        bits = 0
        for clause in cube:
            bits |= 1 << self._numbers.setdefault(frozenset(clause), len(self._numbers))
        self._cubes.append(bits)

    def find(self, cube: Cube) -> list[Clause] | None:
        """Clauses of the cube for which a cube that was proved suffices."""
        covering = [self._covering(clause) for clause in cube]
        every = 0
        for bits in covering:
            every |= bits
        for known in self._cubes:
            if not known & ~every:
                return [clause for clause, bits in zip(cube, covering, strict=True) if bits & known]
        return None

    def _covering(self, clause: Clause) -> int:
        bits, seen = self._covers.get(clause, (0, 0))
        if seen < len(self._numbers):
            own = frozenset(clause)
            for wide, number in list(self._numbers.items())[seen:]:
                if own <= wide:
                    bits |= 1 << number
            self._covers[clause] = bits, len(self._numbers)
        return bits


def _can_be_absent(operator: str) -> bool:
    return bool(operator) and operator != "Null" and not operator.endswith("IfExists") and ":" not in operator


def _breadth(one: Literal) -> int:
    """Roughly how much a literal's element admits, to order alike ones."""
    text = one.values[0] if one.values else ""
    if "IpAddress" in one.operator:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return 0
        return network.max_prefixlen - network.prefixlen
    return 100 * text.count("*") + 10 * text.count("?") - len(text)


def _below(one: Literal, other: Literal) -> bool:
    """Whether the element of `one` surely admits no more than that of `other`; a quick test that may miss some."""
    if not one.values or not other.values:
        return False
    text, wide = one.values[0], other.values[0]
    if "IpAddress" in one.operator:
        try:
            a, b = (ipaddress.ip_network(value, strict=False) for value in (text, wide))
        except ValueError:
            return False
        if isinstance(a, ipaddress.IPv4Network) and isinstance(b, ipaddress.IPv4Network):
            return a.subnet_of(b)
        return isinstance(a, ipaddress.IPv6Network) and isinstance(b, ipaddress.IPv6Network) and a.subnet_of(b)
    if "Like" not in one.operator and one.field != "resource":
        return False
    pattern = "".join("[^*]" if c == "?" else ".*" if c == "*" else re.escape(c) for c in wide)
    return re.fullmatch(pattern, text, re.DOTALL) is not None
