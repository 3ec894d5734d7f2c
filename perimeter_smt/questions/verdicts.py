"""What the questions answer: verdicts, counterexamples, and what they rest on.

`proved`: no request breaks the objective, whatever the open readings, under the listed assumptions.
`refuted`: at least one request does, shown and replayed. `vacuous`: no request meets the premise, so that
nothing was proved. `conditional`: none under the chosen readings, but one under a rival reading or without a
soft axiom, both named. `unknown`: not decided, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perimeter_smt.errors import NoTruth
from perimeter_smt.organization.model import Unknown
from perimeter_smt.organization.perimeter import Collected
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.witness.blame import Blame, NearMiss

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.model import Mitigation

Status = Literal["proved", "refuted", "vacuous", "conditional", "unknown"]
FindingKind = Literal["hole", "beyond", "blocked", "more", "less"]


@dataclass(frozen=True)
class Counterexample:
    """A concrete request, replayed by the concrete evaluator.

    `why` says in one line why it is outside (or, for `blocked`, inside) the perimeter; `through` are the
    statements that let it through (or block it); `closest` is the guardrail statement that came nearest to stopping
    it; `reach` names the limit of the guardrail for kind `beyond`; `depends_on` the readings and soft axioms it needs
    (empty: none); `rests_on` the open points that it would be stopped (or let through) under, were they read the other
    way; `keys` are the condition keys that policies look at; `case` is what was replayed (None for two
    documents by themselves); `chance` what AWS would have to assign by chance for it.
    """

    kind: FindingKind
    request: Request
    facts: Facts
    why: str
    through: tuple[Blame, ...] = ()
    closest: NearMiss | None = None
    reach: str | None = None
    depends_on: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    case: Case | None = None
    chance: str = ""


@dataclass(frozen=True)
class Assumption:
    """Something a proof used: a soft axiom, a fact of the workspace, an accepted limit, with its source.

    `presumed`: an axiom that AWS does not state without exception, assumed unless the perimeter doubts it by name.
    """

    name: str
    text: str
    source: str = ""
    presumed: bool = False


def presumes(assumptions: Iterable[Assumption]) -> tuple[str, ...]:
    """The names of the presumed axioms among what a proof used."""
    return tuple(one.name for one in assumptions if one.presumed)


@dataclass(frozen=True)
class Limit:
    """A class of requests that no guardrail of this type can hold back, with an example if there is one."""

    reach: str
    text: str
    accepted: bool
    example: Counterexample | None = None


@dataclass(frozen=True)
class Verdict(NoTruth):
    """The answer for one objective and the services that share it.

    `exhausted` tells whether all kinds of counterexample were enumerated (only with enumeration).
    `used` are the statements a proof needed.
    """

    objective: str
    title: str
    services: tuple[str, ...]
    status: Status
    counterexamples: tuple[Counterexample, ...] = ()
    limits: tuple[Limit, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    used: tuple[Blame, ...] = ()
    exceptions: tuple[str, ...] = ()
    exhausted: bool | None = None
    reason: str = ""


@dataclass(frozen=True)
class Advice:
    """What a lint rule says about a statement that a counterexample names.

    `sure`: the rule speaks of the very key on which the statement failed; otherwise of a condition of it. `mends`: what
    such a failed part says, in lower case: of another request the same statement may fail on something else.
    """

    statement: Blame
    rule: str
    message: str
    fix: str
    line: int
    sure: bool
    mends: str = ""


@dataclass(frozen=True)
class Kinds:
    """How many accounts and principals an organization has, and how many classes that no question tells apart.

    `principals` is 0 where the mode does not look at them; `reason` says why nothing was merged.
    """

    accounts: int
    classes: int
    principals: int = 0
    principal_classes: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Report(NoTruth):
    """All verdicts of one run. `mode`: guardrails alone or with current grants.

    `unknowns` are what the source did not tell, as it bears on this mode; `advice` is what lint rules know of the
    statements that counterexamples name. `mitigations` are the questions beside the
    objectives, of which those `demanded` by name count for the exit code. `expired` exceptions did not count on the day
    `today`, which is empty where nothing depends on it. `kinds`: of an organization that is large enough to have them.
    `collected`: the days on which the organization was read from AWS, of a folder of `perimeter collect`.
    """

    workspace: str
    mode: Literal["guardrails", "grants"]
    reading: Literal["exact", "over", "under"]
    verdicts: tuple[Verdict, ...]
    availability: tuple[Verdict, ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    advice: tuple[Advice, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()
    demanded: tuple[str, ...] = ()
    today: str = ""
    expired: tuple[str, ...] = ()
    kinds: Kinds | None = None
    collected: Collected | None = None

    @property
    def exit_code(self) -> int:
        """0 all proved, 1 something refuted, 3 something unknown, conditional or vacuous."""
        statuses: set[str] = {verdict.status for verdict in self.verdicts}
        statuses |= {mitigation.status for mitigation in self.mitigations if mitigation.id in self.demanded}
        if "refuted" in statuses:
            return 1
        return 3 if statuses & {"unknown", "conditional", "vacuous"} else 0


Relation = Literal["equivalent", "more", "less", "incomparable", "unknown"]
Stands = Literal["alone", "beside"]


@dataclass(frozen=True)
class Standing:
    """What the comparison is where the documents stand by themselves, or beside a policy that allows everything.

    `words` say the place for people.
    """

    stands: Stands
    words: str
    relation: Relation
    newly_allowed: Counterexample | None = None
    newly_denied: Counterexample | None = None


@dataclass(frozen=True)
class Comparison(NoTruth):
    """Two documents, seen from the second: what it newly allows, what it newly denies.

    `standings`: where they may stand and what they do there; the relation is that of all of them together, but where
    one SCP of two has an Allow, that of their own forms (W-36).
    `may_allow`, `may_deny`: open points of AWS's documentation that make it allow or deny something new where, as they
    are chosen, it does not. `today`: the day from which on requests count, empty where nothing depends on it.
    """

    relation: Relation
    newly_allowed: Counterexample | None = None
    newly_denied: Counterexample | None = None
    reason: str = ""
    may_allow: tuple[str, ...] = ()
    may_deny: tuple[str, ...] = ()
    today: str = ""
    standings: tuple[Standing, ...] = ()


__all__ = [
    "Advice", "Assumption", "Blame", "Comparison", "Counterexample", "FindingKind", "Limit", "NearMiss", "Relation",
    "Report", "Standing", "Stands", "Status", "Verdict", "presumes",
]  # fmt: skip
