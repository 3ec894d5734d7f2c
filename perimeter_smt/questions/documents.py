"""What is asked about documents by themselves: the world around them, and the problem of requests they tell apart.

`compare`, `findings`, `measure` and the checks pose their questions here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from perimeter_smt.encode.language import stars
from perimeter_smt.encode.language.keys import FreeKeys, sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.language.resource import HAS_REGION
from perimeter_smt.encode.language.statement import Policies, bounds, under_set_operators
from perimeter_smt.encode.language.text import formal_text, readings
from perimeter_smt.encode.world import clock
from perimeter_smt.encode.world.accounts import one_of, org_of
from perimeter_smt.encode.world.catalogue import CALL, Calls
from perimeter_smt.encode.world.keys import NO_UNKNOWN, WorldKeys
from perimeter_smt.encode.world.listed_names import older_buckets
from perimeter_smt.encode.world.people import principal_facts
from perimeter_smt.encode.world.world import HINTS, OUTSIDERS, World, environment, region_hints
from perimeter_smt.logic.atoms import CharSet, Member, Run
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, conj, disj, glob, implies, is_text, neg, sym
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.organization.model import Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.organization.readers.partition import DEFAULT, named
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.distinct_calls import DistinctCalls, Gathered, distinct
from perimeter_smt.questions.remembered import RememberedPolicies

_REGION = CharSet("abcdefghijklmnopqrstuvwxyz0123456789-")
_WITHIN_RCPS, _RETIRE = (atom(Member("call", name)) for name in ("service in rcp-services", "action=kms:retiregrant"))
_AWS_KEY = sym("resource.aws-managed-key")
ACCOUNT, _ORGANIZATION = "111122223333", "o-acme0000001"
_HINTS = HINTS | {
    name: hint
    for owner in ("principal.account", "resource.account")
    for name, hint in ((owner, (ACCOUNT, OUTSIDERS[0])), (org_of(owner), (_ORGANIZATION, "")))
}


@dataclass(frozen=True)
class Posed:
    """Formulas about requests that documents tell apart, and the problem to ask them of, each together with `mode`."""

    world: World
    problem: Problem
    formulas: tuple[Formula, ...]
    mode: Formula


def pose(
    documents: Sequence[Document],
    build: Callable[[Policies], Sequence[Formula]],
    *,
    free_context: bool = False,
    reading: Literal["exact", "over"] = "exact",
    services: Sequence[str] | None = None,
    within_reach: bool = False,
    rivals: bool = False,
    today: date | None = None,
) -> Posed:
    """The problem around the formulas that `build` makes of documents; the kind of the first says whom it binds.

    `services`: every formula demands a call of one of these; by default those that the documents can reach.
    `within_reach`: of RCPs, only calls of services are asked that support RCPs by the table of today.
    `rivals`: open points may be read the other way, X-46 among them. `today`: the day from which on requests count.
    """
    world = world_of(documents, free_context=free_context, today=today)
    if (rivals or reading == "over") and not free_context:
        world.keys.stars = set()
    formulas = build(world.policies)
    assemble(world, formulas, documents, free_context=free_context)
    if within_reach and documents[0].kind is Kind.RCP and not free_context:
        world.assertions.append(Assertion("services that support RCPs", _WITHIN_RCPS))
    calls, reduced = reduce_calls(world, documents, formulas, free_names=free_context, services=services)
    return Posed(world, problem_of(world, calls), tuple(reduced), mode_of(world, reading))


def world_of(documents: Sequence[Document], *, free_context: bool, today: date | None = None) -> World:
    """The world that documents by themselves are asked about: nobody is listed, whatever is granted.

    `today`: the day from which on requests count; None: any day.
    """
    found = named(documents)
    lies_in = next(iter(found)) if len(found) == 1 else DEFAULT
    script = formal_text(lies_in if len(found) < 2 and not free_context else None)
    count = bounds(documents)
    keys = FreeKeys(count) if free_context else WorldKeys(script, count)
    keys.sets = under_set_operators(documents)
    root = Unit(id="r-none")
    organization = Organization(id="o-none", management_account="000000000000", root=root, partition=lies_in)
    nobody = Workspace(organization=organization, perimeter=Perimeter(orgs=()), name="comparison", today=today)
    return World(
        nobody, script, keys, RememberedPolicies(keys), Calls(()), free_grants=True,  # type: ignore[arg-type]
        older_buckets=older_buckets(documents),
    )  # fmt: skip


def allows_alone(policies: Policies, document: Document, *, beside: bool = False) -> Formula:
    """The document lets the request through: by itself, or beside a policy that allows everything."""
    granted = TRUE if beside or document.stands_beside_full_access else policies.allows((document,))
    return both(granted, neg(policies.denies((document,))))


def _bound(kind: Kind, *, free_context: bool) -> list[Assertion]:
    """The requests that policies of a kind are evaluated for at all (semantics 1.2, 3.3)."""
    own = neg(sym("principal.service-linked"))
    if kind in (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION):
        bound = disj(sym_is(caller) for caller in ("user", "role", "federated-user"))
    elif kind is Kind.SCP and not free_context:  # callers of my organization, where origin access identities are not
        bound = both(IAM, own, neg(is_text(org_of("principal.account"), "")))
    elif kind is Kind.SCP:
        bound = both(IAM, own)
    elif kind is Kind.RCP and not free_context:
        bound = conj((neg(is_text(org_of("resource.account"), "")), own, neg(_RETIRE), neg(_AWS_KEY)))
    else:
        return []
    return [Assertion(f"what policies of kind {kind.value} bind", bound)]


def _partition(world: World, documents: Sequence[Document]) -> Assertion:
    """Requests lie in the partition that the documents name, by default `aws`; in one of them if they name several."""
    found = sorted(named(documents)) or [world.workspace.organization.partition]
    return Assertion("partition of the documents", one_of("aws.partition", found))


def assemble(world: World, asked: Sequence[Formula], documents: Sequence[Document], *, free_context: bool) -> None:
    """The assertions of the world, for what is asked of these documents."""
    out = [*world.policies.assertions, *_bound(documents[0].kind, free_context=free_context)]
    if free_context:
        out += world.keys.assertions
        out += _formats()
    else:
        out += [_partition(world, documents), *principal_facts(world.workspace, documents)]
        out += [*clock.facts(world.workspace.today, world.keys), *stars.facts(world.keys.stars or ())]
        _, taken = environment(world, [*asked, *(a.formula for a in out)], set())
        out += taken
    world.assertions = out


@lru_cache(maxsize=1)
def _formats() -> tuple[Assertion, ...]:
    """What holds of callers and resources however free the keys are: partitions and the shape of names."""
    names = ("AP3.partition", "AP3.user", "AP3.role", "AP3.root", "AP3.federated-user", "AP4.account", "AP4.anonymous")
    region = implies(HAS_REGION, glob("resource.region", (Run(_REGION, 1),)))
    axioms = [Assertion(a.name, a.formula) for a in formal_text().axioms if a.name in (*names, "AR7")]
    return (*axioms, Assertion("region of an ARN", region))


def reduce_calls(
    world: World,
    documents: Sequence[Document],
    asked: Sequence[Formula],
    *,
    free_names: bool,
    services: Sequence[str] | None = None,
) -> tuple[DistinctCalls, list[Formula]]:
    """Keep the calls that matter and rewrite the assertions to speak of them; also the formulas asked."""
    gathered = Gathered()
    world.assertions = [Assertion(a.name, gathered.of(a.formula)) for a in world.assertions]
    out = [gathered.of(formula) for formula in asked]
    world.calls = calls = distinct(documents, gathered, free_names=free_names, services=services)
    return calls, out


def problem_of(world: World, calls: DistinctCalls) -> Problem:
    """The problem of the world as it is now, with these calls."""
    enums = {"caller": world.script.enums["sort Caller"], "wire": world.script.enums["sort Wire"]}
    hints = _HINTS | region_hints(world.workspace.organization.partition)
    return Problem(tuple(world.assertions), enums, {CALL: calls.catalogue(calls.known)}, hints)


def mode_of(world: World, reading: str) -> Formula:
    """What every question is asked together with: the soft axioms, and for `exact` the chosen readings.

    A key that no table knows may be there: what two documents say of it is part of what they say.
    """
    soft = conj(sym(f"assume {name}") for name in world.soft if name != NO_UNKNOWN)
    if reading == "over":
        return soft
    return both(soft, *(neg(sym(name)) for name in readings()))
