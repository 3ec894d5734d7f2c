"""What a custom policy check answers: the members of AWS's answer, and a replayed request beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.errors import NoTruth
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.questions.verdicts import Counterexample

CheckName = Literal["CheckNoPublicAccess", "CheckAccessNotGranted", "CheckNoNewAccess"]
Outcome = Literal["PASS", "FAIL", "UNKNOWN"]


@dataclass(frozen=True)
class Reason:
    """AWS's ReasonSummary: the statement that grants, by its place in the policy and its Sid.

    `policy` is the place of the policy, where several of them make the subject.
    """

    description: str
    statement_index: int
    statement_id: str | None
    policy: str = ""


@dataclass(frozen=True)
class Check(NoTruth):
    """The answer for one policy (or one resource or principal of a workspace, `subject`).

    PASS is a proof, FAIL comes with a request that the evaluator replayed, UNKNOWN says in `message` why.
    `held_back` names what stops the access that the policy alone would give. `presumed`: the PASS rests on a
    presumption, which `message` names. `today`: the day from which on requests count, empty where no policy tests it.
    """

    check: CheckName
    result: Outcome
    message: str
    subject: str
    reasons: tuple[Reason, ...] = ()
    evidence: Counterexample | None = None
    held_back: str = ""
    presumed: bool = False
    today: str = ""


def worst(checks: Sequence[Check]) -> Outcome:
    """FAIL before UNKNOWN before PASS."""
    found = {check.result for check in checks}
    return "FAIL" if "FAIL" in found else "UNKNOWN" if "UNKNOWN" in found else "PASS"


def reason(statement: Statement, text: str) -> Reason:
    """A reason with the words of AWS's answers: by Sid where there is one, else by index."""
    place = f"sid: {statement.sid}" if statement.sid is not None else f"index: {statement.index}"
    return Reason(f"{text} with {place}.", statement.index, statement.sid)


def only(document: Document, keep: Sequence[Statement]) -> Document:
    """The document with these of its statements, numbered anew: a statement's number is its place."""
    from dataclasses import replace

    numbered = tuple(replace(statement, index=index) for index, statement in enumerate(keep))
    return document.model_copy(update={"statements": numbered})
