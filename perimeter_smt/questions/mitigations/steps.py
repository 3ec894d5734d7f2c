"""Single steps of a chain (C2): who may make a call on whom, in one encoded workspace.

A step that is possible in some reading of AWS is a step; one that needs a rival reading, or a soft axiom not to hold,
is not `sure`. Who may make a kind of step on whom is asked of all at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.world import credentials
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.encode.world.world import all_documents, build
from perimeter_smt.errors import PerimeterError
from perimeter_smt.logic.atoms import Member, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import TRUE, Formula, atom, both, conj, disj, implies, neg
from perimeter_smt.logic.interpret import Model
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions.firm import firm
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.tested import all_types, on_type_of, perhaps_on, tested_on
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.result import Result

K = TypeVar("K", bound=Hashable)
_PAIRS = 1500  # pairs of caller and target that are asked of all at once; more are asked by target
_GONE = 48  # options ruled out one by one before the rest is said anew
_RESOURCES_LISTED = "organization.yaml lists every resource"
_TAG = "aws:principaltag/"
_SOURCE_IDENTITY = "aws:sourceidentity"
_FORMULAS = (
    *("C1.premise", "C1.conclusion", "my-iam", "step", "step.takes-role", "step.tags-session"),
    *("step.sets-source-identity", "step.passes-role", "step.service-takes-role", "step.enters"),
    *("step.takes-rewritten", "step.taken-by-others", "step.enters-tagged"),
    *("credentials.to-permission-set", "credentials.of-permission-set"),
)
_CALLS = (
    *("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:assumeroot"),
    *("sts:getfederationtoken", "sts:getsessiontoken", "sts:tagsession", "sts:setsourceidentity"),
    *(
        "iam:passrole",
        "iam:tagrole",
        "iam:taguser",
        "iam:untagrole",
        "iam:untaguser",
        "iam:createrole",
        "iam:createuser",
        "iam:updateuser",
    ),
)


class UndecidedError(PerimeterError):
    """A step that the solver could not decide: no path that may go over it is proved absent."""


@dataclass(frozen=True)
class Step:
    """A possible call: the formulas that it satisfies, the request found, and whether it needs no rival reading.

    `carried`: only a session that carries tags or a source identity of its own makes it. `further`: the same call on
    what else AWS tests it on. `in_part`: it is stopped on something of which AWS does not say whether it is tested.
    """

    asked: tuple[Formula, ...]
    result: Result
    sure: bool
    carried: bool = False
    further: tuple[Step, ...] = ()
    in_part: bool = False

    @property
    def certain(self) -> bool:
        """Whether it needs neither a rival reading nor what somebody set when the session began."""
        return self.sure and not self.carried and not self.in_part and all(step.certain for step in self.further)


def table_calls() -> frozenset[str]:
    """Every call that the tables of this question speak of, in lower case."""
    found = {row["action"] for name in ("escalation-actions", "guardrail-actions") for row in table_rows(name)}
    found |= {call for row in table_rows("pass-role-paths") for call in row["calls"]}
    return frozenset(name.lower() for name in found) | frozenset(_CALLS)


class Steps:
    """The questions on single steps. `workspace` is what is encoded, `tags` the tag keys that steps may set.

    `only`: the calls in question, in lower case, where they are not those of the tables.
    """

    def __init__(
        self, workspace: Workspace, asking: Asking, tags: Iterable[str] = (), only: Collection[str] | None = None
    ) -> None:
        self.asking, self.tags = asking, tuple(tags)
        calls = table_calls() if only is None else frozenset(only)
        services = sorted({name.partition(":")[0] for name in calls})
        keys = [f"aws:requesttag/{tag}".lower() for tag in tags]
        documents = all_documents(workspace, grants_too=True)
        tested = {c.name.lower() for d in documents for statement in d.statements for c in statement.conditions}
        keys += [name.replace(_TAG, "aws:requesttag/") for name in sorted(tested) if name.startswith(_TAG)]
        keys += [_SOURCE_IDENTITY, "sts:sourceidentity"] if {_SOURCE_IDENTITY, "sts:sourceidentity"} & tested else []
        self._spelled = {
            *(v for d in documents for s in d.statements for c in s.conditions for v in c.values),
            *(c.name.partition("/")[2] for d in documents for s in d.statements for c in s.conditions),
        }
        world = build(
            workspace, services, free_grants=False, objectives=(), asked=_FORMULAS,
            also_keys=(credentials.EXTERNAL_ID, "iam:passedtoservice", *keys), also_defined=credentials.definitions,
            actions=calls,
        )  # fmt: skip
        # Managed policies, groups, functions and instances are not listed as identities are: any may be there.
        world.assertions = [a for a in world.assertions if not a.name.startswith(_RESOURCES_LISTED)]
        self.workspace, self.world = workspace, world
        self._of_sessions: list[Formula] = []  # what was asked of sessions
        self._of_kind: dict[str, Formula] = {}  # by ARN: the caller is one of its kind
        also = [*(self.calls(name) for name in sorted(calls)), *(world.formula(name) for name in _FORMULAS)]
        also += all_types()
        self.run: Run = prepare(world, (), asking.reading, False, 1, asking.limits, (), also=also, often=True)

    def again(self, workspace: Workspace) -> Steps:
        """The same questions on another workspace."""
        return Steps(workspace, self.asking, self.tags)

    def about(self, calls: Collection[str], tag: str) -> Steps:
        """Questions on other calls of this workspace, which may set a tag."""
        return Steps(self.workspace, self.asking, (tag,), calls)

    def calls(self, *names: str) -> Formula:
        """The action is one of these."""
        return disj(atom(Member(CALL, f"action={name.lower()}")) for name in names)

    def formula(self, name: str) -> Formula:
        """A predicate of the formal text."""
        return self.world.formula(name)

    def step(self, *asked: Formula) -> Step | None:
        """A request that satisfies all formulas, without a rival reading if it can; None if there is none under any."""
        for more, mode, carried in self._modes:
            result = self._ask(*asked, *more, mode)
            if result.status == "sat":
                return Step((*asked, *more, mode), result, mode is self.run.exact, carried)
        return None

    def each(
        self,
        options: Mapping[K, Formula],
        which: Callable[[Step], K],
        *asked: Formula,
        texts: Callable[[K], Mapping[str, str]],
    ) -> Iterator[tuple[K, Step]]:
        """Each option that some request satisfies with all formulas; those that need no rival reading come first.

        All are asked at once, so that one check more than there are options found tells that there are no others.
        `which` reads the option off a request, `texts` are what tells it from others: a request of one option is tried
        for the others before anything is searched.
        """
        left = dict(options)
        some, gone = disj(left.values()), list[Formula]()
        for more, mode, carried in self._modes:
            sure = mode is self.run.exact
            while left:
                if len(gone) >= _GONE:
                    some, gone = disj(left.values()), []
                found = self._ask(*asked, some, *gone, *more, mode)
                if found.status == "unsat":
                    break
                key = which(Step((), found, sure))
                for other, result in ((key, found), *self._others(found, key, left, (*asked, *more, mode), texts)):
                    here = left.pop(other)
                    gone.append(neg(here))
                    yield other, Step((*asked, here, *more, mode), result, sure, carried)

    def _others(
        self,
        found: Result,
        key: K,
        left: Mapping[K, Formula],
        asked: tuple[Formula, ...],
        texts: Callable[[K], Mapping[str, str]],
    ) -> list[tuple[K, Result]]:
        """Options that the request of one also fits."""
        changes = [(here, texts(other)) for other, here in left.items() if other != key]
        results = self.run.engine.vary(found, asked, changes)
        others = (other for other in left if other != key)
        return [(other, result) for other, result in zip(others, results, strict=True) if result is not None]

    @property
    def _modes(self) -> tuple[tuple[tuple[Formula, ...], Formula, bool], ...]:
        """How steps are asked, and whether sessions carry something then: what needs no rival reading first.

        Sessions without tags and source identity come before others: nobody need be able to set any.
        """
        exact = (((), self.run.exact, self.attributes),)
        bare = (((self._bare,), self.run.exact, False),) if self.attributes else ()
        over = (((), self.run.over, False),) if self.run.reading != "exact" else ()
        return (*bare, *exact, *over)

    @cached_property
    def _bare(self) -> Formula:
        """No session of a listed identity carries anything that somebody set when it began."""
        listed = [p for account, _ in self.workspace.organization.accounts() for p in account.principals]
        same: dict[str, list[Formula]] = {}
        plain: dict[str, Formula] = {}
        for principal in listed:
            key = json.dumps(sorted(principal.tags.items()))
            plain[key] = plain.get(key) or self.plain_session(principal)
            same.setdefault(key, []).append(calls(principal))
        return conj(implies(disj(who), plain[key]) for key, who in same.items())

    def whole(self, step: Step, caller: Formula, *by: Formula) -> Step | None:
        """A step with the same call on what else AWS tests it on, or another that satisfies `by`; None: all stop."""
        stopped: list[Formula] = []
        in_part: Step | None = None
        found: Step | None = step
        while found is not None:
            further = self._further(found, caller)
            if further is not None and further.in_part:
                in_part = in_part or further
            elif further is not None:
                return further
            stopped.append(neg(self.calls(call_of(self, found))))
            found = self.step(*by, *stopped)
        return in_part

    def _further(self, step: Step, caller: Formula) -> Step | None:
        """The step with the same call on what else it is tested on; None where it does not get through on something."""
        row = self.world.calls.rows[next(iter(_model(step).rows.values()))]
        out, in_part = [], False
        groups = [(group, True) for group in tested_on(row.lowered)]
        groups += [(group, False) for group in perhaps_on(row.lowered)]
        for group, demanded in groups:
            if row.type in group:  # what is shown of it is of these types as well
                step = replace(step, asked=(on_type_of(group), *step.asked))
                continue
            other = self.step(self.formula("step"), self.calls(row.lowered), on_type_of(group), caller)
            if other is not None:
                out.append(other)
            elif demanded:
                return None
            else:
                in_part = True
        return replace(step, further=tuple(out), in_part=in_part)

    def _ask(self, *formulas: Formula) -> Result:
        result = self.run.ask(*formulas)
        if result.status == "unknown":
            raise UndecidedError(result.reason or "a step was not decided")
        return result

    def _calling(self, kind: Kind) -> Formula:
        """The caller is one of a kind; the same formula each time."""
        arn = kind.first.arn
        if arn not in self._of_kind:
            self._of_kind[arn] = calls(kind.first)
        return self._of_kind[arn]

    def callers(self, kinds: Sequence[Kind], *asked: Formula) -> Iterator[tuple[Kind, Step]]:
        """Each of the kinds that satisfies all formulas as the caller, with its step."""
        by_name = {end_of(kind): kind for kind in kinds}
        options = {name: self._calling(kind) for name, kind in by_name.items()}
        for name, step in self.each(options, caller_of, *asked, texts=as_caller):
            found = self.whole(step, calls(by_name[name].first), *asked, options[name])
            if found is not None:
                yield by_name[name], found

    def pairs(
        self,
        callers: Sequence[Kind],
        kinds: Sequence[Kind],
        *asked: Formula,
        alone: bool = False,
        done: Collection[tuple[str, str]] = (),
    ) -> Iterator[tuple[Kind, Kind, Step]]:
        """Each caller and kind acted upon for which all formulas hold; `alone`: also who acts on himself.

        `done`: pairs of ARNs that are not asked again.
        """
        if len(callers) * len(kinds) > _PAIRS:
            for kind in kinds:
                others = [one for one in callers if alone or one.first.arn != kind.first.arn]
                left = [one for one in others if (one.first.arn, kind.first.arn) not in done]
                for caller, step in self.callers(left, *asked, kind.here):
                    yield caller, kind, step
            return
        by_name = {(end_of(one), end_of(kind)): (one, kind) for kind in kinds for one in callers}
        options = {
            names: both(self._calling(one), kind.here)
            for names, (one, kind) in by_name.items()
            if (alone or one.first.arn != kind.first.arn) and (one.first.arn, kind.first.arn) not in done
        }

        for names, step in self.pairs_of(options, *asked):
            yield (*by_name[names], step)

    def pairs_of(
        self, options: Mapping[tuple[str, str], Formula], *asked: Formula
    ) -> Iterator[tuple[tuple[str, str], Step]]:
        """Each of some pairs of caller and target, by the ends of their ARNs, for which all formulas hold."""

        def who(step: Step) -> tuple[str, str]:
            return caller_of(step), target_of(step)

        return self.each(options, who, *asked, texts=lambda names: as_caller(names[0]) | as_target(names[1]))

    @property
    def attributes(self) -> bool:
        """Whether some policy looks at what a session may carry from its beginning: tags, a source identity."""
        return any(name.startswith((_TAG, _SOURCE_IDENTITY)) for name in self.world.keys.known)

    def plain_session(self, principal: OwnedPrincipal) -> Formula:
        """The caller's session carries nothing that somebody set when it began: no source identity, no session tags."""
        return self.session_with(principal, {})

    def session_with(self, principal: OwnedPrincipal, attributes: Mapping[str, str]) -> Formula:
        """The caller's session carries these session tags and this source identity, and no others."""
        known = self.world.keys.known
        given = {f"{_TAG}{name}".lower(): value for name, value in principal.tags.items()} | dict(attributes)
        out = []
        if _SOURCE_IDENTITY in known:
            value = attributes.get(_SOURCE_IDENTITY)
            out = [self.without(_SOURCE_IDENTITY) if value is None else self.has_value(_SOURCE_IDENTITY, value)]
        for name in sorted(known):
            if name.startswith(_TAG) and known[name].has.op == "sym":
                value = given.get(name)
                out.append(neg(known[name].has) if value is None else self.has_value(name, value))
        return self.of_session(conj(out))

    def of_session(self, formula: Formula) -> Formula:
        """What is asked of a session, so that it is known for it in `without_session`."""
        self._of_sessions.append(formula)
        return formula

    def has_value(self, name: str, value: str) -> Formula:
        """A condition key has a value; true where nothing looks at the key."""
        key = self.world.keys.known.get(name.lower())
        if key is None:
            return conj(())
        return both(key.has, glob_on(key.term, (Text(value),) if value else ()))

    def without(self, name: str) -> Formula:
        """The request does not carry a condition key; true where nothing looks at the key."""
        key = self.world.keys.known.get(name.lower())
        return TRUE if key is None else neg(key.has)

    def spellings(self, name: str) -> list[str]:
        """How the policies spell a tag key; in lower case where they do not."""
        return sorted({name, *(text for text in self._spelled if text.lower() == name)})

    def without_mode(self, step: Step) -> tuple[Formula, ...]:
        """What a step was asked for, but for the reading and the session that it was found with."""
        ways = [mode for _, mode, _ in self._modes] + [one for more, _, _ in self._modes for one in more]
        return tuple(formula for formula in step.asked if not any(formula is way for way in ways))

    def without_session(self, step: Step) -> tuple[Formula, ...]:
        """What a step was asked for, but for the reading and what the session was to carry."""
        return tuple(one for one in self.without_mode(step) if not any(one is other for other in self._of_sessions))

    def value(self, step: Step, name: str) -> str | None:
        """What the request of a step holds in a condition key; None where it does not carry it."""
        key, model = self.world.keys.known.get(name.lower()), _model(step)
        if key is None or key.has.op != "sym" or not model.symbols.get(str(key.has.payload), False):
            return None
        return model.texts.get(str(key.has.payload).removeprefix("has "), "")

    def text(self, step: Step, name: str) -> str:
        """A text of the request of a step."""
        return _model(step).texts.get(name, "")

    def carries(self, name: str) -> Formula:
        """The request carries a condition key; true where nothing looks at the key."""
        key = self.world.keys.known.get(name.lower())
        return TRUE if key is None else key.has

    def among(self, name: str, value: str) -> Formula:
        """A condition key of several values has this one; true where nothing looks at the key."""
        key = self.world.keys.known.get(name.lower())
        if key is None:
            return TRUE
        return both(key.has, disj(both(slot.has, glob_on(slot.term, (Text(value),))) for slot in key.slots))

    def shown(self, step: Step, why: str) -> Counterexample:
        """The request of a step, made plain and replayed."""
        result, departs = step.result, tuple[str, ...]()
        asked = step.asked
        if not step.sure:
            result, granted, departs = self.run.tightest(asked, result)
            asked = (*asked, *granted)
        found = self._plain(asked, result, departs)
        if step.sure:
            found = firm(self.run, asked, found, lambda result, both_ways: self._plain(both_ways, result))
        return replace(found, why=why)

    def _plain(self, asked: tuple[Formula, ...], result: Result, departs: tuple[str, ...] = ()) -> Counterexample:
        result = self.run.plain(tuple(self.run.groups[0].services), asked, result, like=f"step {len(asked)}")
        return explain.counterexample(self.world, "C2", result, "hole", departs=departs, resources_listed=False)


def _model(step: Step) -> Model:
    assert step.result.model is not None
    return step.result.model


def call_of(steps: Steps, step: Step) -> str:
    """The call of a step, in lower case."""
    return steps.world.calls.rows[next(iter(_model(step).rows.values()))].lowered


def caller_of(step: Step) -> str:
    """The caller of a step, by the end of its ARN."""
    return _texts(step, "principal.account", "principal.name")


def target_of(step: Step) -> str:
    """The identity that a step acts on, by the end of its ARN."""
    return _texts(step, "resource.account", "resource.name")


def as_caller(end: str) -> dict[str, str]:
    """The texts of a request by the identity with this end of its ARN."""
    account, name = end.split(":", 1)
    return {"principal.account": account, "principal.name": name}


def as_target(end: str) -> dict[str, str]:
    """The texts of a request on the identity with this end of its ARN."""
    account, name = end.split(":", 1)
    return {"resource.account": account, "resource.name": name}


def _texts(step: Step, *names: str) -> str:
    return ":".join(_model(step).texts.get(name, "") for name in names)


def end_of(kind: Kind) -> str:
    """The end of the ARN of who stands for a kind: account and name."""
    return kind.first.arn.split("::", 1)[1]


def calls(principal: OwnedPrincipal) -> Formula:
    """The caller is this user, or a session of this role."""
    return both(is_caller(principal), neg(sym_is("federated-user")))
