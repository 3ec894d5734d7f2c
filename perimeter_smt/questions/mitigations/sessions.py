"""C2: who begins a session that carries what a further hop asks for, over how many hops.

Session tags are of one session; those set as transitive, and a source identity, go on along the chain (IAM guide, pass
session tags in AWS STS, chaining roles; monitor and control actions taken with assumed roles). An inherited tag cannot
be passed anew, a source identity cannot be changed. What is inherited asks for `sts:TagSession` and
`sts:SetSourceIdentity` again at every hop (semantics 3.9), and is not among the tags of the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from perimeter_smt.logic.formula import Formula, conj, disj, neg
from perimeter_smt.questions.mitigations.attributes import attributes_of, brought_by
from perimeter_smt.questions.mitigations.outsiders import Outsider
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls

Attributes = Mapping[str, str]
_SOURCE_IDENTITY, _TAG = "aws:sourceidentity", "aws:principaltag/"
_TAKES, _TAGS, _NAMES = "step.takes-role", "step.tags-session", "step.sets-source-identity"
_TRIES = 4  # sessions of one caller that are tried
_HOPS = 4  # hops before the one that asks: further ones are not followed
_SPLIT = 3  # attributes of which every part is tried as inherited; of more, none or all


@dataclass(frozen=True)
class Begun:
    """How a session with some attributes begins: by whom, over which requests; `moved` are its transitive tags."""

    source: Kind | Outsider
    hops: tuple[tuple[Steps, Step, str], ...]
    moved: frozenset[str]

    @property
    def rank(self) -> tuple[bool, int]:
        """What needs no rival reading comes first, then what takes fewer requests."""
        return not all(step.sure for _, step, _ in self.hops), len(self.hops)


class Sessions:
    """The sessions of one world. `unsure`: some hop gets through by each of its calls, and not by one session's."""

    def __init__(self, steps: Steps, callers: Sequence[Kind], outside: Sequence[Outsider]) -> None:
        self.steps, self.callers, self.outside = steps, callers, outside
        self.unsure = False
        self._of_role: dict[str, list[Kind]] = {}
        self._bare: dict[str, bool] = {}
        self._found: dict[tuple[object, ...], list[Begun]] = {}

    def takers(self, role: Kind) -> list[Kind]:
        """Who takes a role, by whatever session."""
        arn = role.first.arn
        if arn not in self._of_role:
            asked = (self.steps.formula(_TAKES), role.here)
            others = [caller for caller in self.callers if caller.first.arn != arn]
            self._of_role[arn] = [caller for caller, _ in self.steps.callers(others, *asked)]
        return self._of_role[arn]

    def _begins_bare(self, role: Kind) -> bool:
        """Whether somebody begins a session of a role, or a user, that carries nothing."""
        arn = role.first.arn
        if arn not in self._bare:
            steps = self.steps
            ways = (steps.formula(_TAKES), steps.formula("step.enters"), steps.formula("step.service-takes-role"))
            nothing = (steps.without("sts:SourceIdentity"), steps.without("sts:TransitiveTagKeys"))
            asked = (steps.step(way, role.here, *nothing) for way in ways)
            self._bare[arn] = role.first.type == "user" or any(step is not None for step in asked)
        return self._bare[arn]

    def may_be_named(self, role: Kind) -> bool:
        """Whether anybody may set a source identity for sessions of a role."""
        sets = (self.steps.formula("step.enters-tagged"), self.steps.calls("sts:SetSourceIdentity"))
        asked = ((self.steps.formula(_NAMES),), sets)
        return any(self.steps.step(*each, role.here) is not None for each in asked)

    def begun(
        self, role: Kind, attributes: Attributes, keep: frozenset[str] = frozenset(), seen: tuple[str, ...] = ()
    ) -> list[Begun]:
        """Everybody who begins a session of a role with these attributes; tags of `keep` have to be transitive."""
        if len(seen) >= _HOPS or role.first.arn in seen:
            return []
        seen = (*seen, role.first.arn)
        key = (frozenset(seen), role.first.arn, frozenset(attributes.items()), keep)
        if key not in self._found:
            found: dict[str, Begun] = {}
            for one in (*self._from_outside(role, attributes, keep), *self._by_mine(role, attributes, keep, seen)):
                name = one.source.name if isinstance(one.source, Outsider) else one.source.first.arn
                if name not in found or one.rank < found[name].rank:
                    found[name] = one
            self._found[key] = list(found.values())
        return self._found[key]

    def _from_outside(self, role: Kind, attributes: Attributes, keep: frozenset[str]) -> Iterator[Begun]:
        transitive = [self.transitive(name) for name in sorted(keep)]
        for who in self.outside:
            if self.steps.step(self.steps.formula("step.enters"), who.entering, role.here) is None:
                continue
            found = brought_by(self.steps, who, role.first, dict(attributes), transitive)
            if found is not None:
                yield Begun(who, self.hops(found, _words(attributes, keep)), frozenset())

    def _by_mine(
        self, role: Kind, attributes: Attributes, keep: frozenset[str], seen: tuple[str, ...]
    ) -> Iterator[Begun]:
        for caller in self.takers(role):
            for inherited in _parts(caller, attributes):
                moved = frozenset(name for name in inherited if name.startswith(_TAG))
                alone = False
                for requests, own in self._hop(caller, role, attributes, inherited, keep):
                    hops = self.hops(requests, _words(attributes, keep, inherited))
                    if not own:
                        yield Begun(caller, hops, moved)
                        alone = all(step.sure for step in requests) and self._begins_bare(caller)
                    for before in self.begun(caller, own, moved, seen) if own else ():
                        yield Begun(before.source, (*before.hops, *hops), moved)
                if alone:
                    break

    def hops(self, requests: Sequence[Step], words: str) -> tuple[tuple[Steps, Step, str], ...]:
        """Requests of a hop, whose session is known to be begun."""
        return tuple((self.steps, replace(step, carried=False), words) for step in requests)

    def _hop(
        self, caller: Kind, role: Kind, attributes: Attributes, inherited: frozenset[str], keep: frozenset[str]
    ) -> list[tuple[list[Step], Attributes]]:
        """The requests by which a caller takes a role so, and what its own session carries for that."""
        steps, sent = self.steps, [role.here, calls(caller.first)]
        of_call: dict[str, list[Formula]] = {_TAKES: [], _TAGS: [], _NAMES: []}
        for name, value in attributes.items():
            call, of_request = _NAMES if name == _SOURCE_IDENTITY else _TAGS, sent_as(name)
            if name == _SOURCE_IDENTITY:
                sent.append(steps.has_value(name, value) if name in inherited else steps.without(name))
            elif name in inherited:
                sent += [steps.has_value(name, value), steps.without(of_request)]
                continue
            sets = [steps.has_value(of_request, value), *([self.transitive(name)] if name in keep else [])]
            for other in of_call:  # beside its own call AWS need not fill the key in
                if other in (call, _TAKES):
                    of_call[other] += sets
                else:
                    of_call[other] += [disj((steps.without(of_request), sets[0]))]
        if _SOURCE_IDENTITY not in attributes:  # it would go on
            sent += [steps.without(_SOURCE_IDENTITY), steps.without("sts:SourceIdentity")]
        asked = {name: (*sent, *of_call[name]) for name in calls_for(attributes)}
        return self.of_one_session(caller, asked, {n: attributes[n] for n in inherited})

    def of_one_session(
        self, caller: Kind, asked: Mapping[str, Sequence[Formula]], fixed: Attributes
    ) -> list[tuple[list[Step], Attributes]]:
        """The requests that one session makes together, and what it carries: at least what is `fixed`.

        `asked`: what each request satisfies, by the name of its formula. Several ways where one asks for more than
        what is fixed.
        """
        steps, gone = self.steps, list[Formula]()
        out: list[tuple[list[Step], Attributes]] = []
        for _ in range(_TRIES):
            alone = [steps.step(steps.formula(name), *sent, *gone) for name, sent in asked.items()]
            if not all(alone):
                return out
            each = [{**self.least(caller, step), **fixed} for step in alone if step]
            together = {name: value for one in each for name, value in one.items()}
            further = [own for number, own in enumerate((*each, together)) if own not in (*each, together)[:number]]
            for own in ([] if out and out[0][1] == fixed else [dict(fixed)]) + [o for o in further if o != fixed]:
                session = steps.session_with(caller.first, own)
                found = [steps.step(steps.formula(name), *sent, session) for name, sent in asked.items()]
                requests = [step for step in found if step]
                if len(requests) == len(asked):
                    out.append((requests, own))
                if len(requests) == len(asked) and own == fixed and all(step.sure for step in requests):
                    return out
            more = [{n: v for n, v in own.items() if n not in fixed} for own in further]
            if not any(more):
                self.unsure = self.unsure or not out
                return out
            gone += [neg(conj(steps.has_value(n, v) for n, v in one.items())) for one in more if one]
        self.unsure = True
        return out

    def least(self, caller: Kind, step: Step) -> dict[str, str]:
        """What a session has to carry for a step: of what it carries, nothing that it may go without."""
        attributes = attributes_of(self.steps, caller.first, step) if step.carried or not step.sure else {}
        for name in sorted(attributes):
            fewer = {other: value for other, value in attributes.items() if other != name}
            asked = (*self.steps.without_mode(step), self.steps.session_with(caller.first, fewer))
            found = self.steps.step(*asked)
            if found is not None and (found.sure or not step.sure):
                attributes = fewer
        return attributes

    def transitive(self, name: str) -> Formula:
        """The request sets a tag as transitive."""
        key = name.removeprefix(_TAG)
        return disj(self.steps.among("sts:TransitiveTagKeys", one) for one in self.steps.spellings(key))


def sent_as(name: str) -> str:
    """The key of the request that sets an attribute of the session."""
    return name.replace(_TAG, "aws:requesttag/").replace(_SOURCE_IDENTITY, "sts:sourceidentity")


def calls_for(attributes: Attributes) -> list[str]:
    """What a session with these attributes is asked for when it begins, as names of formulas."""
    tags = [_TAGS] if any(name.startswith(_TAG) for name in attributes) else []
    return [_TAKES, *tags, *([_NAMES] if _SOURCE_IDENTITY in attributes else [])]


def _parts(caller: Kind, attributes: Attributes) -> Iterator[frozenset[str]]:
    """What of some attributes may be inherited, smallest parts first: users have no session to inherit from."""
    most = 0 if caller.first.type == "user" else len(attributes)
    sizes = range(most + 1) if most <= _SPLIT else (0, most)
    for size in sizes:
        yield from map(frozenset, combinations(sorted(attributes), size))
    if most > _SPLIT and _SOURCE_IDENTITY in attributes:
        yield frozenset([_SOURCE_IDENTITY])
        yield frozenset(attributes) - {_SOURCE_IDENTITY}


def _words(attributes: Attributes, keep: frozenset[str], inherited: frozenset[str] = frozenset()) -> str:
    """What a hop does, in words."""
    parts = []
    for name, value in attributes.items():
        more = ", transitive" if name in keep else ""
        parts.append(f"{'carries on' if name in inherited else 'sets'} {name} = {value}{more}")
    return "; ".join(parts)
