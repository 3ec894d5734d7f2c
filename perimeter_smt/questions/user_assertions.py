"""A user's own obligations: SMT-LIB files over the vocabulary (design 2).

Each `(assert ...)` states what must hold of every request that gets through; it is refuted by a request that
gets through (`access`) and does not satisfy it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from perimeter_smt.encode.language.keys import Key
from perimeter_smt.encode.language.text import copied
from perimeter_smt.encode.world.accounts import ACCOUNT_TERMS, units_of
from perimeter_smt.encode.world.world import World, is_key
from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.logic import wellformed
from perimeter_smt.logic.atoms import Ref
from perimeter_smt.logic.formula import Formula, both, neg
from perimeter_smt.logic.reader import Script
from perimeter_smt.policy.json_positions import MAX_CHARACTERS
from perimeter_smt.questions import explain
from perimeter_smt.questions.firm import firm, rests
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.vacuity import nothing
from perimeter_smt.questions.verdicts import Counterexample, Status, Verdict
from perimeter_smt.request.keys import key_info

if TYPE_CHECKING:
    from perimeter_smt.questions.run import Run
    from perimeter_smt.solve.result import Result


# `|has KEY|`, `|KEY|`, and the values of keys that hold several, `|has KEY 2|`, `|KEY 2|`.
_NAME = re.compile(r"\|(?:has )?([A-Za-z0-9.-]+:[^|]*?)(?: ([0-9]{1,2}))?\|")

_WORD = re.compile(r"[a-z][a-z.-]*")


class Assertion(Protocol):
    """SMT-LIB text that need not lie in a file; `str()` of it names it in errors."""

    @property
    def smtlib(self) -> str:
        """The commands."""


Source = Path | Assertion


@dataclass(frozen=True)
class Obligation:
    """One `(assert ...)`: `broken` are the requests that get through and do not satisfy it; `premise` is the left side
    of an implication, None for anything else.
    """

    name: str
    broken: Formula
    premise: Formula | None


def keys_of(files: Sequence[Source]) -> dict[str, int]:
    """The condition keys that the files name, and how many values of each: the question speaks of all of them."""
    found: dict[str, int] = {}
    for path in files:
        for key, number in _NAME.findall(_text(path)):
            if key_info(key).known:
                found[key.lower()] = max(found.get(key.lower(), 1), int(number or 1))
    return found


def names_of(files: Sequence[Source]) -> set[str]:
    """Units of accounts, session names and the like that the files speak of: axioms on them count, tested or not."""
    words = {word for path in files for word in _WORD.findall(_text(path))}
    units = {units_of(term) for term in ACCOUNT_TERMS} if words & {"units", "orgpath"} else set()
    return units | {word for word in words if is_key(word)}


def _declare(script: Script, key: Key) -> None:
    """The symbols of a key, so that files need not declare them."""
    for has, term in ((key.has, key.term), *((slot.has, slot.term) for slot in key.slots)):
        script.sorts.setdefault(str(has.payload), "Bool")
        for part in term:
            if isinstance(part, Ref):
                script.sorts.setdefault(part.var, "String")


def _text(source: Source) -> str:
    return read_text(source, MAX_CHARACTERS, "assertions") if isinstance(source, Path) else source.smtlib


def questions(world: World, files: Sequence[Source]) -> list[Obligation]:
    """The obligations of the files; InputError with file and line on bad text."""
    out: list[Obligation] = []
    for path in files:
        script = copied(world.script)
        for name in keys_of([path]):
            _declare(script, world.keys.key(name))
        before = len(script.axioms)
        text = _text(path)
        wellformed.check(text, script, str(path))
        script.read(text, str(path))
        if len(script.axioms) == before:
            raise InputError("expected at least one `(assert ...)`", file=str(path))
        for axiom in script.axioms[before:]:
            if any(one.name == axiom.name for one in out) or axiom.name in OBJECTIVES:
                raise InputError(f"there is a verdict named `{axiom.name}` already", file=str(path), line=axiom.line)
            out.append(Obligation(axiom.name, both(world.formula("access"), neg(axiom.formula)), axiom.premise))
    return out


def formulas(world: World, files: Sequence[Source]) -> list[Formula]:
    """Every formula that will be asked of these obligations."""
    out = []
    for obligation in questions(world, files):
        out += [obligation.broken] if obligation.premise is None else [obligation.broken, obligation.premise]
    return out


def answer(run: Run, obligation: Obligation) -> Verdict:
    """The verdict on one obligation; an implication whose left side no request satisfies is vacuous."""
    found = known(lambda: _answer(run, obligation))
    if found is not None:
        return found
    return Verdict(obligation.name, "own assertion", run.world.calls.services, "unknown", reason=LEFT_OPEN)


def _answer(run: Run, obligation: Obligation) -> Verdict:
    name, formula, services = obligation.name, obligation.broken, run.world.calls.services
    exact = run.ask(formula, run.exact)
    if exact.status == "sat":

        def shown(result: Result, asked: tuple[Formula, ...]) -> Counterexample:
            return explain.counterexample(run.world, name, run.plain(services[:1], asked, result), "hole")

        asked = (formula, run.exact)
        found = firm(run, asked, shown(exact, asked), shown)
        if points := rests(run, found):
            reason = f"a request gets through as {', '.join(points)} is read here; not under the rival reading"
            return Verdict(name, "own assertion", services, "conditional", (found,), reason=reason)
        return Verdict(name, "own assertion", services, "refuted", (found,))
    if exact.status == "unknown":
        return Verdict(name, "own assertion", services, "unknown", reason=exact.reason)
    mode = run.exact if run.reading == "exact" else run.over
    result = run.ask(formula, mode, core=True)
    if result.status == "sat":
        result, _, departs = run.tightest((formula, mode), result)
        example = known(partial(explain.counterexample, run.world, name, result, "hole", departs=departs))
        reason = f"holds under the chosen readings; {without(departs, example)}"
        return Verdict(name, "own assertion", services, "conditional", (example,) if example else (), reason=reason)
    if result.status == "unknown":
        return Verdict(name, "own assertion", services, "unknown", reason=result.reason)
    if obligation.premise is not None:
        met = run.ask(obligation.premise, run.exact)
        if met.status != "sat":
            reason = met.reason or "no request meets the premise: nothing was proved"
            status: Status = "vacuous" if met.status == "unsat" else "unknown"
            assumptions, used = nothing(run, obligation.premise) if status == "vacuous" else ((), ())
            return Verdict(name, "own assertion", services, status, assumptions=assumptions, used=used, reason=reason)
    assumptions, used = explain.proof(run.world, result.rests_on)
    return Verdict(name, "own assertion", services, "proved", assumptions=assumptions, used=used)
