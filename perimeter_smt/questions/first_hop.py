"""Is the first hop of a forwarded call held to the network? (W-34)

A forward access session carries no network key. `P1.first-hop` says that the call before it came from my network;
that is so only where guardrails hold the first hop to it, in every service that carries calls on, or where nobody who
is listed may make such a call: then the proof says so. Root users, and whom they make, stand in no list and are left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM
from perimeter_smt.encode.world.catalogue import union
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.formula import Formula, both, equal, neg, sym
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.prefer import PLAIN_ROW
from perimeter_smt.questions.prepare import claimed_rows, prepare
from perimeter_smt.questions.run import Group, Reading, Run
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.result import Limits, Result

ASSUMED = "P1.first-hop"
_OWN = (equal("principal.account", "resource.account"), PLAIN_ROW)
_NETWORK = "O5"  # my identities call only from expected networks: what a first hop is held to


@dataclass(frozen=True)
class Hop:
    """Whether a first hop gets through from elsewhere: a request, and why a proof is conditional (empty: it is not).

    A reason without a request: it was not decided. `note` is what a proof says besides; `listed`: whether a principal
    of the whole organization may make such a call, None if that was not asked.
    """

    example: Counterexample | None = None
    reason: str = ""
    note: str = ""
    listed: bool | None = None


def carried(run: Run, objective: str, groups: Sequence[Group]) -> tuple[list[Group], frozenset[str]]:
    """The groups that some service calls with a forwarded session, as the objective claims, and these services."""
    claimed = claimed_rows(run.world, objective)
    concerned: list[Group] = []
    services: set[str] = set()
    for row in table_rows("forwarding-services"):
        called = claimed & union(run.world.calls.members(f"action ~ {text.lower()}") for text in row["calls"])
        reached = [group for group in groups if group.rows & called]
        concerned += [group for group in reached if group not in concerned]
        services |= {row["service"]} if reached else set()
    return concerned, frozenset(services)


def apart(run: Run, objective: str, groups: Sequence[Group]) -> list[tuple[list[Group], frozenset[str]]]:
    """The groups by the services that carry calls on to them."""
    out: dict[frozenset[str], list[Group]] = {}
    for group in groups:
        concerned, services = carried(run, objective, [group])
        if concerned:
            out.setdefault(services, []).append(group)
    return [(found, services) for services, found in out.items()]


def unguarded(run: Run, objective: str, groups: Sequence[Group], services: frozenset[str]) -> Hop:
    """A first hop that gets through from elsewhere, if there is one.

    `services` are those that carry calls on to the groups.
    """
    return _of_a_stranger(run, objective, groups) or _of_mine(run, objective, services)


def _of_a_stranger(run: Run, objective: str, groups: Sequence[Group]) -> Hop | None:
    """Callers of other organizations are bound by no guardrail of mine in their first hop."""
    asked = (
        questions.breach(run.world, objective),
        neg(questions.accepted_limits(run.world, objective)),
        both(sym("forwarded"), IAM, neg(sym("principal.mine"))),
        questions.proof_mode(run.world, leave_out=(ASSUMED, "AN6.address")),
        *run.only(groups),
    )
    result = run.ask(*asked)
    if result.status != "sat":
        return None
    found = _shown(run, objective, asked, result, groups)
    return Hop(found, "no guardrail of mine holds the first hop of a stranger's forwarded call to my network")


def _of_mine(run: Run, objective: str, services: frozenset[str]) -> Hop:
    perimeter = _perimeter(run.world.workspace.perimeter, objective)
    key = (perimeter.tag_exceptions, perimeter.role_exceptions, services)
    if key not in run.first_hops:
        run.first_hops[key] = _ask(run, perimeter, services)
    found: Hop = run.first_hops[key]
    if found.listed is not None:
        run.beyond.add((objective, tuple(sorted(services)), found.listed))
    return found


def _ask(run: Run, perimeter: Perimeter, services: frozenset[str]) -> Hop:
    """May my identity make a call that a service carries on, from elsewhere?"""
    workspace = run.world.workspace
    hops, asked, result = _under(
        workspace, perimeter, services, run.reading, run.engine.limits, free_grants=run.world.free_grants
    )
    if result.status == "unsat":
        return Hop()
    if result.status == "unknown":
        found, reason = None, f"whether first hops are held to my network is not decided: {result.reason}"
    else:
        found = _shown(hops, _NETWORK, asked, result, hops.groups)
        through = f"`{found.request.action}` gets through" if found else LEFT_OPEN
        reason = f"the first hop of a forwarded call is not held to my network: {through}"
    if not run.world.free_grants or not workspace.grants_given:
        return Hop(found, reason)
    # Accounts that guardrails do not tell apart may differ in what they grant: all of them are asked.
    names = tuple(sorted(services))
    for each in run.whole(names) if run.whole else iter([workspace]):
        asked_of = each.model_copy(update={"perimeter": perimeter})
        may = listed_may(asked_of, names, run.reading, run.engine.limits)
        run.heard.append((asked_of, names, may))
        if not may:
            return Hop(note=f"{reason}; no listed principal may make such a call", listed=False)
    return Hop(found, reason, listed=True)


def asking(whole: Workspace, objective: str) -> Workspace:
    """The organization as `listed_may` is asked of it for an objective: with the perimeter of first hops."""
    return whole.model_copy(update={"perimeter": _perimeter(whole.perimeter, objective)})


def listed_may(asked: Workspace, services: Sequence[str], reading: Reading, limits: Limits) -> bool:
    """Whether a listed principal may make a first hop from elsewhere, or that is not decided.

    All that a proof asks beyond the guardrails. `asked`: an organization with the perimeter of first hops.
    """
    _, _, result = _under(asked, asked.perimeter, frozenset(services), reading, limits, free_grants=False)
    return result.status != "unsat"


def _under(
    workspace: Workspace,
    perimeter: Perimeter,
    services: frozenset[str],
    reading: Reading,
    limits: Limits,
    *,
    free_grants: bool,
) -> tuple[Run, tuple[Formula, ...], Result]:
    workspace = workspace.model_copy(update={"perimeter": perimeter})
    world = build(workspace, sorted(services), free_grants=free_grants, objectives=(_NETWORK,))
    hops = prepare(world, (_NETWORK,), reading, False, 1, limits, ())
    persons = () if free_grants else (neg(sym_is("root")), neg(sym("principal.made-by-root")))
    asked = (questions.hole(world, _NETWORK), neg(sym("forwarded")), *persons, hops.exact)
    result = hops.ask(*asked)
    if result.status == "unsat" and reading != "exact":
        asked = (*asked[:-1], hops.over)
        result = hops.ask(*asked)
    return hops, asked, result


def _shown(
    run: Run, objective: str, asked: Sequence[Formula], result: Result, groups: Sequence[Group]
) -> Counterexample | None:
    """A plain request, as near to the chosen readings as it can be; None where X-42 leaves open whether it is one."""
    tight, granted = result, list[Formula]()
    departs: tuple[str, ...] = ()
    near = run.ask(*asked, *_OWN)  # most calls that a service carries on are about the caller's own account
    if near.status == "sat":
        asked, result, tight = (*_OWN, *asked), near, near
    if run.exact is not asked[-1]:
        tight, granted, departs = run.tightest(asked, result)
    tight = run.plain(run.group_of(tight, groups).services, (*asked, *granted), tight)
    return known(partial(explain.counterexample, run.world, objective, tight, "hole", departs=departs))


def _perimeter(perimeter: Perimeter, objective: str) -> Perimeter:
    """The perimeter that claims the network of every call, with the exceptions of one objective."""
    tags = tuple(e for e in perimeter.tag_exceptions if objective in e.objectives)
    roles = tuple(e for e in perimeter.role_exceptions if objective in e.objectives)
    return perimeter.model_copy(
        update={
            "scopes": {_NETWORK: Scope()},
            "tag_exceptions": tuple(e.model_copy(update={"objectives": (_NETWORK,)}) for e in tags),
            "role_exceptions": tuple(e.model_copy(update={"objectives": (_NETWORK,)}) for e in roles),
        }
    )
