"""What opens and what closes between two states of an organization (design 6).

Guarantee: a difference of status `none` means that `access in one state and not in the other` is unsatisfiable together
with the environment, every open reading free and only accepted assumptions made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.pair import Pair, build_pair
from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.errors import InputError, did_you_mean, expect_one_of
from perimeter_smt.logic.formula import TRUE, Formula, both, disj, either, neg, sym
from perimeter_smt.organization.model import Unknown, named
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.states import shared, smaller
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.changes.answer import AVAILABILITY, INSIDE, Change, Changes, Difference, Mode, Part
from perimeter_smt.questions.changes.edits import edits
from perimeter_smt.questions.changes.routes import not_told, of_route, routes, together
from perimeter_smt.questions.changes.witness import Witness
from perimeter_smt.questions.distinct_calls import presumed_actions
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.obligations.granted import mapped
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.request import actions
from perimeter_smt.solve.result import Limits, Result

MOST_CAUSES = 6  # requests shown for one objective and class of callers
MODES: tuple[Mode, ...] = ("guardrails", "grants")
Progress = Callable[[str, int, int], None]

_PARTY = either(sym("principal.third-party"), sym("principal.vendor"))
# Who calls, in the order of reports.
CALLERS: dict[str, Formula] = {
    "anonymous callers": sym_is("anonymous"),
    "strangers": both(IAM, neg(sym("principal.mine")), neg(_PARTY)),
    "token holders": sym_is("federated-sts"),
    "AWS services": sym_is("aws-service"),
    "trusted parties": both(IAM, neg(sym("principal.mine")), _PARTY),
    "my identities": both(IAM, sym("principal.mine")),
}


_ITSELF = "both states are the same: nothing was asked, and what is not known of one is so of the other"


def compare_workspaces(
    before: Workspace,
    after: Workspace,
    *,
    objectives: Sequence[str] = NAMES,
    services: Sequence[str] | None = None,
    modes: Sequence[Mode] = MODES,
    reading: Literal["exact", "over"] = "over",
    progress: Progress | None = None,
    limits: Limits | None = None,
    merge: bool = True,
    today: date | None = None,
) -> Changes:
    """Tell what the second state of an organization lets through that the first does not, and the other way round.

    Requests are sorted by the objectives of the second state's perimeter that they break, and by who calls.
    `modes`: guardrails alone, whatever is granted, and with the grants as they are; both by default, since a guardrail
    may open what nobody is granted yet, and a grant what guardrails do not stop.  `reading`: `over` proves under every
    open reading.  `services` restricts the question.  `today` (default: the day of the call) decides which exceptions
    have expired, and from when on requests count.  A state is equivalent to itself (`before is after`), whatever of it
    is not known: nothing is asked then.  InputError where the two are not of one organization.
    """
    for mode in modes:
        expect_one_of(mode, MODES, "mode")
    expect_one_of(reading, ("exact", "over"), "reading")
    if not modes or (services is not None and not services):
        raise InputError("nothing to ask: expected at least one mode and one service")
    chosen = _services(services)
    for objective in objectives:
        if objective not in OBJECTIVES:
            hint = did_you_mean(objective, OBJECTIVES)
            raise InputError(f"unknown objective `{objective}`{hint}: expected one of {', '.join(OBJECTIVES)}")
    itself = before is after
    before = before.model_copy(update={"organization": shared(before.organization, after.organization)})
    notes: tuple[str, ...] = ()
    if before.perimeter != after.perimeter:
        notes = ("perimeter.yaml differs: requests are sorted by that of the second",)
    day = today or date.today()
    perimeter, expired = after.perimeter.on(day)
    before = before.model_copy(update={"today": day})
    after = after.model_copy(update={"perimeter": perimeter, "today": day})
    notes = (*notes, *expired)
    notes += (_ITSELF,) if itself else ()
    parts: list[Part] = [Part(mode, Difference("none"), Difference("none")) for mode in modes if itself]
    for number, mode in enumerate(() if itself else modes):
        if progress:
            progress(mode, number, len(modes))
        parts.append(_part(before, after, mode, objectives, chosen, reading, limits or Limits(), merge=merge))
    if progress:
        progress("done", len(modes), len(modes))
    unknowns = tuple(dict.fromkeys((*before.unknowns, *after.unknowns)))
    return Changes(before.name, after.name, reading, tuple(parts), edits(before, after), notes, unknowns)


def _services(services: Sequence[str] | None) -> tuple[str, ...]:
    known = actions.services()
    for service in services or ():
        if service.lower() not in known:
            hint = did_you_mean(service, known)
            raise InputError(f"unknown service `{service}`{hint}: expected a prefix such as `s3`")
    return known if services is None else tuple(dict.fromkeys(service.lower() for service in services))


def _part(
    before: Workspace,
    after: Workspace,
    mode: Mode,
    objectives: Sequence[str],
    services: Sequence[str],
    reading: Literal["exact", "over"],
    limits: Limits,
    *,
    merge: bool,
) -> Part:
    """The answer for one mode, for a few accounts of each kind where that is enough."""
    if merge:
        one, other, removed = smaller(before, after, mode)
        if removed:
            part = _part(one, other, mode, objectives, services, reading, limits, merge=False)
            if not _shows(part, removed):
                return part

    def ask(old: Workspace, new: Workspace, given: Formula = TRUE) -> _Asked:
        free = mode == "guardrails"
        further = _unlisted(old, new, services, grants_too=not free)
        pair = build_pair(old, new, services, free_grants=free, objectives=objectives, unlisted=further)
        asked = _Asked(pair, objectives, reading, given)
        asked.start(limits)
        return asked

    def both_ways(old: Workspace, new: Workspace, given: Formula = TRUE) -> tuple[Difference, Difference]:
        asked = ask(old, new, given)
        opens, closes = asked.difference("opens"), asked.difference("closes")
        sure_opens, sure_closes = None, None
        if mode == "grants" and opens.status == "found" and (accounts := _opened(old, new)):
            sure_opens = ask(old, _known_alone(new, accounts), given).difference("opens")
        if mode == "grants" and closes.status == "found" and (accounts := _opened(new, old)):
            sure_closes = ask(_known_alone(old, accounts), new, given).difference("closes")
        opens = _qualified(opens, sure_opens, old.unknowns, new.unknowns, mode)
        closes = _qualified(closes, sure_closes, new.unknowns, old.unknowns, mode)
        return opens, closes

    opens, closes = both_ways(before, after)
    more: list[tuple[Difference, ...]] = []
    for route in routes(before, after) if mode == "grants" and "s3" in services else ():
        more.append(tuple(of_route(one, route) for one in both_ways(route.before, route.after, route.through)))
    opens, closes = together(opens, [one for one, _ in more]), together(closes, [one for _, one in more])
    if mode == "grants" and "s3" in services:
        opens, closes = not_told(opens, before, after), not_told(closes, before, after)
    return Part(mode, opens, closes)


def _unlisted(before: Workspace, after: Workspace, services: Sequence[str], *, grants_too: bool) -> list[str]:
    """Actions beyond the service reference that policies of one state name, of these services or unknown ones."""
    old, new = ({id(d): d for d in all_documents(w, grants_too=grants_too)} for w in (before, after))
    changed = [d for own, d in (old | new).items() if (own in old) != (own in new)]
    known, chosen = frozenset(actions.services()), frozenset(services)
    found = ((name, name.lower().partition(":")[0]) for name in presumed_actions(changed))
    return [name for name, service in found if service in chosen or (chosen == known and service not in known)]


def _shows(part: Part, removed: frozenset[str]) -> bool:
    """Whether a request took an id of an account left out for a stranger's."""
    shown = [c.request for side in (part.opens, part.closes) for c in side.changes]
    accounts = {n for c in shown for n in re.findall("[0-9]{12}", repr((c.request, c.facts)))}
    return not accounts.isdisjoint(removed)


def _opened(denying: Workspace, allowing: Workspace) -> frozenset[str]:
    """Accounts of which one state lists everything and the other, for what is not known there, does not."""
    listed = {account.id for account, _ in denying.organization.accounts() if account.listed}
    return frozenset(a.id for a, _ in allowing.organization.accounts() if a.id in listed and not a.listed)


def _known_alone(workspace: Workspace, accounts: frozenset[str]) -> Workspace:
    """The state in which nothing is in these accounts but what is known: what is not known lets nothing through."""
    return mapped(workspace, lambda a: a.model_copy(update={"listed": True}) if a.id in accounts else a)


def _qualified(
    found: Difference, sure: Difference | None, denying: Sequence[Unknown], allowing: Sequence[Unknown], mode: Mode
) -> Difference:
    """What the answer is worth where the sources did not tell everything.

    Unknown policies are taken to let everything through.  In the state that must not allow, that may hide what opens;
    in the other it may show what does not: `sure` is what is different without, None where all is known alike.
    """
    grants = mode == "grants"
    hides = [u for u in denying if (grants and u not in allowing if u.service else grants or u.affects != "grants")]
    shows = [u for u in allowing if not u.service and (grants or u.affects != "grants")]
    if grants:
        hides += [u for u in allowing if u.service and u not in denying]
    if found.status == "none":
        hides = [u for u in hides if u.affects != "guardrails" or u not in shows]  # the same is unknown in both
        hides += [u for u in shows if u.affects == "facts" and u not in hides]
        if hides:
            return replace(found, status="conditional", reason=f"what is not known may hide it: {named(hides)}")
    elif found.status == "found" and sure is not None and sure.status != "found":
        guessed = named([u for u in shows if u.affects == "grants"] or shows)
        reason = f"what is not known may let calls through: {guessed}"
        return replace(found, status="conditional", changes=found.changes[:1], reason=reason)
    elif found.status == "found" and shows:
        found = sure or found
        also = f"may be stopped by what is not known: {named(shows)}"
        return replace(found, reason="; ".join(filter(None, (found.reason, also))))
    return found


@dataclass
class _Asked:
    """The two questions about a pair, and the run that answers them."""

    pair: Pair
    objectives: Sequence[str]
    reading: Literal["exact", "over"]
    given: Formula = TRUE  # holds of the requests

    def start(self, limits: Limits) -> None:
        pair, world = self.pair, self.pair.after
        old, new = pair.before_access, pair.after_access
        self.questions = {"opens": both(new, neg(old), self.given), "closes": both(old, neg(new), self.given)}
        self.breaks = {o: self._concerns(o) for o in self.objectives}
        wanted = [*self.questions.values(), *self.breaks.values(), *CALLERS.values(), questions.intended(world)]
        wanted += [pair.before_possible, pair.after_possible]
        self.run: Run = prepare(world, self.objectives, self.reading, False, 1, limits, (), wanted)
        self.witness = Witness(pair, self.run)

    def _concerns(self, objective: str) -> Formula:
        """A request that the objective forbids, wherever it gets through, and not for a reason that is accepted."""
        world = self.pair.after
        return both(
            neg(world.formula("always-allowed")),
            neg(world.formula("beside-another-call")),
            world.formula(f"{objective}.premise"),
            sym(f"{objective}.scope"),
            neg(sym(f"{objective}.excepted")),
            neg(world.formula(f"{objective}.conclusion")),
            neg(questions.accepted_limits(world, objective)),
        )

    def difference(self, side: Literal["opens", "closes"]) -> Difference:
        """Everything that gets through on one side only."""
        return known(lambda: self._difference(side)) or Difference("unknown", reason=LEFT_OPEN)

    def _difference(self, side: Literal["opens", "closes"]) -> Difference:
        run, question = self.run, self.questions[side]
        first = run.ask(question, run.exact)
        if first.status == "unknown":
            return Difference("unknown", reason=first.reason)
        if first.status == "unsat":
            return self._none(side, question)
        changes: list[Change] = []
        for about, kind in self._kinds(side):
            found = run.ask(question, kind, run.exact)
            if found.status == "unknown":
                return Difference("unknown", tuple(changes), reason=found.reason)
            if found.status == "unsat":
                continue
            for label, callers in CALLERS.items():
                last = self._causes(side, about, label, (question, kind, callers, run.exact), changes)
                if last.status == "unknown":
                    return Difference("unknown", tuple(changes), reason=last.reason)
        return Difference("found", tuple(changes))

    def _causes(
        self,
        side: Literal["opens", "closes"],
        about: str,
        label: str,
        asked: tuple[Formula, ...],
        changes: list[Change],
    ) -> Result:
        """One request for each set of statements to blame, most telling first; the result that ends the search."""
        result = self.run.ask(*asked)
        for _ in range(MOST_CAUSES):
            if result.status != "sat":
                return result
            change = self.witness.change(side, about, label, asked, result)
            changes.append(change)
            seen = self.witness.decided(side, change)
            if not seen:
                return result
            asked = (*asked, *map(neg, seen))
            result = self.run.ask(*asked)
        return result

    def _kinds(self, side: str) -> Iterator[tuple[str, Formula]]:
        """What a request may be about: objectives that it breaks, else what is meant to get through, else the rest."""
        yield from self.breaks.items()
        inside = neg(disj(self.breaks.values()))
        if side == "closes":
            meant = both(inside, questions.intended(self.pair.after))
            yield AVAILABILITY, meant
            inside = both(inside, neg(meant))
        yield INSIDE, inside

    def _none(self, side: Literal["opens", "closes"], question: Formula) -> Difference:
        """The proof that nothing is different, or what it takes to be so."""
        run = self.run
        mode = run.exact if self.reading == "exact" else run.over
        proof = run.ask(question, mode, core=True)
        if proof.status == "unsat":
            assumptions, used = explain.proof(self.pair.after, proof.rests_on)
            return Difference("none", assumptions=assumptions, used=used)
        if proof.status == "unknown":
            return Difference("unknown", reason=proof.reason)
        return self._departing(side, (question, mode), proof)

    def _departing(self, side: Literal["opens", "closes"], asked: tuple[Formula, ...], first: Result) -> Difference:
        tight, granted, departs = self.run.tightest(asked, first)
        about, kind = next((a, k) for a, k in self._kinds(side) if self.witness.true(k, tight))
        label, callers = next((a, k) for a, k in CALLERS.items() if self.witness.true(k, tight))
        near = (*asked, kind, callers, *granted)
        change = known(lambda: self.witness.change(side, about, label, near, tight, departs))
        reason = f"nothing under the chosen readings; {without(departs, change.request if change else None)}"
        return Difference("conditional", (change,) if change else (), reason=reason)
