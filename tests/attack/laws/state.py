"""A question about a workspace, its answers, and pairs of them of which a law speaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.perimeter import OBJECTIVES, Workspace
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import Counterexample, Verdict
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.witness.case import case_of

# How the second state stands to the first: the same requests, no more of them, no fewer.
Relation = Literal["=", "<=", ">="]
RANK = {"refuted": 0, "conditional": 1, "proved": 2, "vacuous": 2}


@dataclass(frozen=True)
class State:
    """A workspace and how it is asked."""

    workspace: Workspace
    service: str
    mode: str
    reading: str

    @property
    def free_grants(self) -> bool:
        """Whether whatever is granted counts."""
        return self.mode == "guardrails"

    def ask(self, objectives: tuple[str, ...] = OBJECTIVES, **more: object) -> dict[str, Verdict]:
        """The verdict of each objective."""
        given = {"availability": False, "services": (self.service,), **more}
        report = prove(
            self.workspace, objectives=objectives, mode=self.mode, reading=self.reading, **given,  # type: ignore[arg-type]
        )  # fmt: skip
        return {one.objective: one for one in report.verdicts}

    def case(self, request: Request, facts: Facts, like: Case | None) -> Case:
        """A request with what binds it here, with the flags of another case of it."""
        case = case_of(self, request, facts)
        return case if like is None else replace(case, flags=like.flags)


@dataclass(frozen=True)
class Pair:
    """A workspace and another made of it.

    `breaches`: how the requests that break an objective are related, by objective (others: nothing is said).
    `access`: how the requests that get through are. `back` turns texts of the second state into those of the first.
    """

    law: str
    before: State
    after: State
    breaches: Mapping[str, Relation]
    access: Relation | None = None
    back: Callable[[str], str] | None = None
    note: str = field(default="", compare=False)


def all_of(relation: Relation) -> dict[str, Relation]:
    """The same relation for every objective."""
    return dict.fromkeys(OBJECTIVES, relation)


def told(verdict: Verdict) -> str:
    """What a verdict says of the requests that break its objective."""
    beyond = bool(verdict.counterexamples) and all(one.kind == "beyond" for one in verdict.counterexamples)
    return "refuted beyond the guardrail" if verdict.status == "refuted" and beyond else verdict.status


def contradicts(before: Verdict, after: Verdict, relation: Relation) -> str:
    """How two verdicts break a law; empty: they do not, or one of them is not decided."""
    if "unknown" in (before.status, after.status):
        return ""
    one, other = RANK[before.status], RANK[after.status]
    if relation == "=":
        wrong = told(before) != told(after)
    else:
        wrong = other < one if relation == "<=" else other > one
    return f"{told(before)} [{before.reason[:150]}] {relation} {told(after)} [{after.reason[:150]}]" if wrong else ""


def transported(pair: Pair, objective: str, found: Counterexample, *, forward: bool) -> str:
    """Why a counterexample of one state is none in the other; empty: it is, or it cannot be told."""
    here, there = (pair.before, pair.after) if forward else (pair.after, pair.before)
    like = found.case
    if like is None or found.request.action.partition(":")[0].lower() != pair.before.service:
        return ""  # the first hop of a forwarded call
    rivals = frozenset(name for name in found.depends_on if name.startswith("X-"))
    rivals |= here.workspace.perimeter.rivals
    request, facts = found.request, found.facts
    if not decide(here.case(request, facts, like), rivals=rivals).allowed:
        return ""  # what the case holds besides is not told by the workspace
    if pair.back is not None:
        if forward:
            return ""
        request = Request.model_validate(json.loads(pair.back(request.model_dump_json(exclude_unset=True))))
        facts = Facts.model_validate(json.loads(pair.back(facts.model_dump_json(exclude_unset=True))))
    if not decide(there.case(request, facts, like), rivals=rivals).allowed:
        return "counterexample is stopped in the other state"
    if pair.breaches.get(objective) == "=" and not breaks(objective, there.workspace, request, facts):
        return "counterexample breaks nothing in the other state"
    return ""
