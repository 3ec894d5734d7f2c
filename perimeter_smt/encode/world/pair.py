"""Two states of one organization as one problem: the same request put to both.

The request is shared; what the states say is not.  Guarantee: a request satisfies `after.access and not before.access`
together with the assertions exactly if AWS can produce it in the second state, the second state lets it through, and
the first does not, be it that a policy stops it there or that caller, resource, endpoint or account are not there.

What both say is said once.  Where they differ, the first state has symbols of its own, called `before NAME`: for the
policies that differ, for tags of callers and resources and for the units of accounts.  Every assertion on such a
symbol determines it from the request, so that none of them rules out a request of the second state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from perimeter_smt.encode.language import stars
from perimeter_smt.encode.language.keys import Key
from perimeter_smt.encode.world import accounts, perimeter, points_of_others
from perimeter_smt.encode.world.access_points import ACCOUNT_KEY, ARN_KEY, ORIGIN_KEY
from perimeter_smt.encode.world.existence import NEEDS, called_name, tag_of_state, tags_of_caller, untagged_name
from perimeter_smt.encode.world.governs import arn_of_service, itself, reach, split_arn
from perimeter_smt.encode.world.people import SPELLED, is_caller, targets
from perimeter_smt.encode.world.tags import listed as listed_tags
from perimeter_smt.encode.world.tags import points_on, tag_of, tag_of_resource
from perimeter_smt.encode.world.world import (
    World,
    all_documents,
    begin,
    definitions_of,
    environment,
    facts_of,
    lies_in,
    roots_of,
)
from perimeter_smt.errors import InputError
from perimeter_smt.logic.atoms import Ref
from perimeter_smt.logic.formula import Formula, both, conj, disj, equal, iff, implies, is_text, neg, sym
from perimeter_smt.logic.interpret import Model
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.logic.rename import Renaming
from perimeter_smt.logic.vocabulary import Vocabulary
from perimeter_smt.organization.model import Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Workspace

_TAG = "aws:principaltag/"


@dataclass
class Pair:
    """Both states in one problem. `after` holds its assertions; both worlds share keys, policies and calls.

    `possible` of a state: caller, resource, endpoint and accounts of the request are there.
    """

    before: World
    after: World
    renamed: Renaming
    before_possible: Formula
    after_possible: Formula
    listed: tuple[Organization, Organization]  # as they were given

    def before_formula(self, name: str) -> Formula:
        """A predicate of the formal text, about the first state."""
        return self.renamed(self.after.formula(name))

    @property
    def before_access(self) -> Formula:
        """The first state lets the request through."""
        return both(self.before_possible, self.before_formula("access"))

    @property
    def after_access(self) -> Formula:
        """The second state lets the request through."""
        return both(self.after_possible, self.after.formula("access"))

    def before_model(self, model: Model) -> Model:
        """A model as the first state sees it."""
        names = self.renamed.names
        symbols = {**model.symbols, **{k: model.symbols[v] for k, v in names.items() if v in model.symbols}}
        texts = {**model.texts, **{k: model.texts[v] for k, v in names.items() if v in model.texts}}
        return Model(symbols, texts, model.enums, model.members, model.rows)


def build_pair(
    before: Workspace,
    after: Workspace,
    services: Sequence[str],
    *,
    free_grants: bool,
    objectives: Sequence[str],
    unlisted: Sequence[str] = (),
) -> Pair:
    """Encode two states of one organization; requests are judged by the perimeter of the second.

    `free_grants` as for one organization; `unlisted`: actions to ask of that the service reference does not know.
    InputError where the two are not of one organization.
    """
    _one_organization(before.organization, after.organization)
    before = before.model_copy(update={"perimeter": after.perimeter})
    given = before.organization, after.organization
    gone, come = _listed_only(before, after), _listed_only(after, before)
    before, after = _with_places(before, come), _with_places(after, gone)
    documents = [d for w in (before, after) for d in all_documents(w, grants_too=not free_grants)]
    distinct = list({id(d): d for d in documents}.values())
    new = begin(after, services, distinct, free_grants=free_grants, objectives=objectives, unlisted=unlisted)
    new.keys.accounts = tuple(dict.fromkeys(a.id for w in (before, after) for a, _ in w.organization.accounts()))
    old = World(before, new.script, new.keys, new.policies, new.calls, free_grants, tuple(objectives))
    return _Builder(old, new, gone, come).pair(given)


def _one_organization(before: Organization, after: Organization) -> None:
    for name in ("id", "partition"):
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            kind = "organization" if name == "id" else "partition"
            raise InputError(f"the first is of {kind} `{one}`, the second of `{other}`: expected two states of one")


class _Builder:
    def __init__(self, before: World, after: World, gone: Sequence[_Owned], come: Sequence[_Owned]) -> None:
        self.before, self.after = before, after
        self.gone, self.come = gone, come
        self.keys = after.keys

    def pair(self, given: tuple[Organization, Organization]) -> Pair:
        """Definitions and facts of both, the axioms on what they use, and the copies for the first state."""
        before, after = self.before, self.after
        self.keys.stars = set()  # both readings of X-46 are asked
        if self._looks_at_points():
            self.keys.key(ARN_KEY)  # before either is defined: calls on points carry it in both
        after.definitions, before.definitions = definitions_of(after), definitions_of(before)
        if not after.free_grants:  # what has which tag, of the keys that policies of the other state alone look at, too
            for world in (before, after):
                world.definitions |= listed_tags(world.workspace, self.keys.known)
        # By themselves: the tags of one principal may change, those of others of which the same is said may not.
        old, new = ({id(a.formula): a for a in facts_of(world, apart=True)} for world in (before, after))
        common = [a for own, a in new.items() if own in old]
        only_old, only_new = ([a for a in these.values() if id(a.formula) not in others]
                              for these, others in ((old, new), (new, old)))  # fmt: skip
        tags = self._tags()
        if after.free_grants:  # a name that is free again is no new way: another name could be taken before as well
            common += [a for a in only_new if a.name.startswith(SPELLED)]
            only_old, only_new = (
                [a for a in these if not a.name.startswith(SPELLED)] for these in (only_old, only_new)
            )
        told = set() if after.free_grants else {name for each, old, _ in tags for name in _told(each, old)}
        hard = [*common, *(a for a in only_new if a.name in told)]
        old_tags = [a for a in old.values() if a.name in told]
        only_old, only_new = ([a for a in these if a.name not in told] for these in (only_old, only_new))
        names = self._names(tags)
        out = [Assertion(f"define {name}", iff(sym(name), body)) for name, body in after.definitions.items()]
        out += [lies_in(after.workspace.organization.partition), *after.policies.assertions, *hard]
        out += stars.facts(self.keys.stars or ())
        used, axioms = self._environment([*out, *only_old, *only_new, *old_tags])
        out += axioms
        out += self._accounts(used)
        if not any(name.startswith("units(") for name in used):
            names = {name for name in names if not name.startswith("units(")}
        renamed = self._renaming(names, out)
        copies = [
            Assertion(f"{a.name} before", renamed(a.formula))
            for a in out
            if renamed(a.formula) is not a.formula and not a.name.startswith(("organization.yaml ", "perimeter.yaml "))
        ]
        own = {n: b for n, b in before.definitions.items() if n in self._of_state()}
        defined = {f"define {name} before" for name in own}
        copies = [a for a in copies if a.name not in defined]
        copies += [
            Assertion(f"define {name} before", iff(renamed(sym(name)), renamed(body)))
            for name, body in own.items()
            if name in renamed.names
        ]
        copies += [Assertion(f"{a.name} before", renamed(a.formula)) for a in old_tags]
        copies += self._ties(tags, renamed)
        after.assertions = before.assertions = [*out, *copies]
        before.soft = after.soft
        return Pair(
            before,
            after,
            renamed,
            both(conj(renamed(a.formula) for a in only_old), neg(disj(self._absent(after, before, self.come)))),
            both(conj(a.formula for a in only_new), neg(disj(self._absent(before, after, self.gone)))),
            given,
        )

    def _looks_at_points(self) -> bool:
        """Whether one of the states looks at the access point that a call comes through."""
        if not any(row.arn_service == "s3" for row in self.after.calls.rows):
            return False
        worlds = (self.before, self.after)
        documents = [d for w in worlds for d in all_documents(w.workspace, grants_too=not w.free_grants)]
        tested = {c.name for d in documents for s in d.statements for c in s.conditions}
        told = any(points_of_others.tells_apart(world.workspace, world.policies) for world in worlds)
        return told or bool(tested & {ARN_KEY, ACCOUNT_KEY, ORIGIN_KEY})

    def _environment(self, given: Iterable[Assertion]) -> tuple[set[str], list[Assertion]]:
        roots = [*roots_of(self.after), *(a.formula for a in given), *self.before.definitions.values()]
        return environment(self.after, roots, set())

    def _of_state(self) -> frozenset[str]:
        """What is defined by policies and tags; the rest is of the perimeter, which is that of the second state."""
        after = self.after
        mine = perimeter.definitions(after.workspace, self.keys, after.script)
        ends = (".excepted", ".scope")
        return frozenset(n for n in self.before.definitions if n not in mine and not n.endswith(ends))

    def _renaming(self, names: set[str], given: Sequence[Assertion]) -> Renaming:
        """Everything that depends on what differs gets a name of its own."""
        old, new = self.before.definitions, self.after.definitions
        found = set(names) | {n for n in self._of_state() if old[n] is not new[n]}
        if any(name.startswith("bucket.says") for name in found):
            found.add("bucket.abac")
        bodies: dict[str, list[set[str]]] = {}
        composed = set(self.keys.composed.values())
        for assertion in given:
            name = assertion.name.removeprefix("define ")
            if name in new or name in self.after.policies.statements or name in composed:
                bodies.setdefault(name, []).append(_words(assertion.formula))
        for name in self._of_state():
            bodies.setdefault(name, []).append(_words(old[name]))
        todo = True
        while todo:
            more = {n for n, words in bodies.items() if n not in found and any(found & w - {n} for w in words)}
            found |= more
            todo = bool(more)
        return Renaming({name: f"before {name}" for name in found})

    def _accounts(self, used: set[str]) -> list[Assertion]:
        """Organization and path of every account of either state; the path of the second where both have one."""
        paths = any(name.startswith("units(") for name in used)
        old, new = (accounts.account_facts(w.workspace, paths_used=paths) for w in (self.before, self.after))
        every = "organization.yaml lists every account"
        known = {a.name for a in new}
        out = [a for a in (*new, *(a for a in old if a.name not in known)) if a.name != every]
        if self.before.workspace.grants_given and self.after.workspace.grants_given:
            organization = self.after.workspace.organization
            ids = [i for w in (self.before, self.after) for i in accounts.member_ids(w.workspace.organization)]
            for var in accounts.ACCOUNT_TERMS:
                in_it = is_text(accounts.org_of(var), organization.id)
                out.append(Assertion(every, implies(in_it, accounts.one_of(var, dict.fromkeys(ids)))))
        return out

    def _moved(self) -> dict[str, str]:
        """The accounts that stand elsewhere, with their units in the first state."""
        old, new = self.before.workspace.organization, self.after.workspace.organization
        ids = set(accounts.member_ids(old)) & set(accounts.member_ids(new))
        where = {own: (accounts.units_text(old, own), accounts.units_text(new, own)) for own in sorted(ids)}
        return {own: one for own, (one, other) in where.items() if one != other}

    def _names(self, tags: Sequence[tuple[str, _Owned, _Owned]]) -> set[str]:
        """The names of what the states differ in beside policies: units of accounts, tags."""
        out = {accounts.units_of(var) for var in accounts.ACCOUNT_TERMS} if self._moved() else set()
        for kind in (OwnedPrincipal, OwnedResource):
            if any(isinstance(item, kind) for _, item, _ in tags):
                for name, key in self.keys.known.items():
                    if tag_of_resource(name) or (kind is OwnedPrincipal and name.startswith(_TAG)):
                        out |= _words(key.has) | {part.var for part in key.term if isinstance(part, Ref)}
        return out

    def _tags(self) -> list[tuple[str, _Owned, _Owned]]:
        """Principals and resources of both states whose tags differ, with the name of the fact on them."""
        if self.after.free_grants:
            return []
        old, new = ({o.arn: o for o in _owned(w.workspace.organization)} for w in (self.before, self.after))
        return [
            (f"organization.yaml tags of {arn}", old[arn], item)
            for arn, item in new.items()
            if arn in old and tag_of_state(old[arn]) != tag_of_state(item)
        ]

    def _ties(self, tags: Sequence[tuple[str, _Owned, _Owned]], renamed: Renaming) -> Iterator[Assertion]:
        """What does not differ is the same in both states."""
        moved = self._moved()
        for var in accounts.ACCOUNT_TERMS:
            own = accounts.units_of(var)
            if (copy := renamed.names.get(own)) is None:
                continue
            for account, units in moved.items():
                fact = implies(is_text(var, account), is_text(copy, units))
                yield Assertion(f"organization.yaml {account} before", fact)
            rest = neg(accounts.one_of(var, moved))
            yield Assertion("what did not move", implies(rest, equal(own, copy)))
        callers = disj(tags_of_caller(old) for _, old, _ in tags if isinstance(old, OwnedPrincipal))
        resources = disj(
            self._here(old) if isinstance(old, OwnedResource) else targets([old])
            for _, old, _ in tags
            if isinstance(old, OwnedPrincipal | OwnedResource)
        )
        for name, key in list(self.keys.known.items()):
            if name.startswith(_TAG) or tag_of_resource(name):
                yield from self._tie(key, callers if name.startswith(_TAG) else resources, renamed)
        for _, old, new in tags:
            yield from self._kept(old, new, renamed)
            if isinstance(old, OwnedPrincipal):
                yield from self._kept_when_called(old, new, renamed)
        if (copy := renamed.names.get("bucket.abac")) is not None:
            buckets = (
                o for _, o, n in tags if isinstance(o, OwnedResource) and tag_of_state(o)[1] != tag_of_state(n)[1]
            )
            same = iff(sym("bucket.abac"), sym(copy))
            yield Assertion("buckets that did not change", implies(neg(disj(map(self._here, buckets))), same))

    def _here(self, resource: OwnedResource) -> Formula:
        """The calls that carry tags of a resource of both states."""
        accounts = [a for w in (self.before, self.after) for a, _ in w.workspace.organization.accounts()]
        return disj(map(itself, (resource, *points_on(resource, accounts))))

    def _tie(self, key: Key, changed: Formula, renamed: Renaming) -> Iterator[Assertion]:
        copy = renamed(key.has)
        if copy is not key.has:
            same = [iff(key.has, copy), *_same_text(key, renamed)]
            yield Assertion("tags that did not change", implies(neg(changed), conj(same)))

    def _kept(self, old: _Owned, new: _Owned, renamed: Renaming) -> Iterator[Assertion]:
        """Tags of a changed principal or resource as far as the first state says nothing of them."""
        here = is_caller if isinstance(old, OwnedPrincipal) else itself
        for name, key in list(self.keys.known.items()):
            copy = renamed(key.has)
            concerned = name.startswith(_TAG) if isinstance(old, OwnedPrincipal) else tag_of_resource(name)
            if not concerned or copy is key.has:
                continue
            tag = name.split("/", 1)[1]
            given = {t.lower(): v for t, v in old.tags.items()}
            then = {t.lower(): v for t, v in new.tags.items()}
            fact = old_fact = conj([iff(key.has, copy), *_same_text(key, renamed)])
            if isinstance(old, OwnedPrincipal):
                if old.type != "role" or not tag_of_state(old)[1]:
                    continue  # all told
                if tag in given:  # a session tag of the request comes before the tag of the role
                    told = implies(neg(key.has), conj(is_text(t, given[tag]) for t in _texts(key, renamed)))
                    fact = both(copy, implies(key.has, old_fact), told)
            elif not tag_of(split_arn(old.arn), name):
                pass  # no key of theirs
            elif tag in given and tag in then:
                fact = iff(key.has, copy)  # whether a call carries the key hangs on the action
            else:
                continue
            yield Assertion(f"organization.yaml tags of {old.arn} before", implies(here(old), fact))  # type: ignore[arg-type]

    def _kept_when_called(self, old: OwnedPrincipal, new: _Owned, renamed: Renaming) -> Iterator[Assertion]:
        """Whether a call on a role or user carries a tag that it has in both states hangs on the action."""
        given, then = ({tag.lower() for tag in owned.tags} for owned in (old, new))
        for name, key in list(self.keys.known.items()):
            copy = renamed(key.has)
            of_iam = name.startswith(("aws:resourcetag/", "iam:resourcetag/"))
            if of_iam and copy is not key.has and name.split("/", 1)[1] in given & then:
                fact = implies(targets([old]), iff(key.has, copy))
                yield Assertion(f"organization.yaml tags of {old.arn} before, when called", fact)

    def _absent(self, world: World, other: World, owned: Sequence[_Owned]) -> Iterator[Formula]:
        """What `world` lists and `other` does not: there is no such thing in the state of `other`."""
        here, there = world.workspace.organization, other.workspace.organization
        gone = [i for i in accounts.member_ids(here) if i not in accounts.member_ids(there)]
        for var in accounts.ACCOUNT_TERMS[:2]:
            yield accounts.one_of(var, gone)
        known = {e.id for e in accounts.endpoints_of(there)}
        yield both(
            accounts.ON_ENDPOINT,
            accounts.one_of("endpoint.id", (e.id for e in accounts.endpoints_of(here) if e.id not in known)),
        )
        if self.after.free_grants:
            return
        for item in owned:
            if isinstance(item, OwnedPrincipal):
                yield is_caller(item)
                name = both(
                    is_text("resource.account", item.account), is_text("resource.name", item.arn.split(":", 5)[5])
                )
                yield both(NEEDS, name, arn_of_service("iam"))
            else:
                yield both(NEEDS, reach(item).surely)


_Owned = OwnedPrincipal | OwnedResource


def _listed_only(workspace: Workspace, other: Workspace) -> list[_Owned]:
    """What one state lists and the other does not."""
    known = {o.arn for o in _owned(other.organization)}
    return [o for o in _owned(workspace.organization) if o.arn not in known]


def _with_places(workspace: Workspace, others: Sequence[_Owned]) -> Workspace:
    """The state with the resources that only the other lists, without policies.

    They are not there, but calls that would make them are: nothing is granted on them, also where an account that is
    not listed may hold anything.
    """
    more: dict[str, list[OwnedResource]] = {}
    for item in others:
        if isinstance(item, OwnedResource):
            bare = OwnedResource(arn=item.arn, account=item.account, tags=item.tags, abac=item.abac)
            more.setdefault(item.account, []).append(bare)
    if not more:
        return workspace

    def unit(at: Unit) -> Unit:
        accounts = (a.model_copy(update={"resources": (*a.resources, *more.get(a.id, ()))}) for a in at.accounts)
        return at.model_copy(update={"accounts": tuple(accounts), "units": tuple(map(unit, at.units))})

    tree = workspace.organization.model_copy(update={"root": unit(workspace.organization.root)})
    return workspace.model_copy(update={"organization": tree})


def _owned(organization: Organization) -> Iterator[_Owned]:
    for account, _ in organization.accounts():
        yield from account.principals
        yield from account.resources


def _same_text(key: Key, renamed: Renaming) -> list[Formula]:
    return [equal(p.var, renamed.names[p.var]) for p in key.term if isinstance(p, Ref) and p.var in renamed.names]


def _texts(key: Key, renamed: Renaming) -> list[str]:
    return [renamed.names[p.var] for p in key.term if isinstance(p, Ref) and p.var in renamed.names]


def _told(name: str, old: _Owned) -> tuple[str, ...]:
    """The names of the facts on the tags of something whose tags differ."""
    if not isinstance(old, OwnedPrincipal):
        return (name,)
    return name, called_name(old), untagged_name(old.account)


def _words(formula: Formula) -> set[str]:
    found = Vocabulary.of(formula)
    return {*found.symbols, *found.texts}
