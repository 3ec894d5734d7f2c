"""What a policy grants beyond a reference, statement by statement: the question behind all three checks.

The reference is a policy that allows exactly what does not count as a finding; PASS means that the comparison with it
is unsatisfiable, FAIL comes with a request that the concrete evaluator replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from perimeter_smt.encode.world import clock
from perimeter_smt.logic.formula import TRUE, Formula, both
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.questions.checks.verdicts import Check, CheckName, only, reason
from perimeter_smt.questions.compare import conclude, encode, gained
from perimeter_smt.questions.distinct_calls import services_named
from perimeter_smt.questions.turning import alone, turning
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result

_NOTHING = Result("unsat")


@dataclass(frozen=True)
class Words:
    """The texts of one kind of check."""

    check: CheckName
    passed: str
    failed: str
    reason: str
    unknown: str = "not decided"


@dataclass(frozen=True)
class Asking:
    """How the question is put. `free`: every condition key is free; `over`: under every open reading, too,
    so that what gets through under a rival one alone is not decided, with the open points.

    `denying` are policies whose Deny statements count besides, `guardrails` levels of policies that must let the
    request through, too; `given` holds of the requests. `unsigned`: the request that is shown is one of an anonymous
    caller, where such a request gets through. `today`: the day from which on requests count; None, and with free keys:
    any day.
    """

    free: bool = True
    over: bool = False
    limits: Limits | None = None
    denying: tuple[Document, ...] = ()
    guardrails: tuple[tuple[Document, ...], ...] = ()
    given: Formula = TRUE
    unsigned: bool = False
    today: date | None = None


def asking_for(*, only_possible: bool, limits: Limits | None, today: date | None) -> Asking:
    """How AWS's checks of two documents ask: with every key free, or about requests that AWS can produce."""
    day = (today or date.today()) if only_possible else None
    return Asking(free=not only_possible, over=True, limits=limits, today=day)


def check(
    words: Words,
    subject: str,
    reference: Document,
    document: Document,
    asking: Asking,
    *,
    kept: Sequence[Statement] | None = None,
) -> Check:
    """Whether `document` allows something that `reference` does not.

    `kept`: the statements of the policy that count, those of `document` by default.
    """
    statements = document.statements if kept is None else tuple(kept)
    status, found, dated = _asked(reference, only(document, statements), asking)
    if status == "unsat":
        return Check(words.check, "PASS", words.passed, subject, today=dated)
    if found is None:
        return Check(words.check, "UNKNOWN", f"{words.unknown}: {status}", subject, today=dated)
    found = _numbered(found, statements)
    if found.depends_on:
        message = f"{words.unknown}: {words.passed.rstrip('.')}, but for {rival(found.depends_on)}"
        return Check(words.check, "UNKNOWN", message, subject, (), found, today=dated)
    reasons = [
        reason(statement, words.reason)
        for statement in statements
        if statement.effect == "Allow" and _alone(reference, document, statements, statement, asking)
    ]
    return Check(words.check, "FAIL", words.failed, subject, tuple(reasons), found, today=dated)


def rival(points: Sequence[str]) -> str:
    """Under which readings a request is allowed, in words."""
    return f"a request that is allowed where AWS's documentation is read the other way at {' and '.join(points)}"


def _alone(
    reference: Document, document: Document, statements: Sequence[Statement], one: Statement, asking: Asking
) -> bool:
    """Whether a statement grants something by itself, with the Deny statements around it."""
    allows = [s for s in statements if s.effect == "Allow"]
    if len(allows) == 1:
        return True
    kept = [s for s in statements if s is one or s.effect == "Deny"]
    return _asked(reference, only(document, kept), asking)[0] == "sat"


def _asked(reference: Document, document: Document, asking: Asking) -> tuple[str, Counterexample | None, str]:
    """`unsat`, `sat` with the request, or the reason why it is not decided; and the day, where a policy tests it."""
    dated = ""
    readings: tuple[Literal["exact", "over"], ...] = ("exact", "over") if asking.over else ("exact",)
    for reading in readings:
        asked = encode(
            reference,
            document,
            free_context=asking.free,
            reading=reading,
            denying=asking.denying,
            guardrails=asking.guardrails,
            given=asking.given,
            services=reached(document),
            today=asking.today,
        )
        dated = dated or clock.counting(asked.world.workspace.today, asked.world.keys)
        result = gained(asked, asking.limits, unsigned=asking.unsigned)
        if result.status == "unknown":
            return result.reason, None, dated
        if result.status == "sat":
            points: tuple[str, ...] = ()
            if reading == "over":
                points = turning(Engine(asked.problem, asking.limits or Limits()), [asked.more, asked.mode])
                narrower = replace(asked, mode=both(asked.mode, *alone(points)))
                found = gained(narrower, asking.limits, unsigned=asking.unsigned)
                result = found if found.status == "sat" else result
            compared = conclude(asked, result, _NOTHING)
            if compared.newly_allowed is None:
                return compared.reason, None, dated
            why = f"the policy allows this request where {' and '.join(points)} is read the other way"
            why = why if points else "the policy allows this request"
            return "sat", replace(compared.newly_allowed, why=why, depends_on=points), dated
    return "unsat", None, dated


def reached(document: Document) -> tuple[str, ...] | None:
    """The services that a policy can allow a call of; None for all.

    Only what it newly allows is asked for (`gained`), so calls that none of its Allow statements can match, and that
    nothing stands in for, are no answers, whatever the reference allows.
    """
    allows = [statement for statement in document.statements if statement.effect == "Allow"]
    if not allows or document.stands_beside_full_access:
        return None
    return services_named([only(document, allows)])


def _numbered(found: Counterexample, statements: Sequence[Statement]) -> Counterexample:
    """The statements behind the request, by their places in the policy as it was given."""
    through = tuple(replace(b, index=statements[b.index].index) for b in found.through if b.effect == "Allow")
    return replace(found, through=through)
