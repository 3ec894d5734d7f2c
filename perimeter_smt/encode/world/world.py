"""One organization and its perimeter as a problem that obligations are asked of.

The problem's assertions are satisfied by exactly the requests that AWS can produce in this organization, as
far as the hard axioms tell; every soft axiom stands behind a symbol `assume NAME`, every open point behind
its symbol `X-n`, so that one encoding serves all modes (semantics 0.2, 0.3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from perimeter_smt.encode.language import stars
from perimeter_smt.encode.language.statement import Policies, bounds, busy, under_set_operators
from perimeter_smt.encode.language.text import formal_text, readings
from perimeter_smt.encode.world import (
    accounts,
    assigned,
    bucket_owners,
    buckets,
    clock,
    contexts,
    grants,
    guardrails,
    namespaces,
    people,
    perimeter,
    points_of_others,
    published_names,
    refused,
    root,
    sessions,
    tags,
)
from perimeter_smt.encode.world.catalogue import CALL, Calls
from perimeter_smt.encode.world.existence import existence
from perimeter_smt.encode.world.keys import WorldKeys
from perimeter_smt.encode.world.listed_names import admit_listed, admitted
from perimeter_smt.logic.atoms import Member, Ref
from perimeter_smt.logic.formula import Formula, both, iff, implies, is_text, neg, sym, walk
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.logic.reader import Axiom, Script
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.perimeter import OBJECTIVES, Workspace
from perimeter_smt.policy.document import Document, Element
from perimeter_smt.request.partitions import partitions

_CHAIN = ("cloudformation.amazonaws.com", "athena.amazonaws.com", "s3.amazonaws.com")  # call others (AR1.service)
HINTS: dict[str, tuple[str, ...]] = {
    "principal.service": ("cloudtrail.amazonaws.com", "s3.amazonaws.com"),
    "aws:CalledViaFirst": _CHAIN,
    "aws:CalledViaLast": _CHAIN,
    **{f"aws:CalledVia {place}": _CHAIN for place in range(1, 5)},
    "source.address": ("198.51.100.7", "203.0.113.7", "2001:db8::7"),
    "endpoint.id": ("vpce-0123456789abcdef0", "vpce-0fedcba9876543210"),
    "endpoint.vpc": ("vpc-0123456789abcdef0", "vpc-0fedcba9876543210"),
    "instance.id": ("i-0123456789abcdef0",),
    "function.name": ("orders",),
    "principal.name": (
        "role/App",
        "role/Outsider",
        "user/alice",
        "federated-user/alice",
        "root",
        "role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
    ),
    "resource.name": (
        "orders",
        "orders/report.csv",
        "key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "role/Target",
        "secret:orders-AbCdEf",
        "table/orders",
        "function:orders",
        "instance/i-0123456789abcdef0",
        "repository/orders",
        "parameter/orders",
        "user/alice",
        "policy/Orders",
        "log-group:/orders",
        "stream/orders",
        "document/Orders",
    ),
    "principal.session": ("session",),
    "behind.bucket": ("orders",),
    "source.arn-service": ("sns", "s3"),
    "source.name": ("alerts",),
    "point.arn-service": ("s3",),
    "point.name": ("accesspoint/partners",),
    "principal.unique-id": ("AROAEXAMPLEEXAMPLE000",),
    "principal.provider": (
        "accounts.google.com",
        "arn:aws:iam::111122223333:saml-provider/Example",
        "arn:aws:iam::111122223333:oidc-provider/idp.example.com",
    ),
    "aws:CurrentTime": ("2026-01-01T00:00:00Z",),
    "aws:EpochTime": ("1767225600",),
    "aws:VpcSourceIp": ("10.0.0.9",),
}
OUTSIDERS = ("999988887777", "888877776666", "777766665555", "666655554444")
_FOREIGN_ORGS = ("", "o-outsider0001", "o-outsider0002")
_FOREIGN_UNITS = tuple("r-0001/" + "".join(f"ou-0001-0000000{i}/" for i in range(1, n + 1)) for n in range(6))


@dataclass
class World:
    """The encoded organization. `formula(name)` finds a defined predicate such as `access` or `O1.premise`."""

    workspace: Workspace
    script: Script
    keys: WorldKeys
    policies: Policies
    calls: Calls
    free_grants: bool
    objectives: tuple[str, ...] = OBJECTIVES
    assertions: list[Assertion] = field(default_factory=list)
    soft: dict[str, Axiom | Assertion] = field(default_factory=dict)
    presumed: dict[str, Axiom] = field(default_factory=dict)  # those that the perimeter does not doubt
    definitions: dict[str, Formula] = field(default_factory=dict)
    also_hints: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of keys that a question speaks of
    as_chosen: frozenset[str] = frozenset()  # open points that are read as chosen, or as the perimeter settles them
    older_buckets: frozenset[str] = frozenset()  # that exist, although their names break the rules of today

    def formula(self, name: str) -> Formula:
        """A predicate of the formal text."""
        return self.script.formulas[name]

    def reading(self, point: str) -> Formula:
        """The literal for an open point as the perimeter reads it: as chosen where it does not say."""
        return sym(point) if point in self.workspace.perimeter.rivals else neg(sym(point))

    def exact(self, leave_out: Iterable[str] = ()) -> Formula:
        """Every soft axiom holds and every open point is read as chosen, or as the perimeter settles it.

        `leave_out` are axioms that are not to be used.
        """
        return both(
            *(sym(f"assume {n}") for n in self.soft if n not in {*leave_out}), *(self.reading(x) for x in readings())
        )

    def over(self, accepted: Iterable[str] = ()) -> Formula:
        """Only what the perimeter accepts by name is assumed; everything else is free."""
        names = {*accepted, *self.workspace.perimeter.settled}
        return both(
            *(sym(f"assume {n}") for n in self.soft if n in names),
            *(self.reading(x) for x in readings() if x in names),
        )

    def problem(self, obligations: Sequence[Formula] = ()) -> Problem:
        """The problem for these obligations: with the catalogue sets that anything mentions."""
        enums = {"caller": self.script.enums["sort Caller"], "wire": self.script.enums["sort Wire"]}
        calls = self.calls.catalogue(self.sets(obligations))
        return Problem(tuple(self.assertions), enums, {CALL: calls}, self.hints())

    def sets(self, obligations: Sequence[Formula]) -> tuple[str, ...]:
        """The names of the catalogue sets that the assertions and these obligations mention."""
        names: dict[str, None] = {}
        seen: set[int] = set()  # formulas share parts
        for formula in (*(a.formula for a in self.assertions), *obligations):
            for node in walk(formula, seen):
                seen.add(id(node))
                if node.op == "atom" and isinstance(node.payload, Member):
                    names[node.payload.name] = None
        return tuple(names)

    def hints(self) -> dict[str, tuple[str, ...]]:
        """Readable values for witnesses: accounts of mine first, then named outsiders."""
        organization = self.workspace.organization
        ids = accounts.member_ids(organization)
        mine = tuple(i for i in ids if i != organization.management_account)
        out = HINTS | region_hints(organization.partition) | self.also_hints
        for var in accounts.ACCOUNT_TERMS:
            out[var] = (*mine, *OUTSIDERS)
            out[accounts.org_of(var)] = (organization.id, *_FOREIGN_ORGS)
            out[accounts.units_of(var)] = _FOREIGN_UNITS
        return out


def region_hints(partition: str) -> dict[str, tuple[str, ...]]:
    """Readable Regions of a partition, and the partition."""
    own = partitions()[partition].regions
    regions = (*(r for r in ("us-east-1", "eu-west-1", "us-west-2") if r in own), *own)[:5]
    terms = ("request", "resource", "endpoint", "instance", "function", "point")
    fields = [f"{term}.region" for term in terms]
    return {"aws.partition": (partition,), **dict.fromkeys(fields, regions)}


def lies_in(partition: str) -> Assertion:
    """Callers, resources and endpoints lie in one partition (W-1)."""
    return Assertion(f"organization.yaml partition {partition}", is_text("aws.partition", partition))


def build(
    workspace: Workspace,
    services: Sequence[str],
    *,
    free_grants: bool,
    objectives: Sequence[str] = OBJECTIVES,
    also_keys: Sequence[str] = (),
    values_of: Mapping[str, int] | None = None,
    asked: Sequence[str] = (),
    also_defined: Callable[[Workspace, WorldKeys, Script], dict[str, Formula]] | None = None,
    actions: Collection[str] | None = None,
    also_names: Collection[str] = (),
    unlisted: Sequence[str] = (),
    as_chosen: Collection[str] = (),
) -> World:
    """Encode the organization for calls of these services, or only for these `actions` of them (in lower case).

    `free_grants`: guardrails alone, whatever identity and resource policies grant (semantics 5.3); otherwise
    with the grants of the workspace.  `also_keys` are condition keys to declare although no policy tests them,
    `values_of` such keys with the number of values that somebody speaks of. `asked` are further predicates of the
    formal text that questions are made of, `also_defined` defines the symbols that these leave open; `also_names` are
    variables that questions speak of, such as `units(vpc.account)`: the axioms on them count. `unlisted`: further
    actions that can be called. `as_chosen`: open points that the questions do not ask about.
    """
    world = begin(
        workspace, services, all_documents(workspace, grants_too=not free_grants), free_grants=free_grants,
        objectives=objectives, also_keys=also_keys, values_of=values_of, actions=actions, unlisted=unlisted,
    )  # fmt: skip
    world.keys.stars = set()
    world.as_chosen = frozenset(as_chosen)
    world.definitions = definitions_of(world)
    if also_defined is not None:
        world.definitions |= also_defined(workspace, world.keys, world.script)
    roots = [*roots_of(world), *(world.script.formulas[name] for name in asked)]
    in_use = _names_of(world.keys, (*also_keys, *(n.lower() for n in values_of or {})))
    _assemble(world, roots, in_use | set(also_names))
    return world


def begin(
    workspace: Workspace,
    services: Sequence[str],
    documents: Sequence[Document],
    *,
    free_grants: bool,
    objectives: Sequence[str],
    also_keys: Sequence[str] = (),
    values_of: Mapping[str, int] | None = None,
    actions: Collection[str] | None = None,
    unlisted: Sequence[str] = (),
) -> World:
    """A world of these documents in which nothing is defined yet; `unlisted`: further actions that can be called.

    Statements whose actions match no call of the world, nor the one that facts about root users are told from, are
    left out: such a statement, Allow or Deny, never matches (semantics 1.4), so that its resource, its conditions and
    the keys that it alone tests have no say in any question of this world.
    """
    calls = Calls(tuple(services), tuple(unlisted), only=None if actions is None else frozenset(actions))
    admit_listed(calls, workspace)
    has_points = any(row.arn_service == "s3" for row in calls.rows)
    script = formal_text(workspace.organization.partition, () if has_points else bucket_owners.DEFINED)

    def idle(element: Element) -> bool:
        return calls.idle(element) and root.idle(element)

    documents = busy(documents, idle)
    spoken_of = {name.lower(): count for name, count in (values_of or {}).items()}
    several = bounds(documents) | {name.lower(): 2 for name in also_keys}
    keys = WorldKeys(script, several | {name: max(count, several.get(name, 1)) for name, count in spoken_of.items()})
    keys.sets = under_set_operators(documents)
    keys.accounts = tuple(account.id for account, _ in workspace.organization.accounts())
    keys.told_accounts = contexts.told_accounts(documents, accounts.member_ids(workspace.organization), OUTSIDERS)
    policies = Policies(keys, idle=idle)
    return World(workspace, script, keys, policies, calls, free_grants, tuple(objectives))


def definitions_of(world: World) -> dict[str, Formula]:
    """What the workspace says of the symbols that the formal text leaves open."""
    workspace, keys, policies, script = world.workspace, world.keys, world.policies, world.script
    out = guardrails.definitions(workspace, policies)
    out |= perimeter.definitions(workspace, keys, script)
    out |= tags.definitions(workspace)
    out |= namespaces.definitions(workspace, all_documents(workspace, grants_too=not world.free_grants))
    out |= refused.definitions(keys)
    free = world.free_grants
    out |= grants.free(workspace, policies) if free else grants.definitions(workspace, policies)
    out |= tags.listed(workspace, () if free else keys.known)
    if not set(bucket_owners.DEFINED) <= set(script.formulas):  # some call may go through an access point
        out |= bucket_owners.definitions(workspace, policies, keys, script, free_grants=free)
        if points_of_others.POINT not in world.as_chosen - workspace.perimeter.rivals:
            out |= points_of_others.definitions(workspace, policies, keys, out, free_grants=free)
        # Last, as calls on points carry every key of points that is in use.
        out["guards.pass"] = both(out["guards.pass"], bucket_owners.guards(workspace, policies, keys, free_grants=free))
    listed = [] if free else [r for account, _ in workspace.organization.accounts() for r in account.resources]
    documents = all_documents(workspace, grants_too=not free)
    out |= assigned.definitions(workspace, documents, keys)
    out |= published_names.definitions(workspace, documents)
    for objective in world.objectives:
        out[f"{objective}.excepted"] = perimeter.excepted(workspace.perimeter, keys, script, objective, listed)
        out[f"{objective}.scope"] = perimeter.in_scope(workspace.perimeter.scope(objective))
    return out


def roots_of(world: World) -> list[Formula]:
    """What questions are made of: access and the objectives."""
    found = world.script.formulas
    roots = [found["access"], found["base"], found["blocked"]]
    for objective in world.objectives:
        roots += [found[f"{objective}.premise"], found[f"{objective}.conclusion"]]
    return roots


def all_documents(workspace: Workspace, *, grants_too: bool) -> list[Document]:
    """Every distinct document of the workspace, guardrails first."""
    out: list[Document] = []
    organization = workspace.organization
    for account, path in organization.accounts():
        for level in (*(unit.guardrails for unit in path), account.guardrails):
            out += [*level.scps, *level.rcps]
        out += [e.policy for e in account.endpoints if e.policy]
        if grants_too:
            for owned in account.principals:
                out += [*owned.policies, *owned.limits(), *((owned.trust,) if owned.trust else ())]
            out += [r.policy for r in account.resources if r.policy]
    out += [*organization.root.guardrails.scps, *organization.root.guardrails.rcps]
    return list({id(d): d for d in out}.values())


def _names_of(keys: WorldKeys, names: Sequence[str]) -> set[str]:
    """The symbols and variables of these condition keys."""
    out: set[str] = set()
    for key in [keys.key(name.lower()) for name in names]:
        out |= _symbols([key.has, *(slot.has for slot in key.slots)])
        parts = [*key.term, *(part for slot in key.slots for part in slot.term)]
        out |= {part.var for part in parts if isinstance(part, Ref)}
    return out


def _assemble(world: World, roots: Sequence[Formula], also: set[str]) -> None:
    """Definitions, statements and facts; then the axioms on every symbol they use."""
    out = [Assertion(f"define {name}", iff(sym(name), body)) for name, body in world.definitions.items()]
    out.append(lies_in(world.workspace.organization.partition))
    out += world.policies.assertions
    out += facts_of(world)
    out += stars.facts(world.keys.stars or ())
    used, taken = environment(world, [*roots, *(a.formula for a in out)], also)
    out += taken
    paths_used = any(name.startswith("units(") for name in used)
    out += accounts.account_facts(world.workspace, paths_used=paths_used)
    world.assertions = out


def facts_of(world: World, *, apart: bool = False) -> list[Assertion]:
    """What the workspace says of endpoints, names, tags and what there is; of accounts, see `account_facts`.

    `apart` as for `existence`.
    """
    workspace = world.workspace
    out = [*accounts.endpoint_facts(workspace), *accounts.vpc_facts(workspace), *accounts.bucket_facts(workspace)]
    documents = all_documents(workspace, grants_too=not world.free_grants)
    out += people.principal_facts(workspace, () if world.free_grants else documents)
    out += accounts.canonical_facts(workspace, documents)
    out += clock.facts(workspace.today, world.keys)
    if not world.free_grants:
        out += buckets.facts([account for account, _ in workspace.organization.accounts()], world.keys)
        out += sessions.facts(account for account, _ in workspace.organization.accounts())
        out += existence(workspace, world.policies, tuple(world.keys.known), apart=apart)
    return out


def environment(world: World, roots: Sequence[Formula], also: set[str]) -> tuple[set[str], list[Assertion]]:
    """The axioms on the keys that `roots` use, on the keys' own types and presence, and congruence.

    Also the symbols and variables in use. `also` are further names in use.
    """
    on_keys = world.keys.axioms()
    used = also | _symbols([*roots, *(a.formula for a in world.keys.assertions), *(a.formula for a in on_keys)])
    out = [_axiom(world, axiom) for axiom in on_keys]
    chosen = relevant(world.script.axioms, used)
    unsaid = {**assigned.AXIOMS, namespaces.AXIOM: namespaces.SYMBOL, published_names.AXIOM: published_names.SYMBOL}
    chosen -= {name for name, symbol in unsaid.items() if symbol not in world.definitions}  # they would hold of nothing
    out += [_axiom(world, axiom) for axiom in world.script.axioms if axiom.name in chosen]
    for assertion in world.keys.assertions:
        if assertion.name.startswith("soft "):
            out.append(_soft(world, assertion.name.removeprefix("soft "), assertion))
        else:
            out.append(assertion)
    out += [Assertion("AP18", formula) for formula in world.script.congruence(used)]
    return used, out


def _axiom(world: World, axiom: Axiom) -> Assertion:
    axiom = admitted(axiom, world.workspace, world.older_buckets)
    if axiom.strength == "soft" or axiom.name in world.workspace.perimeter.doubts:
        return _soft(world, axiom.name, axiom)
    if axiom.strength == "presumed":
        world.presumed[axiom.name] = axiom
    return Assertion(axiom.name, axiom.formula)


def _soft(world: World, name: str, source: Axiom | Assertion) -> Assertion:
    world.soft[name] = source
    return Assertion(name, implies(sym(f"assume {name}"), source.formula))


def _symbols(formulas: Iterable[Formula]) -> set[str]:
    """Symbols and text variables below the formulas."""
    out: set[str] = set()
    for formula in formulas:
        found = Vocabulary.of(formula)
        out.update(found.symbols, found.texts)
    return out


def relevant(axioms: Sequence[Axiom], used: set[str]) -> set[str]:
    """The axioms that speak of a key in use, or of ground truth only.

    An axiom on keys that nothing tests cannot decide anything: those keys can always be filled in.  `used`
    grows by the symbols of the axioms taken.
    """
    chosen: set[str] = set()
    about = {axiom.name: _symbols([axiom.formula]) for axiom in axioms}
    changed = True
    while changed:
        changed = False
        for axiom in axioms:
            if axiom.name in chosen:
                continue
            keys = {name for name in about[axiom.name] if is_key(name)}
            if not keys or keys & used:
                chosen.add(axiom.name)
                used |= about[axiom.name]
                changed = True
    return chosen


def is_key(name: str) -> bool:
    """Whether a symbol belongs to a condition key (or to what few calls ask for), not to ground truth."""
    return name.startswith(("has ", "units(", "configured.", "aws:", "s3:", "kms:", "ec2:", "signin:")) or name in (
        "function.name",
        "function.region",
        "instance.id",
        "instance.region",
        "principal.session",
        "principal.unique-id",
        "principal.user",
        "behind.trusted",
        "source.arn-service",
        "source.region",
        "source.account",
        "source.name",
        "point.arn-service",
        "point.region",
        "point.account",
        "point.name",
    )
