"""Replay of witnesses through the concrete evaluator, which shares no code with the encoding (design 1).

A witness is a finding only if the evaluator agrees; otherwise one of the two readings is wrong, and that is an
`InternalError` with the case to attach.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from perimeter_smt.errors import InternalError, LeftOpenError
from perimeter_smt.evaluate import (
    OPEN_POINTS,
    Decision,
    NearStatement,
    StatementRef,
    closest_denial,
    consulted,
    decide,
    match_statement,
    nearest_allow,
)
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Request
from perimeter_smt.witness.blame import Blame, NearMiss
from perimeter_smt.witness.case import OPEN, case_to_json

_KINDS = {"vpce": "endpoint", "access_point": Kind.ACCESS_POINT.value}


@dataclass(frozen=True)
class Replayed:
    """What the evaluator said: the statements that decided, and the Deny that came closest to stopping it."""

    statements: tuple[Blame, ...] = ()
    closest: NearMiss | None = None
    absent: tuple[str, ...] = ()  # keys that the closest statement looks at and the request does not carry
    detail: str = ""  # what an implicit denial lacks
    rests_on: tuple[str, ...] = ()  # open points that would turn the answer, each read the other way by itself


def let_through(
    case: Case,
    readings: Iterable[str],
    *,
    enforced_by: str,
    about: tuple[str, ...] = (),
    settled: frozenset[str] = frozenset(),
) -> Replayed:
    """A request that must be allowed, when the open points `readings` are read the other way.

    `settled` are the points that the perimeter settles: the request rests on none of them.

    `enforced_by` is the slot whose guardrail is asked for the nearest miss (`scp`, `rcp` or `endpoint`) beside the
    resource's own policy, `about` the beginnings of the keys that such a guardrail looks at.
    """
    rivals = _rivals(readings)
    decision = decide(case, rivals=rivals)
    if not decision.allowed:
        raise _disagreement(case, decision, "let through", left_open="X-42" in rivals)
    nearest = closest_denial(_only(case, enforced_by), rivals=rivals, about=about)
    return Replayed(
        blames(decision.statements),
        _near(nearest),
        _absent(nearest, case.request),
        rests_on=_rests_on(case, rivals, settled, allowed=True),
    )


def held_back(case: Case, readings: Iterable[str] = (), *, settled: frozenset[str] = frozenset()) -> Replayed:
    """A request that guardrails must stop, and that must be allowed without them."""
    rivals = _rivals(readings)
    decision = decide(case, rivals=rivals)
    if decision.allowed:
        raise _disagreement(case, decision, "stopped", left_open="X-42" in rivals)
    bare = replace(case, scp=None, rcp=None, endpoint=None)
    if not decide(bare, rivals=rivals).allowed:
        raise _disagreement(bare, decision, "let through without guardrails", left_open="X-42" in rivals)
    rests_on = _rests_on(case, rivals, settled, allowed=False)
    nearest = None if decision.statements else nearest_allow(case, rivals=rivals)
    return Replayed(
        blames(decision.statements),
        _near(nearest),
        _absent(nearest, case.request),
        detail=decision.detail,
        rests_on=rests_on,
    )


def allows(
    document: Document,
    request: Request,
    readings: Iterable[str] = (),
    *,
    has_boundary: bool = False,
    asked_on: str | None = None,
    beside: bool = False,
) -> bool:
    """Whether a document by itself allows a request: some Allow matches and no Deny; guardrails may lack Allows.

    `asked_on`: what AWS writes for the resource of a call on `*` (X-46). `beside`: a policy that allows everything
    stands beside it.
    """
    rivals = _rivals(readings)

    def some(effect: str) -> bool:
        found = (s for s in document.statements if s.effect == effect)
        return any(
            match_statement(document, s, request, rivals=rivals, has_boundary=has_boundary, asked_on=asked_on)
            for s in found
        )

    return (beside or document.stands_beside_full_access or some("Allow")) and not some("Deny")


def _rivals(readings: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in readings if name.startswith("X-"))


def _rests_on(case: Case, rivals: frozenset[str], settled: frozenset[str], *, allowed: bool) -> tuple[str, ...]:
    # One by one: points that work together stay unseen.
    looked_at = consulted(case, rivals=rivals)
    others = (n for n in OPEN_POINTS if n in looked_at and n not in rivals and n not in settled)
    return tuple(name for name in others if decide(case, rivals=rivals | {name}).allowed is not allowed)


def _only(case: Case, enforced_by: str) -> Case:
    return replace(
        case,
        scp=case.scp if enforced_by == "scp" else None,
        rcp=case.rcp if enforced_by == "rcp" else None,
        endpoint=case.endpoint if enforced_by == "endpoint" else None,
    )


def blames(statements: Iterable[StatementRef]) -> tuple[Blame, ...]:
    """Statements of the input that a decision names."""
    return tuple(_blame(found) for found in statements if found.location.file != OPEN)


def _blame(found: StatementRef) -> Blame:
    slot = found.slot.partition("[")[0]
    kind, place = _KINDS.get(slot, slot), found.location
    return Blame(kind, found.policy, found.index, found.sid, found.effect, place.file, place.line)


def _near(found: NearStatement | None) -> NearMiss | None:
    if found is None:
        return None
    return NearMiss(_blame(found.statement), tuple(str(failure) for failure in found.failed))


def _absent(found: NearStatement | None, request: Request) -> tuple[str, ...]:
    carried = {name.lower() for name in request.context}
    return tuple(key for key in found.keys if key.lower() not in carried) if found else ()


def _disagreement(case: Case, decision: Decision, expected: str, *, left_open: bool = False) -> InternalError:
    text = f"the evaluator does not agree that `{case.id}` is {expected}: {decision.reason} {decision.detail}".strip()
    kind = LeftOpenError if left_open else InternalError
    return kind(text, dump=json.dumps(case_to_json(case), indent=1, sort_keys=True))
