"""Holes: requests that a policy of the enforcing type could have stopped.

A request that gets through under one reading of an open point only is no hole but a condition: the same services are
asked for a request that gets through under both readings first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from perimeter_smt.logic.formula import Formula, both
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.objectives import Objective
from perimeter_smt.questions.robust import Flipped
from perimeter_smt.questions.rows import Row, fold, undecided
from perimeter_smt.questions.run import Group, Run, kind_of
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.questions.ways import Ways
from perimeter_smt.solve.result import Result


@dataclass
class _Search:
    """The search for the holes of one objective. `points` are the open points that requests found so far rest on."""

    run: Run
    objective: Objective
    rows: dict[object, Row]
    points: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hole = questions.hole(self.run.world, self.objective.id)
        self.flipped = Flipped(self.run.world)

    def question(self, points: Sequence[str]) -> Formula:
        """A hole that stays one when each of these points is read the other way."""
        return both(self.hole, *(self.flipped.of(self.hole, point) for point in points))

    def find(self, left: list[Group], points: Sequence[str]) -> tuple[Result, Formula, Group | None]:
        """A plain hole of these groups, and the question that it answers."""
        run, asked = self.run, self.question(points)
        result = run.ask(asked, run.exact, *run.only(left))
        if result.status != "sat":
            return result, asked, None
        group = run.group_of(result, left)
        like = f"hole {self.objective.id} {' '.join(points)}"
        return run.plain(group.services, (asked, group.here, run.exact), result, like=like), asked, group

    def take(self, result: Result, asked: Formula, left: list[Group]) -> list[Group]:
        """Rows for the groups that the request carries over to; those that rest on further points stay."""
        run, world = self.run, self.run.world
        kind = kind_of(world, result)
        for carried in run.alike(result, left, asked, run.exact):
            key = ("hole", id(kind), explain.admitting(world, carried.true))
            if key not in self.rows:
                found = carried.result()
                example = explain.counterexample(world, self.objective.id, found, "hole")
                if self.note(example):
                    continue
                self.rows[key] = Row("refuted", [], (example,), kind=kind, first=found)
            self.rows[key].groups.append(carried.group)
            left = [g for g in left if g is not carried.group]
        return left

    def note(self, example: Counterexample) -> bool:
        """Whether the request rests on open points that count; they are remembered."""
        rests = [] if self.run.reading == "exact" else list(example.rests_on)
        self.points += [point for point in rests if point not in self.points]
        return bool(rests)


def holes(run: Run, objective: Objective, left: list[Group], rows: dict[object, Row]) -> list[Group]:
    """Every group with a hole gets a row, refuted or conditional; the groups without one are left."""
    search = _Search(run, objective, rows)
    while left:
        points = tuple(search.points)
        result, asked, group = search.find(left, points)
        if group is not None:
            left = search.take(result, asked, left)
        elif result.status == "unknown":
            return undecided(run, left, rows, result, asked, run.exact)
        elif not points:
            return left
        else:
            return _conditional(search, left)
    return []


def _conditional(search: _Search, left: list[Group]) -> list[Group]:
    """Groups whose holes all rest on the reading of an open point."""
    run, objective = search.run, search.objective
    while left:
        result, asked, group = search.find(left, ())
        if result.status == "unknown":
            return undecided(run, left, search.rows, result, asked, run.exact)
        if group is None:
            return left
        example = explain.counterexample(run.world, objective.id, result, "hole")
        points = example.rests_on or tuple(search.points)
        reason = f"a request gets through as {', '.join(points)} is read here; not under the rival reading"
        carried = [c.group for c in run.alike(result, left, asked, run.exact)]
        fold(search.rows, ("rests", points), Row("conditional", carried, (example,), reason=reason))
        left = [g for g in left if g not in carried]
    return []


def enumerate_ways(run: Run, objective: Objective, rows: Sequence[Row]) -> None:
    """Further counterexamples of every row, each of another kind or through another way."""
    hole = questions.hole(run.world, objective.id)
    for row in rows:
        assert row.kind is not None and row.first is not None
        ways = Ways(run.world, objective.id)
        ways.add(row.kind, row.first, row.counterexamples[0])
        found = list(row.counterexamples)
        row.exhausted = False
        while len(found) < run.limit:
            assumptions = [hole, run.exact, ways.new(), *run.only(row.groups)]
            result = run.ask(*assumptions)
            if result.status != "sat":
                row.exhausted = result.status == "unsat"
                break
            group = run.group_of(result, row.groups)
            result = run.plain(group.services, (*assumptions, group.here), result)
            example = explain.counterexample(run.world, objective.id, result, "hole")
            before = ways.new()
            if ways.add(kind_of(run.world, result), result, example):
                found.append(example)
            elif ways.new() is before:  # nothing to rule out is left: what there may be stays open
                break
        firm = [example for example in found if run.reading == "exact" or not example.rests_on]
        row.counterexamples = (*firm, *(example for example in found if example not in firm))
