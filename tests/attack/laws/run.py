"""The laws on random workspaces: how many pairs were asked, and which answers break a law."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from perimeter_smt.errors import InputError
from tests.attack.cast import SERVICES
from tests.attack.estates.draw import estate
from tests.attack.estates.elsewhere import Move
from tests.attack.estates.search import describe
from tests.attack.laws.apart import APART
from tests.attack.laws.equal import EQUAL
from tests.attack.laws.monotone import MONOTONE
from tests.attack.laws.questions import others
from tests.attack.laws.several import SEVERAL, Answers
from tests.attack.laws.state import Pair, State, contradicts, transported
from tests.attack.laws.synonyms import SAME
from tests.attack.policies import workspace
from tests.attack.small.draw import small
from tests.attack.tables.swap import list_of, tables
from tests.attack.tables.toward import Toward, toward
from tests.attack.themes import OF_OBJECTIVES

LAWS = {**EQUAL, **SAME, **APART, **MONOTONE}
Seen = Iterator[tuple[str, str]]


def _toward(rng: Random) -> Toward:
    """A world made toward a row of a table."""
    for _ in range(200):
        name = rng.choice(sorted(tables()))
        rows = list(tables()[name][list_of(tables()[name])])
        found = list(toward(name, rng.choice(rows))) if rows else []
        if found:
            return rng.choice(found)
    raise AssertionError("no world toward a row")


def drawn(seed: int) -> State:
    """The workspace of a seed: small worlds with grants or without, whole organizations with guardrails, estates."""
    rng = Random(f"laws {seed}")
    kind = rng.random()
    reading = "over" if rng.random() < 0.3 else "exact"
    if kind < 0.25:
        service = rng.choice(SERVICES)
        chance = rng.choice((0.0, 0.05, 0.1, 0.2, 0.35))
        return State(workspace(rng, (service,), chance=chance), service, "guardrails", reading)
    if kind < 0.4:
        world = _toward(rng)
        return State(
            world.workspace, world.service, "grants" if world.workspace.grants_given else "guardrails", reading
        )
    if kind < 0.5:
        found = estate(rng)
        return State(found.workspace, rng.choice(found.services), "grants", reading)
    if rng.random() < 0.15:
        one = OF_OBJECTIVES[rng.choice(sorted(OF_OBJECTIVES))](rng)
        return State(one.workspace, one.service, one.mode, reading)
    world = small(seed, "bucket" if rng.random() < 0.15 else "")
    if rng.random() < 0.12:
        there = Move("aws", rng.choice(("aws-cn", "aws-us-gov"))).workspace(world.workspace)
        return State(there, world.service, world.mode, reading)
    return State(world.workspace, world.service, world.mode, reading)


def judge(seed: int, number: int, only: str = "") -> Seen:
    """Some laws on the workspace of a seed: every pair asked, and what is wrong with it."""
    rng = Random(f"judge {seed}")
    state = drawn(seed)
    try:
        base = state.ask()
    except InputError:  # scopes leave nothing of the service, or the row is of none
        yield "refused", ""
        return
    except Exception as error:  # every crash is a finding
        yield "CRASH", f"{seed}: {type(error).__name__}: {error}"
        return
    names = [name for name in (*LAWS, *SEVERAL) if only in name]
    for name in rng.sample(names, min(number, len(names))):
        own = Random(f"{name} {seed}")
        try:
            if name in SEVERAL:
                for law, wrong in SEVERAL[name](own, state, base):
                    yield ("BROKEN" if wrong else "holds"), f"{law}|{seed} {state.mode} {state.reading} {wrong}"
            elif (pair := LAWS[name](own, state)) is not None:
                yield from _pair(seed, pair, base if pair.before == state else pair.before.ask())
        except InputError as error:
            yield "refused", f"{name}: {str(error)[:100]}"
        except Exception as error:  # every crash is a finding
            yield "CRASH", f"{name} {seed}: {type(error).__name__}: {error}"


def _pair(seed: int, pair: Pair, base: Answers) -> Seen:
    after = pair.after.ask()
    rng = Random(f"others {seed} {pair.law}")
    if rng.random() < 0.4:
        for law, wrong in others(rng, pair):
            yield ("BROKEN" if wrong else "holds"), f"{law}|{seed} {pair.before.mode} {wrong}"
    for name, verdict in base.items():
        about = f"{pair.law}|{seed} {pair.before.service} {pair.before.mode} {pair.before.reading} {name}"
        if name in pair.breaches:
            wrong = contradicts(verdict, after[name], pair.breaches[name])
            decided = "unknown" not in (verdict.status, after[name].status)
            held = f"holds {verdict.status}" if decided else "undecided"
            yield ("BROKEN" if wrong else held), f"{about} {wrong} {pair.note if wrong else ''}"
        ways = [(True, verdict)] if pair.access in ("=", ">=") else []
        ways += [(False, after[name])] if pair.access in ("=", "<=") else []
        for forward, one in ways:
            for found in one.counterexamples[:2]:
                wrong = transported(pair, name, found, forward=forward)
                yield ("LOST" if wrong else "carried"), f"{about} {'forward' if forward else 'back'} {wrong}"


def shown(seed: int, law: str) -> str:
    """Both workspaces of a pair, as far as they differ."""
    state = drawn(seed)
    pair = LAWS[law](Random(f"{law} {seed}"), state)
    if pair is None:
        return json.dumps(describe(state.workspace))
    return f"{json.dumps(describe(state.workspace))}\n{json.dumps(describe(pair.after.workspace))}"


def main(argv: list[str] | None = None) -> int:
    """Ask, print what breaks a law and how many pairs of each were asked; 1 if something does."""
    parser = argparse.ArgumentParser(description="laws between verdicts of random workspaces")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--laws", type=int, default=8, help="laws tried on each workspace")
    parser.add_argument("--only", default="", help="laws with this in their name")
    options = parser.parse_args(argv)
    begun, worlds = time.monotonic(), 0
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(options.seed, options.seed + options.worlds):
        if time.monotonic() - begun > options.seconds:
            break
        worlds += 1
        for what, text in judge(seed, options.laws, options.only):
            counts[text.split("|")[0] if "|" in text else "", what] += 1
            if what.isupper() or (what == "refused" and text):
                print(what, text[:900], flush=True)
    for law in sorted({law for law, _ in counts}):
        print(f"{law}: { ({what: n for (name, what), n in sorted(counts.items()) if name == law}) }")
    total = Counter[str]()
    for (_, what), n in counts.items():
        total[what] += n
    print(f"{worlds} workspaces, {time.monotonic() - begun:.0f} s: {dict(total)}")
    return int(any(what.isupper() for what in total))


__all__ = ["LAWS", "SEVERAL", "drawn", "judge", "main", "shown"]
