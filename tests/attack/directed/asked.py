"""Worlds written by hand toward one axiom each: what is asked of them, with the axiom and without it.

The search of `reach.py` makes guardrails that let through what looks like one request to policies. Some axioms speak
of what no policy sees, or of what only listed resources, a limit of guardrails, or an own assertion tells; `by_hand.py`
has a world for each of these.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import perimeter_smt.encode.language.text as text
from perimeter_smt.encode.world import configured
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import atom, both, disj, neg
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions import user_assertions
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.solve.result import Limits
from tests.attack.tables.swap import forget

_SECONDS = 60


@contextmanager
def missing(names: Collection[str]) -> Iterator[None]:
    """The formal text lacks these axioms."""
    original = text._read

    def fewer(partition: str | None = None, never: tuple[str, ...] = ()) -> Script:
        script = text.copied(original(partition, never))
        script.axioms = [axiom for axiom in script.axioms if axiom.name not in names]
        script.schemas = [schema for schema in script.schemas if schema.name not in names]
        return script

    forget()
    text._read = fewer  # type: ignore[assignment]
    try:
        yield
    finally:
        text._read = original
        forget()


@dataclass(frozen=True)
class ByHand:
    """A world: `ask` answers `holds` or `broken`; `group` are axioms that say it as well, left out both times."""

    axiom: str
    what: str
    ask: Callable[[], str]
    group: tuple[str, ...] = ()

    def flips(self) -> bool:
        """Whether what is asked holds with the axiom and not without it."""
        with missing(self.group):
            before = self.ask()
        if before != "holds":
            return False
        with missing((self.axiom, *self.group)):
            return self.ask() == "broken"


_SAID = {"unsat": "holds", "sat": "broken"}


def of_objective(
    space: Workspace, objective: str, service: str, *, limits: Collection[str] = (), keys: Sequence[str] = (),
    actions: Collection[str] | None = None, free: bool | None = None,
) -> str:  # fmt: skip
    """Whether an objective holds; requests beyond `limits` of its guardrails count as breaches, others do not."""
    world = build(
        space, (service,), free_grants=not space.grants_given if free is None else free, objectives=(objective,),
        also_keys=[key.lower() for key in keys], actions=actions,
    )  # fmt: skip
    others = [questions.limit_formula(world, objective, n) for n in OBJECTIVES[objective].limits if n not in limits]
    question = both(questions.breach(world, objective), neg(disj(others)))
    run = prepare(world, (objective,), "exact", False, 1, Limits(seconds=_SECONDS), (), (question,))
    status = run.ask(question, run.exact).status
    return _SAID.get(status, status)


@dataclass(frozen=True)
class _Text:
    smtlib: str


def of_own(space: Workspace, said: str, service: str = "s3", *, free: bool | None = None) -> str:
    """Whether an own assertion, a formula of SMT-LIB, holds of every request that gets through."""
    source: Any = _Text(f"(assert (! {said} :named own))")
    world = build(
        space, (service,), free_grants=not space.grants_given if free is None else free, objectives=(),
        values_of=user_assertions.keys_of([source]),
        also_names=user_assertions.names_of([source]),
    )  # fmt: skip
    run = prepare(world, (), "exact", False, 1, Limits(seconds=_SECONDS), (source,))
    (obligation,) = user_assertions.questions(world, [source])
    status = run.ask(obligation.broken, run.exact).status
    return _SAID.get(status, status)


def of_mitigation(space: Workspace, mitigation: str, action: str) -> str:
    """Whether a mitigation of tables (N1, E2) holds of the calls of one action."""
    encoded = worlds.tables(space, Asking(limits=Limits(seconds=_SECONDS)))
    row = next(row for row in worlds.table_rows(worlds.TABLES[mitigation]) if action in configured.calls_of(row))
    here = atom(Member(CALL, configured.row_set(mitigation, row)))
    run = encoded.run
    status = run.ask(worlds.breach(encoded.world, mitigation, mitigation), run.exact, here).status
    return _SAID.get(status, status)
