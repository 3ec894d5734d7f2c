"""A-priori lemmas: clauses on atoms that hold whatever the question is, given to the Boolean search up front.

Prefixes of patterns, whole texts against patterns, sets of rows against each other, that enumerations have one value,
and that equal texts match the same patterns.  Every one of them saves a round with the theories, and none changes a
verdict.
"""

from __future__ import annotations

from contextlib import suppress

from perimeter_smt.logic.atoms import Equal, Glob, Is, Member, Pattern
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.solve.errors import SolveError
from perimeter_smt.solve.prefix_tree import PrefixTree
from perimeter_smt.solve.same_texts import SameTexts
from perimeter_smt.solve.sat import Sat
from perimeter_smt.solve.theories.alphabet import is_value
from perimeter_smt.solve.theories.literals import Language, language
from perimeter_smt.solve.theories.work import TooLargeError

_TEXTS = 32  # whole texts of one variable that are compared with its patterns
_PATTERNS = 64  # patterns of one variable that are compared with its whole texts
_SETS = 224  # sets of one catalogue that are compared with each other
_FEW_SETS = 48  # those of a catalogue with more sets than _MANY: saying more takes longer than finding it out
_MANY = 512
_ROWS = 4096  # rows up to which they are


class APriori:
    """The propositional variables of symbols and atoms, with the lemmas known of them as they come."""

    def __init__(self, sat: Sat, problem: Problem, many: bool = False) -> None:
        """`many`: a catalogue of many sets is asked so often that comparing them pays."""
        self._sat, self._problem, self._many = sat, problem, many
        self._prefixes = PrefixTree(sat)
        self.same_texts = SameTexts(sat)
        self._values: dict[str, dict[str, int]] = {}  # enumeration, value, variable
        self._texts: dict[str, list[tuple[str, int]]] = {}
        self._patterns: dict[str, list[tuple[Language, int]]] = {}
        self._sets: dict[str, list[tuple[int, int, int, int]]] = {}  # catalogue, rows, their subtree, variable
        self._digits: dict[str, list[int]] = {}  # catalogue, binary digits of the number of its row, lowest first
        self._globs: dict[str, dict[Pattern, int]] = {}
        self._equals: dict[str, list[tuple[str, int]]] = {}  # variable, the other variable, propositional variable
        self.variable: dict[int, int] = {}  # by identity of the formula

    def add(self, formula: Formula, variable: int) -> None:
        """A new symbol or atom, and its variable."""
        self.variable[id(formula)] = variable
        fact = formula.payload
        if isinstance(fact, Glob):
            self._prefixes.add(fact, variable)
            self.same_texts.add(fact, variable)
            self._pattern(fact, variable)
            self._globs.setdefault(fact.var, {})[fact.pattern] = variable
            for other, equal in self._equals.get(fact.var, ()):
                self._same(fact.pattern, variable, self._globs.get(other, {}).get(fact.pattern, 0), equal)
        elif isinstance(fact, Equal):
            self._equal(fact, variable)
        elif isinstance(fact, Member):
            self._member(fact, variable)
        elif isinstance(fact, Is):
            self._value(fact, variable)

    def _pattern(self, fact: Glob, variable: int) -> None:
        """Whether the whole texts of a variable match its patterns; see prefix_tree.py for texts among themselves."""
        form = language(fact.pattern)
        texts = self._texts.setdefault(fact.var, [])
        patterns = self._patterns.setdefault(fact.var, [])
        if form.exact is not None:
            if is_value(form.exact) and len(texts) < _TEXTS:
                texts.append((form.exact, variable))
                for pattern, other in patterns:
                    self._relate(form.exact, variable, pattern, other)
        elif not (form.shape == "ends" and not form.suffix) and len(patterns) < _PATTERNS:
            patterns.append((form, variable))
            for text, other in texts:
                self._relate(text, other, form, variable)

    def _equal(self, fact: Equal, variable: int) -> None:
        """Equal texts match the same patterns, and who match the same whole text are equal."""
        left, right = self._globs.get(fact.left, {}), self._globs.get(fact.right, {})
        for pattern in (pattern for pattern in left if pattern in right):
            self._same(pattern, left[pattern], right[pattern], variable)
        for one, other in ((fact.left, fact.right), (fact.right, fact.left)):
            self._equals.setdefault(one, []).append((other, variable))

    def _same(self, pattern: Pattern, left: int, right: int, equal: int) -> None:
        if right:
            self._sat.add((-equal, -left, right))
            self._sat.add((-equal, left, -right))
            if language(pattern).exact is not None:
                self._sat.add((-left, -right, equal))

    def _relate(self, text: str, whole: int, form: Language, pattern: int) -> None:
        with suppress(TooLargeError):  # left to the theory, which says so if it matters
            self._sat.add((-whole, pattern if form.matches(text) else -pattern))

    def _member(self, fact: Member, variable: int) -> None:
        """Sets that exclude, hold or complete each other."""
        table = self._problem.catalogues.get(fact.var)
        known = self._sets.setdefault(fact.var, [])
        if table is None or table.size > _ROWS:
            return
        compared = len(known) < (_SETS if self._many or len(table.sets) <= _MANY else _FEW_SETS)
        if not compared and not self._many:
            return
        everything = (1 << table.size) - 1
        rows = table.sets.get(fact.name, 0) & everything
        if not rows:  # no row is in it, nor is anything where no row is asked for: all that other sets tell of it
            self._sat.add((-variable,))
            return
        first, height = self._subtree(fact.var, table.size, rows, variable)
        if not compared:
            return
        for other, start, level, place in known:
            if (first ^ start) >> max(height, level):
                if rows | other == everything:
                    self._sat.add((variable, place))
                continue  # the digits tell them apart
            both = rows & other
            if not both:
                self._sat.add((-variable, -place))
            elif both == rows:
                self._sat.add((-variable, place))
            elif both == other:
                self._sat.add((variable, -place))
            if rows | other == everything:
                self._sat.add((variable, place))
        known.append((rows, first, height, variable))

    def _subtree(self, name: str, size: int, rows: int, variable: int) -> tuple[int, int]:
        """The smallest subtree of row numbers that holds all rows of a set: its first row, and its height.

        Numbers are read as paths in a binary tree. A row of the set has the digits of the path to the subtree, which
        are said of it; sets in subtrees apart then exclude each other by one digit, without a clause for every pair.
        Sound: the digits are variables of their own, and whatever the row is, its number gives them values that fit.
        """
        digits = self._digits.get(name)
        if digits is None:
            digits = self._digits[name] = [self._sat.fresh() for _ in range((size - 1).bit_length())]
        first, last = (rows & -rows).bit_length() - 1, rows.bit_length() - 1
        height = (first ^ last).bit_length()
        for place in range(height, len(digits)):
            self._sat.add((-variable, digits[place] if first >> place & 1 else -digits[place]))
        return first, height

    def _value(self, fact: Is, variable: int) -> None:
        """Enumerations have exactly one value."""
        declared = self._problem.enums.get(fact.var)
        if declared is None:
            raise SolveError(f"enumeration `{fact.var}` is not declared")
        if fact.value not in declared:
            self._sat.add((-variable,))
            return
        known = self._values.setdefault(fact.var, {})
        for other in known.values():
            self._sat.add((-variable, -other))
        known[fact.value] = variable
        if len(known) == len(declared):
            self._sat.add(list(known.values()))
