"""The lazy procedure: Z3 searches the Boolean structure, theories of our own decide the atoms.

Guarantee of `check`: `unsat` means that no assignment of texts, symbols, enumerations and rows satisfies the
problem and the assumptions; `sat` comes with a model that `logic.interpret` has evaluated to true;
everything else is `unknown` with a reason.  Trusted for `unsat`: Z3's propositional core, the clause form in
`cnf`, and the conflicts of `theories/`, each of which is a valid clause by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.problem import Problem
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.solve.a_priori import APriori
from perimeter_smt.solve.circuit import Circuit
from perimeter_smt.solve.cnf import Clauses
from perimeter_smt.solve.errors import SolveError
from perimeter_smt.solve.model_cache import ModelCache
from perimeter_smt.solve.question import Assignment, Question, definitions, placed
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.solve.sat import Sat
from perimeter_smt.solve.spread import Names, Spread, Spreader
from perimeter_smt.solve.theories import catalogue
from perimeter_smt.solve.theories.component import TheorySolver, split
from perimeter_smt.solve.theories.literals import Conflict, Literal, Undecided
from perimeter_smt.solve.theories.work import OutOfWorkError, Work
from perimeter_smt.solve.variations import Change, Variations


class Engine:
    """Answers questions about one problem. Keep it: later checks profit from what earlier ones learned.

    The order of checks may decide which of several models is found; equal sequences give equal answers.
    """

    def __init__(self, problem: Problem, limits: Limits = Limits(), *, often: bool = False) -> None:  # immutable
        """Encode the assertions of `problem` once. `often`: for so many checks that saying more up front pays."""
        self.problem, self.limits = problem, limits
        self.conflicts = 0  # theory lemmas so far
        self._sat = Sat(limits.rlimit)
        self._circuit = Circuit()
        a_priori = APriori(self._sat, problem, often)
        self._variable = a_priori.variable
        self._same_texts = a_priori.same_texts
        self._leaf_variable: dict[int, int] = {}  # leaf (by number in the circuit) to propositional variable
        self._clauses = Clauses(self._sat, a_priori.add)  # nothing here refers back: an engine ends when it is dropped
        self._places: dict[int, int] = {}  # atom (by identity of the formula) to place in `_sources`
        self._literals: dict[int, Literal] = {}  # by key
        self._sources: list[Formula] = []
        self._theories = TheorySolver(problem.hints)
        self._tables: dict[str, catalogue.Table] = {}
        self._blocks: dict[int, str] = {}  # selector of the lemma that blocks an undecided combination, and why
        self._row_needed = {name: self._sat.fresh() for name in problem.catalogues}  # a row has to be chosen
        self._asserted = self._sat.fresh()
        self._roots: list[int] = []
        self._definitions = definitions(problem.assertions)
        for assertion in problem.assertions:
            literal = self._clauses.literal(assertion.formula)
            self._sat.add((-self._asserted, literal))
            self._roots.append(literal)
        self._spreader: Spreader | None = None
        self._variations: Variations | None = None
        self._everything = Question(self._circuit, self._definitions)
        self._placed = placed(problem.assertions, self._circuit, self._definitions)
        self._everything.add_assertions(self._placed)
        self._models = ModelCache(self._circuit, problem)

    def check(
        self,
        assumptions: Sequence[Formula] = (),
        *,
        core: bool = False,
        spare: Callable[[str], bool] = lambda _: True,
        avoid: Callable[[str], bool] = lambda _: False,
    ) -> Result:
        """Whether the problem has a model in which all `assumptions` hold.

        With `core`, an unsat answer names assertions that the assumptions contradict; none of those that `spare`
        says are worth a try can be left out. Those to `avoid` are in it only if there is no proof without them.
        Raises ModelMismatchError if a model fails its own check, which is a bug.
        """
        everything = list(range(len(self._roots)))
        if not core:
            return self._search(assumptions, None)
        result = self._search(assumptions, everything)
        if result.status != "unsat":
            return result
        used, shapes = self._used, result.shapes
        for number in [n for n in sorted(used) if avoid(self.problem.assertions[n].name)]:
            less = [other for other in everything if other != number]
            if number in used and (again := self._search(assumptions, less, model=False)).status == "unsat":
                used, shapes, everything = self._used, again.shapes, less
        worth = {number for number in everything if spare(self.problem.assertions[number].name)}
        kept = sorted(worth & used)
        for number in list(kept):
            # All others stay at hand: what one search did not use may be what makes this one dispensable.
            rest = [other for other in everything if other not in worth or (other in kept and other != number)]
            if number in kept and (again := self._search(assumptions, rest, model=False)).status == "unsat":
                used, shapes = self._used, again.shapes
                kept = [other for other in kept if other in used]
        names = dict.fromkeys(self.problem.assertions[number].name for number in sorted(used))
        return Result("unsat", core=tuple(names), shapes=shapes)

    def spread(self, result: Result, assumptions: Sequence[Formula]) -> Spread:
        """The other rows of the problem's one catalogue that the model of `result` extends to (see spread.py).

        `assumptions` are those that the result was found under, less what speaks of the row.
        """
        asked = self._everything.copy()
        for formula in assumptions:
            asked.add(formula)
        if self._spreader is None:
            ((name, _),) = self.problem.catalogues.items()
            names = Names(self._table(name), self.problem, self.limits)
            self._spreader = Spreader(self._circuit, self._everything, names, name)
        return self._spreader.spread(result, asked)

    def vary(self, result: Result, assumptions: Sequence[Formula], changes: Sequence[Change]) -> list[Result | None]:
        """The model of `result` with the texts of each change, where it is one under these assumptions as well.

        Symbols with a definition follow it; everything else stays. Much cheaper than a search; None is undecided.
        """
        old = result.model
        assert old is not None
        asked = self._everything.copy()
        for formula in assumptions:
            asked.add(formula)
        mentioned = asked.mentioned
        also = [Vocabulary.of(formula) for formula, _ in changes]
        catalogues = mentioned.catalogues.keys() | {name for one in also for name in one.catalogues}
        enums = mentioned.enums.keys() | {name for one in also for name in one.enums}
        if catalogues - old.rows.keys() or enums - old.enums.keys():
            return [None] * len(changes)
        if self._variations is None:
            self._variations = Variations(self._circuit, self._everything, self.problem)
        tables = [(self._table(name), row) for name, row in old.rows.items()]
        demands = [literal for table, row in tables for literal in table.requires[table.group[row]]]
        models = self._variations.models(old, asked, changes, demands)
        return [None if model is None else Result("sat", model) for model in models]

    def _search(self, assumptions: Sequence[Formula], chosen: Sequence[int] | None, *, model: bool = True) -> Result:
        """One search, with all assertions (`chosen` is None) or some; leaves the assertions used in `_used`.

        Without `model` only an `unsat` is of use, and what is satisfiable is not extended to a model and checked.
        """
        if chosen is None:
            asked = self._everything.copy()
        else:
            asked = Question(self._circuit, self._definitions)
            asked.add_assertions(self._placed[number] for number in chosen)
        for formula in assumptions:
            asked.add(formula)
        if chosen is None:
            known = self._models.find(asked, [self._circuit.node(formula) for formula in assumptions])
            if known is not None:
                return Result("sat", known)
        fixed = [self._asserted] if chosen is None else [self._roots[number] for number in chosen]
        fixed.extend(self._clauses.literal(formula) for formula in assumptions)
        fixed.extend(self._row_needed[name] for name in asked.mentioned.catalogues if name in self._row_needed)
        self._theories.work = Work(self.limits.states, self.limits.work, self.limits.rlimit)
        try:
            return self._rounds(asked, fixed, chosen, assumptions, model)
        except OutOfWorkError as problem:
            return Result("unknown", reason=str(problem))

    def _rounds(
        self,
        asked: Question,
        fixed: list[int],
        chosen: Sequence[int] | None,
        assumptions: Sequence[Formula],
        model: bool,
    ) -> Result:
        """Boolean models, until one can be realised or there is none."""
        deadline = time.monotonic() + self.limits.seconds if self.limits.seconds is not None else None
        for _ in range(self.limits.conflicts):
            if deadline is not None and time.monotonic() > deadline:
                return Result("unknown", reason=f"no answer within {self.limits.seconds} s")
            verdict = self._sat.check([*fixed, *self._blocks])
            if verdict == "unknown":
                return Result("unknown", reason=f"the Boolean search gave up: {self._sat.reason()}")
            if verdict == "unsat":
                return self._refuted(fixed, chosen, assumptions)
            leaves, wrong = self._circuit.justify(asked.roots, self._truth(), asked.definitions)
            if wrong:
                raise SolveError("a Boolean model does not satisfy the formulas that it was asked for")
            result = self._realise(leaves, asked, model)
            if result is not None:
                if chosen is None and result.model is not None:
                    self._models.add(result.model)
                return result
        return Result("unknown", reason=f"more than {self.limits.conflicts} theory conflicts")

    def _speaks(self, number: int) -> Sequence[str]:
        """The catalogues that an assertion mentions."""
        return list(Vocabulary.of(self.problem.assertions[number].formula).catalogues)

    def _refuted(self, fixed: list[int], chosen: Sequence[int] | None, assumptions: Sequence[Formula]) -> Result:
        """Unsat, unless the refutation rests on combinations that were only blocked, not refuted."""
        used = set(self._sat.core())
        blocking = [selector for selector in self._blocks if selector in used]
        if blocking:
            # Blocks of undecided combinations took part; without them it may still be a refutation.
            verdict = self._sat.check(fixed)
            if verdict != "unsat":
                return Result("unknown", reason=self._blocks[blocking[0]])
            used = set(self._sat.core())
        self._used = {n for n in chosen if self._roots[n] in used} if chosen is not None else set()
        for name, selector in self._row_needed.items():
            # A refutation that needs some row of a catalogue needs a formula that speaks of the catalogue.
            if selector in used and not any(name in Vocabulary.of(f).catalogues for f in assumptions):
                speaking = (n for n in chosen or () if name in self._speaks(n))
                self._used.update(list(speaking)[:1])
        shapes = not used.isdisjoint(self._row_needed.values())
        return Result("unsat", needed=self._needed(used, assumptions), shapes=shapes)

    def _needed(self, used: set[int], assumptions: Sequence[Formula]) -> tuple[int, ...]:
        """The places of the assumptions that a refutation used, or that make it speak of a catalogue it used."""
        selectors = {name for name, selector in self._row_needed.items() if selector in used}
        return tuple(
            place
            for place, formula in enumerate(assumptions)
            if self._clauses.literal(formula) in used or not selectors.isdisjoint(Vocabulary.of(formula).catalogues)
        )

    def _truth(self) -> Callable[[int], bool]:
        """The truth of leaves in the Boolean model of the last check."""
        return self._sat.values(self._leaf_variable, self._new_leaf)

    def _new_leaf(self, leaf: int) -> int:
        """The propositional variable of a leaf, 0 if it has none."""
        return self._variable.get(id(self._circuit.leaves[leaf]), 0)

    def _realise(self, leaves: list[int], asked: Question, model: bool) -> Result | None:
        """A model for the leaves, or None after adding lemmas that exclude this assignment."""
        assignment = Assignment()
        texts: list[Literal] = []
        members: dict[str, list[Literal]] = {}
        for leaf in sorted(leaves, key=abs):
            formula, positive = self._circuit.leaves[abs(leaf)], leaf > 0
            assert formula is not None
            if formula.op == "sym" or isinstance(formula.payload, Is):
                assignment.assign(formula, positive)
            elif isinstance(formula.payload, Member):
                members.setdefault(formula.payload.var, []).append(self._literal(formula, positive))
            else:
                texts.append(self._literal(formula, positive))
        found = self._decide(texts, members, asked.mentioned)
        if found is None:
            return None
        if not model:
            return Result("sat")
        assignment.texts, assignment.rows = found
        inside = {name: self._tables[name].inside(row) for name, row in assignment.rows.items()}
        return Result("sat", asked.model(assignment, self.problem, inside))

    def _decide(
        self, texts: list[Literal], members: dict[str, list[Literal]], mentioned: Vocabulary
    ) -> tuple[dict[str, str], dict[str, int]] | None:
        """Texts and rows for the literals, or None after adding the lemmas that say why not."""
        values: dict[str, str] = {}
        failed = False
        for part in split(texts):
            answer = self._theories.decide(part)
            if isinstance(answer, Conflict):
                failed = True
                self._lemma(answer.literals)
            elif isinstance(answer, Undecided):
                failed = True
                self._block(part, answer.reason)
            else:
                values.update(answer.texts)
        tables = {name: self._table(name) for name in mentioned.catalogues}
        for name, table in tables.items():
            for nothing in catalogue.empty(table, members.get(name, ())):
                failed = True
                self._lemma(nothing.literals)
        if failed:
            return None
        if not tables:
            return values, {}
        picked = catalogue.choose(tables, members, texts, self._theories)
        if isinstance(picked, Conflict):
            self._lemma(picked.literals, [-self._row_needed[name] for name in tables])
            return None
        if isinstance(picked, Undecided):
            everything = [*texts, *(x for own in members.values() for x in own)]
            self._block(everything, picked.reason, [-self._row_needed[name] for name in tables])
            return None
        values.update(picked.texts)
        return values, dict(picked.rows)

    def _lemma(self, literals: Sequence[Literal], unless: Sequence[int] = ()) -> None:
        self.conflicts += 1
        self._sat.add([*(self._sign(literal) for literal in literals), *unless])
        for literal in literals:
            if literal.kind == "equal" and literal.positive:
                self._same_texts.carry_over(literals, -self._sign(literal))

    def _block(self, literals: Sequence[Literal], reason: str, unless: Sequence[int] = ()) -> None:
        selector = self._sat.fresh()
        self._blocks[selector] = reason
        self._sat.add([-selector, *(self._sign(literal) for literal in literals), *unless])

    def _sign(self, literal: Literal) -> int:
        """The propositional literal that says that `literal` does not hold."""
        variable = self._variable.get(id(self._sources[literal.key >> 1]))
        if variable is None:
            variable = self._clauses.literal(self._sources[literal.key >> 1])
        return -variable if literal.positive else variable

    def _literal(self, formula: Formula, positive: bool) -> Literal:
        number = self._places.get(id(formula))
        if number is None:
            number = self._places[id(formula)] = len(self._sources)
            self._sources.append(formula)
        key = 2 * number + (not positive)
        found = self._literals.get(key)
        if found is None:
            found = self._literals[key] = Literal(formula.payload, positive, key)
        return found

    def _table(self, name: str) -> catalogue.Table:
        found = self._tables.get(name)
        if found is None:
            declared = self.problem.catalogues.get(name)
            if declared is None:
                raise SolveError(f"catalogue `{name}` is not declared")
            requires = []
            for group in declared.groups:
                parts = []
                for formula in group.requires:
                    positive = formula.op != "not"
                    inner = formula if positive else formula.args[0]
                    if inner.op != "atom":
                        raise SolveError(f"catalogue `{name}`: a requirement is not a literal: {formula!r}")
                    parts.append(self._literal(inner, positive))
                requires.append(tuple(parts))
            found = self._tables[name] = catalogue.Table(declared, requires)
        return found
