"""What `findings`, `who-can` and `what-can` answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.errors import NoTruth
from perimeter_smt.organization.model import Unknown
from perimeter_smt.questions.findings.render import Elements
from perimeter_smt.questions.verdicts import Blame, Counterexample

Public = Literal["yes", "no", "unsettled"]
Progress = Callable[[str, int, int], None]  # what is asked, how much is done, of how much
Direction = Literal["in", "out"]  # access of outsiders to what is mine; of mine to what is others'


@dataclass(frozen=True)
class Finding:
    """A set of requests that are all allowed: those that fit every element.

    `resource` is whose policy it is: an ARN of the workspace, or the file; of a way out it is who calls.
    `public`: what the S3 guide means by it,
    `unsettled` where its page does not say. `count` is the number of known actions. `example` is one request of the
    set and of no other, replayed by the evaluator; `statements` are the Allow statements that the set rests on.
    `closed_to`: kinds of callers that the elements would hold, and that AWS takes none of the calls from.
    """

    resource: str
    elements: Elements
    levels: tuple[str, ...]
    count: int
    public: Public
    statements: tuple[Blame, ...]
    example: Counterexample
    closed_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings(NoTruth):
    """All findings of a question. `complete`: they are proved to be together exactly the access asked about.

    `proved` names what the engine proved: `included` (each is access), `complete` (together all of it), `apart` (none
    is covered by the rest), `restated` (their policies, read back, say the same). `unknowns` are what the source did
    not tell; `undecided` those of them that may give access besides. `services`: those whose calls were asked about;
    none for a policy by itself. `today`: the day from which on requests count, empty where no policy tests it.
    `may_find`: open points of AWS's documentation that, read the other way, give more access.
    """

    source: str
    zone: str
    status: Literal["complete", "unknown"]
    findings: tuple[Finding, ...]
    proved: tuple[str, ...]
    reason: str = ""
    unknowns: tuple[str, ...] = ()
    direction: Direction = "in"
    services: tuple[str, ...] = ()
    undecided: tuple[Unknown, ...] = ()
    today: str = ""
    may_find: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 no access, 1 some, 3 not decided. What is found is access, whatever else is not known."""
        if self.reason:
            return 3
        return 1 if self.findings else 0 if self.status == "complete" else 3


@dataclass(frozen=True)
class Caller:
    """A caller or a class of callers, and the sets of requests that it can make; none: it can make none.

    `kind`: `principal` (listed in the workspace), `account` (whoever else is of an account of it) or `outsiders`.
    `may_find`: open points of AWS's documentation that, read the other way, let it make more requests.
    """

    name: str
    kind: Literal["principal", "account", "outsiders"]
    findings: tuple[Finding, ...]
    status: Literal["complete", "unknown"]
    reason: str = ""
    may_find: tuple[str, ...] = ()


@dataclass(frozen=True)
class Callers(NoTruth):
    """Who can do what was asked: every caller that can, or the one that was asked about.

    `services`: those whose calls were asked about; of others nothing is said. `notes` tell what makes the answer
    another one than it seems: a caller that is not listed, a resource that is not there. `undecided`: what the source
    did not tell and what may let in others. `today`: the day from which on requests count, empty where no policy tests
    it.
    """

    source: str
    action: str
    resource: str
    callers: tuple[Caller, ...]
    proved: tuple[str, ...]
    unknowns: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    undecided: tuple[Unknown, ...] = ()
    today: str = ""

    @property
    def exit_code(self) -> int:
        """0 nobody can, 1 somebody can, 3 not decided."""
        if any(caller.status != "complete" for caller in self.callers):
            return 3
        return 1 if any(caller.findings for caller in self.callers) else 3 if self.undecided else 0
