"""Single steps of a chain (C2): who may make a call on whom, in one encoded workspace.

A step that is possible in some reading of AWS is a step; one that needs a rival reading, or a soft axiom not to hold,
is not `sure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.world import credentials
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.encode.world.world import all_documents, build
from perimeter_smt.errors import PerimeterError
from perimeter_smt.logic.atoms import Member, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import Formula, atom, both, conj, disj, neg
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.keys import table_rows
from perimeter_smt.solve.result import Result

_RESOURCES_LISTED = "organization.yaml lists every resource"
_TAG = "aws:principaltag/"
_SOURCE_IDENTITY = "aws:sourceidentity"
_FORMULAS = (
    *("C1.premise", "C1.conclusion", "my-iam", "step", "step.takes-role", "step.tags-session"),
    *("step.sets-source-identity", "step.passes-role", "step.service-takes-role", "step.enters"),
)
_CALLS = (
    *("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:assumeroot"),
    *("sts:getfederationtoken", "sts:getsessiontoken", "sts:tagsession", "sts:setsourceidentity"),
    *("iam:passrole", "iam:tagrole", "iam:taguser", "iam:createrole", "iam:createuser"),
)


class UndecidedError(PerimeterError):
    """A step that the solver could not decide: no path that may go over it is proved absent."""


@dataclass(frozen=True)
class Step:
    """A possible call: the formulas that it satisfies, the request found, and whether it needs no rival reading."""

    asked: tuple[Formula, ...]
    result: Result
    sure: bool


def table_calls() -> frozenset[str]:
    """Every call that the tables of this question speak of, in lower case."""
    found = {row["action"] for name in ("escalation-actions", "guardrail-actions") for row in table_rows(name)}
    found |= {call for row in table_rows("pass-role-paths") for call in row["calls"]}
    return frozenset(name.lower() for name in found) | frozenset(_CALLS)


class Steps:
    """The questions on single steps. `workspace` is what is encoded, `tags` the tag keys that steps may set."""

    def __init__(self, workspace: Workspace, asking: Asking, tags: Iterable[str] = ()) -> None:
        calls = table_calls()
        services = sorted({name.partition(":")[0] for name in calls})
        keys = [f"aws:requesttag/{tag}".lower() for tag in tags]
        documents = all_documents(workspace, grants_too=True)
        tested = {c.name.lower() for d in documents for statement in d.statements for c in statement.conditions}
        keys += [name.replace(_TAG, "aws:requesttag/") for name in sorted(tested) if name.startswith(_TAG)]
        keys += ["sts:sourceidentity"] if _SOURCE_IDENTITY in tested else []
        world = build(
            workspace, services, free_grants=False, objectives=(), asked=_FORMULAS,
            also_keys=(credentials.EXTERNAL_ID, "iam:passedtoservice", *keys), also_defined=credentials.definitions,
            actions=calls,
        )  # fmt: skip
        # Managed policies, groups, functions and instances are not listed as identities are: any may be there.
        world.assertions = [a for a in world.assertions if not a.name.startswith(_RESOURCES_LISTED)]
        self.workspace, self.world = workspace, world
        also = [*(self.calls(name) for name in sorted(calls)), *(world.formula(name) for name in _FORMULAS)]
        self.run: Run = prepare(world, (), asking.reading, False, 1, asking.limits, (), also=also)

    def calls(self, *names: str) -> Formula:
        """The action is one of these."""
        return disj(atom(Member(CALL, f"action={name.lower()}")) for name in names)

    def formula(self, name: str) -> Formula:
        """A predicate of the formal text."""
        return self.world.formula(name)

    def step(self, *asked: Formula) -> Step | None:
        """A request that satisfies all formulas under some reading; None if there is none under any."""
        both_ways = self.run.reading != "exact"
        result = self.run.ask(*asked, self.run.over if both_ways else self.run.exact)
        if result.status == "unknown":
            raise UndecidedError(result.reason or "a step was not decided")
        if result.status == "unsat":
            return None
        exact = self.run.ask(*asked, self.run.exact) if both_ways else result
        if exact.status == "sat":
            return Step((*asked, self.run.exact), exact, True)
        return Step((*asked, self.run.over), result, False)

    def callers(self, kinds: Sequence[Kind], *asked: Formula) -> Iterator[tuple[Kind, Step]]:
        """Each of the kinds that satisfies all formulas as the caller, with its step."""
        left = list(kinds)
        while left:
            found = self.step(*asked, disj(calls(kind.first) for kind in left))
            if found is None:
                return
            kind = self._who(found.result, left)
            if not found.sure:  # this one may do without the rival reading
                own = self.step(*asked, calls(kind.first))
                found = own or found
            yield kind, found
            left = [other for other in left if other is not kind]

    def _who(self, result: Result, kinds: Sequence[Kind]) -> Kind:
        assert result.model is not None
        texts = result.model.texts
        arn = f":iam::{texts.get('principal.account')}:{texts.get('principal.name')}"
        return next(kind for kind in kinds if kind.first.arn.endswith(arn))

    @property
    def attributes(self) -> bool:
        """Whether some policy looks at what a session may carry from its beginning: tags, a source identity."""
        return any(name.startswith((_TAG, _SOURCE_IDENTITY)) for name in self.world.keys.known)

    def plain_session(self, principal: OwnedPrincipal) -> Formula:
        """The caller's session carries nothing that somebody set when it began: no source identity, no session tags."""
        known = self.world.keys.known
        given = {f"{_TAG}{name}".lower(): value for name, value in principal.tags.items()}
        out = [neg(known[_SOURCE_IDENTITY].has)] if _SOURCE_IDENTITY in known else []
        for name in sorted(known):
            if name.startswith(_TAG) and known[name].has.op == "sym":
                value = given.get(name)
                out.append(neg(known[name].has) if value is None else self.has_value(name, value))
        return conj(out)

    def has_value(self, name: str, value: str) -> Formula:
        """A condition key has a value; true where nothing looks at the key."""
        key = self.world.keys.known.get(name.lower())
        if key is None:
            return conj(())
        return both(key.has, glob_on(key.term, (Text(value),) if value else ()))

    def shown(self, step: Step, why: str) -> Counterexample:
        """The request of a step, made plain and replayed."""
        services = tuple(self.run.groups[0].services)
        result, departs = step.result, tuple[str, ...]()
        asked = step.asked
        if not step.sure:
            result, granted, departs = self.run.tightest(asked, result)
            asked = (*asked, *granted)
        result = self.run.plain(services, asked, result, like=f"step {len(asked)}")
        found = explain.counterexample(self.world, "C2", result, "hole", departs=departs, resources_listed=False)
        return replace(found, why=why)


def calls(principal: OwnedPrincipal) -> Formula:
    """The caller is this user, or a session of this role."""
    return both(is_caller(principal), neg(sym_is("federated-user")))
