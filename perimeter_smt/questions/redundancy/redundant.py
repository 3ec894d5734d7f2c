"""Statements that could go: that match no request, or whose every request other statements decide the same way.

A statement is called redundant only where that is proved under every open reading of AWS's documentation, with no soft
axiom assumed, and at every place where its document stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.encode.language.principal import Hits, encode_principal
from perimeter_smt.encode.language.statement import Policies, matches
from perimeter_smt.logic.formula import TRUE, Formula, both, conj, disj, neg
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.documents import pose
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.findings.verdicts import Progress
from perimeter_smt.questions.redundancy.places import Level, Place
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.blame import Blame

Status = Literal["needed", "unreachable", "covered", "denied", "idle", "unknown"]


@dataclass(frozen=True)
class Judged:
    """One statement. `covered`: `by` decide all its requests the same way; `denied`: `by` deny all that it allows;
    `idle`: a Deny where nothing was allowed; `unreachable`: no request matches; `needed`: it alone decides a request.

    `removable`: it is one of a set that can go together without changing anything.
    """

    statement: Blame
    status: Status
    by: tuple[Blame, ...] = ()
    removable: bool = False
    reason: str = ""
    place: str = ""

    @property
    def redundant(self) -> bool:
        """Whether it could go."""
        return self.status in ("unreachable", "covered", "denied", "idle")


_Key = tuple[int, int]
# Kinds without whose Allow nothing gets through: elsewhere a Deny matters although nothing beside it is allowed, since
# a resource's policy, a grant of a key or an identity policy may allow it (semantics 3.2 to 3.6).
_ALONE = frozenset({Kind.SCP, Kind.RCP, Kind.ENDPOINT, Kind.ENDPOINT_GATEWAY, Kind.TRUST})


def redundant(
    places: Sequence[Place],
    *,
    free_context: bool = False,
    covers: bool = True,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[Judged]:
    """Every statement of the documents, in the order in which they come, judged over all places where they stand.

    `covers`: find the statements that cover each, which costs a question for every two statements.
    `progress` is told which place is judged, how many are done, of how many.
    """
    found: dict[_Key, list[Judged]] = {}
    judges = []  # of the places where something could go
    for number, place in enumerate(places):
        if progress is not None:
            progress(place.label, number, len(places))
        judge = _Judge(place, free_context=free_context, covers=covers, limits=limits)
        each = judge.all()
        for key, judged in each.items():
            found.setdefault(key, []).append(judged)
        if any(judged.redundant for judged in each.values()):
            judges.append(judge)
    # A statement that stands at several places goes only where all of them agree, and with it what leans on that.
    gone = {key for key, each in found.items() if all(one.redundant for one in each)}
    for judge in judges:
        gone = judge.keeping(gone)
    return [_over_all(each, removable=key in gone) for key, each in found.items()]


def _over_all(each: list[Judged], *, removable: bool) -> Judged:
    needed = next((one for one in each if not one.redundant), None)
    first = needed or each[0]
    by = tuple(dict.fromkeys(b for one in each for b in one.by)) if needed is None else ()
    return Judged(first.statement, first.status, by, removable and needed is None, first.reason, first.place)


class _Judge:
    """One place as a problem, with the questions about each of its statements."""

    def __init__(self, place: Place, *, free_context: bool, covers: bool, limits: Limits | None) -> None:
        self.place = place
        self._covers = covers
        self.statements = [(d, s) for d in place.documents for s in d.statements]
        self._parts: list[Formula] = []
        posed = pose(place.documents, self._ask, free_context=free_context)
        self._engine = Engine(posed.problem, limits or Limits())
        self._asked = posed.formulas

    def _ask(self, policies: Policies) -> list[Formula]:
        """The match of every statement, then how each Allow names the caller: direct, by role, by user, by account."""
        out = [matches(policies, d, s) for d, s in self.statements]
        for document, statement in self.statements:
            hit = encode_principal(document, statement.principal, deny=False)
            here = policies.selected(document, statement)
            out += [both(here, part) for part in _ways(hit)]
        return out

    def _match(self, number: int) -> Formula:
        return self._asked[number]

    def _hits(self, number: int) -> Sequence[Formula]:
        start = len(self.statements) + 4 * number
        return self._asked[start : start + 4]

    def all(self) -> dict[_Key, Judged]:
        """Every statement of the place."""
        return {_key(*pair): self._judge(number) for number, pair in enumerate(self.statements)}

    def keeping(self, candidates: set[_Key]) -> set[_Key]:
        """Those of the candidates that can go together: each is redundant without the ones before it."""
        gone: set[int] = set()
        out = set(candidates)
        for number, pair in enumerate(self.statements):
            if _key(*pair) not in candidates:
                continue
            if self._decides_alone(number, frozenset({*gone, number})).status == "unsat":
                gone.add(number)
            else:
                out.discard(_key(*pair))
        return out

    def _judge(self, number: int) -> Judged:
        document, statement = self.statements[number]
        about = blame(document, statement)
        found = self._decides_alone(number, frozenset({number}))
        label = self.place.label
        if found.status != "unsat":
            status: Status = "needed" if found.status == "sat" else "unknown"
            return Judged(about, status, reason=found.reason, place=label)
        if self._engine.check([self._match(number)]).status == "unsat":
            return Judged(about, "unreachable", place=label)
        if not self._covers:
            return Judged(about, "covered", place=label)
        others = self._least(number)
        by = tuple(blame(*self.statements[other]) for other in others)
        if not others:
            return Judged(about, "idle" if statement.effect == "Deny" else "covered", place=label)
        denied = statement.effect == "Allow" and all(self.statements[o][1].effect == "Deny" for o in others)
        return Judged(about, "denied" if denied else "covered", by, place=label)

    def _decides_alone(self, number: int, without: frozenset[int]) -> Result:
        """Whether some request is decided by this statement alone, were those in `without` not there."""
        asking = self._question(number, [n for n in range(len(self.statements)) if n not in without])
        worst: Result | None = None
        for question in asking:
            found = self._engine.check([question])
            if found.status == "sat":
                return found
            worst = found if worst is None or found.status == "unknown" else worst
        assert worst is not None
        return worst

    def _question(self, number: int, others: Sequence[int]) -> list[Formula]:
        """One question for a Deny; for an Allow one for each way in which it can name the caller."""
        document, statement = self.statements[number]
        undenied = conj(neg(self._match(n)) for n in others if self.statements[n][1].effect == "Deny")
        if statement.effect == "Deny":
            return [both(self._match(number), undenied, conj(self._granted(level) for level in self.place.levels))]
        level = next(level for level in self.place.levels if any(d is document for d in level.documents))
        rest = conj(self._granted(other) for other in self.place.levels if other is not level)
        here = {n for n in others if self.statements[n][1].effect == "Allow" and self._in(n, level)}
        if level.open:
            return [neg(TRUE)]
        return [
            both(way, undenied, rest, neg(disj(self._hits(n)[index] for n in here)))
            for index, way in enumerate(self._hits(number))
        ]

    def _in(self, number: int, level: Level) -> bool:
        return any(document is self.statements[number][0] for document in level.documents)

    def _granted(self, level: Level) -> Formula:
        """What this level allows; everything where another policy can grant what these deny."""
        if level.open or self.place.documents[0].kind not in _ALONE:
            return TRUE
        allowing = (n for n, (_, s) in enumerate(self.statements) if s.effect == "Allow" and self._in(n, level))
        return disj(self._match(n) for n in allowing)

    def _least(self, number: int) -> list[int]:
        """A smallest set of other statements that decide all requests of this one: none of them can be left out."""
        kept = [n for n in range(len(self.statements)) if n != number]
        for other in reversed(list(kept)):
            fewer = [n for n in kept if n != other]
            if all(self._engine.check([q]).status == "unsat" for q in self._question(number, fewer)):
                kept = fewer
        return kept


def _ways(hit: Hits) -> tuple[Formula, Formula, Formula, Formula]:
    return hit.direct, hit.role, hit.user, hit.account


def _key(document: Document, statement: Statement) -> _Key:
    return id(document), statement.index
