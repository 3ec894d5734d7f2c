"""Calls that three-valued evaluation leaves open: can some value of what is not told allow them, and some deny them?

Both questions are asked of the solver, under the environment axioms, about what is open of the statements.  What else
the event tells is left out where it is not compared with, so that more requests count than can have been: what is
unsatisfiable stays so.  Only if both are satisfiable does the answer depend on the missing keys; if neither is, the
event contradicts the axioms and stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.evaluate.partial import RESOURCE, looks_at
from perimeter_smt.logic.formula import Formula, both, disj, neg
from perimeter_smt.policy.document import Document, PrincipalEntry, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.verdicts import only
from perimeter_smt.questions.documents import pose
from perimeter_smt.questions.replay.judge import ALLOW, Judged, Left, Open, undecided
from perimeter_smt.request.actions import services
from perimeter_smt.request.keys import key_info
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

_CALLERS = {"role-session": "role", "user": "user", "root": "root", "federated-user": "federated-user"}
_OPERATORS = {"IPAddress": "IpAddress", "Bool": "Bool", "Numeric": "NumericEquals", "Date": "DateEquals"}


@dataclass
class Solver:
    """Decides what is left open, each shape once. `partition`: where requests lie."""

    partition: str
    limits: Limits | None = None
    asked: int = field(default=0, init=False)
    _known: dict[object, Judged] = field(default_factory=dict, init=False)

    def __call__(self, left: Left) -> Judged:
        """Allow or deny where no value turns the answer, else what it depends on."""
        kind = _CALLERS.get(left.call.caller.type)
        if kind is None:
            return undecided(left)
        pin = _pin(left)
        shape = tuple(tuple(map(_shape, level)) for level in (left.denies, *left.levels))
        key = (kind, repr(pin), shape)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 100_000:
                self._known.clear()
            found = self._known[key] = self._bound(left, self._decided(left, kind, pin))
        return found

    def _bound(self, left: Left, found: Judged) -> Judged:
        """A denial counts where those policies deny that surely bind the call."""
        if found.outcome != "deny" or all(each.binds for each in _every(left)):
            return found
        denies = tuple(each for each in left.denies if each.binds)
        levels = tuple(level for level in left.levels if all(each.binds for each in level))
        surely = self(Left(left.call, denies, levels)) if denies or levels else ALLOW
        return surely if surely.outcome == "deny" else undecided(left)

    def _decided(self, left: Left, kind: str, pin: Sequence[dict[str, Any]]) -> Judged:
        self.asked += 1
        event = parse_object({"Version": "2012-10-17", "Statement": list(pin)}, Kind.RESOURCE, file="(event)",
                             name="event", strict=False)  # fmt: skip
        action = left.call.action
        denies = _documents(left.denies, action)
        levels = [_documents(level, action) for level in left.levels]

        def build(policies: Policies) -> tuple[Formula, Formula]:
            here = both(policies.allows((event,)), neg(policies.denies((event,))), sym_is(kind))
            denied = policies.denies(denies)
            passed = [policies.allows(level) for level in levels]
            return both(here, neg(denied), *passed), both(here, disj((denied, *(neg(each) for each in passed))))

        documents = (event, *denies, *(document for level in levels for document in level))
        posed = pose(documents, build, services=_services(action))
        engine = Engine(posed.problem, self.limits or Limits())
        allowed, denied = (engine.check([formula, posed.mode]).status for formula in posed.formulas)
        if (allowed, denied) == ("sat", "unsat"):
            return ALLOW
        if (allowed, denied) == ("unsat", "sat"):
            references = tuple(each.statement.reference(each.slot) for each in left.denies)
            return Judged("deny", references, (), "whatever the keys are that the event does not tell")
        return undecided(left)


def _services(action: str) -> tuple[str, ...]:
    """The service of the one action that is asked about."""
    service = action.partition(":")[0].lower()
    return tuple(name for name in services() if name == service)


def _shape(each: Open) -> object:
    return id(each.statement), each.conditions, RESOURCE in each.depends, each.binds


def _documents(opens: Sequence[Open], action: str) -> tuple[Document, ...]:
    """The documents of open statements, with nothing but what is open of these."""
    found: dict[int, tuple[Document, list[Open]]] = {}
    for each in opens:
        found.setdefault(id(each.document), (each.document, []))[1].append(each)
    return tuple(only(document, [_what_is_open(each, action) for each in some]) for document, some in found.values())


def _what_is_open(each: Open, action: str) -> Statement:
    """The statement without the parts that hold, so that calls that differ in these alone are asked once.

    It names the action that it matched and no other: the problem is about the calls of one service.
    """
    statement = each.statement.statement
    own = replace(statement.action, negated=False, values=(action,))
    resource, principal = statement.resource, statement.principal
    if resource is not None and RESOURCE not in each.depends and not _resource_keys(each):
        resource = replace(resource, negated=False, values=("*",))
    if principal is not None:
        principal = replace(principal, negated=False, entries=(PrincipalEntry(type="*", value="*"),))
    kept = tuple(statement.conditions[number] for number in each.conditions)
    return replace(statement, action=own, resource=resource, principal=principal, conditions=kept)


def _resource_keys(each: Open) -> frozenset[str]:
    return looks_at(each.statement, each.document.has_variables).resource


def _pin(left: Left) -> list[dict[str, Any]]:
    """Statements that allow exactly what the event tells about the keys that the open statements look at."""
    call = left.call
    arn = call.touched.arn if any(_resource_keys(each) for each in _every(left)) else None
    resource = "*" if arn in (None, "*") else str(arn).replace("*", "${*}").replace("?", "${?}")
    base: dict[str, Any] = {"Principal": "*", "Action": call.action, "Resource": resource}
    looked = sorted({name for each in _every(left) for name in _keys(each)})
    condition: dict[str, dict[str, Any]] = {}
    for name in looked:
        value = call.known.values.get(name)
        if value is not None:
            for operator in _operators(name):
                shown = list(value) if isinstance(value, tuple) else value
                condition.setdefault(operator, {})[name] = shown
        elif name in call.known.absent:
            condition.setdefault("Null", {})[name] = "true"
    out = [{"Effect": "Allow", **base, **({"Condition": condition} if condition else {})}]
    for name in looked:
        choice = call.known.choices.get(name)
        if choice is not None and choice.never:
            named = list(choice.never)
            several = "ForAnyValue:" if key_info(name).multivalued else ""
            out.append({"Effect": "Deny", **base, "Condition": {f"{several}StringLike": {name: named}}})
    return out


def _every(left: Left) -> list[Open]:
    return [*left.denies, *(each for level in left.levels for each in level)]


def _keys(each: Open) -> frozenset[str]:
    """The keys that what is open of a statement looks at."""
    looks = looks_at(each.statement, each.document.has_variables)
    return looks.resource.union(*(looks.conditions[number][1] for number in each.conditions))


def _operators(name: str) -> tuple[str, ...]:
    info = key_info(name)
    if info.multivalued:
        return "ForAnyValue:StringEquals", "ForAllValues:StringEquals"
    return (_OPERATORS.get(info.type, "StringEquals"),)
