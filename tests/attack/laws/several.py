"""Laws about more than two answers: parts of a question together say what the whole says, and ways to ask agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from perimeter_smt.organization.perimeter import OBJECTIVES, Scope
from perimeter_smt.questions.verdicts import Verdict
from perimeter_smt.request import actions
from tests.attack.laws import documents as docs
from tests.attack.laws.monotone import denial
from tests.attack.laws.rewrite import COMPLEMENTS, conditioned, tests
from tests.attack.laws.state import RANK, State, told

Answers = dict[str, Verdict]
Seen = Iterator[tuple[str, str]]  # the law, and how it is broken (empty: it holds)


def least(law: str, whole: Answers, parts: list[Answers]) -> Seen:
    """A request breaks the whole if and only if it breaks a part."""
    for name, verdict in whole.items():
        found = [part[name] for part in parts]
        if "unknown" in {verdict.status, *(one.status for one in found)}:
            yield law, ""
            continue
        lowest = min(RANK[one.status] for one in found)
        parted = [(told(one), one.reason[:120]) for one in found]
        yield law, "" if lowest == RANK[verdict.status] else f"{name}: {told(verdict)} {verdict.reason[:120]}: {parted}"


def scopes(rng: Random, state: State, base: Answers) -> Seen:
    """A claim about some actions and a claim about the others are together the claim about all."""
    claims = state.workspace.perimeter
    names = [f"{state.service}:{info.name}" for info in actions.actions(state.service)]
    some = tuple(rng.sample(names, max(1, len(names) // 2)))
    parts = []
    for actions_, without in ((some, ()), (("*",), some)):
        told_scopes = {}
        for name in OBJECTIVES:
            old = claims.scope(name)
            if old.actions != ("*",):
                kept = tuple(a for a in old.actions if (a in some) != bool(without) and "*" not in a)
                if any("*" in a for a in old.actions):
                    return
                told_scopes[name] = Scope(actions=kept or ("none:None",), except_actions=old.except_actions)
            else:
                told_scopes[name] = Scope(actions=actions_, except_actions=(*old.except_actions, *without))
        space = state.workspace.model_copy(update={"perimeter": claims.model_copy(update={"scopes": told_scopes})})
        parts.append(replace(state, workspace=space).ask())
    yield from least("scope in two", base, [{**dict.fromkeys(OBJECTIVES, _none()), **part} for part in parts])


def _none() -> Verdict:
    return Verdict("", "", (), "vacuous")


def denials(rng: Random, state: State, base: Answers) -> Seen:
    """No request is stopped by a Deny under a condition and by one under its opposite."""
    found = docs.documents(state.workspace)
    if not found:
        return
    one, other = rng.choice(COMPLEMENTS)
    parts = []
    for test in (one, other):
        at = rng.randrange(len(found))
        stop = {name: value for name, value in denial(rng, found[at].kind, state.service).items()
                if name != "Condition"}  # fmt: skip
        new = conditioned(stop, [test])
        assert new is not None
        space = docs.replaced(state.workspace, at, docs.rebuilt(found[at], [*docs.statements(found[at]), new]))
        parts.append(replace(state, workspace=space).ask())
    yield from least("denied under a condition and under its opposite", base, parts)


def narrowed(rng: Random, state: State, base: Answers) -> Seen:
    """A Deny held to a condition, and held to its opposite: a request gets past both where it gets past the Deny."""
    places = [(at, n) for at, one in enumerate(docs.documents(state.workspace))
              for n, st in enumerate(docs.statements(one)) if st["Effect"] == "Deny"]  # fmt: skip
    if not places:
        return
    at, n = rng.choice(places)
    found = docs.documents(state.workspace)[at]
    old = docs.statements(found)
    one, other = rng.choice(COMPLEMENTS)
    both = [conditioned(old[n], [*tests(old[n]), test]) for test in (one, other)]
    if None in both:
        return
    # The statement and, beside it, both halves: nothing changes.
    space = docs.replaced(state.workspace, at, docs.rebuilt(found, [
        *old, *({k: v for k, v in half.items() if k != "Sid"} for half in both if half)]))  # fmt: skip
    whole = replace(state, workspace=space).ask()
    for name, verdict in base.items():
        same = told(verdict) == told(whole[name]) or "unknown" in (verdict.status, whole[name].status)
        yield "halves beside a Deny", "" if same else f"{name}: {told(verdict)} {told(whole[name])}"


def asked_otherwise(rng: Random, state: State, base: Answers) -> Seen:
    """Objectives alone or together, with other services, merged or not, with all kinds of counterexample."""
    alone = rng.choice(OBJECTIVES)
    ways = {
        "asked alone": lambda: state.ask((alone,)),
        "accounts not merged": lambda: state.ask(merge=False),
        "all kinds of counterexample": lambda: state.ask((alone,), enumerate_all=True, limit=4),
        "with availability": lambda: state.ask((alone,), availability=True),
    }
    law = rng.choice(sorted(ways))
    for name, verdict in ways[law]().items():
        same = told(verdict) == told(base[name]) or "unknown" in (verdict.status, base[name].status)
        yield law, "" if same else f"{name}: {told(base[name])} {told(verdict)} {verdict.reason[:150]}"


def readings(rng: Random, state: State, base: Answers) -> Seen:
    """`over` proves least, `exact` more; `under` refutes only what `exact` refutes."""
    found = {name: replace(state, reading=name).ask() for name in ("exact", "over", "under")}
    for name in base:
        exact, over, under = (found[reading][name] for reading in ("exact", "over", "under"))
        if "unknown" in (exact.status, over.status, under.status):
            yield "readings", ""
            continue
        wrong = ""
        if RANK[over.status] == 2 and RANK[exact.status] < 2:
            wrong = f"{name}: proved by over, {told(exact)} by exact: {exact.reason[:150]}"
        elif under.status == "refuted" and exact.status != "refuted":
            wrong = f"{name}: refuted by under, {told(exact)} by exact {exact.reason[:150]}"
        elif exact.status == "refuted" and RANK[over.status] == 2:
            wrong = f"{name}: refuted by exact, {told(over)} by over"
        elif RANK[under.status] != RANK[over.status] and 2 in (RANK[under.status], RANK[over.status]):
            wrong = f"{name}: {told(over)} by over, {told(under)} by under"
        yield "readings", wrong


def modes(rng: Random, state: State, base: Answers) -> Seen:
    """Grants restrict: what guardrails hold back whatever is granted, no grant lets through."""
    if state.mode != "grants":
        return
    free = replace(state, mode="guardrails").ask()
    for name, verdict in base.items():
        wrong = RANK.get(free[name].status, -1) > RANK.get(verdict.status, 9)
        yield "guardrails and grants", f"{name}: {told(free[name])} {told(verdict)} {verdict.reason}" if wrong else ""


SEVERAL = {
    "scope in two": scopes,
    "denied under a condition and under its opposite": denials,
    "halves beside a Deny": narrowed,
    "asked otherwise": asked_otherwise,
    "readings": readings,
    "guardrails and grants": modes,
}

__all__ = ["SEVERAL"]
