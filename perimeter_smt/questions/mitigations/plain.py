"""Questions of one obligation over all calls of a world: the line that answers it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial

from perimeter_smt.errors import InternalError
from perimeter_smt.logic.formula import Formula
from perimeter_smt.questions import explain
from perimeter_smt.questions.firm import firm, rests
from perimeter_smt.questions.left_open import known
from perimeter_smt.questions.mitigations.asked import Agrees, blamed, nearest
from perimeter_smt.questions.mitigations.model import Line, MitigationStatus
from perimeter_smt.questions.mitigations.worlds import Encoded
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.verdicts import Assumption, Counterexample
from perimeter_smt.solve.result import Result
from perimeter_smt.witness.case import case_to_json


@dataclass(frozen=True)
class Told:
    """What the line says: when it is held, and when a request gets through."""

    subject: str
    held: str
    open: str
    status: MitigationStatus = "refuted"
    about: tuple[str, ...] = ()  # beginnings of the keys that a Deny on it looks at
    enforced_by: str = "scp"


def line(
    encoded: Encoded, breach: Formula, issue: Formula, told: Told, agrees: Agrees
) -> tuple[Line, tuple[Assumption, ...]]:
    """The line of a question, and what its proof assumes.

    `issue`: the breach whether or not it gets through; where no request is at issue, nothing was asked.
    """
    run = encoded.run
    mode = run.exact if run.reading == "exact" else run.over
    result = run.engine.check((breach, mode), core=True, spare=run.told)
    if result.status == "unsat":
        if run.ask(issue, run.exact).status == "unsat":
            return Line(told.subject, "not-asked", "no such request can be made of the services claimed"), ()
        assumed, used = explain.proof(run.world, result.rests_on)
        return Line(told.subject, "proved", told.held, used[0] if used else None), assumed
    exact = run.ask(breach, run.exact) if run.reading != "exact" else result
    if "unknown" in (result.status, exact.status):
        reason = result.reason or exact.reason or "not decided"
        return Line(told.subject, "unknown", reason), ()
    if exact.status == "unsat":
        tight, granted, departs = run.tightest((breach, mode), result)
        tightest = known(partial(shown, encoded, (breach, mode, *granted), tight, agrees, departs))
        return Line(told.subject, "conditional", f"{told.held}; {without(departs, tightest)}", None, tightest), ()
    asked = (breach, run.exact)
    first = shown(encoded, asked, exact, agrees)
    found = firm(run, asked, first, lambda result, both_ways: shown(encoded, both_ways, result, agrees))
    found = nearest(found, told.about, told.enforced_by)
    if points := rests(run, found):
        text = f"{told.open}, as {', '.join(points)} is read here; not under the rival reading"
        return Line(told.subject, "conditional", text, None, found), ()
    return Line(told.subject, told.status, told.open, blamed(found), found), ()


def shown(
    encoded: Encoded, asked: tuple[Formula, ...], first: Result, agrees: Agrees, departs: tuple[str, ...] = ()
) -> Counterexample:
    """The plainest request, replayed, with which the second reading agrees."""
    run = encoded.run
    result = run.plain(run.world.calls.services, asked, first)
    found = explain.counterexample(run.world, "", result, "hole", departs=departs)
    if not agrees(found.request, found.facts, departs):
        assert found.case is not None
        dump = json.dumps({**case_to_json(found.case), "facts": found.facts.model_dump()}, indent=1)
        raise InternalError(f"the second reading does not agree on `{found.case.id}`", dump=dump)
    return found
