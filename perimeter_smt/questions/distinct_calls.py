"""The calls that a few formulas can tell apart: one row of the catalogue for each class of alike rows.

Two rows are alike if they lie in the same sets that the formulas mention and demand the same of the texts, where
what they demand of the resource's name counts only if a resource pattern can reach them.  Guarantee: formulas that
are satisfiable with some row of the whole catalogue are satisfiable with one of the rows kept, and conversely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from perimeter_smt.encode.world.catalogue import CALL, Calls, Row, _regex, rows_by
from perimeter_smt.logic.atoms import ANY, NOT_COLON, Glob, Member, Run
from perimeter_smt.logic.formula import Formula, atom, both, disj, either, glob, iff, neg, walk
from perimeter_smt.logic.problem import Catalogue, Group
from perimeter_smt.policy.document import Document
from perimeter_smt.request import actions
from perimeter_smt.request.unlisted import is_unlisted, of_service, unlisted
from perimeter_smt.solve.theories.catalogue import indexes

_MANY = 24  # from so many services on, the catalogue of all services is used, which is built once
_REMEMBERED = 4096  # sets kept per catalogue


class Gathered:
    """Formulas in which alternatives that only speak of the call are one set: `sets` lists what each stands for."""

    def __init__(self) -> None:
        self.sets: dict[str, tuple[str, ...]] = {}
        self._names: dict[tuple[str, ...], str] = {}
        self._done: dict[int, Formula] = {}
        self._kept: list[Formula] = []
        self._listed: set[int] = set()
        self.names: dict[str, None] = {}  # the sets that the formulas met mention now

    def of(self, root: Formula) -> Formula:
        """An equivalent of `root`."""
        if id(root) not in self._done:
            for node in walk(root, self._done):
                self._done[id(node)] = self._one(node)
                self._kept.append(node)
        found = self._done[id(root)]
        if id(found) not in self._listed:
            for node in walk(found, self._listed):
                self._listed.add(id(node))
                if node.op == "atom" and isinstance(node.payload, Member):
                    self.names[node.payload.name] = None
            self._kept.append(found)
        return found

    def _one(self, node: Formula) -> Formula:
        if not node.args:
            return node
        args = tuple([self._done[id(arg)] for arg in node.args])
        if node.op != "or" and args == node.args:
            return node
        match node.op:
            case "not":
                return neg(args[0])
            case "and":
                return both(*args)
            case "iff":
                return iff(args[0], args[1])
        members = {id(arg): arg for arg in args if arg.op == "atom" and isinstance(arg.payload, Member)}
        if len(members) < 2:
            return either(*args)
        names = tuple(arg.payload.name for arg in members.values())
        if names not in self._names:
            self._names[names] = f"one of {len(self._names)}"
            self.sets[self._names[names]] = names
        gathered = atom(Member(CALL, self._names[names]))
        return disj([gathered, *(arg for arg in args if id(arg) not in members)])


@dataclass
class Universe(Calls):
    """The whole catalogue of some services, with the classes of demands."""

    given: tuple[Row, ...] | None = None  # its rows, where they are not those of the service reference alone

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.given is not None:
            self.replace_rows(list(self.given))
        self._unions: dict[tuple[str, ...], int] = {}
        groups: dict[tuple[Formula, ...], int] = {}
        classes: dict[tuple[Formula, ...], int] = {}
        of_group: list[int] = []  # the class, without names, of each group
        self.named_of: list[int] = []
        for wanted in self.demanded():
            found = groups.setdefault(wanted, len(groups))
            if found == len(of_group):
                unnamed = tuple(d for d in wanted if not _on_name(d))
                of_group.append(classes.setdefault(unnamed, len(classes)))
            self.named_of.append(found)
        self.unnamed_of = [of_group[group] for group in self.named_of]
        self.named = list(rows_by(self.named_of).values())  # numbers are given in order of appearance
        self.unnamed = list(rows_by(self.unnamed_of).values())

    def members(self, name: str) -> int:
        """The bit set called `name`."""
        if len(self._sets) > _REMEMBERED:
            self._sets.clear()
        return super().members(name)

    def union(self, names: tuple[str, ...]) -> int:
        """The rows that lie in one of the sets."""
        found = self._unions.get(names)
        if found is None:
            found = 0
            for name in names:
                found |= self.members(name)
            if len(self._unions) > _REMEMBERED:
                self._unions.clear()
            self._unions[names] = found
        return found

    def _matching(self, pattern: str) -> int:
        service, _, name = pattern.partition(":")
        if self.literal or any(c in service for c in "*?") or not any(c in name for c in "*?"):
            return super()._matching(pattern)
        found, out = _regex(pattern), 0
        for action in _spelled(service):
            if found.fullmatch(action):
                out |= self._by_action.get(action, 0)
        return out

    def classes(self, sets: Sequence[int], looked_at: int) -> list[tuple[int, int]]:
        """The first row of each class and, as a bit set, the numbers of the sets that hold it."""
        blocks = [((1 << len(self.rows)) - 1, 0)]
        for number, members in enumerate(sets):
            split = []
            for rows, signature in blocks:
                inside = rows & members
                if inside:
                    split.append((inside, signature | 1 << number))
                if inside != rows:
                    split.append((rows ^ inside, signature))
            blocks = split
        out = []
        for rows, signature in blocks:
            seen = rows & looked_at
            for rest, group_of, groups in (
                (seen, self.named_of, self.named),
                (rows ^ seen, self.unnamed_of, self.unnamed),
            ):
                while rest:
                    row = (rest & -rest).bit_length() - 1
                    out.append((row, signature))
                    rest &= ~groups[group_of[row]]
        return sorted(out)


class _Invented(Calls):
    """The few rows of actions that the reference does not know."""

    def union(self, names: tuple[str, ...]) -> int:
        """The rows that lie in one of the sets."""
        exact, others = _split(names)
        out = 0
        for action in self.actions():
            if f"action={action}" in exact:
                out |= self.members(f"action={action}")
        for name in others:
            out |= self.members(name)
        return out


@lru_cache(maxsize=256)
def _split(names: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names of single actions, and the others."""
    exact = frozenset(name for name in names if name.startswith("action="))
    return exact, tuple(name for name in names if name not in exact)


@dataclass
class DistinctCalls(Calls):
    """The rows kept, and rows for actions that the reference does not know; sets as in the whole catalogue."""

    known: Mapping[str, int] = field(default_factory=dict)
    gathered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    invented: _Invented | None = None  # the rows of actions that the reference does not know; they come last
    free_names: bool = False  # names of resources may hold any character but colons where AWS allows fewer
    universe: Universe | None = None  # the whole catalogue that the rows were taken from

    def catalogue(self, names: Iterable[str]) -> Catalogue:
        """The catalogue of the rows kept."""
        found = super().catalogue(names)
        if not self.free_names:
            return found
        groups = tuple(Group(group.rows, tuple(map(_freed, group.requires))) for group in found.groups)
        return replace(found, groups=groups)

    def members(self, name: str) -> int:
        """The bit set called `name`, of the rows kept."""
        if name not in self._sets:
            found = self.known.get(name)
            if found is None:
                found = self._compute(name)
            elif self.invented:
                shift = len(self.rows) - len(self.invented.rows)
                found |= self.invented.union(self.gathered.get(name, (name,))) << shift
            self._sets[name] = found
        return self._sets[name]


def distinct(
    documents: Sequence[Document], formulas: Gathered, *, free_names: bool, services: Sequence[str] | None = None
) -> DistinctCalls:
    """The calls that the formulas, which these documents were encoded to, can tell apart.

    `free_names`: what AWS demands of the characters of names does not count, except that colons end fields.
    `services`: the calls in question are of these; by default of those that the documents can reach.
    """
    named = services_named(documents) if services is None else tuple(services)
    literal = presumed_actions(documents)
    universe = universe_of(actions.services() if len(named) > _MANY else named)
    invented = _Invented((), literal) if literal else None
    looks = _reaches_all(documents)
    return reduced(universe, formulas, every_name=looks, invented=invented, free_names=free_names)


def reduced(
    universe: Universe,
    formulas: Gathered,
    *,
    every_name: bool = True,
    invented: _Invented | None = None,
    free_names: bool = False,
) -> DistinctCalls:
    """The calls of a whole catalogue that the formulas can tell apart, and calls of invented actions.

    `every_name`: a formula may look at the resource's name whatever the service of the ARN.
    """
    names = tuple(formulas.names)
    found: dict[str, int] = {}
    for name in names:
        found[name] = universe.union(formulas.sets.get(name, (name,)))
    everything = (1 << len(universe.rows)) - 1
    looked_at = everything if every_name else 0
    for name in names:
        if name.startswith("arn service ~ "):
            looked_at |= found[name]
    kept = universe.classes(list(found.values()), looked_at)
    known = dict.fromkeys(names, 0)
    for signature, rows in rows_by(signature for _, signature in kept).items():
        for number in indexes(signature):
            known[names[number]] |= rows
    calls = DistinctCalls(
        (), known=known, gathered=formulas.sets, invented=invented, free_names=free_names, universe=universe
    )
    calls.replace_rows([*(universe.rows[row] for row, _ in kept), *(invented.rows if invented else ())])
    return calls


@lru_cache(maxsize=16)
def universe_of(services: tuple[str, ...], unlisted: tuple[str, ...] = ()) -> Universe:
    """The whole catalogue of some services, built once; `unlisted`: further actions."""
    return Universe(services, unlisted)


def universe_with(calls: Calls) -> Universe:
    """The whole catalogue of the calls of a world, with what its listed resources need open (W-6)."""
    if isinstance(calls, DistinctCalls) and calls.universe is not None:
        return calls.universe  # the world spoke of fewer rows since
    plain = universe_of(calls.services, calls.literal)
    return plain if calls.rows == plain.rows else Universe(calls.services, calls.literal, given=tuple(calls.rows))


@lru_cache(maxsize=1024)
def _spelled(service: str) -> tuple[str, ...]:
    """Every action of a service as catalogues name it."""
    return tuple(f"{service}:{info.name.lower()}" for info in actions.actions(service))


@lru_cache(maxsize=16384)
def _freed(demand: Formula) -> Formula:
    """A demand on the resource's name without the limits on characters other than the colon."""
    if not _on_name(demand):
        return demand
    parts = tuple(
        replace(p, chars=NOT_COLON) if isinstance(p, Run) and p.chars != ANY else p for p in demand.payload.pattern
    )
    return glob("resource.name", parts)


def _on_name(demand: Formula) -> bool:
    return isinstance(demand.payload, Glob) and demand.payload.var == "resource.name"


def _reaches_all(documents: Iterable[Document]) -> bool:
    """Whether some resource pattern looks at names whatever the service of the ARN is."""
    for document in documents:
        for statement in document.statements:
            for text in statement.resource.values if statement.resource else ():
                _, _, rest = text.partition(":")
                partition, _, service = rest.partition(":")
                service = service.partition(":")[0]
                if text.strip("*") and (any(c in partition for c in "*?$") or not service.strip("*") or "$" in service):
                    return True
    return False


def services_named(documents: Sequence[Document]) -> tuple[str, ...]:
    """The services that the documents name, and all others where a pattern can reach them.

    A guardrail without Allow stands beside `FullAWSAccess`, a pattern that reaches every service; where all do, what
    they do not name passes all of them (W-36).
    """
    beside = [document.stands_beside_full_access for document in documents]
    if any(beside) and not all(beside):
        return actions.services()
    named: set[str] = set()
    for document in documents:
        for statement in document.statements:
            for text in statement.action.values:
                service = text.lower().partition(":")[0]
                if statement.action.negated or any(c in service for c in "*?"):
                    return actions.services()
                named.add(service)
    return tuple(service for service in actions.services() if service in named)


def unknown_actions(documents: Sequence[Document]) -> tuple[str, ...]:
    """Actions spelled out that the service reference does not know: they are taken to exist."""
    out: dict[str, None] = {}
    for document in documents:
        for statement in document.statements:
            for text in statement.action.values:
                if ":" in text and not any(c in text for c in "*?") and actions.action_info(text) is None:
                    out[text] = None
    return tuple(out)


def presumed_actions(documents: Sequence[Document]) -> tuple[str, ...]:
    """Unknown actions that are spelled out, some for the patterns that reach no known one, and one of each service that
    only ARNs name.

    A pattern is written for something: a service or an action newer than the reference, say.
    """
    patterns = [text for d in documents for s in d.statements for text in s.action.values]
    named = (text.split(":", 3) for d in documents for s in d.statements if s.resource for text in s.resource.values)
    services = {fields[2].lower() for fields in named if len(fields) > 3 and fields[0] == "arn"}
    alone = [s for s in sorted(services) if s and not any(c in s for c in "*?$") and is_unlisted(s)]
    return tuple(dict.fromkeys((*unknown_actions(documents), *unlisted(patterns), *map(of_service, alone))))


def presumed_of(documents: Sequence[Document], arns: Iterable[str], services: Iterable[str]) -> tuple[str, ...]:
    """The presumed actions of some services, and of services of listed resources: what a workspace speaks of."""
    chosen = {service.lower() for service in services}
    own = (arn.split(":", 3)[2].lower() for arn in arns)
    alone = (of_service(service) for service in sorted(set(own)) if is_unlisted(service))
    found = dict.fromkeys((*presumed_actions(documents), *alone))
    return tuple(name for name in found if name.lower().partition(":")[0] in chosen)
