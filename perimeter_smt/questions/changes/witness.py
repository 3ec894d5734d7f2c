"""A request that two states answer differently, replayed by the evaluator in both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from perimeter_smt.encode.world.pair import Pair
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import InternalError, LeftOpenError
from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.logic.formula import Formula
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.model import Organization
from perimeter_smt.questions import explain
from perimeter_smt.questions.changes.answer import AVAILABILITY, INSIDE, Change, Denied
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Blame, Counterexample
from perimeter_smt.request.case import Case
from perimeter_smt.solve.result import Result
from perimeter_smt.witness.case import case_to_json
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View
from perimeter_smt.witness.replay import blames


class Witness:
    """Makes findings out of satisfying results."""

    def __init__(self, pair: Pair, run: Run) -> None:
        self.pair, self.run = pair, run
        self._listed = pair.listed
        self._written = {
            side: _statements(world.workspace.organization)
            for side, world in (("before", pair.before), ("after", pair.after))
        }

    def true(self, formula: Formula, result: Result) -> bool:
        """The truth of a formula for a satisfying result."""
        assert result.model is not None
        return truth(formula, result.model)

    def change(
        self,
        side: Literal["opens", "closes"],
        about: str,
        callers: str,
        asked: tuple[Formula, ...],
        first: Result,
        departs: tuple[str, ...] = (),
    ) -> Change:
        """The plainest request of its kind, in both states."""
        pair, run = self.pair, self.run
        services = pair.after.calls.services
        result = run.plain(services, asked, first, like=f"{side} {about} {callers}")
        assert result.model is not None
        spread = run.engine.spread(result, asked)
        alike = {pair.after.calls.rows[row].service for row in _bits(spread.rows)}
        rivals = frozenset(n for n in pair.after.workspace.perimeter.rivals ^ set(departs) if n.startswith("X-"))
        old = pair.before, pair.before_model(result.model), pair.before_possible
        new = pair.after, result.model, pair.after_possible
        allowing, denying = (new, old) if side == "opens" else (old, new)
        example = self._allowed(*allowing[:2], about, side, departs, rivals)
        denied = self._denied(denying[0], denying[1], truth(denying[2], result.model), departs, rivals, example)
        because = self._because(side, example.through, denied.statements)
        return Change(about, callers, example, denied, because, tuple(sorted(alike)))

    def decided(self, side: str, change: Change) -> list[Formula]:
        """That a statement to blame for a change decides a request, for each of them."""
        policies, renamed = self.pair.after.policies, self.pair.renamed
        out = []
        for document, statement in policies.statements.values():
            if explain.blame(document, statement) in change.because:
                here = policies.selected(document, statement)
                stops = statement.effect == "Deny"
                out.append(renamed(here) if stops == (side == "opens") else here)
        return out

    def _allowed(
        self, world: World, model: Model, about: str, side: str, departs: tuple[str, ...], rivals: frozenset[str]
    ) -> Counterexample:
        request, facts, used = request_of(View(world, model))
        case = explain.case_at(world, model, request, facts, departs)
        decision = decide(case, rivals=rivals)
        if not decision.allowed:
            raise _disagreement(case, "let through", decision.reason, decision.detail, left_open="X-42" in rivals)
        judged = self.pair.after.workspace
        if about in OBJECTIVES and side == "opens" and not breaks(about, judged, request, facts):
            raise _disagreement(case, f"what `{about}` forbids", "the perimeter, read a second time, does not", "")
        kind: Literal["more", "less"] = "more" if side == "opens" else "less"
        why = explain.why(about, request, facts, kind) if about in OBJECTIVES else _WHY[about]
        through = blames(decision.statements)
        return Counterexample(kind, request, facts, why, through, depends_on=departs, keys=used, case=case)

    def _denied(
        self,
        world: World,
        model: Model,
        exists: bool,
        departs: tuple[str, ...],
        rivals: frozenset[str],
        example: Counterexample,
    ) -> Denied:
        if not exists:
            one, other = self._listed if world is self.pair.before else reversed(self._listed)
            return Denied(False, _missing(other, one, example))
        request, facts, _ = request_of(View(world, model))
        case = explain.case_at(world, model, request, facts, departs)
        decision = decide(case, rivals=rivals)
        if decision.allowed:
            raise _disagreement(case, "stopped", decision.reason, decision.detail, left_open="X-42" in rivals)
        statements = blames(decision.statements) if decision.reason == "explicit_deny" else ()
        why = decision.detail or ("a statement denies it" if statements else "nothing allows it")
        return Denied(True, why, statements, case)

    def _because(self, side: str, through: Iterable[Blame], stops: Iterable[Blame]) -> tuple[Blame, ...]:
        """The statements that decide and stand on one side only; those that stop first."""
        here, there = ("before", "after") if side == "opens" else ("after", "before")
        stopped = [b for b in stops if self._only(b, here, there)]
        allowed = [b for b in through if self._only(b, there, here)]
        return tuple(dict.fromkeys((*stopped, *allowed)))

    def _only(self, blame: Blame, here: str, there: str) -> bool:
        shapes = self._written[here].get((blame.kind, blame.document, blame.index, blame.file, blame.line), set())
        others = {shape for shapes in self._written[there].values() for shape in shapes}
        return bool(shapes) and not shapes & others


NOBODY = "there is no such caller, resource or endpoint"
_WHY = {
    INSIDE: "no objective forbids it, or for a reason that perimeter.yaml accepts",
    AVAILABILITY: "the perimeter means to let it through",
}


def _statements(organization: Organization) -> dict[tuple[str, str, int, str, int], set[object]]:
    out: dict[tuple[str, str, int, str, int], set[object]] = {}
    for document in organization.documents():
        for s in document.statements:
            found = explain.blame(document, s)
            key = (found.kind, found.document, found.index, found.file, found.line)
            out.setdefault(key, set()).add((found.kind, statement_shape(s)))
    return out


def case_in(world: World, model: Model) -> Case:
    """The request of a model as the state of `world` sees it, for the evaluator."""
    request, facts, _ = request_of(View(world, model))
    return explain.case_at(world, model, request, facts, ())


def _missing(here: Organization, there: Organization, example: Counterexample) -> str:
    """What of a request one state lists and the other does not."""
    request, facts = example.request, example.facts
    accounts = {account.id for account, _ in there.accounts()} | {there.management_account}
    for own in (facts.principal_account, facts.resource_account):
        if own and own not in accounts and own in {account.id for account, _ in here.accounts()}:
            return f"account {own} is not there"
    only = _names(here) - _names(there)
    caller = request.principal
    for name in (caller.role_arn, caller.user_arn, caller.arn, request.resource, facts.endpoint):
        if name and name in only:
            return f"{name} is not there"
    within = next((name for name in sorted(only) if request.resource.startswith((f"{name}/", f"{name}:"))), None)
    return f"{within} is not there" if within else NOBODY


def _names(organization: Organization) -> set[str]:
    """The principals and resources by ARN, the endpoints by id."""
    out: set[str] = set()
    for account, _ in organization.accounts():
        out |= {p.arn for p in account.principals} | {r.arn for r in account.resources}
        out |= {e.id for e in account.endpoints}
    return out


def _bits(rows: int) -> Iterable[int]:
    while rows:
        low = rows & -rows
        yield low.bit_length() - 1
        rows ^= low


def _disagreement(case: Case, expected: str, reason: str, detail: str, *, left_open: bool = False) -> InternalError:
    text = f"the evaluator does not agree that `{case.id}` is {expected}: {reason} {detail}".strip()
    kind = LeftOpenError if left_open else InternalError
    return kind(text, dump=json.dumps(case_to_json(case), indent=1, sort_keys=True))
