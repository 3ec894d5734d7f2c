"""What no guardrail of a type can hold back (semantics 5.5), for the services that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from perimeter_smt.logic.formula import Formula, both, neg
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.objectives import LIMIT_TEXTS, Objective
from perimeter_smt.questions.run import Carried, Group, Run
from perimeter_smt.questions.verdicts import Counterexample, Limit


@dataclass
class Reach:
    """One limit: the requests beyond the guardrail, and the groups of services in which some of them break through."""

    name: str
    formula: Formula
    accepted: bool
    found: list[Carried] = field(default_factory=list)
    _examples: dict[int, Counterexample] = field(default_factory=dict)

    def applies(self, groups: Sequence[Group]) -> bool:
        """Whether it lets something through in one of the groups."""
        return self._first(groups) is not None

    def limit(self, run: Run, objective: Objective, groups: Sequence[Group]) -> Limit | None:
        """The limit as a verdict on these groups lists it; None where it does not concern them."""
        carried = self._first(groups)
        if carried is None:
            return None
        if carried.row not in self._examples:
            self._examples[carried.row] = explain.counterexample(
                run.world, objective.id, carried.result(), "beyond", reach=self.name
            )
        return Limit(self.name, LIMIT_TEXTS[self.name], self.accepted, self._examples[carried.row])

    def _first(self, groups: Sequence[Group]) -> Carried | None:
        inside = {group.services[0] for group in groups}
        return next((carried for carried in self.found if carried.group.services[0] in inside), None)


def reaches(run: Run, objective: Objective, groups: Sequence[Group]) -> list[Reach]:
    """Every limit of the objective's guardrail, with a plain request for each group of services that it concerns.

    What an accepted limit covers, too, is no example of one that is not: nobody has to accept such a request twice, and
    a proof beside it would read stronger than it is.
    """
    accepted = run.world.workspace.perimeter.accepted
    otherwise = neg(questions.accepted_limits(run.world, objective.id))
    out = []
    for name in objective.limits:
        here = questions.limit_formula(run.world, objective.id, name)
        reach = Reach(name, here, name in accepted)
        here = here if reach.accepted else both(here, otherwise)
        breach = questions.breach(run.world, objective.id)
        left = list(groups)
        while left:
            assumptions = (breach, here, run.exact, *run.only(left))
            result = run.ask(*assumptions)
            if result.status != "sat":
                break
            if not reach.accepted:  # what is accepted is not shown to people
                result = run.plain(run.group_of(result, left).services, assumptions, result, like=f"beyond {name}")
            found = run.alike(result, left, breach, here, run.exact)
            reach.found += found
            gone = {carried.group.services[0] for carried in found}
            left = [group for group in left if group.services[0] not in gone]
        out.append(reach)
    return out
