"""The questions of the mitigations as formulas, for solvers of one's own (`perimeter encode`).

Each is asked of the whole world of its mitigation at once: `X-breach` is unsatisfiable if every row that policies can
hold is held, `X-premise` satisfiable if that says something. C2 is not written, as its rows are paths of many
questions, and neither is S1, which asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perimeter_smt.encode.world import configured
from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import Formula, both, disj
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import credentials, least_privilege, worlds
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.of_tables import claimed_rows
from perimeter_smt.questions.mitigations.roles import any_of
from perimeter_smt.questions.run import Run

NOT_WRITTEN = {"C2": "its rows are paths of many questions", "S1": "it asks nothing"}


@dataclass(frozen=True)
class Written:
    """A question: its name, the world that it is asked of, the question, and what is assumed."""

    name: str
    world: World
    question: Formula
    assumed: tuple[Formula, ...]


def written(workspace: Workspace, names: Sequence[str], asking: Asking) -> Iterator[Written]:
    """The breach and the premise of each of these mitigations, as `prove` asks them."""
    for name in names:
        if name == "C1":
            run, kinds = credentials.prepared(workspace, asking)
            there = any_of(kinds)
            entered = both(run.world.formula("access"), run.world.formula("C1.premise"))
            yield from _both(run, name, credentials.breach(run.world), entered, there)
        elif name == "L1":
            asked = least_privilege.prepared(workspace, asking)
            if asked is not None:
                question, grants = asked
                held = disj(question.held(grant) for grant in grants)
                yield from _both(question.run, name, question.hole, question.bare, held)
        elif name in ("N1", "E2"):
            yield from _of_table(workspace, asking, name, name)
        elif name == "N2":
            for part in ("network", "instance", "address", "presigned", "unsigned"):
                yield from _of_scope(workspace, asking, name, f"{name}.{part}")
            yield from _of_table(workspace, asking, name, f"{name}.handed-out")
            encoded = worlds.tables(workspace, asking)
            yield from _parts(encoded, f"{name}.sign-in", name)
        elif name == "E1":
            yield from _of_scope(workspace, asking, name, name)


def _both(run: Run, name: str, breach: Formula, premise: Formula, *here: Formula) -> Iterator[Written]:
    mode = run.exact if run.reading == "exact" else run.over
    yield Written(f"{name}-breach", run.world, both(breach, *here), (mode,))
    yield Written(f"{name}-premise", run.world, both(premise, *here), (run.exact,))


def _parts(encoded: worlds.Encoded, premise: str, mitigation: str, *here: Formula) -> Iterator[Written]:
    world = encoded.world
    breach, issue = worlds.breach(world, premise, mitigation), worlds.at_issue(world, premise, mitigation)
    yield from _both(encoded.run, premise.replace(".", "-"), breach, issue, *here)


def _of_scope(workspace: Workspace, asking: Asking, mitigation: str, premise: str) -> Iterator[Written]:
    yield from _parts(worlds.scopes(workspace, asking), premise, mitigation)


def _of_table(workspace: Workspace, asking: Asking, mitigation: str, premise: str) -> Iterator[Written]:
    """The rows of a table that policies can hold."""
    rows = [row for row in claimed_rows(workspace, mitigation) if _guardable(mitigation, row)]
    if rows:
        encoded = worlds.tables(workspace, asking)
        calls, near = encoded.world.calls, worlds.Near(encoded.world.calls, encoded.sets)
        checks = (c for row in rows for a in configured.calls_of(row) for c in worlds.row_checks(calls, row, a))
        yield from _parts(encoded, premise, mitigation, disj(map(near.at, checks)))


def _guardable(mitigation: str, row: worlds.Row) -> bool:
    return "key" in row if mitigation == "N1" else row.get("guard") != "none"
