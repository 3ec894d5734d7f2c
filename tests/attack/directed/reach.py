"""In how many worlds made toward an axiom it decides: `python -m tests.attack.directed`.

For an axiom A: a request is asked for that obeys every other axiom, breaks A, and breaks an objective in an
organization without guardrails. Then come guardrails that let through what looks like this request and nothing else:
its action, its resource, and every key that A and its neighbours speak of, there with this value or not there; and a
trust policy of its identity provider, where it brings the token of one.
A counts in this world if the objective is proved in it, and is not proved any more when A is taken out.

Where no request breaks A alone, other axioms say it as well: a minimal group of them is looked for without which some
request breaks A (what each unsatisfiable core rests on is taken out until there is one, then put back one by one).
A counts together with this group where, without the group, the objective is proved with A and not without A.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.world.world import World
from perimeter_smt.errors import PerimeterError
from perimeter_smt.logic.atoms import Is, Member, Ref
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, conj, disj, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.facts import View, action_of
from tests.attack.directed.by_hand import WORLDS
from tests.attack.directed.implied import IMPLIED, implied
from tests.attack.directed.known import Axiom, axioms
from tests.attack.directed.worlds import LOOKED_AT, MINE, encoded, guarded, mine, not_empty, present, workspace
from tests.attack.records import FOLDER, Record, read, today, write

_LARGEST = 24  # axioms taken out at most before the group is made minimal


class Asking:
    """A world in which every axiom can be left out: one engine, asked for a breach of one objective."""

    def __init__(
        self, world: World, objective: str, names: Collection[str], also: Sequence[Formula] = (),
        limits: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.world = world
        others = (questions.limit_formula(world, objective, n) for n in OBJECTIVES[objective].limits if n not in limits)
        self.question = both(questions.breach(world, objective), neg(disj(others)))
        self.names = tuple(dict.fromkeys(a.name for a in world.assertions if a.name in names))
        world.assertions = [
            Assertion(a.name, implies(sym(f"keep {a.name}"), a.formula)) if a.name in names else a
            for a in world.assertions
        ]
        asked = (self.question, *also)
        self.run = prepare(world, (objective,), "exact", False, 1, Limits(seconds=20), (), asked)

    def ask(self, without: Collection[str], *more: Formula) -> Result:
        """A breach that every axiom but these allows, beyond the limits that are counted."""
        kept = [sym(f"keep {name}") for name in self._kept(without)]
        return self.run.ask(*kept, self.question, self.run.exact, *more)

    def used(self, without: Collection[str], answer: Result) -> set[str]:
        """The axioms that an answer `unsat` rests on."""
        kept = self._kept(without)
        return {kept[place] for place in answer.needed if place < len(kept)}

    def _kept(self, without: Collection[str]) -> list[str]:
        return [name for name in self.names if name not in without]


def formula_of(world: World, name: str) -> Formula:
    """What an axiom says in a world, its instances joined; a soft one without the choice to assume it."""
    soft = world.soft.get(name)
    found = [a.formula for a in world.assertions if a.name == name]
    if soft is not None and len(found) == 1:
        return soft.formula
    return conj(found)


def group_of(asking: Asking, name: str, wanted: Sequence[Formula]) -> tuple[str, ...] | None:
    """A minimal group of other axioms without which some request breaks this one; None: no axioms forbid it."""
    out: set[str] = set()
    while (answer := asking.ask({name, *out}, *wanted)).status != "sat":
        found = asking.used({name, *out}, answer)
        if answer.status != "unsat" or not found or len(out) + len(found) > _LARGEST:
            return None
        out |= found
    for other in sorted(out):
        if asking.ask({name, *out} - {other}, *wanted).status == "sat":
            out.discard(other)
    return tuple(sorted(out))


@dataclass(frozen=True)
class Outcome:
    """What an axiom does in one world: `decides`, `implied`, `unseen`, `never` (no axiom is needed), `no part`."""

    kind: str
    group: tuple[str, ...] = ()


def outcome(
    axiom: Axiom, objective: str, services: tuple[str, ...], *, group: bool = False, beside: str = "",
    limit: str = "", models: int = 3,
) -> Outcome:  # fmt: skip
    """What an axiom does in the worlds made toward it.

    `group`: where others say it as well, together with them. `beside`: together with this one. `limit`: requests
    beyond this limit of guardrails count as breaches.
    """
    keys = tuple(dict.fromkeys((*axiom.keys, *axiom.neighbours, *LOOKED_AT)))
    names = {a.name for a in axioms_known()}
    kind = "no part"
    for space in _spaces(axiom, objective):
        world = encoded(space, objective, services, keys)
        if not any(a.name == axiom.name for a in world.assertions):
            continue
        broken, whole = neg(formula_of(world, axiom.name)), not_empty(world)
        wishes = _wishes(world, axiom, wires=group and not beside)[: 2 if beside else None]
        limits = frozenset((limit,)) & frozenset(OBJECTIVES[objective].limits)
        if limit and not limits:
            return Outcome("no part")
        asking = Asking(world, objective, names, (broken, whole, *wishes), limits)
        without: tuple[str, ...] = (beside,) if beside else ()
        if group and asking.ask({axiom.name}, broken, whole).status == "unsat":
            found = group_of(asking, axiom.name, (broken, whole))
            if found is None:
                kind = "never"
                continue
            without = found
        kind = "implied" if kind in ("no part", "never") else kind
        for wish in wishes:
            for model in _models(asking, axiom, {axiom.name, *without}, (broken, whole, wish), models):
                kind = "unseen"
                if any(_tells(axiom, other, objective, services, keys, without, limits)
                       for other in guarded(world, objective, model)):  # fmt: skip
                    return Outcome("decides", without)
    return Outcome(kind)


def _spaces(axiom: Axiom, objective: str) -> list[Workspace]:
    """Organizations without guardrails; with a listed bucket for axioms on those."""
    if not axiom.of_buckets:
        return [workspace(objective)]
    return [workspace(objective, buckets=True, abac=abac) for abac in (None, True, False)]


def _tells(
    axiom: Axiom, space: Workspace, objective: str, services: tuple[str, ...], keys: tuple[str, ...],
    without: tuple[str, ...], limits: frozenset[str],
) -> bool:  # fmt: skip
    """Whether the objective is proved with the axiom and not without it; the group is left out both times."""
    names = {a.name for a in axioms_known()}
    asked = Asking(encoded(space, objective, services, keys), objective, names, limits=limits)
    return asked.ask(without).status == "unsat" and asked.ask({axiom.name, *without}).status == "sat"


def _wishes(world: World, axiom: Axiom, *, wires: bool) -> list[Formula]:
    """What the request that breaks an axiom may be asked to have: any, the keys there, values of mine, each wire."""
    there, own = present(world, axiom.keys), conj(mine(world, axiom.keys))
    out = [TRUE, there, own, conj((there, own)), is_text("resource.account", MINE)]
    if wires:
        out += [atom(Is("wire", wire)) for wire in ("aws-network", "endpoint", "public", "in-vpc")]
    return list(dict.fromkeys(out))


def _models(
    asking: Asking, axiom: Axiom, without: Collection[str], wanted: Sequence[Formula], count: int
) -> Iterator[Any]:
    """Some requests that break the axiom, each with other values of its keys, another kind of caller or call."""
    others: list[Formula] = []
    for _ in range(count):
        answer = asking.ask(without, *wanted, *others)
        if answer.status != "sat":
            return
        yield answer.model
        others.append(_another(asking.world, axiom, answer.model))


def _another(world: World, axiom: Axiom, model: Any) -> Formula:
    """Other values of the axiom's keys, or another kind of caller or call, than a model has."""
    view = View(world, model)
    same = [sym_is(view.caller), atom(Member("call", f"action={action_of(view).lower()}"))]
    for name in axiom.keys:
        key = world.keys.known.get(name.lower())
        if key is None:
            continue
        there = truth(key.has, model)
        same.append(key.has if there else neg(key.has))
        if there and len(key.term) == 1 and isinstance(key.term[0], Ref):
            same.append(is_text(key.term[0].var, view.text(key.term[0].var)))
    return neg(conj(same))


_KNOWN: list[Axiom] = []


def axioms_known() -> list[Axiom]:
    """Every axiom, read once."""
    if not _KNOWN:
        _KNOWN.extend(axioms())
    return _KNOWN


_WHY = {
    "unseen": "what it excludes looks to policies like what may be",
    "implied": "others say it as well, and in no world made here it does so without them",
    "never": "what it excludes breaks no objective, whatever the other axioms are",
    "no part": "it has no part in the worlds of one organization that are made here",
}
_LIMITS = ("service-linked-roles", "signin-console-authorization", "aws-managed-keys")  # what axioms speak of
_OBJECTIVES = ("O3", "O1", "O5", "O6", "O2", "O4")


def reached(axiom: Axiom, *, enough: int = 3, tries: int = 18, seconds: float = 15.0) -> Record:
    """Worlds made toward an axiom until it decided in enough of them: alone, else with a group of others.

    Where worlds are written by hand, those are asked first: the search took long and made none.
    """
    if (own := by_hand(axiom.name)) is not None:
        return own
    made = 0
    seen: Counter[str] = Counter()
    ways: list[tuple[bool, str, str]] = [(False, "", ""), (True, "", "")]
    ways += [(False, "", limit) for limit in _LIMITS] + [(True, other, "") for other in axiom.near[:10]]
    for group, beside, limit in ways:
        found: Counter[tuple[str, ...]] = Counter()
        begun, tried = time.monotonic(), 0
        most, enough_time = (tries, seconds) if not (beside or limit) else (3, seconds / 4)
        for services, objective in _pairs(axiom):
            if sum(found.values()) >= enough or tried >= most or time.monotonic() - begun > enough_time:
                break
            tried += 1
            try:
                result = outcome(
                    axiom, objective, services, group=group, beside=beside, limit=limit, models=1 if beside else 3
                )
            except PerimeterError:
                continue
            if group and not beside:
                seen[result.kind] += 1
            if result.kind == "decides":
                found[result.group] += 1
        made += tried
        if found:
            least = min(found, key=lambda others: (len(others), -found[others]))
            return Record(sum(found.values()), tried, "", least)
    return Record(0, made, next(_WHY[k] for k in _WHY if seen[k] or k == "no part"))


def by_hand(name: str) -> Record | None:
    """What the worlds written by hand say of an axiom, or that it is implied by what the organization file says."""
    own = [world for world in WORLDS if world.axiom == name]
    if told := [world for world in own if world.flips()]:
        return Record(len(told), len(own), "", told[0].group, told[0].what)
    if name in IMPLIED and implied(name):
        return Record(0, 0, f"implied: {IMPLIED[name]} (`python -m tests.attack.directed.implied`)")
    return None


def _pairs(axiom: Axiom) -> list[tuple[tuple[str, ...], str]]:
    """Services with objectives: the first of each first, so that few tries see several of both."""
    ways = [(i + j, i, j) for i in range(len(axiom.services)) for j in range(len(_OBJECTIVES))]
    return [(axiom.services[i], _OBJECTIVES[j]) for _, i, j in sorted(ways)]


def main(argv: list[str] | None = None) -> int:
    """Count for every axiom, or some of them, and write the counts; a resumed run adds to them."""
    parser = argparse.ArgumentParser(description="worlds made toward each axiom of the formal text")
    parser.add_argument("--counts", type=Path, default=FOLDER / "axioms.json", help="written after every axiom")
    parser.add_argument("--axiom", action="append", default=[], help="this one alone (repeatable), counted anew")
    parser.add_argument("--again", action="store_true", help="all are counted anew, but for those of this run's sizes")
    parser.add_argument("--by-hand", action="store_true", help="the worlds written by hand alone")
    parser.add_argument("--enough", type=int, default=3, help="worlds that tell it, then the next axiom")
    parser.add_argument("--tries", type=int, default=14)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each axiom")
    options = parser.parse_args(argv)
    counts = read(options.counts)
    sizes = f"--enough {options.enough} --tries {options.tries} --seconds {options.seconds:g}"
    mark = {"date": today(), "sizes": "--by-hand" if options.by_hand else sizes}
    for axiom in axioms_known():
        name, known = axiom.name, counts.get(axiom.name)
        if options.axiom and name not in options.axiom:
            continue
        fresh = known is not None and (not options.again or (known.date, known.sizes) == (mark["date"], mark["sizes"]))
        if fresh and not options.axiom and not options.by_hand:
            continue
        if options.by_hand:
            found = by_hand(name)
        else:
            found = reached(axiom, enough=options.enough, tries=options.tries, seconds=options.seconds)
        if found is None:
            continue
        counts[name] = replace(found, **mark)
        write(options.counts, counts)
        print(name, found.changed, found.asked, found.why, *found.group, found.by_hand, flush=True)
    print(f"{sum(1 for record in counts.values() if record.changed)} of {len(counts)} axioms decide in some world")
    return 0
