"""The two worlds in which the questions on what leaves the perimeter are asked, each encoded once for a workspace.

One holds the calls that the tables name, the other the calls of every service that the scopes claim. Guardrails alone:
the answers hold whatever is granted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from perimeter_smt.encode.world import configured
from perimeter_smt.encode.world.catalogue import CALL, Calls, union
from perimeter_smt.encode.world.world import World, build
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom, both, disj, implies, neg, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.perimeter import OBJECTIVES, Workspace
from perimeter_smt.questions.groups import group_services, looks_everywhere, speaks_of_names
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.objectives import proof_mode
from perimeter_smt.questions.prefer import mentioned
from perimeter_smt.questions.run import Run
from perimeter_smt.request import actions
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.theories.catalogue import indexes

Row = Mapping[str, Any]
TABLES = {"N1": configured.COMPUTE, "E2": configured.CARRIERS, "N2": configured.PORTABLE}
_PREDICATES = {
    "tables": ("N1", "E2", "N2.handed-out", "N2.sign-in"),
    "scopes": ("E1", "N2.instance", "N2.address", "N2.network", "N2.presigned", "N2.forms", "N2.unsigned"),
}
_BY_RCP = ("N2.unsigned", "N2.sign-in")
_SIGN_IN = "signin:Authenticate"
# Keys that N2 speaks of although no policy may test them.
_SESSION_KEYS = (
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:vpcsourceip",
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "s3:authtype",
)
_cache: list[tuple[Workspace, Asking, str, Encoded]] = []


@dataclass(frozen=True)
class Encoded:
    """A world with its engine, and the sets of the catalogue that its formulas speak of."""

    world: World
    run: Run
    sets: tuple[str, ...]


def tables(workspace: Workspace, asking: Asking) -> Encoded:
    """The world of the calls that tables name."""
    return _kept(workspace, asking, "tables")


def scopes(workspace: Workspace, asking: Asking) -> Encoded:
    """The world of the services that the scopes of the objectives claim."""
    return _kept(workspace, asking, "scopes")


def _kept(workspace: Workspace, asking: Asking, which: str) -> Encoded:
    """Encoded once for the questions that follow each other on one workspace."""
    for known, how, name, encoded in _cache:
        if known is workspace and how == asking and name == which:
            return encoded
    encoded = _tables(workspace, asking) if which == "tables" else _scopes(workspace, asking)
    _cache[:] = [entry for entry in _cache if entry[0] is workspace][-1:]
    _cache.append((workspace, asking, which, encoded))
    return encoded


def claimed(workspace: Workspace, mitigation: str, action: str) -> bool:
    """Whether the scope of a question in perimeter.yaml holds an action; all are in it where nothing is said."""
    scope, low = workspace.perimeter.scope(mitigation), action.lower()

    def some(patterns: Iterable[str]) -> bool:
        return any(pattern in ("*", "*:*") or fnmatchcase(low, pattern.lower()) for pattern in patterns)

    return some(scope.actions) and not some(scope.except_actions)


def at_issue(world: World, name: str, mitigation: str) -> Formula:
    """A request that meets the premise `name` and breaks its conclusion, whether or not it gets through.

    What the guardrails do not bind is left out and named as a limit: SCPs, or RCPs where callers are not mine.
    """
    kind = "rcp" if name in _BY_RCP else "scp"
    beyond = [world.formula(f"reach.management-account.{kind}"), world.formula("reach.service-linked-roles")]
    if kind == "rcp":
        beyond += [world.formula(f"reach.{name}") for name in ("kms-retire-grant", "aws-managed-keys")]
    return both(
        world.formula(f"{name}.premise"),
        neg(world.formula(f"{name}.conclusion")),
        neg(disj(beyond)),
        neg(sym(f"{mitigation}.excepted")),
    )


def breach(world: World, name: str, mitigation: str) -> Formula:
    """Such a request that gets through."""
    return both(world.formula("access"), at_issue(world, name, mitigation))


def told(workspace: Workspace, world: World, mitigation: str, row: Row) -> Formula:
    """What the keys of a row tell."""
    found = configured.elsewhere if mitigation == "N1" else configured.foreign
    return found(workspace, world.keys, row)


def row_checks(calls: Calls, row: Row, action: str) -> tuple[Formula, ...]:
    """The checks of a call of a row that can hold the row back."""
    return checks(calls, action, configured.keys_of([row]), row.get("types", ()))


def checks(
    calls: Calls, action: str, keys: Iterable[str] = (), types_of_mine: Sequence[str] = ()
) -> tuple[Formula, ...]:
    """The checks that a call of this action must pass, all of them, each as a set of rows of the catalogue.

    A call is tested on every required resource type; among types of which it names one, any may be the one. Checks that
    carry none of `keys`, which the question is about, are left out where others carry some.
    """
    rows = list(indexes(calls.members(f"action={action.lower()}")))
    wanted = {name.lower() for name in keys}
    types: dict[str | None, list[int]] = {}
    for index in rows if not types_of_mine else (i for i in rows if calls.rows[i].type in types_of_mine):
        types.setdefault(calls.rows[index].type, []).append(index)
    required = [name for name in types if name is not None and _required(action, name)]
    groups = [types[name] for name in required] if required else [rows]
    listing = [group for group in groups if not wanted or any(_lists(calls, i, wanted) for i in group)]
    out = []
    for number, group in enumerate(listing or groups):
        name = f"check {number} of {action} {' '.join(sorted(wanted))}"
        calls.define_rows(name, sum(1 << index for index in group))
        out.append(atom(Member(CALL, name)))
    return tuple(out)


def _lists(calls: Calls, index: int, wanted: set[str]) -> bool:
    held = calls.rows[index].keys
    return any(name in held or any(k.endswith("*") and name.startswith(k[:-1]) for k in held) for name in wanted)


def _required(action: str, kind: str) -> bool:
    info = actions.action_info(action)
    return info is not None and any(use.type == kind and use.required for use in info.resource_types)


def _world(
    workspace: Workspace, services: Sequence[str], which: str, also_keys: Sequence[str], calls: Collection[str]
) -> World:
    names = _PREDICATES[which]
    return build(
        workspace,
        services,
        free_grants=True,
        objectives=(),
        also_keys=also_keys,
        asked=[f"{name}.{part}" for name in names for part in ("premise", "conclusion")],
        also_defined=configured.of_tables if which == "tables" else configured.of_scopes,
        actions=calls,
    )


def _encoded(world: World, asking: Asking, spoken_of: Sequence[Formula], sets: tuple[str, ...] = ()) -> Encoded:
    formulas = [*spoken_of, *mentioned(world.calls)]
    engine = Engine(world.problem(formulas), asking.limits)
    run = Run(world, engine, (), world.exact(), proof_mode(world), asking.reading, False, 1)
    return Encoded(world, run, sets)


def _tables(workspace: Workspace, asking: Asking) -> Encoded:
    rows = [(name, row) for name, table in TABLES.items() for row in table_rows(table)]
    calls = [*(action for _, row in rows for action in configured.calls_of(row)), _SIGN_IN]
    services = tuple(dict.fromkeys(action.partition(":")[0] for action in calls))
    wanted = frozenset(action.lower() for action in calls)
    world = _world(workspace, services, "tables", configured.keys_of(row for _, row in rows), wanted)
    world.also_hints = configured.hints((row for _, row in rows), workspace)
    asked = [f(world, name, name[:2]) for name in _PREDICATES["tables"] for f in (breach, at_issue)]
    asked += [told(workspace, world, name, row) for name, row in rows if name != "N2"]
    configured.define_sets(world.calls)
    for name, row in rows:
        asked += [check for action in configured.calls_of(row) for check in row_checks(world.calls, row, action)]
        asked.append(atom(Member(CALL, configured.row_set(name, row))))
    asked += checks(world.calls, _SIGN_IN)
    sets = world.sets(())
    world.assertions += _told_apart(world.calls, sets)
    return _encoded(world, asking, asked, sets)


class Near:
    """The sets of calls near a check: those that hold some call of its service."""

    def __init__(self, calls: Calls, sets: Iterable[str]) -> None:
        self._calls, self._services = calls, {own: calls.members(own) for own in _services(calls).values()}
        self._sets = [(name, calls.members(name)) for name in sets]
        self._near: dict[str, list[tuple[int, Formula]]] = {}

    def at(self, check: Formula) -> Formula:
        """The call is one of a check, said by its service, and by every set of calls of it that holds all or none.

        The facts of `_told_apart` say the rest.
        """
        rows = self._calls.members(check.payload.name)
        services = [own for own, members in self._services.items() if rows & members]
        if len(services) != 1:
            return check
        (own,) = services
        near = self._near.get(own)
        if near is None:
            members = self._services[own]
            near = [(bits, atom(Member(CALL, name))) for name, bits in self._sets if bits & members]
            self._near[own] = near
        inside = (here for bits, here in near if not rows & ~bits)
        outside = (neg(here) for bits, here in near if not rows & bits)
        return both(check, atom(Member(CALL, own)), *inside, *outside)


def _services(calls: Calls) -> dict[str, str]:
    """Each service of the calls, and the name of the set of its rows."""
    return {name: f"service={name}" for name in dict.fromkeys(row.service for row in calls.rows)}


def _told_apart(calls: Calls, sets: Iterable[str]) -> list[Assertion]:
    """Facts of the catalogue, said beforehand: searches over many calls come to them one by one otherwise.

    A set holds calls of some services; no call is of two services, said by the digits of their numbers.
    """
    services = _services(calls)
    count = max(len(services) - 1, 1).bit_length()
    digits = [f"digit {place} of the service" for place in range(count)]
    for place, digit in enumerate(digits):
        ones = [calls.members(own) for number, own in enumerate(services.values()) if number >> place & 1]
        calls.define_rows(digit, union(ones))
    out = []
    for number, (name, own) in enumerate(services.items()):
        bits = [atom(Member(CALL, digit)) for digit in digits]
        spelled = both(*(bit if number >> place & 1 else neg(bit) for place, bit in enumerate(bits)))
        out.append(Assertion(f"define service {name}", implies(atom(Member(CALL, own)), spelled)))
    for name in sets:
        rows = calls.members(name)
        some = [own for own in services.values() if rows & calls.members(own)]
        if name not in some and len(some) < len(services):
            held = disj(atom(Member(CALL, own)) for own in some)
            out.append(Assertion(f"define calls of {name}", implies(atom(Member(CALL, name)), held)))
    return out


def _scopes(workspace: Workspace, asking: Asking) -> Encoded:
    services = claimed_services(workspace)
    wanted = frozenset(a for a in Calls(services).actions() if _in_some_scope(workspace, a))
    world = _world(workspace, services, "scopes", _SESSION_KEYS, wanted)
    world.also_hints = {
        "aws:Ec2InstanceSourceVpc": ("vpc-0123456789abcdef0", "vpc-0fedcba9876543210"),
        "aws:Ec2InstanceSourcePrivateIPv4": ("10.0.0.4",),
        "aws:VpcSourceIp": ("10.0.0.77",),
        "ec2:RoleDelivery": ("2.0", "1.0"),
    }
    asked = [f(world, name, name[:2]) for name in _PREDICATES["scopes"] for f in (breach, at_issue)]
    asked.append(both(world.formula("access"), world.formula("E1.others")))
    documents = [document for document, _ in world.policies.statements.values()]
    everywhere = looks_everywhere(documents, workspace.perimeter) or speaks_of_names(asked)
    alike = group_services(world.calls, world.sets(asked), everywhere=everywhere)
    world.calls.replace_rows([world.calls.rows[i] for i in sorted(row for group in alike for row in group.rows)])
    return _encoded(world, asking, asked)


def claimed_services(workspace: Workspace) -> tuple[str, ...]:
    """The services that some objective claims an action of."""
    patterns = [text.lower() for name in OBJECTIVES for text in workspace.perimeter.scope(name).actions]
    named = {pattern.partition(":")[0] for pattern in patterns}
    known = actions.services()
    return tuple(s for s in known if s in named or any(fnmatchcase(s, name) for name in named if set(name) & set("*?")))


def _in_some_scope(workspace: Workspace, action: str) -> bool:
    return any(claimed(workspace, objective, action) for objective in OBJECTIVES)
