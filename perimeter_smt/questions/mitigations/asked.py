"""Rows of tables asked one by one, or proved together (docs/mitigations.md).

A row is `proved` when no request is left, whatever the open readings and without soft axioms that the perimeter does
not accept; `conditional` when only those are left; else it shows a request that the evaluator replayed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from perimeter_smt.encode.language.text import readings
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.errors import InternalError
from perimeter_smt.logic.formula import TRUE, Formula, both, disj, neg, sym
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions.firm import firm, rests
from perimeter_smt.questions.left_open import known
from perimeter_smt.questions.mitigations.model import Line, MitigationStatus
from perimeter_smt.questions.mitigations.worlds import Encoded, Near
from perimeter_smt.questions.objectives import LIMIT_TEXTS
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.solve.result import Result
from perimeter_smt.solve.spread import Spread
from perimeter_smt.witness.case import case_to_json
from perimeter_smt.witness.replay import let_through

SCP_LIMITS = tuple(LIMIT_TEXTS[name] for name in ("management-account", "service-linked-roles"))
Agrees = Callable[[Request, Facts, tuple[str, ...]], bool]  # the second reading; with what a request departs from
_SPREADS = 4  # requests of rows without keys that are carried over to other rows
_TOGETHER = 6  # proofs of all rows at once that are tried before rows are asked one by one


@dataclass(frozen=True)
class Obligation:
    """What one row asks: a breach, by the checks of each of its calls, all of which a breach must pass.

    Every check of the tables is met by some request at issue, which a test asks: no proof is empty. `own` rules out
    requests that only another row with the same calls tells of. `plain` rows have no keys of their own.
    """

    subject: str
    breach: Formula
    calls: tuple[tuple[Formula, ...], ...]
    actions: tuple[str, ...]
    agrees: Agrees
    rows: int  # of the catalogue, as a bit set
    own: Formula = TRUE
    open_status: MitigationStatus = "refuted"
    open_text: str = ""
    keys: tuple[str, ...] = ()
    plain: bool = False

    @property
    def services(self) -> tuple[str, ...]:
        """The services of its calls."""
        return tuple(dict.fromkeys(action.partition(":")[0] for action in self.actions))


@dataclass
class Asked:
    """The obligations of one question, answered in its world."""

    encoded: Encoded
    tells: str = ""  # the soft axiom on what keys tell, tried first where something depends
    assumptions: dict[str, Assumption] = field(default_factory=dict)
    _spreads: list[Spread] = field(default_factory=list)
    _at_cache: dict[str, Formula] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run = self.encoded.run
        self.mode = self.run.exact if self.run.reading == "exact" else self.run.over
        self._near = Near(self.run.world.calls, self.encoded.sets)

    @property
    def stated(self) -> tuple[Assumption, ...]:
        """What the proofs of all rows assume."""
        return tuple(self.assumptions[name] for name in sorted(self.assumptions))

    def lines(self, obligations: Sequence[Obligation]) -> list[Line]:
        """The lines of the rows, in their order."""
        found = self._plain_lines([one for one in obligations if one.plain])
        left = [one for one in obligations if one.subject not in found]
        for _ in range(_TOGETHER):
            if not left:
                break
            result = self._together(left)
            if result.status == "unsat":
                found |= self._proved(left, result)
                left = []
            elif result.status == "sat":
                assert result.model is not None
                row = result.model.rows[CALL]
                here = [one for one in left if one.rows >> row & 1]
                for one in here:
                    found[one.subject] = self.line(one)
                left = [one for one in left if one not in here]
            else:
                break
        if left:
            found |= self._one_by_one(left)
        return [found[one.subject] for one in obligations]

    def _plain_lines(self, rows: Sequence[Obligation]) -> dict[str, Line]:
        """The lines of rows without keys that a request gets through of: a request of one row fits many others."""
        found: dict[str, Line] = {}
        left = [one for one in rows if all(len(call) == 1 for call in one.calls)]
        for _ in range(_SPREADS):
            if not left:
                break
            inside = disj(self._at(check) for one in left for call in one.calls for check in call)
            result = self.run.ask(disj(dict.fromkeys(one.breach for one in left)), inside, self.run.exact)
            if result.status != "sat":
                break
            assert result.model is not None
            row = result.model.rows[CALL]
            (first, *_) = (one for one in left if one.rows >> row & 1)
            line = self._not_proved(first)
            if line is None:
                break
            found[first.subject] = line
            found |= {one.subject: line for one in left if (line := self._carried(one)) and one is not first}
            left = [one for one in left if one.subject not in found]
        return found

    def line(self, one: Obligation) -> Line:
        """The line of one row."""
        return self._not_proved(one) or self._proof_alone(one)

    def _one_by_one(self, left: Sequence[Obligation]) -> dict[str, Line]:
        found: dict[str, Line] = {}
        held = []
        for one in left:
            line = self._not_proved(one)
            if line is None:
                held.append(one)
            else:
                found[one.subject] = line
        if held:
            result = self._together(held)
            if result.status == "unsat":
                return found | self._proved(held, result)
        return found | {one.subject: self._proof_alone(one) for one in held}

    def _together(self, left: Sequence[Obligation]) -> Result:
        """A breach by a check of any of these rows; unsat proves them all."""
        inside = disj(self._at(check) for one in left for call in one.calls for check in call)
        breaches = disj(dict.fromkeys(one.breach for one in left))
        if self.mode is not self.run.exact:
            # A request without rival readings first: the row it is of is asked so next, and this answers it.
            result = self.run.ask(breaches, inside, self.run.exact)
            if result.status == "sat":
                return result
        asked = (breaches, inside, self.mode)
        return self.run.engine.check(asked, core=True, spare=self._soft, avoid=self.run.presumes)

    def _soft(self, name: str) -> bool:
        """What a proof of many rows is made minimal in: soft and presumed axioms; calls tell a row its statements."""
        return name in self.run.world.soft or self.run.presumes(name)

    def _proved(self, rows: Sequence[Obligation], result: Result) -> dict[str, Line]:
        used = self._remember(result)
        return {one.subject: self._held(one, used) for one in rows}

    def _held(self, one: Obligation, used: Sequence[Blame]) -> Line:
        """A proved row, with the statement of the proof that names its calls."""
        by_place = {
            explain.blame(*found): found[1] for found in self.run.world.policies.statements.values()
        }  # fmt: skip
        naming = []
        for blame in used:
            element = by_place[blame].action
            patterns = [text.lower() for text in element.values]
            match = [any(fnmatchcase(action.lower(), p) for p in patterns) for action in one.actions]
            if (not any(match)) if element.negated else all(match):
                tested = {condition.name.lower() for condition in by_place[blame].conditions}
                other = bool(one.keys) and tested.isdisjoint(one.keys)
                naming.append((other, element.negated, any(p.strip("*") == "" for p in patterns), blame))
        best = min(naming, key=lambda found: found[:3], default=None)
        statement = best[3] if best else (used[0] if len(used) == 1 else None)
        return Line(one.subject, "proved", "denied" if used else "no SCP allows it", statement)

    def _proof_alone(self, one: Obligation) -> Line:
        used: dict[Blame, None] = {}
        for call in one.calls:
            results = (self.run.ask(one.breach, one.own, self._at(c), self.mode, core=True) for c in call)
            held = next((result for result in results if result.status == "unsat"), None)
            if held is None:
                return Line(one.subject, "unknown", "the proof was not found again")
            used |= dict.fromkeys(self._remember(held))
        return self._held(one, list(used))

    def _remember(self, result: Result) -> tuple[Blame, ...]:
        assumed, used = explain.proof(self.run.world, result.rests_on)
        for assumption in assumed:
            old = self.assumptions.get(assumption.name)
            self.assumptions[assumption.name] = _joined(old, assumption) if old else assumption
        return used

    def _not_proved(self, one: Obligation) -> Line | None:
        """The line of a row that a request gets through of, or that is not decided; None: it is held."""
        exact, check = self._open(one, self.run.exact)
        if exact.status == "unknown":
            return Line(one.subject, "unknown", exact.reason or "not decided")
        if exact.status == "sat" and one.open_status == "not-guardable":  # no request: nothing of mine let it through
            self._spread(one, exact)
            return Line(one.subject, one.open_status, one.open_text)
        if exact.status == "sat":
            asked = (one.breach, one.own, self._at(check), self.run.exact)
            found = firm(self.run, asked, self._shown(one, asked, exact, ()), lambda r, a: self._shown(one, a, r, ()))
            if points := rests(self.run, found):
                text = f"open as {', '.join(points)} is read here; not under the rival reading"
                return Line(one.subject, "conditional", text, None, found)
            return Line(one.subject, one.open_status, one.open_text or found.why, blamed(found), found)
        if self.run.reading == "exact":
            return None
        return self._conditional(one)

    def _conditional(self, one: Obligation) -> Line | None:
        if self.tells in self.run.world.soft and not self._accepts(self.tells):
            others = both(*(sym(f"assume {name}") for name in self.run.world.soft if name != self.tells))
            mode = both(others, *(self.run.world.reading(point) for point in readings()))
            result, check = self._open(one, mode)
            if result.status == "sat":
                asked = (one.breach, one.own, self._at(check), mode)
                return self._depends(one, (self.tells,), self._shown(one, asked, result, (self.tells,)))
        over, check = self._open(one, self.run.over)
        if over.status == "unsat":
            return None
        if over.status == "unknown":
            return Line(one.subject, "unknown", over.reason or "not decided")
        asked = (one.breach, one.own, self._at(check), self.run.over)
        tight, granted, departs = self.run.tightest(asked, over)
        return self._depends(one, departs, known(lambda: self._shown(one, (*asked, *granted), tight, departs)))

    def _accepts(self, name: str) -> bool:
        return name in self.run.world.workspace.perimeter.assumptions

    def _depends(self, one: Obligation, departs: tuple[str, ...], found: Counterexample | None) -> Line:
        return Line(one.subject, "conditional", f"held back; {without(departs, found)}", None, found)

    def _at(self, check: Formula) -> Formula:
        """The call is one of a check, said by every set that holds all or none of its rows."""
        name = check.payload.name
        if name not in self._at_cache:
            self._at_cache[name] = self._near.at(check)
        return self._at_cache[name]

    def _open(self, one: Obligation, mode: Formula) -> tuple[Result, Formula]:
        """A request of some call that passes each of its checks, with the check it is about; else `unsat`."""
        unknown: tuple[Result, Formula] | None = None
        for call in one.calls:
            results = []
            for check in call:
                result = self.run.ask(one.breach, one.own, self._at(check), mode)
                results.append((result, check))
                if result.status == "unsat":
                    break
            if all(found[0].status == "sat" for found in results):
                return results[0]
            if results[-1][0].status != "unsat":
                unknown = next(found for found in results if found[0].status == "unknown")
        return unknown or (Result("unsat"), one.calls[0][0])

    def _carried(self, one: Obligation) -> Line | None:
        """The line of a row that a request of another row also fits, made of this row's call."""
        if any(len(call) > 1 for call in one.calls):
            return None
        for spread in self._spreads:
            rows = spread.rows & one.rows
            if rows and one.open_status == "not-guardable":
                return Line(one.subject, one.open_status, one.open_text)
            if rows:
                result = spread.result((rows & -rows).bit_length() - 1)
                found = explain.counterexample(self.run.world, "", result, "hole")
                if not found.rests_on and one.agrees(found.request, found.facts, ()):
                    return Line(one.subject, one.open_status, one.open_text or found.why, None, found)
        return None

    def _spread(self, one: Obligation, result: Result) -> None:
        """Remember a request of a row without keys, for the rows that it fits, too."""
        if one.plain and len(self._spreads) < _SPREADS:
            self._spreads.append(self.run.engine.spread(result, (one.breach, self.run.exact)))

    def _shown(
        self, one: Obligation, asked: tuple[Formula, ...], first: Result, departs: tuple[str, ...]
    ) -> Counterexample:
        """The plainest request, replayed, with which the second reading agrees."""
        family = "departing" if departs else "open"
        result = self.run.plain(one.services, asked, first, like=family, as_plain=True)
        found = explain.counterexample(self.run.world, "", result, "hole", departs=departs)
        if not one.agrees(found.request, found.facts, departs):
            assert found.case is not None
            dump = json.dumps({**case_to_json(found.case), "facts": found.facts.model_dump()}, indent=1)
            raise InternalError(f"the second reading does not agree on `{found.case.id}`", dump=dump)
        if not departs:
            self._spread(one, result)
        found = nearest(found, one.keys) if one.keys else found
        return replace(found, why=one.open_text or found.why)


def nearest(found: Counterexample, about: Sequence[str], enforced_by: str = "scp") -> Counterexample:
    """The same request with the Deny that came nearest to stopping it: one that looks at the keys `about`."""
    assert found.case is not None
    rivals = [name for name in found.depends_on if name.startswith("X-")]
    closest = let_through(found.case, rivals, enforced_by=enforced_by, about=tuple(about)).closest
    return replace(found, closest=closest)


def excepted(workspace: Workspace, mitigation: str) -> tuple[str, ...]:
    """What the perimeter declares outside a question, in words."""
    return tuple(f"excepted in perimeter.yaml: {text}" for text in explain.exceptions(workspace.perimeter, mitigation))


def blamed(found: Counterexample) -> Blame | None:
    """The statement that came nearest to stopping a request."""
    return found.closest.statement if found.closest else None


def own_requests(told: Sequence[tuple[Sequence[str], Formula]]) -> list[Formula]:
    """For each row, given its calls and what its keys tell: requests that no other row alone tells of."""
    out = []
    for actions, by_own in told:
        others = disj(f for names, f in told if f is not by_own and not set(names).isdisjoint(actions))
        out.append(neg(both(others, neg(by_own))))
    return out


def _joined(old: Assumption, new: Assumption) -> Assumption:
    """Axioms of several proofs in one line."""
    if old.text == new.text or not new.text.startswith("axioms "):
        return old
    names = {*old.text.removeprefix("axioms ").split(", "), *new.text.removeprefix("axioms ").split(", ")}
    return Assumption(old.name, "axioms " + ", ".join(sorted(names)), old.source)


__all__ = ["SCP_LIMITS", "Agrees", "Asked", "Obligation", "blamed", "excepted", "nearest", "own_requests"]
