"""The encoded workspace with its engine, and one objective asked of all groups of services at once.

A satisfying request names the group it belongs to; the group is set aside and the question asked again, until
what is left is unsatisfiable: then all groups that are left share the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.clock import FROM
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import Formula, atom, conj, disj, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.prefer import PLAIN_ROW, plainest, preferences
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Result
from perimeter_smt.solve.spread import Spread

Reading = Literal["exact", "over", "under"]


@dataclass(frozen=True)
class Group:
    """Services that no question can tell apart, and the formula that the call is one of theirs."""

    services: tuple[str, ...]
    here: Formula
    rows: int = 0  # of the catalogue, as a bit set


@dataclass(frozen=True)
class Carried:
    """A satisfying request carried over to a group of services: to which row, and its result when asked for."""

    group: Group
    row: int
    spread: Spread
    first: Result | None = None  # where it is the request itself

    def result(self) -> Result:
        """The request for this group, checked."""
        return self.first or self.spread.result(self.row)

    def true(self, formula: Formula) -> bool:
        """The truth of a formula of the problem."""
        return bool(self.spread.true(formula) >> self.row & 1)


@dataclass
class Run:
    """The encoded workspace, its engine, and the modes."""

    world: World
    engine: Engine
    groups: tuple[Group, ...]
    exact: Formula
    over: Formula
    reading: Reading
    enumerate_all: bool
    limit: int
    first_hops: dict[tuple[object, ...], Any] = field(default_factory=dict)  # what was found of them (first_hop.py)
    # All accounts and grants, as far as calls of these services tell them apart, where `world` holds less than that:
    # what is impossible in one of them is so in the last, which tells what is possible.
    whole: Callable[[tuple[str, ...]], Iterator[Workspace]] | None = None
    # What was asked of `whole` for an objective: may a listed principal make first hops to these services?
    beyond: set[tuple[str, tuple[str, ...], bool]] = field(default_factory=set)
    # Each organization of `whole` that was asked, with the perimeter of the question, its services and the answer.
    heard: list[tuple[Workspace, tuple[str, ...], bool]] = field(default_factory=list)
    _wanted: dict[tuple[str, ...], list[Formula]] = field(default_factory=dict)
    _granted: dict[str, list[Formula]] = field(default_factory=dict)

    def ask(self, *formulas: Formula, core: bool = False) -> Result:
        """One incremental check; with `core`, minimal in what the user gave, in soft axioms and in presumed ones."""
        return self.engine.check(formulas, core=core, spare=self._matters, avoid=self.presumes)

    def _matters(self, name: str) -> bool:
        return name.startswith(("organization.yaml ", "perimeter.yaml ", FROM)) or self.told(name)

    def told(self, name: str) -> bool:
        """Whether a proof is told by this: a statement, a soft axiom or a presumed one; not a fact that was given."""
        return name in self.world.soft or self.presumes(name) or name in self.world.policies.statements

    def presumes(self, name: str) -> bool:
        """Whether it is an axiom that a proof does without wherever it can."""
        return name.removesuffix(" before") in self.world.presumed

    def plain(
        self,
        services: tuple[str, ...],
        assumptions: Sequence[Formula],
        first: Result,
        *,
        like: str = "",
        as_plain: bool = False,
    ) -> Result:
        """The plainest request that still satisfies the assumptions.

        `like` names a family of questions: what was granted to the last one is tried first, in one check.
        `as_plain`: what that one was not granted is tried as well, where the questions differ much.
        """
        if services not in self._wanted:
            self._wanted[services] = preferences(self.world, services)
        granted = self._granted.get(like)
        if granted:
            result = self.engine.check([*assumptions, *granted])
            if result.status == "sat":
                held = [*assumptions, *granted]
                if as_plain:
                    kept = {id(formula) for formula in granted}
                    left = [f for f in self._wanted[services] if id(f) not in kept and not _names_action(f)]
                    result, more = plainest(self.engine, left, held, result)
                    held += more
                return self._well_known(services, held, result)
        result, granted = plainest(self.engine, self._wanted[services], assumptions, first)
        if like:
            self._granted[like] = [f for f in granted if not _names_action(f)]
        return result

    def _well_known(self, services: tuple[str, ...], assumptions: Sequence[Formula], result: Result) -> Result:
        """The same request with an action that readers know, if it can call one of them."""
        assert result.model is not None
        actions = [formula for formula in self._wanted[services] if _names_action(formula)]
        if any(truth(action, result.model) for action in actions):
            return result
        spread = self.engine.spread(result, assumptions)
        plain = self.world.calls.members(PLAIN_ROW.payload.name)
        for action in actions:
            rows = spread.rows & self.world.calls.members(action.payload.name) & plain
            if rows:
                return spread.result((rows & -rows).bit_length() - 1)
        return result

    def tightest(self, assumptions: Sequence[Formula], first: Result) -> tuple[Result, list[Formula], tuple[str, ...]]:
        """A result of mode `over` that departs from as few soft axioms and readings as it can.

        Out come the result, the axioms and readings it keeps, and the names of those it departs from: none of
        them can be had back without losing the result.
        """
        choices = {name: sym(f"assume {name}") for name in self.world.soft}
        choices |= {name: self.world.reading(name) for name in readings()}
        result, granted = plainest(self.engine, list(choices.values()), assumptions, first)
        kept = {id(formula) for formula in granted}
        return result, granted, tuple(name for name, formula in choices.items() if id(formula) not in kept)

    def only(self, groups: Sequence[Group]) -> list[Formula]:
        """The call belongs to one of these groups, said by ruling out all others: literals, no new formula."""
        inside = {group.services[0] for group in groups}
        return [neg(group.here) for group in self.groups if group.services[0] not in inside]

    def group_of(self, result: Result, among: Sequence[Group]) -> Group:
        """The group that the called action of a model belongs to."""
        assert result.model is not None
        service = self.world.calls.rows[result.model.rows[CALL]].service
        return next(group for group in among if service in group.services)

    def split(self, groups: Sequence[Group], *assumptions: Formula) -> Iterator[tuple[list[Carried], Result | None]]:
        """Groups that satisfy the assumptions, each with a result; last what is left, with a result that is not `sat`.

        One satisfying request is carried over to every group that it fits, so that a few checks serve them all.
        The last item carries no groups but the result for all that are left: `unsat` holds for each of them.
        """
        left = list(groups)
        while left:
            result = self.ask(*assumptions, *self.only(left))
            if result.status != "sat":
                yield [], result
                return
            found = self.alike(result, left, *assumptions)
            gone = {carried.group.services[0] for carried in found}
            left = [group for group in left if group.services[0] not in gone]
            yield found, None

    def alike(self, result: Result, groups: Sequence[Group], *assumptions: Formula) -> list[Carried]:
        """The groups that a satisfying request carries over to, its own among them.

        In the order of the catalogue, which begins with the services that people know best.
        """
        assert result.model is not None
        own = self.group_of(result, groups)
        spread = self.engine.spread(result, assumptions)
        out = [Carried(own, result.model.rows[CALL], spread, result)]
        for group in groups:
            rows = spread.rows & group.rows
            if rows and group is not own:
                out.append(Carried(group, (rows & -rows).bit_length() - 1, spread))
        return sorted(out, key=lambda carried: carried.row)


def any_of(groups: Sequence[Group]) -> Formula:
    """The call belongs to one of the groups."""
    return disj(group.here for group in groups)


def merged(groups: Sequence[Group]) -> Group:
    """The services of several groups together."""
    return Group(tuple(sorted(s for group in groups for s in group.services)), any_of(groups))


def kind_of(world: World, result: Result) -> Formula:
    """The kind of a counterexample: who, over which wire, by which tags; more tags make no other kind."""
    model = result.model
    assert model is not None
    literals = [atom(Is("caller", model.enums["caller"])), atom(Is("wire", model.enums["wire"]))]
    for name in ("forwarded", "principal.mine", "principal.service-linked", "resource.mine", "principal.management"):
        literals.append(sym(name) if model.symbols.get(name, False) else neg(sym(name)))
    tags = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/")
    present = [key.has for name, key in world.keys.known.items() if name.startswith(tags)]
    literals += [has for has in present if model.symbols.get(str(has.payload), False)]
    return conj(literals)


def _names_action(formula: Formula) -> bool:
    return isinstance(formula.payload, Member) and formula.payload.name.startswith("action=")
