"""Two documents of one kind: what does the second allow or stop that the first does not? (design 6)

A document allows a request if one of its Allow statements matches and none of its Deny statements does; for SCPs,
RCPs and endpoint policies that is "not stopped".  A guardrail without Allow statements stands beside AWS's own
`FullAWSAccess`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perimeter_smt.encode.catalogue import CALL, Calls
from perimeter_smt.encode.keys import FreeKeys, WorldKeys
from perimeter_smt.encode.statement import Policies, bounds
from perimeter_smt.encode.text import formal_text, readings
from perimeter_smt.encode.world import HINTS, World, environment
from perimeter_smt.logic.formula import TRUE, Formula, both, conj, neg, sym
from perimeter_smt.logic.interpret import truth
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.organization.model import Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.prove.distinct_calls import DistinctCalls, Gathered, distinct
from perimeter_smt.prove.explain import blame
from perimeter_smt.prove.verdicts import Blame, Comparison, Counterexample
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits, Result
from perimeter_smt.witness.context import request_of
from perimeter_smt.witness.facts import View

_GUARDRAILS = (Kind.SCP, Kind.RCP)


def compare(
    before: Document,
    after: Document,
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
    limits: Limits | None = None,
) -> Comparison:
    """Relate two documents, seen from the second.

    `free_context`: every condition key is free, as single-document checks elsewhere take it; otherwise only
    requests that AWS can produce count (environment axioms).  `reading` over also counts what only a rival
    reading of AWS's documentation lets through.
    """
    asked = encode(before, after, free_context=free_context, reading=reading)
    engine = Engine(asked.problem, limits or Limits())
    gained, lost = engine.check([asked.more, asked.mode]), engine.check([asked.less, asked.mode])
    for result in (gained, lost):
        if result.status == "unknown":
            return Comparison("unknown", reason=result.reason)
    return Comparison(
        _relation(gained, lost),
        _example(asked.world, gained, after, before, "more"),
        _example(asked.world, lost, before, after, "less"),
    )


@dataclass(frozen=True)
class Asked:
    """The comparison as two questions about one problem, each to be asked together with `mode`."""

    world: World
    problem: Problem
    more: Formula  # a request that the second document allows and the first does not
    less: Formula
    mode: Formula


def encode(
    before: Document, after: Document, *, free_context: bool = False, reading: Literal["exact", "over"] = "exact"
) -> Asked:
    """The two questions that `compare` asks, as formulas."""
    world = _world((before, after), free_context=free_context)
    old, new = (_allows(world.policies, document) for document in (before, after))
    more, less = both(new, neg(old)), both(old, neg(new))
    _assemble(world, (more, less), free_context=free_context)
    calls, (more, less) = _reduce(world, (before, after), (more, less))
    return Asked(world, _problem(world, calls), more, less, _mode(world, reading))


def _relation(gained: Result, lost: Result) -> Literal["equivalent", "more", "less", "incomparable"]:
    if gained.status == "sat":
        return "incomparable" if lost.status == "sat" else "more"
    return "less" if lost.status == "sat" else "equivalent"


def _world(documents: Sequence[Document], *, free_context: bool) -> World:
    script = formal_text()
    count = bounds(documents)
    keys = FreeKeys(count) if free_context else WorldKeys(script, count)
    organization = Organization(id="o-none", management_account="000000000000", root=Unit(id="r-none"))
    nobody = Workspace(organization=organization, perimeter=Perimeter(orgs=()), name="comparison")
    return World(nobody, script, keys, Policies(keys), Calls(()), free_grants=True)  # type: ignore[arg-type]


def _allows(policies: Policies, document: Document) -> Formula:
    grants = any(statement.effect == "Allow" for statement in document.statements)
    granted = TRUE if document.kind in _GUARDRAILS and not grants else policies.allows((document,))
    return both(granted, neg(policies.denies((document,))))


def _assemble(world: World, asked: Sequence[Formula], *, free_context: bool) -> None:
    out = list(world.policies.assertions)
    if free_context:
        out += world.keys.assertions
        out += _formats()
    else:
        _, taken = environment(world, [*asked, *(a.formula for a in out)], set())
        out += taken
    world.assertions = out


def _formats() -> list[Assertion]:
    """What holds of callers and resources however free the keys are: partitions and the shape of names."""
    names = ("AP3.partition", "AP3.user", "AP3.role", "AP3.root", "AP3.federated-user", "AP4.account", "AP4.anonymous")
    return [Assertion(a.name, a.formula) for a in formal_text().axioms if a.name in (*names, "AR7")]


def _reduce(
    world: World, documents: Sequence[Document], asked: Sequence[Formula]
) -> tuple[DistinctCalls, list[Formula]]:
    """Keep the calls that matter and rewrite the assertions to speak of them; also the formulas asked."""
    gathered = Gathered()
    world.assertions = [Assertion(a.name, gathered.of(a.formula)) for a in world.assertions]
    out = [gathered.of(formula) for formula in asked]
    world.calls = calls = distinct(documents, gathered)
    return calls, out


def _problem(world: World, calls: DistinctCalls) -> Problem:
    enums = {"caller": world.script.enums["sort Caller"], "wire": world.script.enums["sort Wire"]}
    return Problem(tuple(world.assertions), enums, {CALL: calls.catalogue(calls.known)}, HINTS)


def _mode(world: World, reading: str) -> Formula:
    soft = conj(sym(f"assume {name}") for name in world.soft)
    if reading == "over":
        return soft
    return both(soft, *(neg(sym(name)) for name in readings()))


def _example(
    world: World, result: Result, allowing: Document, other: Document, kind: Literal["more", "less"]
) -> Counterexample | None:
    if result.status != "sat":
        return None
    model = result.model
    assert model is not None
    request, facts, used = request_of(View(world, model))
    through: list[Blame] = []
    for document, effect in ((allowing, "Allow"), (other, "Deny")):
        for statement in document.statements:
            if statement.effect == effect and truth(world.policies.selected(document, statement), model):
                through.append(blame(document, statement))
    why = "allowed by the second document only" if kind == "more" else "allowed by the first document only"
    return Counterexample(kind, request, facts, why, tuple(through), keys=tuple(used))
