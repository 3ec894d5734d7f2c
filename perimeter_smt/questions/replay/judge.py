"""Guardrails on calls of which not everything is known: allow, deny, or depends on keys that the event does not tell.

Three-valued evaluation first (`evaluate.partial`); what it leaves open may be asked of the solver (`leftovers`).
Answers are remembered by what the matching statements look at, so that a million equal calls are judged once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from perimeter_smt.evaluate.checks import Check, checks
from perimeter_smt.evaluate.globs import SEPARATOR
from perimeter_smt.evaluate.partial import RESOURCE, Partial, Truth, looks_at, match
from perimeter_smt.evaluate.statements import CompiledStatement, StatementRef, compiled
from perimeter_smt.evaluate.view import View, cut
from perimeter_smt.organization.model import Endpoint
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.replay.calls import Call
from perimeter_smt.questions.requests.filled import Filler
from perimeter_smt.request.case import Case, Flags, Levels
from perimeter_smt.request.request import Request
from perimeter_smt.witness.case import OPEN, levels_of

Outcome = Literal["allow", "deny", "depends"]
_ORGANIZATION = re.compile(r"\bo-[a-z0-9]{10,32}\b")
_MOST = 10_000  # remembered answers


@dataclass(frozen=True, slots=True)
class Open:
    """A statement that matches or not by what is not known: which of its conditions are open; all others hold.

    `binds` is false where nobody knows whether its policy binds the call at all.
    """

    slot: str
    document: Document
    statement: CompiledStatement
    depends: tuple[str, ...]
    conditions: tuple[int, ...] = ()
    binds: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """What the guardrails say. `statements`: those that deny, or may; `depends`: keys that are not told."""

    outcome: Outcome
    statements: tuple[StatementRef, ...] = ()
    depends: tuple[str, ...] = ()
    detail: str = ""


ALLOW = Judged("allow")


@dataclass(frozen=True, slots=True)
class Left:
    """What three-valued evaluation leaves: statements that may deny, and levels that only open Allows let through."""

    call: Call
    denies: tuple[Open, ...]
    levels: tuple[tuple[Open, ...], ...]


Ask = Callable[[Left], Judged]


@dataclass(slots=True)
class _Row:
    slot: str
    document: Document
    statement: CompiledStatement
    keys: frozenset[str]
    by_resource: bool  # resources with variables: the ARN itself matters
    narrow: bool  # the ARN decides whether the statement speaks of it
    by_principal: bool  # it names callers


@dataclass
class Judge:
    """The guardrails of a workspace. `ask` decides what three-valued evaluation leaves open; None: it stays open."""

    workspace: Workspace
    ask: Ask | None = None
    _levels: dict[tuple[str | None, Kind], Levels | None] = field(default_factory=dict)
    _matching: dict[object, tuple[View, tuple[str, ...], tuple[_Row, ...], bool]] = field(default_factory=dict)
    _answers: dict[object, Judged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._filler = Filler(self.workspace, free_grants=True)
        self._endpoints: dict[str, Endpoint] = {
            endpoint.id: endpoint
            for account, _ in self.workspace.organization.accounts()
            for endpoint in account.endpoints
        }

    def named_organizations(self) -> frozenset[str]:
        """The organizations that guardrails name beside the workspace's own."""
        texts = (
            value
            for document in self.workspace.organization.documents()
            for statement in document.statements
            for condition in statement.conditions
            for value in condition.values
        )
        found = {name for text in texts for name in _ORGANIZATION.findall(text)}
        return frozenset(found - {self.workspace.organization.id})

    def judge(self, call: Call) -> Judged:
        """What the guardrails say to one call; where nobody knows whose the resource is, for each that may own it."""
        if call.by_owner:
            return _whoever([self.judge(each) for each in call.by_owner])
        slots, rows = self._rows(call)
        values, choices = call.known.values, call.known.choices
        keys = frozenset().union(*(row.keys for row in rows))
        arn = call.touched.arn if any(row.by_resource for row in rows) else call.touched.arn is None
        told = tuple((key, values.get(key), key in call.known.absent, choices.get(key)) for key in sorted(keys))
        caller = call.caller
        by_name = any(row.by_principal for row in rows)
        who = (caller.type, caller.account, caller.arn, caller.role_arn) if by_name else caller.type
        unsure = self._unsure(call, "scp"), self._unsure(call, "rcp")
        key = (slots, tuple(id(row.statement) for row in rows), unsure, arn, told, who)
        found = self._answers.get(key)
        if found is None:
            if len(self._answers) > _MOST:
                self._answers.clear()
            found = self._answers[key] = self._judged(call, rows)
        return found

    def _rows(self, call: Call) -> tuple[tuple[str, ...], tuple[_Row, ...]]:
        """The slots that bind a call, and their statements whose action and resource may match."""
        endpoint = call.known.values.get("aws:sourcevpce")
        caller, touched = call.caller, call.touched
        account = caller.account if caller.type != "service" else None
        on = touched.arn if touched.arn in (None, "*") else "one"
        key = (account, caller.service_linked, caller.type, touched.account, call.outside, on, call.action, endpoint)
        found = self._matching.get(key)
        if found is None:
            if len(self._matching) > _MOST:
                self._matching.clear()
            check = self._check(call)
            rows = tuple(self._speaking(check))
            narrow = any(row.narrow for row in rows)
            slots = tuple(slot for slot, _ in self._slots(check))
            found = self._matching[key] = (check.view, slots, rows, narrow)
        view, slots, rows, narrow = found
        if not narrow or touched.arn is None:
            return slots, rows
        fields = cut(touched.arn)
        view.resource, view.marked = touched.arn, SEPARATOR.join(fields) if fields else None
        return slots, tuple(row for row in rows if not row.narrow or row.statement.resource(view))

    def _speaking(self, check: Check) -> Iterator[_Row]:
        """The statements of what binds the call that speak of its action."""
        for slot, documents in self._slots(check):
            for document in documents:
                for statement in compiled(document, frozenset()).statements:
                    if statement.action(check.view):
                        looks = looks_at(statement, document.has_variables)
                        element = statement.statement.resource
                        everything = element is None or (element.values == ("*",) and not element.negated)
                        narrow = not everything and not looks.resource
                        yield _Row(
                            slot,
                            document,
                            statement,
                            looks.keys,
                            bool(looks.resource),
                            narrow,
                            _names_callers(statement),
                        )

    def _check(self, call: Call) -> Check:
        """The check of the evaluator, which knows whom guardrails bind."""
        caller, owner = call.caller, self._owner(call)
        service = call.action.partition(":")[0]
        request = Request(
            principal=caller,
            action=call.action,
            resource=call.touched.arn or f"arn:{self.workspace.organization.partition}:{service}:::",
            resource_account=owner,
            context=dict(call.known.values),
        )
        endpoint = self._endpoints.get(str(call.known.values.get("aws:sourcevpce")))
        case = Case(
            id="event",
            identity=(),
            resource=None,
            boundary=None,
            session=None,
            scp=self._guardrails(caller.account, Kind.SCP),
            rcp=None if call.outside else self._guardrails(owner, Kind.RCP),
            endpoint=endpoint.policy if endpoint else None,
            access_point=None,
            request=request,
            flags=Flags(
                resource_account_is_management=owner == self.workspace.organization.management_account,
                via_endpoint=endpoint is not None,
            ),
        )
        return next(iter(checks(case)))

    def _owner(self, call: Call) -> str | None:
        """Who owns the resource; where that is not told, perhaps the caller's own account."""
        return call.touched.account or call.caller.account

    def _guardrails(self, account: str | None, kind: Kind) -> Levels | None:
        key = (account, kind)
        if key not in self._levels:
            organization = self.workspace.organization
            member = account in self._filler.accounts or not self.workspace.grants_given
            found = levels_of(self._filler, organization.id if member else None, account, kind)
            self._levels[key] = found
        return self._levels[key]

    def _slots(self, check: Check) -> Iterator[tuple[str, tuple[Document, ...]]]:
        rivals: frozenset[str] = frozenset()
        if check.scp_applies(rivals):
            yield from ((f"scp[{number}]", level) for number, level in enumerate(check.case.scp or ()))
        if check.rcp_applies(rivals):
            yield from ((f"rcp[{number}]", level) for number, level in enumerate(check.case.rcp or ()))
        if check.endpoint_applies and check.case.endpoint is not None:
            yield "vpce", (check.case.endpoint,)

    def _judged(self, call: Call, rows: tuple[_Row, ...]) -> Judged:
        check = self._check(call)
        slots = [slot for slot, _ in self._slots(check)]
        sure: list[StatementRef] = []
        open_denies: list[Open] = []
        allowed: set[str] = set()
        open_allows: dict[str, list[Open]] = {}
        for row in rows:
            found = self._match(call, check, row)
            if found.truth is Truth.NO:
                continue
            if row.statement.deny and found.truth is Truth.YES:
                sure.append(row.statement.reference(row.slot))
            elif not row.statement.deny and found.truth is Truth.YES:
                allowed.add(row.slot)
            else:
                binds = self._unsure(call, row.slot) is None
                one = Open(row.slot, row.document, row.statement, found.depends, found.open, binds)
                (open_denies if row.statement.deny else open_allows.setdefault(row.slot, [])).append(one)
        if sure:
            return Judged("deny", tuple(sure))
        lacking = [slot for slot in slots if slot not in allowed]
        shut = [slot for slot in lacking if slot not in open_allows]
        for slot in sorted(shut, key=lambda slot: self._unsure(call, slot) is not None):
            unsure = self._unsure(call, slot)
            said = f"no policy allows the call at `{slot}`"
            return Judged("depends", (), (unsure,), said) if unsure else Judged("deny", (), (), said)
        levels = tuple(tuple(open_allows[slot]) for slot in lacking)
        if not open_denies and not levels:
            return ALLOW
        left = Left(call, tuple(open_denies), levels)
        return self.ask(left) if self.ask is not None else undecided(left)

    def _match(self, call: Call, check: Check, row: _Row) -> Partial:
        if row.document.location.file == OPEN:
            return Partial(Truth.YES)
        known = call.known
        found = match(
            row.statement,
            check.view,
            known.absent,
            known.choices,
            has_variables=row.document.has_variables,
            resource=call.touched.arn is not None,
        )
        unsure = self._unsure(call, row.slot)
        if unsure and row.statement.deny and found.truth is not Truth.NO:
            return Partial(Truth.PERHAPS, tuple(dict.fromkeys((*found.depends, unsure))), found.open)
        return found

    def _unsure(self, call: Call, slot: str) -> str | None:
        """What nobody knows that decides whether the policies of a slot bind the call: whose resource it is on, or
        whether an account is of the organization. Accounts whose logs are given are.
        """
        if slot.startswith("rcp"):
            if call.outside:
                return None
            account, key = call.touched.account, "aws:resourceorgid"
            if account is None:
                return RESOURCE if call.touched.arn is None else key
        elif slot.startswith("scp"):
            account, key = call.caller.account, "aws:principalorgid"
        else:
            return None
        known = self.workspace.grants_given or account in self._filler.accounts
        return None if known or account in (None, call.recipient) else key


def _whoever(found: list[Judged]) -> Judged:
    """The answer whoever owns the resource; where owners get different ones, it depends on who does."""
    first = found[0]
    statements = tuple(dict.fromkeys(s for each in found for s in each.statements))
    depends = tuple(dict.fromkeys(key for each in found for key in each.depends))
    if any(each.outcome != first.outcome or each.depends != first.depends for each in found) or (
        first.outcome == "depends" and any(each.statements != first.statements for each in found)
    ):
        depends = tuple(dict.fromkeys((*depends, "aws:resourceorgid")))
    alike = all(each.outcome == first.outcome for each in found)
    detail = next((each.detail for each in found if each.detail), "")
    return Judged(first.outcome if alike else "depends", statements, depends, detail)


def _names_callers(statement: CompiledStatement) -> bool:
    principal = statement.statement.principal
    return principal is not None and (principal.negated or any(entry.value != "*" for entry in principal.entries))


def undecided(left: Left) -> Judged:
    """The answer by three-valued evaluation alone."""
    every = (*left.denies, *(each for level in left.levels for each in level))
    depends = tuple(dict.fromkeys(name for each in every for name in each.depends))
    return Judged("depends", tuple(each.statement.reference(each.slot) for each in every), depends)
