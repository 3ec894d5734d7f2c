"""The encoded workspace with its engine, and one objective asked of all groups of services at once.

A satisfying request names the group it belongs to; the group is set aside and the question asked again, until
what is left is unsatisfiable: then all groups that are left share the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from perimeter_smt.encode.catalogue import CALL
from perimeter_smt.encode.text import readings
from perimeter_smt.encode.world import World
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import Formula, atom, conj, disj, neg, sym
from perimeter_smt.prove.prefer import plainest, preferences
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Result

Reading = Literal["exact", "over"]


@dataclass(frozen=True)
class Group:
    """Services that no question can tell apart, and the formula that the call is one of theirs."""

    services: tuple[str, ...]
    here: Formula


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
    _wanted: dict[tuple[str, ...], list[Formula]] = field(default_factory=dict)
    _granted: dict[str, list[Formula]] = field(default_factory=dict)

    def ask(self, *formulas: Formula, core: bool = False) -> Result:
        """One incremental check."""
        return self.engine.check(formulas, core=core)

    def plain(
        self, services: tuple[str, ...], assumptions: Sequence[Formula], first: Result, *, like: str = ""
    ) -> Result:
        """The plainest request that still satisfies the assumptions.

        `like` names a family of questions: what was granted to the last one is tried first, in one check.
        """
        granted = self._granted.get(like)
        if granted:
            result = self.engine.check([*assumptions, *granted])
            if result.status == "sat":
                return result
        if services not in self._wanted:
            self._wanted[services] = preferences(self.world, services)
        result, granted = plainest(self.engine, self._wanted[services], assumptions, first)
        if like:
            self._granted[like] = [f for f in granted if not _names_action(f)]
        return result

    def tightest(self, assumptions: Sequence[Formula], first: Result) -> tuple[Result, list[Formula], tuple[str, ...]]:
        """A result of mode `over` that departs from as few soft axioms and readings as it can.

        Out come the result, the axioms and readings it keeps, and the names of those it departs from: none of
        them can be had back without losing the result.
        """
        choices = {name: sym(f"assume {name}") for name in self.world.soft}
        choices |= {name: neg(sym(name)) for name in readings()}
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

    def split(self, groups: Sequence[Group], *assumptions: Formula) -> Iterator[tuple[Group, Result]]:
        """Groups that satisfy the assumptions, each with a result; last one result that is not `sat`.

        The last pair carries the groups that are left as one group: all of them are unsatisfiable together if the
        result is `unsat`.
        """
        left = list(groups)
        while left:
            result = self.ask(*assumptions, *self.only(left))
            if result.status != "sat":
                yield merged(left), result
                return
            group = self.group_of(result, left)
            left.remove(group)
            yield group, result


def any_of(groups: Sequence[Group]) -> Formula:
    """The call belongs to one of the groups."""
    return disj(group.here for group in groups)


def merged(groups: Sequence[Group]) -> Group:
    """The services of several groups together."""
    return Group(tuple(sorted(s for group in groups for s in group.services)), any_of(groups))


def kind_of(world: World, result: Result) -> Formula:
    """The kind of a counterexample: who, over which wire, by which tag or path."""
    model = result.model
    assert model is not None
    literals = [atom(Is("caller", model.enums["caller"])), atom(Is("wire", model.enums["wire"]))]
    names = ["forwarded", "principal.mine", "principal.service-linked", "resource.mine", "principal.management"]
    tags = ("aws:principaltag/", "aws:resourcetag/")
    names += [str(key.has.payload) for name, key in world.keys.known.items() if name.startswith(tags)]
    for name in names:
        literals.append(sym(name) if model.symbols.get(name, False) else neg(sym(name)))
    return conj(literals)


def _names_action(formula: Formula) -> bool:
    return formula.op == "atom" and isinstance(formula.payload, Member)
